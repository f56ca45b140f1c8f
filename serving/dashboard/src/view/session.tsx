import { useState } from "preact/hooks";
import { leaveJail, type Start } from "../live/rest";
import type { HelpSettings, Rounds, Session, SessionSummary } from "../model";
import { jailed } from "../state";
import { endWord, sessionWord } from "../words/actions";
import { clock, errorWord, minuteOf, stretch } from "../words/format";
import { jailLines, type Possible } from "../words/help";
import { Card } from "./parts";
import { type AskRounds, RoundsLine } from "./rounds";

/** Minutes; the service's own bounds. */
const LONGEST = 1440;
const LONGEST_JAIL = 240;

interface SessionProps {
  session: Session | null;
  summary: SessionSummary | null;
  help: HelpSettings | null;
  can: readonly Possible[];
  now: number;
  live: boolean;
  rounds: Rounds | null;
  /** A desktop is connected. */
  able: boolean;
  onRounds: AskRounds;
  /** Answers with the service's refusal, empty when it has started. */
  onStart: (start: Start) => Promise<string>;
  onEnd: (session: Session) => void;
}

function Ring({ session, now }: { session: Session; now: number }) {
  const whole = (session.due ?? session.start) - session.start;
  const left = session.due === null ? 0 : Math.max(0, session.due - now);
  const share = whole > 0 ? (left / whole) * 100 : 0;
  const shown = clock(session.due === null ? (now - session.start) / 1000 : Math.ceil(left / 1000));
  return (
    <svg class="ring" viewBox="0 0 96 96" role="timer" aria-label={`${shown} ${session.due === null ? "so far" : "left"}`}>
      <circle class="ring-track" cx="48" cy="48" r="41" />
      <circle class="ring-value" cx="48" cy="48" r="41" pathLength="100" stroke-dasharray={`${share} 200`} />
      <text x="48" y="54" text-anchor="middle">
        {shown}
      </text>
    </svg>
  );
}

function Summary({ summary }: { summary: SessionSummary }) {
  const score = summary.score === null ? "no score" : `average score ${Math.round(summary.score)}`;
  return (
    <p class="summary" role="status">
      <strong>{endWord(summary.reason)}.</strong> {stretch(summary.seconds)}, {score}, {summary.switches} switches,{" "}
      {summary.interventions} interventions.
    </p>
  );
}

/** The way out of a jail: a reason, then a wait of a minute that the service counts. */
function EmergencyExit({ session, now }: { session: Session; now: number }) {
  const [reason, give] = useState("");
  const [problem, complain] = useState("");
  if (session.jailLifts !== null) {
    return (
      <p role="status" data-testid="jail-leaving">
        The jail lifts in <strong class="count">{clock(Math.ceil((session.jailLifts - now) / 1000))}</strong>. The session goes on.
      </p>
    );
  }
  const onSubmit = async (event: Event) => {
    event.preventDefault();
    try {
      await leaveJail(session.id, reason.trim());
      complain("");
    } catch (error) {
      complain(errorWord(error));
    }
  };
  return (
    <details>
      <summary>Emergency exit</summary>
      <form class="exit" onSubmit={(event) => void onSubmit(event)}>
        <label for="exit-reason">Why do you have to leave? It is stored with the session.</label>
        <div class="entry">
          <input
            id="exit-reason"
            required
            minLength={3}
            maxLength={200}
            value={reason}
            onInput={(event) => give(event.currentTarget.value)}
            aria-describedby="exit-said"
          />
          <button type="submit">Leave in a minute</button>
        </div>
        <p class="said refusal" id="exit-said" role="alert">
          {problem}
        </p>
      </form>
    </details>
  );
}

function Running({ session, now, onEnd }: { session: Session; now: number; onEnd: (session: Session) => void }) {
  const inside = jailed(session, now);
  return (
    <>
      <div class="session-running">
        <Ring session={session} now={now} />
        <div>
          <p class="session-name">
            {sessionWord(session.type)}
            {inside && <span class="chip plain">Jail</span>}
          </p>
          <p class="quiet">{session.due === null ? "No timer" : `Ends after ${stretch((session.due - session.start) / 1000)}, at ${minuteOf(session.due)}`}</p>
          {!inside && (
            <button type="button" onClick={() => onEnd(session)}>
              End session
            </button>
          )}
        </div>
      </div>
      {inside && (
        <div class="jail">
          <p class="quiet">A jail cannot be ended early.</p>
          <EmergencyExit session={session} now={now} />
        </div>
      )}
    </>
  );
}

function JailSwitch({ jail, onJail, help, can }: { jail: boolean; onJail: (jail: boolean) => void } & Pick<SessionProps, "help" | "can">) {
  const lines = help ? jailLines(help, can) : [];
  return (
    <>
      <label class="check">
        <input type="checkbox" checked={jail} onChange={(event) => onJail(event.currentTarget.checked)} aria-describedby="jail-means" />
        Jail: hold me to it
      </label>
      <div id="jail-means" class="quiet jail-means">
        {jail && (
          <>
            <ul>
              {lines.map((line) => (
                <li key={line}>{line}</li>
              ))}
            </ul>
            {lines.length === 0 && (
              <p>
                Your lists are empty, so there is nothing that a jail could do. Fill them under <a href="#help">Help</a>.
              </p>
            )}
            <p>It cannot be ended early, except by the emergency exit: a reason, and a minute to wait.</p>
          </>
        )}
      </div>
    </>
  );
}

/** Starts and ends timed sessions, with or without a jail, and shows the timer of the one that runs. */
export function SessionCard({ session, summary, help, can, now, live, rounds, able, onRounds, onStart, onEnd }: SessionProps) {
  const [jail, setJail] = useState(false);
  const [minutes, setMinutes] = useState("45");
  const [refusal, refuse] = useState("");
  if (session && session.type !== "natural") {
    return (
      <Card id="session" title="Session">
        <Running session={session} now={now} onEnd={onEnd} />
        {rounds && <RoundsLine rounds={rounds} able={able} onRounds={onRounds} />}
      </Card>
    );
  }
  if (rounds?.restsUntil) {
    return (
      <Card id="session" title="Session">
        {summary && <Summary summary={summary} />}
        <RoundsLine rounds={rounds} able={able} onRounds={onRounds} />
      </Card>
    );
  }
  const start = async (type: Start["type"], own: number | null) => {
    const found = await onStart({ type, minutes: own, jail });
    refuse(found);
    if (!found) setJail(false);
  };
  return (
    <Card id="session" title="Session">
      {summary ? <Summary summary={summary} /> : <p class="quiet">The model takes the minutes of a timed session that you complete as focused.</p>}
      <div class="buttons">
        <button type="button" disabled={!live} onClick={() => void start("pomodoro", null)}>
          Pomodoro <span class="minutes">25 min</span>
        </button>
        <button type="button" disabled={!live} onClick={() => void start("deep_work", null)}>
          Deep work <span class="minutes">90 min</span>
        </button>
      </div>
      <form
        class="own-length"
        onSubmit={(event) => {
          event.preventDefault();
          void start("deep_work", Number(minutes));
        }}
      >
        <label for="own-minutes">Own length, minutes</label>
        <input
          id="own-minutes"
          type="number"
          required
          min={1}
          max={jail ? LONGEST_JAIL : LONGEST}
          value={minutes}
          onInput={(event) => setMinutes(event.currentTarget.value)}
        />
        <button type="submit" disabled={!live}>
          Start
        </button>
      </form>
      {refusal && (
        <p class="refusal" role="alert">
          {refusal}
        </p>
      )}
      <RoundsLine rounds={rounds} able={live && able} onRounds={onRounds} />
      <JailSwitch jail={jail} onJail={setJail} help={help} can={can} />
    </Card>
  );
}
