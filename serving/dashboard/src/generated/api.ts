/* Made by `npm run generate` from the service's OpenAPI document. Do not edit. */

export interface paths {
    "/api/v1/actions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Actions
         * @description What is ordered for the person now: applied, refused, or not reported on yet.
         */
        get: operations["get_actions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/analytics/daily": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Day
         * @description One day, in the person's time zone.
         */
        get: operations["get_day"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/analytics/weekly": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Week
         * @description The week from Monday to Sunday that the day is in, day by day, beside the totals of the week before.
         */
        get: operations["get_week"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/browsers": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Browsers
         * @description The person's paired browsers.
         */
        get: operations["get_browsers"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/browsers/pairing": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Make Pairing Code
         * @description A code that pairs one browser's extension, once, within ten minutes.
         */
        post: operations["make_pairing_code"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/browsers/{browser_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Revoke Browser
         * @description End a pairing: what the browser blocks is lifted, and its token is worth nothing.
         */
        delete: operations["revoke_browser"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/capture": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Ask Capture
         * @description Ask the person's desktops for a pause, or for its end; their status says what came of it.
         */
        post: operations["ask_capture"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/consent": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Revoke Consent
         * @description Take back what the person agreed to, on all their machines. Desktops stop by themselves, at their next start.
         */
        delete: operations["revoke_consent"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/experiments": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Experiments
         * @description The experiments that the person is in: the arms, what a guardrail stopped, what moved, since when and why.
         */
        get: operations["get_experiments"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/forget": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Forget
         * @description What the person has had forgotten, newest first.
         */
        get: operations["get_forget"];
        put?: never;
        /**
         * Forget
         * @description Have a time or an app forgotten, in every store here and on the person's desktops. GET says how far it is.
         */
        post: operations["forget"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/forget/count": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Count Forget
         * @description How much there is in each store of a time or an app; nothing is changed.
         */
        post: operations["count_forget"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/groups/experiments": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Group Figures
         * @description The newest A/B report's experiments, each pooled over its people; withheld where there are fewer than ten.
         */
        get: operations["get_group_figures"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/ingest": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Ingest
         * @description Store a batch of a desktop's records. The same one again adds nothing; 409 says which record is expected next.
         */
        post: operations["ingest"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/interventions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Interventions
         * @description What the trial drew in the last minutes, no-op draws included, newest first.
         */
        get: operations["get_interventions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/interventions/feedback": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Answer Intervention
         * @description Answer an offer. The same answer again changes nothing.
         */
        post: operations["answer_intervention"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/interventions/{intervention_id}/undo": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Undo Intervention
         * @description End what is done for one row now; 409 in a jail, whose emergency exit takes a minute.
         */
        post: operations["undo_intervention"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/labels": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Labels
         * @description What was said of stretches by the person, by timers and by rules, the latest end first.
         */
        get: operations["get_labels"];
        put?: never;
        /**
         * Add Label
         * @description Say what a stretch was, or, without times, what the last five minutes were.
         */
        post: operations["add_label"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/links": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Links
         * @description Addresses of the other parts, by the name that the caller used.
         */
        get: operations["get_links"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/machines": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Machines
         * @description The person's machines. The service's own is not among them: it has the installation's token.
         */
        get: operations["get_machines"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/machines/approve": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Approve Machine
         * @description The machine that shows this code speaks for you from its next request on, within five seconds.
         */
        post: operations["approve_machine"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/machines/waiting": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Get Waiting
         * @description Which machine shows this code: look whether it is yours before you approve it.
         */
        post: operations["get_waiting"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/machines/{machine_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Revoke Machine
         * @description End a machine's token, and its connections, at once.
         */
        delete: operations["revoke_machine"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/machines/{machine_id}/rotate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Rotate Machine
         * @description Another token for a machine; its present one ends at once, and its connections.
         */
        post: operations["rotate_machine"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/me": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Me
         * @description Whoever the token says.
         */
        get: operations["get_me"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/model": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Model
         * @description The model that answers now.
         */
        get: operations["get_model"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/models": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Models
         * @description The stored models, the oldest first, and which of them is the champion.
         */
        get: operations["get_models"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/now": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Now
         * @description The moment: last prediction, what is on, the running session, the open offer, the model.
         */
        get: operations["get_now"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/predict": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Predict
         * @description The prediction for the caller's latest snapshot; 409 when none is younger than 60 s.
         */
        post: operations["predict"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/privacy": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Ask Rules
         * @description Ask the desktop that has the edited rules for other ones; its status says what came of it.
         */
        put: operations["ask_rules"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/recent": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Recent
         * @description The last minutes: predictions, switches, what was warned and whether it came true.
         */
        get: operations["get_recent"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/rounds": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Rounds
         * @description The rounds of sessions that the person's desktop keeps.
         */
        get: operations["get_rounds"];
        put?: never;
        /**
         * Ask Rounds
         * @description Ask the desktop for rounds with breaks, for a break's end, or for no more; its status says what came of it.
         */
        post: operations["ask_rounds"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sessions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Sessions
         * @description The person's sessions, the latest first.
         */
        get: operations["get_sessions"];
        put?: never;
        /**
         * Create Session
         * @description Start a session now; with a jail the person's lists hold for its length.
         */
        post: operations["create_session"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sessions/{session_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Session
         * @description One session of the person.
         */
        get: operations["get_session"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sessions/{session_id}/end": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * End Session
         * @description End a session now; 409 while its jail holds.
         */
        post: operations["end_session"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sessions/{session_id}/leave-jail": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Leave Jail
         * @description The emergency exit: the jail lifts a minute later, the session goes on.
         */
        post: operations["leave_jail"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/settings/help": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Help
         * @description What the person allows help to do.
         */
        get: operations["get_help"];
        /**
         * Put Help
         * @description Store what the person allows help to do; 422 names what no list may have. What runs is not changed by it.
         */
        put: operations["put_help"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/signin": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Signin
         * @description Whether one can sign in with the team's identity provider; anybody may ask.
         */
        get: operations["get_signin"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/signout": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Sign Out
         * @description Have this browser forget its cookie. A token goes on as it was, and so does the browser at the provider.
         */
        post: operations["sign_out"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/machine/pair": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Ask To Pair
         * @description A machine wants to be paired; nobody speaks for it before a person has approved its code.
         */
        post: operations["ask_to_pair"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/machine/token": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Take Token
         * @description The machine's token, once, after a person has approved it. 202 until then.
         */
        post: operations["take_token"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /**
         * ActionNow
         * @description A row that is carried out now, until ``ends_at``.
         *
         *     ``ordered``: nobody has reported on it yet; ``applied``: reported as done, by ``where``; ``refused``: it could not
         *     be done, and ``refused_reason`` tells the person why. ``jail``: a session ordered it.
         */
        ActionNow: {
            /** Action */
            action: string;
            /** Ends At */
            ends_at: string;
            /** Intervention Id */
            intervention_id: number;
            /** Jail */
            jail: boolean;
            /** Refused Reason */
            refused_reason: string | null;
            /**
             * State
             * @enum {string}
             */
            state: "ordered" | "applied" | "refused";
            /** Target */
            target: string | null;
            /**
             * Type
             * @enum {string}
             */
            type: "NO_OP" | "SUGGEST_BREAK" | "PREDICTIVE_BLOCK" | "MANUAL_JAIL";
            /** Where */
            where: string | null;
        };
        /**
         * ActivityUpdate
         * @description What the person is on right now. ``window_title`` is empty while titles are off.
         */
        ActivityUpdate: {
            /** App Name */
            app_name: string;
            /** Category */
            category: string;
            /** Is Pseudo Productive */
            is_pseudo_productive: boolean;
            /** Timestamp */
            timestamp: string;
            /** Window Title */
            window_title: string;
        };
        /**
         * ArmMoved
         * @description Since when an arm has another probability in a context than was declared, and why.
         */
        ArmMoved: {
            /** Context */
            context: string;
            /** Probability */
            probability: number;
            /** Since */
            since: string;
            /** Why */
            why: string;
        };
        /**
         * ArmNow
         * @description An arm of an experiment. Nobody is assigned to it any more since ``stopped_at``.
         */
        ArmNow: {
            /** Arm */
            arm: string;
            /** Moved */
            moved: components["schemas"]["ArmMoved"][];
            /** Probability */
            probability: number;
            /** Stopped At */
            stopped_at: string | null;
            /** Stopped Why */
            stopped_why: string;
        };
        /**
         * AskCapture
         * @description Ask the desktop to capture nothing for so many seconds, or to go on. Its status says what came of it.
         */
        AskCapture: {
            /**
             * Command
             * @enum {string}
             */
            command: "pause" | "resume";
            /**
             * Seconds
             * @default 900
             */
            seconds: number;
        };
        /**
         * AskRounds
         * @description The person wants rounds of ``type`` begun, the break skipped, or no session after the running one.
         *
         *     The desktop tells what comes of it by its status.
         */
        AskRounds: {
            /**
             * Command
             * @enum {string}
             */
            command: "start" | "skip" | "stop";
            /**
             * Type
             * @default pomodoro
             * @enum {string}
             */
            type: "pomodoro" | "deep_work";
        };
        /**
         * AskRules
         * @description Ask the desktop whose privacy.toml has the SHA-256 ``before`` (hex, of its UTF-8) to have ``text`` instead. Its
         *     status says what came of it.
         */
        AskRules: {
            /** Before */
            before: string;
            /** Text */
            text: string;
        };
        /**
         * BatchStored
         * @description The answer: everything before ``next_seq`` of the boot is stored or was given up. Of this batch ``stored``
         *     records were new; ``lost`` were given up before it; ``forgotten``: what the person has had forgotten, and so was not
         *     stored.
         */
        BatchStored: {
            /**
             * Forgotten
             * @default 0
             */
            forgotten: number;
            /**
             * Lost
             * @default 0
             */
            lost: number;
            /** Next Seq */
            next_seq: number;
            /** Stored */
            stored: number;
        };
        /**
         * CategoryStats
         * @description Hours and mean focus score in one category of apps; the score is null where nothing was predicted.
         */
        CategoryStats: {
            /** Focus Score */
            focus_score: number | null;
            /** Hours */
            hours: number;
        };
        /**
         * ConsentsEnded
         * @description How many consents of the person stood and were taken back.
         */
        ConsentsEnded: {
            /** Ended */
            ended: number;
        };
        /**
         * CreateSessionRequest
         * @description Start a session; ``duration_minutes`` overrides 25 (pomodoro) or 90 (deep work).
         */
        CreateSessionRequest: {
            /** Duration Minutes */
            duration_minutes?: number | null;
            /**
             * Jail Enabled
             * @default false
             */
            jail_enabled: boolean;
            /**
             * Type
             * @enum {string}
             */
            type: "pomodoro" | "deep_work" | "natural";
        };
        /**
         * DailyStatsResponse
         * @description One day in the person's time zone.
         */
        DailyStatsResponse: {
            /** Avg Focus Score */
            avg_focus_score: number | null;
            /** Category Breakdown */
            category_breakdown: {
                [key: string]: components["schemas"]["CategoryStats"];
            };
            /** Completed Sessions */
            completed_sessions: number;
            /** Date */
            date: string;
            /** Total Hours */
            total_hours: number;
            /** Total Sessions */
            total_sessions: number;
        };
        /**
         * DesktopsAsked
         * @description How many connected desktops were asked. What they do they say themselves: DESKTOP_STATUS.
         */
        DesktopsAsked: {
            /** Desktops */
            desktops: number;
        };
        /**
         * DeviceCode
         * @description By which a machine that waits is known.
         */
        DeviceCode: {
            /** Device Code */
            device_code: string;
        };
        /**
         * ExperimentNow
         * @description An experiment that the person is in, or was in until it was stopped some days ago.
         */
        ExperimentNow: {
            /** Arms */
            arms: components["schemas"]["ArmNow"][];
            /** Hypothesis */
            hypothesis: string;
            /** Name */
            name: string;
            /** Since */
            since: string;
            /** Stopped At */
            stopped_at: string | null;
            /** Stopped Why */
            stopped_why: string;
        };
        /**
         * FeedbackStored
         * @description What is stored now. ``repeated``: the same answer was there before, nothing changed.
         */
        FeedbackStored: {
            /** Intervention Id */
            intervention_id: number;
            /** Repeated */
            repeated: boolean;
            /** Response Time Ms */
            response_time_ms: number | null;
            /**
             * User Response
             * @enum {string}
             */
            user_response: "ACCEPTED" | "REJECTED" | "SNOOZED" | "TIMEOUT";
        };
        /**
         * ForgetAsked
         * @description What is to be forgotten: the last ``minutes``, or from ``first_us`` to ``end_us`` (now where it is left out); of
         *     one ``app`` alone, by the name that the page shows, and then of all times where none is given.
         */
        ForgetAsked: {
            /** App */
            app?: string | null;
            /** End Us */
            end_us?: number | null;
            /** First Us */
            first_us?: number | null;
            /** Minutes */
            minutes?: number | null;
        };
        /**
         * ForgetCount
         * @description What would go. ``open_offers``: help of then that is not over, and stays.
         */
        ForgetCount: {
            /** Counts */
            counts: components["schemas"]["StoreCount"][];
            /** End Us */
            end_us: number;
            /** First Us */
            first_us: number;
            /** Open Offers */
            open_offers: number;
        };
        /**
         * ForgetState
         * @description What was asked to be forgotten. ``counts``: what there was of it; ``done_us``: when nothing was left in any of
         *     these stores, null before. ``share``: how much of the work is done; ``waits``: what for, or why it failed and is
         *     tried again. ``spools``: records that desktops then still had, by machine, as far as these have answered; ``told``:
         *     connected ones that have not.
         */
        ForgetState: {
            /** Asked Us */
            asked_us: number;
            /** Counts */
            counts: components["schemas"]["StoreCount"][];
            /** Done Us */
            done_us: number | null;
            /** End Us */
            end_us: number;
            /** First Us */
            first_us: number;
            /** Id */
            id: number;
            /** Of App */
            of_app: boolean;
            /** Share */
            share: number;
            /** Spools */
            spools: {
                [key: string]: number;
            };
            /** Told */
            told: number;
            /** Waits */
            waits: string;
        };
        /**
         * GapProblem
         * @description 409: records before those that were sent are missing. ``next_seq`` is the number that is expected.
         */
        GapProblem: {
            /**
             * Detail
             * @default
             */
            detail: string;
            /**
             * Hint
             * @default
             */
            hint: string;
            /** Instance */
            instance?: string | null;
            /**
             * Next Seq
             * @default 0
             */
            next_seq: number;
            /** Status */
            status: number;
            /** Title */
            title: string;
            /**
             * Type
             * @default about:blank
             */
            type: string;
        };
        /**
         * GroupFigures
         * @description An experiment over all its people. ``figures``: its part of the A/B report; null where ``withheld`` says why.
         */
        GroupFigures: {
            /** Experiment */
            experiment: string;
            /** Figures */
            figures: {
                [key: string]: unknown;
            } | null;
            /** People */
            people: number;
            /** Simulated */
            simulated: boolean;
            /** Withheld */
            withheld: string;
        };
        /**
         * HelpSettings
         * @description The person's own words. ``end_apps`` are ended in a jail only, after a warning; all else can be undone.
         *
         *     ``acts_by_itself``: an offer that nobody answers is carried out when its time is up.
         */
        HelpSettings: {
            /**
             * Acts By Itself
             * @default false
             */
            acts_by_itself: boolean;
            /**
             * Block Minutes
             * @default 15
             */
            block_minutes: number;
            /**
             * Block Sites
             * @default [
             *       "reddit.com",
             *       "twitter.com",
             *       "youtube.com"
             *     ]
             */
            block_sites: string[];
            /**
             * Break Minutes
             * @default 5
             */
            break_minutes: number;
            /**
             * End Apps
             * @default []
             */
            end_apps: string[];
            /**
             * Minimize Apps
             * @default []
             */
            minimize_apps: string[];
        };
        /**
         * HitRate
         * @description Warned and came true over the last ``days`` days, beside how often it happens anyway (``base_rate``).
         *
         *     Only warnings on which nobody acted count; ``undecided`` ones are pending or not covered by capture. ``reliability``
         *     is of all untouched ``moments`` (one in ten seconds), warned or not; counted once an hour.
         */
        HitRate: {
            /** Base Rate */
            base_rate: number | null;
            /** Calibration Error */
            calibration_error?: number | null;
            /** Came True */
            came_true: number;
            /** Days */
            days: number;
            /**
             * Kind
             * @enum {string}
             */
            kind: "HIGH_RISK" | "BREAK";
            /**
             * Moments
             * @default 0
             */
            moments: number;
            /** Rate */
            rate: number | null;
            /**
             * Reliability
             * @default []
             */
            reliability: components["schemas"]["ReliabilityPoint"][];
            /** Undecided */
            undecided: number;
            /** Warned */
            warned: number;
        };
        /**
         * InterventionFeedbackRequest
         * @description The answer to an intervention, with the time the person took as the client measured it.
         */
        InterventionFeedbackRequest: {
            /** Intervention Id */
            intervention_id: number;
            /**
             * Response
             * @enum {string}
             */
            response: "accept" | "reject" | "snooze";
            /** Response Time Ms */
            response_time_ms: number;
        };
        /**
         * InterventionOffered
         * @description Help offered now; without an answer within ``timeout_seconds`` it is stored as TIMEOUT.
         *
         *     ``acts_by_itself``: a TIMEOUT acts, as the person chose beforehand; else nothing is done then. ``minutes``: how long
         *     it will last. ``targets`` are its sites and apps; one answer is for all of them. ``offer`` is 2 after a snooze.
         */
        InterventionOffered: {
            /** Action */
            action: string;
            /**
             * Acts By Itself
             * @default false
             */
            acts_by_itself: boolean;
            /** Id */
            id: number;
            /**
             * Minutes
             * @default 0
             */
            minutes: number;
            /**
             * Offer
             * @default 1
             */
            offer: number;
            /** Predicted Risk */
            predicted_risk: number;
            /** Reason */
            reason: string;
            /**
             * Targets
             * @default []
             */
            targets: string[];
            /** Timeout Seconds */
            timeout_seconds: number;
            /** Timestamp */
            timestamp: string;
            /**
             * Type
             * @enum {string}
             */
            type: "NO_OP" | "SUGGEST_BREAK" | "PREDICTIVE_BLOCK" | "MANUAL_JAIL";
        };
        /**
         * InterventionRow
         * @description One row of a drawn opportunity, no-op draws included. ``probability`` is that of the arm drawn.
         *
         *     What was done is only what was reported: ``applied_at`` and ``applied_where``, or ``refused_reason``; ``undone_at``
         *     and why. Null after ``ends_at``: nobody reported it. ``rested_at``: the person really had rested.
         */
        InterventionRow: {
            /** Action */
            action: string;
            /** Applied At */
            applied_at: string | null;
            /** Applied Where */
            applied_where: string | null;
            /** Arm */
            arm: string;
            /** Contributing Factors */
            contributing_factors: string[];
            /** Ends At */
            ends_at: string | null;
            /** Focus Score After 5Min */
            focus_score_after_5min: number | null;
            /** Focus Score Before */
            focus_score_before: number | null;
            /** Id */
            id: number;
            /** Model Version */
            model_version: string | null;
            /** Opportunity Id */
            opportunity_id: string | null;
            /** Predicted Risk */
            predicted_risk: number;
            /** Probability */
            probability: number;
            /** Refused Reason */
            refused_reason: string | null;
            /** Response Time Ms */
            response_time_ms: number | null;
            /** Rested At */
            rested_at: string | null;
            /** Target */
            target: string | null;
            /** Triggered At */
            triggered_at: string;
            /** Type */
            type: string;
            /** Undone At */
            undone_at: string | null;
            /** Undone Reason */
            undone_reason: ("ended" | "undone" | "needed" | "emergency" | "quit" | "restarted" | "service_gone" | "clock" | "failed") | null;
            /** User Response */
            user_response: ("ACCEPTED" | "REJECTED" | "SNOOZED" | "TIMEOUT") | null;
        };
        /**
         * JailExit
         * @description The jail of the session is lifted at ``lifts_us``; the session goes on.
         */
        JailExit: {
            /** Lifts Us */
            lifts_us: number;
            /** Session Id */
            session_id: number;
        };
        /**
         * LabelPage
         * @description Labels, the latest end first. ``next`` as in ``SessionPage``.
         */
        LabelPage: {
            /** Labels */
            labels: components["schemas"]["StoredLabel"][];
            /** Next */
            next: string | null;
        };
        /**
         * LabelRequest
         * @description What a stretch was, in the person's word. Without times: the five minutes before now, as by a hotkey.
         */
        LabelRequest: {
            /** From Us */
            from_us?: number | null;
            /**
             * Outcome
             * @enum {string}
             */
            outcome: "FOCUSED" | "DISTRACTED" | "PSEUDO_PRODUCTIVE";
            /** To Us */
            to_us?: number | null;
        };
        /**
         * LabelResponse
         * @description What is stored now, and how many predictions it says the outcome of.
         */
        LabelResponse: {
            /** From Us */
            from_us: number;
            /**
             * Outcome
             * @enum {string}
             */
            outcome: "FOCUSED" | "DISTRACTED" | "PSEUDO_PRODUCTIVE";
            /** Predictions */
            predictions: number;
            /**
             * Source
             * @enum {string}
             */
            source: "HOTKEY" | "RETROSPECTIVE";
            /** To Us */
            to_us: number;
        };
        /**
         * LeaveJailRequest
         * @description The emergency exit of a jail. ``reason``: the person's own, 3 to 200 characters.
         */
        LeaveJailRequest: {
            /** Reason */
            reason: string;
        };
        /**
         * Link
         * @description An address of another part of the platform.
         */
        Link: {
            /** About */
            about: string;
            /** Name */
            name: string;
            /** Url */
            url: string;
        };
        /**
         * MachineAsks
         * @description What a machine needs to be paired: show ``code``, ask with ``device_code`` every ``interval`` seconds.
         */
        MachineAsks: {
            /** Code */
            code: string;
            /** Device Code */
            device_code: string;
            /** Expires In */
            expires_in: number;
            /** Interval */
            interval: number;
        };
        /**
         * MachineCode
         * @description The short code on a machine's screen.
         */
        MachineCode: {
            /** Code */
            code: string;
        };
        /**
         * MachineToken
         * @description The machine's token from now on. It is shown here and nowhere else.
         */
        MachineToken: {
            /** Id */
            id: number;
            /** Token */
            token: string;
        };
        /**
         * ModelCard
         * @description The model that answers now. ``learning``: it does not know this person yet; ``day`` counts from their first.
         */
        ModelCard: {
            /** Data From */
            data_from: string | null;
            /** Data To */
            data_to: string | null;
            /** Day */
            day: number;
            /** Health */
            health: string;
            /** Learning */
            learning: boolean;
            /** Metrics */
            metrics: {
                [key: string]: number;
            };
            /** Note */
            note: string;
            /**
             * Trained On
             * @enum {string}
             */
            trained_on: "rules" | "demo" | "people";
            /** Version */
            version: string;
            /** Voices */
            voices: {
                [key: string]: components["schemas"]["Voices"];
            };
        };
        /**
         * ModelListed
         * @description A stored model. ``moments``: how many it learned from, of ``trained_on`` people; AUC on held-out moments.
         */
        ModelListed: {
            /** Break Auc */
            break_auc: number | null;
            /** Is Champion */
            is_champion: boolean;
            /** Kind */
            kind: string;
            /** Moments */
            moments: number;
            /** Switch Auc */
            switch_auc: number | null;
            /** Trained On */
            trained_on: string;
            /** Version */
            version: string;
        };
        /**
         * NewMachine
         * @description What a machine calls itself.
         */
        NewMachine: {
            /** Name */
            name: string;
        };
        /**
         * Now
         * @description The moment as the page shows it. ``age_s`` is the age of the last snapshot, null without one.
         */
        Now: {
            /** Actions */
            actions: components["schemas"]["ActionNow"][];
            activity: components["schemas"]["ActivityUpdate"] | null;
            /** Age S */
            age_s: number | null;
            /** Collecting */
            collecting: boolean;
            /** How To Start */
            how_to_start: string;
            intervention: components["schemas"]["InterventionOffered"] | null;
            model: components["schemas"]["ModelCard"];
            person: components["schemas"]["Person"];
            prediction: components["schemas"]["PredictionMade"] | null;
            session: components["schemas"]["SessionResponse"] | null;
        };
        /**
         * PairedBrowser
         * @description A browser whose extension blocks for the person. ``seen_at``: when it was connected last, null if it never was.
         *
         *     ``connected``: it is now; ``allowed``: it may act on sites, as far as is known.
         */
        PairedBrowser: {
            /** Allowed */
            allowed: boolean;
            /** Browser */
            browser: string;
            /** Connected */
            connected: boolean;
            /** Id */
            id: number;
            /** Paired At */
            paired_at: string;
            /** Seen At */
            seen_at: string | null;
        };
        /**
         * PairedMachine
         * @description A machine whose token is good. ``seen_at``: its last use, a minute or so behind; ``this``: it asks now.
         */
        PairedMachine: {
            /** Connected */
            connected: boolean;
            /** Id */
            id: number;
            /** Name */
            name: string;
            /** Paired At */
            paired_at: string;
            /** Rotated At */
            rotated_at: string | null;
            /** Seen At */
            seen_at: string | null;
            /** This */
            this: boolean;
        };
        /**
         * PairingCode
         * @description A code that pairs one browser, once, until ``expires_at``.
         */
        PairingCode: {
            /** Code */
            code: string;
            /** Expires At */
            expires_at: string;
        };
        /**
         * Person
         * @description Whoever the token or the cookie says.
         */
        Person: {
            /** Id */
            id: number;
            /** Is Demo */
            is_demo: boolean;
            /** Username */
            username: string;
            /** Zone */
            zone: string;
        };
        /**
         * PredictionMade
         * @description The prediction for the snapshot at ``t_us``. Scores 0–100, probabilities 0–1, momentum in points.
         *
         *     ``focus_momentum`` is the value as of this snapshot; ``break_risk`` is null while focus is not settled.
         */
        PredictionMade: {
            /** Ab Test Group */
            ab_test_group?: string | null;
            /** Break Risk */
            break_risk: number | null;
            /** Confidence */
            confidence: number;
            /** Contributing Factors */
            contributing_factors: string[];
            /** Distraction Risk */
            distraction_risk: number;
            /** Focus Momentum */
            focus_momentum: number;
            /** Focus Score */
            focus_score: number;
            /**
             * Intervention Reason
             * @default
             */
            intervention_reason: string;
            /** Intervention Target */
            intervention_target?: string | null;
            /** Intervention Type */
            intervention_type?: string | null;
            /** Model Version */
            model_version: string;
            /** Prediction Horizon Seconds */
            prediction_horizon_seconds: number;
            /**
             * Risk Category
             * @enum {string}
             */
            risk_category: "LOW" | "MEDIUM" | "HIGH";
            /** T Us */
            t_us: number;
            /** Timestamp */
            timestamp: string;
            /**
             * Trained On
             * @enum {string}
             */
            trained_on: "rules" | "demo" | "people";
        };
        /**
         * PredictionPoint
         * @description One prediction of the past.
         */
        PredictionPoint: {
            /** Break Risk */
            break_risk: number | null;
            /** Confidence */
            confidence: number | null;
            /** Distraction Risk */
            distraction_risk: number;
            /** Focus Score */
            focus_score: number;
            /**
             * Risk Category
             * @enum {string}
             */
            risk_category: "LOW" | "MEDIUM" | "HIGH";
            /** T Us */
            t_us: number;
        };
        /**
         * PredictionResponse
         * @description The prediction for the caller's latest snapshot, which is ``age_s`` seconds old.
         */
        PredictionResponse: {
            /** Age S */
            age_s: number;
            prediction: components["schemas"]["PredictionMade"];
        };
        /**
         * Problem
         * @description What went wrong, as RFC 9457 has it; over the socket the connection lives on.
         */
        Problem: {
            /**
             * Detail
             * @default
             */
            detail: string;
            /**
             * Hint
             * @default
             */
            hint: string;
            /** Instance */
            instance?: string | null;
            /** Status */
            status: number;
            /** Title */
            title: string;
            /**
             * Type
             * @default about:blank
             */
            type: string;
        };
        /**
         * Recent
         * @description The last minutes: predictions, switches, when nobody was at the keys, and what was warned.
         */
        Recent: {
            /** From Us */
            from_us: number;
            /** Hit Rates */
            hit_rates: components["schemas"]["HitRate"][];
            /** Idle */
            idle: components["schemas"]["TimeSpan"][];
            /** Predictions */
            predictions: components["schemas"]["PredictionPoint"][];
            /** Switches */
            switches: components["schemas"]["Switch"][];
            /** To Us */
            to_us: number;
            /** Warnings */
            warnings: components["schemas"]["WarningGiven"][];
        };
        /**
         * ReliabilityPoint
         * @description Of ``n`` moments the risk was said to be ``said`` on average, and it happened in ``came_true`` of them, 0–1.
         */
        ReliabilityPoint: {
            /** Came True */
            came_true: number;
            /** N */
            n: number;
            /** Said */
            said: number;
        };
        /**
         * Rounds
         * @description Sessions one after the other with breaks between them, which the desktop's agent keeps: ``done`` so far.
         *
         *     ``rests_until``: in a break, its end; null while a session runs or is about to start.
         */
        Rounds: {
            /** Done */
            done: number;
            /** Rests Until */
            rests_until: string | null;
            /**
             * Type
             * @enum {string}
             */
            type: "pomodoro" | "deep_work";
        };
        /**
         * RoundsNow
         * @description What the person's desktop last said of its rounds; null where it keeps none, or none is connected.
         */
        RoundsNow: {
            rounds: components["schemas"]["Rounds"] | null;
        };
        /**
         * SessionEndedResponse
         * @description How a session ended and what it came to.
         */
        SessionEndedResponse: {
            /**
             * Reason
             * @enum {string}
             */
            reason: "timer_expired" | "user_ended" | "system_error";
            /** Session Id */
            session_id: number;
            summary: components["schemas"]["SessionSummary"];
        };
        /**
         * SessionPage
         * @description Sessions, the latest first. ``next``: give it as ``before`` for those before them; null where there are none.
         */
        SessionPage: {
            /** Next */
            next: string | null;
            /** Sessions */
            sessions: components["schemas"]["SessionResponse"][];
        };
        /**
         * SessionResponse
         * @description A session, as REST and SESSION_STARTED give it. ``start_us`` is what the engine has to use.
         */
        SessionResponse: {
            /** Context Switches */
            context_switches: number;
            /** End Time */
            end_time?: string | null;
            /** Ends At */
            ends_at?: string | null;
            /** Focus Score Avg */
            focus_score_avg?: number | null;
            /** Id */
            id: number;
            /** Jail Enabled */
            jail_enabled: boolean;
            /** Jail Leaving Us */
            jail_leaving_us?: number | null;
            /**
             * Session Type
             * @enum {string}
             */
            session_type: "pomodoro" | "deep_work" | "natural";
            /** Start Time */
            start_time: string;
            /** Start Us */
            start_us?: number | null;
            /** User Id */
            user_id: number;
        };
        /**
         * SessionSummary
         * @description What a session came to. ``focus_score_avg`` is null when nothing was predicted in it.
         */
        SessionSummary: {
            /** Context Switches */
            context_switches: number;
            /** Duration Seconds */
            duration_seconds: number;
            /** Focus Score Avg */
            focus_score_avg: number | null;
            /** Interventions */
            interventions: number;
        };
        /**
         * SignInWays
         * @description How a browser signs in, beside one-time links. ``provider``: null where none is set.
         */
        SignInWays: {
            provider: components["schemas"]["TeamProvider"] | null;
        };
        /**
         * StoreCount
         * @description How much a store has of it: rows, files, or models.
         */
        StoreCount: {
            /** Count */
            count: number;
            /** Store */
            store: string;
        };
        /**
         * StoredLabel
         * @description The stretch (from_us, to_us] had ``outcome``, says ``source``.
         */
        StoredLabel: {
            /** From Us */
            from_us: number;
            /** Id */
            id: number;
            /**
             * Outcome
             * @enum {string}
             */
            outcome: "FOCUSED" | "DISTRACTED" | "PSEUDO_PRODUCTIVE";
            /**
             * Source
             * @enum {string}
             */
            source: "HOTKEY" | "RETROSPECTIVE" | "TIMER" | "WEAK";
            /** To Us */
            to_us: number;
        };
        /**
         * Switch
         * @description The person left one app for another, within the second that ends at ``t_us``; ``count`` switches in it.
         */
        Switch: {
            /** Count */
            count: number;
            /** T Us */
            t_us: number;
        };
        /**
         * TeamProvider
         * @description The team's identity provider: what it is called, and where a browser begins to sign in with it.
         */
        TeamProvider: {
            /** Name */
            name: string;
            /** Url */
            url: string;
        };
        /**
         * TimeSpan
         * @description From ``from_us`` to ``to_us``.
         */
        TimeSpan: {
            /** From Us */
            from_us: number;
            /** To Us */
            to_us: number;
        };
        /**
         * UndoAsked
         * @description The row is to end now; INTERVENTION_UNDONE will tell its end. ``repeated``: it was over, or asked for, before.
         */
        UndoAsked: {
            /** Intervention Id */
            intervention_id: number;
            /** Repeated */
            repeated: boolean;
        };
        /**
         * Voices
         * @description Whose word counts in a person's risk, as weights that sum to 1: the time since their last switch, the model that
         *     everybody has, and what is learned from them alone. ``leader`` has the most, ``since`` then; null: from the start.
         */
        Voices: {
            /**
             * Leader
             * @enum {string}
             */
            leader: "recency" | "model" | "own";
            /** Model */
            model: number;
            /** Own */
            own: number;
            /** Recency */
            recency: number;
            /** Since */
            since: string | null;
        };
        /**
         * WaitingMachine
         * @description A machine that shows the code: what it calls itself, and the address that it asked from.
         */
        WaitingMachine: {
            /** Address */
            address: string;
            /** Approved */
            approved: boolean;
            /** Name */
            name: string;
        };
        /**
         * WarningGiven
         * @description A warning and whether it came true within its horizon; null while pending or where nothing was captured.
         */
        WarningGiven: {
            /**
             * Acted On
             * @default false
             */
            acted_on: boolean;
            /** Came True */
            came_true: boolean | null;
            /** Horizon Seconds */
            horizon_seconds: number;
            /** Intervention Id */
            intervention_id?: number | null;
            /**
             * Kind
             * @enum {string}
             */
            kind: "HIGH_RISK" | "BREAK";
            /** Lead S */
            lead_s: number | null;
            /**
             * Reason
             * @default
             */
            reason: string;
            /** Risk */
            risk: number;
            /** T Us */
            t_us: number;
        };
        /**
         * WeekResponse
         * @description A week in the person's time zone, from Monday ``first_date`` on: seven days, their totals, the week before.
         */
        WeekResponse: {
            /** Days */
            days: components["schemas"]["DailyStatsResponse"][];
            /** First Date */
            first_date: string;
            totals: components["schemas"]["WeekTotals"];
            week_before: components["schemas"]["WeekTotals"];
        };
        /**
         * WeekTotals
         * @description A week's sessions together.
         */
        WeekTotals: {
            /** Avg Focus Score */
            avg_focus_score: number | null;
            /** Completed Sessions */
            completed_sessions: number;
            /** Total Hours */
            total_hours: number;
            /** Total Sessions */
            total_sessions: number;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    get_actions: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ActionNow"][];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
        };
    };
    get_day: {
        parameters: {
            query: {
                date: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DailyStatsResponse"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
        };
    };
    get_week: {
        parameters: {
            query: {
                date: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WeekResponse"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
        };
    };
    get_browsers: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PairedBrowser"][];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
        };
    };
    make_pairing_code: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PairingCode"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
        };
    };
    revoke_browser: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                browser_id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
        };
    };
    ask_capture: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["AskCapture"];
            };
        };
        responses: {
            /** @description Successful Response */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DesktopsAsked"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
        };
    };
    revoke_consent: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ConsentsEnded"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
        };
    };
    get_experiments: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ExperimentNow"][];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
        };
    };
    get_forget: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ForgetState"][];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
        };
    };
    forget: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes a retry safe: for 24 hours the same person's same request with the same key is answered as the first time, and nothing is done again; one that comes meanwhile waits. With another body, or at another endpoint, it is refused with 422. Take a new UUID for each request that you mean. */
                "Idempotency-Key"?: string | null;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ForgetAsked"];
            };
        };
        responses: {
            /** @description Successful Response */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ForgetState"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
        };
    };
    count_forget: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ForgetAsked"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ForgetCount"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
        };
    };
    get_group_figures: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GroupFigures"][];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
        };
    };
    ingest: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** @description A batch as neural_focus/batches.py lays it out, compressed by zstd (Content-Encoding: zstd) */
        requestBody: {
            content: {
                "application/octet-stream": string;
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BatchStored"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Request Timeout */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GapProblem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Unsupported Media Type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
        };
    };
    get_interventions: {
        parameters: {
            query?: {
                minutes?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["InterventionRow"][];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
        };
    };
    answer_intervention: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["InterventionFeedbackRequest"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FeedbackStored"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
        };
    };
    undo_intervention: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                intervention_id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UndoAsked"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
        };
    };
    get_labels: {
        parameters: {
            query?: {
                limit?: number;
                /** @description `next` of the page before */
                before?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LabelPage"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
        };
    };
    add_label: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes a retry safe: for 24 hours the same person's same request with the same key is answered as the first time, and nothing is done again; one that comes meanwhile waits. With another body, or at another endpoint, it is refused with 422. Take a new UUID for each request that you mean. */
                "Idempotency-Key"?: string | null;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["LabelRequest"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LabelResponse"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
        };
    };
    get_links: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Link"][];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
        };
    };
    get_machines: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PairedMachine"][];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
        };
    };
    approve_machine: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["MachineCode"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WaitingMachine"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
        };
    };
    get_waiting: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["MachineCode"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WaitingMachine"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
        };
    };
    revoke_machine: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                machine_id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
        };
    };
    rotate_machine: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                machine_id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MachineToken"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
        };
    };
    get_me: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Person"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
        };
    };
    get_model: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ModelCard"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
        };
    };
    get_models: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ModelListed"][];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
        };
    };
    get_now: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Now"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
        };
    };
    predict: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PredictionResponse"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
        };
    };
    ask_rules: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["AskRules"];
            };
        };
        responses: {
            /** @description Successful Response */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DesktopsAsked"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
        };
    };
    get_recent: {
        parameters: {
            query?: {
                minutes?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Recent"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
        };
    };
    get_rounds: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RoundsNow"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
        };
    };
    ask_rounds: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["AskRounds"];
            };
        };
        responses: {
            /** @description Successful Response */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RoundsNow"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
        };
    };
    get_sessions: {
        parameters: {
            query?: {
                limit?: number;
                /** @description `next` of the page before */
                before?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SessionPage"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
        };
    };
    create_session: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes a retry safe: for 24 hours the same person's same request with the same key is answered as the first time, and nothing is done again; one that comes meanwhile waits. With another body, or at another endpoint, it is refused with 422. Take a new UUID for each request that you mean. */
                "Idempotency-Key"?: string | null;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CreateSessionRequest"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SessionResponse"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
        };
    };
    get_session: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                session_id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SessionResponse"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
        };
    };
    end_session: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                session_id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SessionEndedResponse"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
        };
    };
    leave_jail: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                session_id: number;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["LeaveJailRequest"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["JailExit"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
        };
    };
    get_help: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HelpSettings"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
        };
    };
    put_help: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["HelpSettings"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HelpSettings"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
        };
    };
    get_signin: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SignInWays"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
        };
    };
    sign_out: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
        };
    };
    ask_to_pair: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewMachine"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MachineAsks"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
        };
    };
    take_token: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["DeviceCode"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MachineToken"];
                };
            };
            /** @description Nobody has approved it yet */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Gone */
            410: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                    "application/problem+json": unknown;
                };
            };
        };
    };
}
export type DailyStatsRequest = paths["/api/v1/analytics/daily"]["get"]["parameters"]["query"];
