import { useEffect, useState } from "preact/hooks";
import type { Start } from "../live/rest";
import type { Rounds } from "../model";
import { sessionWord } from "../words/actions";
import { minuteOf } from "../words/format";

export type AskRounds = (command: "start" | "skip" | "stop", type: Start["type"]) => Promise<string>;

interface RoundsProps {
  rounds: Rounds | null;
  /** A desktop is there, which keeps them. */
  able: boolean;
  onRounds: AskRounds;
}

/** Minutes of a session; the service's own. */
const LENGTHS = { pomodoro: 25, deep_work: 90 } as const;

/** What can be asked for now: [what, its button]. */
function choices(rounds: Rounds): ["skip" | "stop", string][] {
  return rounds.restsUntil === null
    ? [["stop", "No more after this one"]]
    : [
        ["skip", "Start the next one now"],
        ["stop", "No more"],
      ];
}

/** Sessions again and again with breaks between: begun and ended here, kept by the desktop, said as it reports it. */
export function RoundsLine({ rounds, able, onRounds }: RoundsProps) {
  const [asked, ask] = useState(false);
  const [refusal, refuse] = useState("");
  useEffect(() => ask(false), [rounds?.type, rounds?.restsUntil, rounds?.done]);
  const want = async (command: "start" | "skip" | "stop", type: Start["type"]) => {
    ask(true);
    const found = await onRounds(command, type);
    refuse(found);
    if (found) ask(false);
  };
  const resting = rounds !== null && rounds.restsUntil !== null;
  return (
    <div class="rounds" data-testid="rounds">
      <p class="quiet" {...(rounds && { role: "status" })}>
        {rounds === null
          ? "Again and again, with breaks between:"
          : resting
            ? `Break until ${minuteOf(rounds.restsUntil!)}, ${rounds.done} done. The next ${sessionWord(rounds.type).toLowerCase()} starts when you are back.`
            : `Again and again with breaks, ${rounds.done} done.`}
      </p>
      <div class="buttons">
        {rounds === null
          ? (["pomodoro", "deep_work"] as const).map((type) => (
              <button key={type} type="button" class="small" disabled={!able || asked} onClick={() => void want("start", type)}>
                {LENGTHS[type]} min rounds
              </button>
            ))
          : choices(rounds).map(([command, words]) => (
              <button key={command} type="button" class="small" disabled={asked} onClick={() => void want(command, rounds.type)}>
                {words}
              </button>
            ))}
      </div>
      {asked && !refusal && <p class="quiet">Your desktop is asked.</p>}
      {refusal && (
        <p class="refusal" role="alert">
          {refusal}
        </p>
      )}
    </div>
  );
}
