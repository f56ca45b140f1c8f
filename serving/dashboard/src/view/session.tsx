import type { Session, SessionSummary } from "../model";
import { endWord, sessionWord } from "../words/actions";
import { clock, stretch } from "../words/format";
import { Card } from "./parts";

interface SessionProps {
  session: Session | null;
  summary: SessionSummary | null;
  now: number;
  live: boolean;
  onStart: (type: "pomodoro" | "deep_work") => void;
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

/** Starts and ends timed sessions, and shows the timer of the one that runs. */
export function SessionCard({ session, summary, now, live, onStart, onEnd }: SessionProps) {
  if (session && session.type !== "natural") {
    return (
      <Card id="session" title="Session">
        <div class="session-running">
          <Ring session={session} now={now} />
          <div>
            <p class="session-name">{sessionWord(session.type)}</p>
            <p class="quiet">{session.due === null ? "No timer" : `Ends after ${stretch((session.due - session.start) / 1000)}`}</p>
            <button type="button" onClick={() => onEnd(session)}>
              End session
            </button>
          </div>
        </div>
      </Card>
    );
  }
  return (
    <Card id="session" title="Session">
      {summary ? <Summary summary={summary} /> : <p class="quiet">The model takes the minutes of a timed session that you complete as focused.</p>}
      <div class="buttons">
        <button type="button" disabled={!live} onClick={() => onStart("pomodoro")}>
          Pomodoro <span class="minutes">25 min</span>
        </button>
        <button type="button" disabled={!live} onClick={() => onStart("deep_work")}>
          Deep work <span class="minutes">90 min</span>
        </button>
      </div>
    </Card>
  );
}
