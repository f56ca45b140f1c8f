/* Made by `npm run generate` from the service's message schema. Do not edit. */

export type Messages = ClientMessage | ServerMessage;
export type ClientMessage =
  | SnapshotMessage
  | FeedbackMessage
  | InterventionAppliedMessage
  | InterventionUndoneMessage
  | UndoInterventionMessage
  | StartSessionMessage
  | EndSessionMessage
  | LeaveJailMessage
  | SessionAppliedMessage
  | DesktopStatusMessage
  | BrowserHelloMessage
  | SiteInFrontMessage
  | RecordsForgottenMessage;
export type ServerMessage =
  | ActivityUpdateMessage
  | PredictionMessage
  | InterventionMessage
  | InterventionClosedMessage
  | InterventionAppliedMessage
  | InterventionUndoneMessage
  | ApplyActionMessage
  | UndoActionMessage
  | SiteBlocksMessage
  | ReportStoredMessage
  | SiteInFrontMessage
  | SessionStartedMessage
  | SessionEndedMessage
  | JailLeavingMessage
  | AskRoundsMessage
  | ForgetRecordsMessage
  | AskCaptureMessage
  | AskRulesMessage
  | DesktopStatusMessage
  | ErrorMessage;

export interface SnapshotMessage {
  data: Snapshot;
  type: "SNAPSHOT";
}
/**
 * One second of a stream: all features by name at ``t_us``, and what the page may show of it.
 *
 *     ``input_us``: when the newest input of the computer came, null if the desktop does not know of any.
 *     ``unavailable``: why an offer could not be seen at this moment. ``inputs``: what else a model reads, in the form of
 *     ``SnapshotInputs``; a snapshot without them is refused.
 */
export interface Snapshot {
  app_name?: string;
  category?: string;
  features: {
    [k: string]: number;
  };
  input_us?: number | null;
  inputs?: string;
  /**
   * @minItems 10
   * @maxItems 10
   */
  sequence: [number, number, number, number, number, number, number, number, number, number];
  t_us: number;
  unavailable?: "" | "call" | "do_not_disturb" | "full_screen" | "locked" | "presentation" | "screen_sharing";
  window_title?: string;
}
export interface FeedbackMessage {
  data: InterventionFeedback;
  type: "INTERVENTION_FEEDBACK";
}
/**
 * The person's answer. ``answered_us``: when the desktop took it, so that a replay knows the same break.
 */
export interface InterventionFeedback {
  answered_us?: number | null;
  intervention_id: number;
  response: "accept" | "reject" | "snooze";
}
export interface InterventionAppliedMessage {
  data: InterventionApplied;
  type: "INTERVENTION_APPLIED";
}
/**
 * The desktop or the browser did what row ``intervention_id`` asks, or could not.
 *
 *     ``where``: what did it ("screen", "x11", "sway", "process", "chromium 156"); ``until_us``: when it ends by itself.
 *     ``refused_reason``: a sentence for the person why nothing was done; empty where it was.
 */
export interface InterventionApplied {
  intervention_id: number;
  refused_reason?: string;
  t_us: number;
  until_us?: number | null;
  where: string;
}
export interface InterventionUndoneMessage {
  data: InterventionUndone;
  type: "INTERVENTION_UNDONE";
}
/**
 * What was applied is gone again, and why.
 *
 *     ``rested_us``: for a break, when it ended after the person really had rested; null where they had not.
 */
export interface InterventionUndone {
  intervention_id: number;
  reason: "clock" | "emergency" | "ended" | "failed" | "needed" | "quit" | "restarted" | "service_gone" | "undone";
  rested_us?: number | null;
  t_us: number;
}
export interface UndoInterventionMessage {
  data: UndoIntervention;
  type: "UNDO_INTERVENTION";
}
/**
 * The person wants an action ended before its time; not for what a jail does.
 */
export interface UndoIntervention {
  intervention_id: number;
}
export interface StartSessionMessage {
  data: StartSession;
  type: "START_SESSION";
}
/**
 * Start a session now, or report a natural one; ``start_us`` is the microsecond that the engine used.
 */
export interface StartSession {
  duration_minutes?: number | null;
  jail_enabled?: boolean;
  start_us?: number | null;
  type: "deep_work" | "natural" | "pomodoro";
}
export interface EndSessionMessage {
  data: EndSession;
  type: "END_SESSION";
}
/**
 * End a session now, or report that a natural one ended at ``end_us``.
 */
export interface EndSession {
  end_us?: number | null;
  session_id: number;
}
export interface LeaveJailMessage {
  data: LeaveJail;
  type: "LEAVE_JAIL";
}
/**
 * The emergency exit of a jail: it lifts a minute later. ``reason`` is the person's, 3 to 200 characters.
 */
export interface LeaveJail {
  reason: string;
  session_id: number;
}
export interface SessionAppliedMessage {
  data: SessionApplied;
  type: "SESSION_APPLIED";
}
/**
 * The desktop's engine is in a timed session, since which microsecond: said when it takes it, and when it connects.
 *
 *     Where that session has ended, its end is the answer.
 */
export interface SessionApplied {
  session_id: number;
  start_us: number;
}
export interface DesktopStatusMessage {
  data: DesktopStatus;
  type: "DESKTOP_STATUS";
}
/**
 * What a desktop does: it tells the service, which tells pages. ``gone``: the service's word for not connected.
 *
 *     ``held``: why nothing is captured: the person paused it, it is outside their hours, or a file cannot be used;
 *     ``missing``: what its capture cannot see; ``lost``: what went since its agent started; ``abilities``: what it can
 *     do; ``rounds``: of sessions that it keeps, null for none.
 */
export interface DesktopStatus {
  abilities?: Ability[];
  held?: "" | "file" | "hours" | "pause";
  lost?: Notice[];
  missing?: Notice[];
  paused_until?: string | null;
  privacy?: PrivacyFile | null;
  rounds?: Rounds | null;
  source: string;
  state: "capturing" | "gone" | "paused";
}
/**
 * Whether this desktop can do one kind of action, and how to make it able.
 */
export interface Ability {
  able: boolean;
  action: "KILL" | "MINIMIZE" | "PLACEBO" | "SUGGEST_BREAK";
  hint?: string;
  why?: string;
}
/**
 * Something that is missing or was lost: what, and how much of it, why, and what would help.
 */
export interface Notice {
  hint?: string;
  what: string;
  why: string;
}
/**
 * A desktop's privacy.toml as it is there, null where it is too long for a message; ``refused``: why the last text
 *     that a page sent was not taken.
 */
export interface PrivacyFile {
  refused?: string;
  text: string | null;
}
/**
 * Sessions one after the other with breaks between them, which the desktop's agent keeps: ``done`` so far.
 *
 *     ``rests_until``: in a break, its end; null while a session runs or is about to start.
 */
export interface Rounds {
  done: number;
  rests_until: string | null;
  type: "deep_work" | "pomodoro";
}
export interface BrowserHelloMessage {
  data: BrowserHello;
  type: "BROWSER_HELLO";
}
/**
 * An extension says who it is. ``allowed``: it may redirect and cover pages (host permission).
 */
export interface BrowserHello {
  allowed: boolean;
  browser: string;
  version: string;
}
export interface SiteInFrontMessage {
  data: SiteInFront;
  type: "SITE_IN_FRONT";
}
/**
 * The registrable domain of the tab in front, null where there is none to tell (another program, a private window).
 *
 *     From an extension whose person agreed to it, through the service, to the desktop. It is stored nowhere.
 */
export interface SiteInFront {
  browser?: string;
  site: string | null;
  t_us: number;
}
export interface RecordsForgottenMessage {
  data: RecordsForgotten;
  type: "RECORDS_FORGOTTEN";
}
/**
 * The desktop's spool has nothing left of request ``id``, and had so many records; its engine began anew.
 */
export interface RecordsForgotten {
  id: number;
  records: number;
}
export interface ActivityUpdateMessage {
  data: ActivityUpdate;
  type: "ACTIVITY_UPDATE";
}
/**
 * What the person is on right now. ``window_title`` is empty while titles are off.
 */
export interface ActivityUpdate {
  app_name: string;
  category: string;
  is_pseudo_productive: boolean;
  timestamp: string;
  window_title: string;
}
export interface PredictionMessage {
  data: PredictionMade;
  type: "PREDICTION";
}
/**
 * The prediction for the snapshot at ``t_us``. Scores 0–100, probabilities 0–1, momentum in points.
 *
 *     ``focus_momentum`` is the value as of this snapshot; ``break_risk`` is null while focus is not settled.
 */
export interface PredictionMade {
  ab_test_group?: string | null;
  break_risk: number | null;
  confidence: number;
  contributing_factors: string[];
  distraction_risk: number;
  focus_momentum: number;
  focus_score: number;
  intervention_reason?: string;
  intervention_target?: string | null;
  intervention_type?: string | null;
  model_version: string;
  prediction_horizon_seconds: number;
  risk_category: "HIGH" | "LOW" | "MEDIUM";
  t_us: number;
  timestamp: string;
  trained_on: "demo" | "people" | "rules";
}
export interface InterventionMessage {
  data: InterventionOffered;
  type: "INTERVENTION";
}
/**
 * Help offered now; without an answer within ``timeout_seconds`` it is stored as TIMEOUT.
 *
 *     ``acts_by_itself``: a TIMEOUT acts, as the person chose beforehand; else nothing is done then. ``minutes``: how long
 *     it will last. ``targets`` are its sites and apps; one answer is for all of them. ``offer`` is 2 after a snooze.
 */
export interface InterventionOffered {
  action: string;
  acts_by_itself?: boolean;
  id: number;
  minutes?: number;
  offer?: number;
  predicted_risk: number;
  reason: string;
  targets?: string[];
  timeout_seconds: number;
  timestamp: string;
  type: "MANUAL_JAIL" | "NO_OP" | "PREDICTIVE_BLOCK" | "SUGGEST_BREAK";
}
export interface InterventionClosedMessage {
  data: InterventionClosed;
  type: "INTERVENTION_CLOSED";
}
/**
 * An offer was answered or timed out. ``auto_accepted``: a timeout that acts, as the person chose beforehand.
 */
export interface InterventionClosed {
  auto_accepted: boolean;
  id: number;
  response_time_ms: number | null;
  user_response: "ACCEPTED" | "REJECTED" | "SNOOZED" | "TIMEOUT";
}
export interface ApplyActionMessage {
  data: ApplyAction;
  type: "APPLY_ACTION";
}
/**
 * Do one row of an intervention now, on this desktop, until ``until_us``; told again until it is reported.
 *
 *     ``action``: SUGGEST_BREAK, MINIMIZE_<APP>, KILL_<PROCESS>, PLACEBO; ``target``: the app or process of the person's
 *     own list, or the minutes that a placebo's card names.
 */
export interface ApplyAction {
  action: string;
  intervention_id: number;
  target: string | null;
  type: "MANUAL_JAIL" | "NO_OP" | "PREDICTIVE_BLOCK" | "SUGGEST_BREAK";
  until_us: number;
  why: string;
}
export interface UndoActionMessage {
  data: UndoAction;
  type: "UNDO_ACTION";
}
/**
 * End what was applied for a row now, and report it.
 */
export interface UndoAction {
  intervention_id: number;
  reason: "clock" | "emergency" | "ended" | "failed" | "needed" | "quit" | "restarted" | "service_gone" | "undone";
}
export interface SiteBlocksMessage {
  data: SiteBlocks;
  type: "SITE_BLOCKS";
}
/**
 * All blocks of the person, to their extensions: whatever is not in it is lifted. Sent on change and every 25 s.
 */
export interface SiteBlocks {
  blocks: SiteBlock[];
  t_us: number;
}
/**
 * A site to be blocked now. ``wait_seconds``: how long "I need it" takes; ``jail``: a session ordered it.
 */
export interface SiteBlock {
  intervention_id: number;
  jail: boolean;
  site: string;
  until_us: number;
  wait_seconds: number;
  why: string;
}
export interface ReportStoredMessage {
  data: ReportStored;
  type: "REPORT_STORED";
}
/**
 * To who reported: this kind of report on the row is stored, or never will be, and need not come again.
 */
export interface ReportStored {
  intervention_id: number;
  report: string;
}
export interface SessionStartedMessage {
  data: SessionStarted;
  type: "SESSION_STARTED";
}
/**
 * A session began: answer to START_SESSION, and told to every client of the person.
 */
export interface SessionStarted {
  context_switches: number;
  end_time?: string | null;
  ends_at?: string | null;
  focus_score_avg?: number | null;
  id: number;
  jail_enabled: boolean;
  jail_leaving_us?: number | null;
  session_type: "deep_work" | "natural" | "pomodoro";
  start_time: string;
  start_us?: number | null;
  user_id: number;
}
export interface SessionEndedMessage {
  data: SessionEnded;
  type: "SESSION_ENDED";
}
/**
 * A session ended, why, and what it came to.
 */
export interface SessionEnded {
  end_us?: number | null;
  reason: "system_error" | "timer_expired" | "user_ended";
  session_id: number;
  summary: SessionSummary;
}
/**
 * What a session came to. ``focus_score_avg`` is null when nothing was predicted in it.
 */
export interface SessionSummary {
  context_switches: number;
  duration_seconds: number;
  focus_score_avg: number | null;
  interventions: number;
}
export interface JailLeavingMessage {
  data: JailLeaving;
  type: "JAIL_LEAVING";
}
/**
 * The emergency exit was asked for: the jail of this session lifts at ``lifts_us``.
 */
export interface JailLeaving {
  lifts_us: number;
  session_id: number;
}
export interface AskRoundsMessage {
  data: AskRounds;
  type: "ASK_ROUNDS";
}
/**
 * The person wants rounds of ``type`` begun, the break skipped, or no session after the running one.
 *
 *     The desktop tells what comes of it by its status.
 */
export interface AskRounds {
  command: "skip" | "start" | "stop";
  type?: "deep_work" | "pomodoro";
}
export interface ForgetRecordsMessage {
  data: ForgetRecords;
  type: "FORGET_RECORDS";
}
/**
 * Forget the records of [first_us, end_us), of one app where ``app_key`` is there (``neural_focus.forgetting``);
 *     told again on each connection until RECORDS_FORGOTTEN comes.
 */
export interface ForgetRecords {
  app_key?: string | null;
  end_us: number;
  first_us: number;
  id: number;
}
export interface AskCaptureMessage {
  data: AskCapture;
  type: "ASK_CAPTURE";
}
/**
 * Ask the desktop to capture nothing for so many seconds, or to go on. Its status says what came of it.
 */
export interface AskCapture {
  command: "pause" | "resume";
  seconds?: number;
}
export interface AskRulesMessage {
  data: AskRules;
  type: "ASK_RULES";
}
/**
 * Ask the desktop whose privacy.toml has the SHA-256 ``before`` (hex, of its UTF-8) to have ``text`` instead. Its
 *     status says what came of it.
 */
export interface AskRules {
  before: string;
  text: string;
}
export interface ErrorMessage {
  data: Problem;
  type: "ERROR";
}
/**
 * What went wrong, as RFC 9457 has it; over the socket the connection lives on.
 */
export interface Problem {
  detail?: string;
  hint?: string;
  instance?: string | null;
  status: number;
  title: string;
  type?: string;
}
