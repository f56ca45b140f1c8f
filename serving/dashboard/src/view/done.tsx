import { useState } from "preact/hooks";
import { undo } from "../live/rest";
import type { Action } from "../model";
import { actionLine, canUndo, phaseOf } from "../words/actions";
import { clock, errorWord } from "../words/format";
import { Card } from "./parts";

/** More than these are folded. */
const OPEN = 4;
/** An end that was asked for and is not reported by then can be asked for again, ms. */
const ASK_AGAIN = 15_000;

function Row({ item, now }: { item: Action; now: number }) {
  const [asked, ask] = useState(0);
  const [problem, complain] = useState("");
  const phase = phaseOf(item, now);
  const waiting = now - asked < ASK_AGAIN;
  const onUndo = async () => {
    ask(Date.now());
    complain("");
    try {
      await undo(item.id);
    } catch (error) {
      ask(0);
      complain(`Not undone: ${errorWord(error)}`);
    }
  };
  return (
    <li class={`done-row ${phase}`} data-testid="action" data-phase={phase}>
      <p class="done-line">
        <i class="done-mark" />
        <span>{actionLine(item, now)}</span>
        {phase === "applied" && (
          <span class="done-left" aria-hidden="true">
            {clock(Math.ceil((item.ends - now) / 1000))}
          </span>
        )}
      </p>
      {canUndo(item, now) && (
        <button type="button" class="small" disabled={waiting} onClick={() => void onUndo()} aria-label={`Undo: ${actionLine(item, now)}`}>
          {waiting ? "Asked to undo" : "Undo"}
        </button>
      )}
      {problem && (
        <p class="refusal" role="alert">
          {problem}
        </p>
      )}
    </li>
  );
}

/** What was ordered for the person and what was reported of it. Nothing here is said to be done before it was reported. */
export function DoneCard({ actions, now }: { actions: readonly Action[]; now: number }) {
  if (actions.length === 0) return null;
  const rows = actions.map((item) => <Row key={item.id} item={item} now={now} />);
  const jail = actions.some((item) => item.jail && phaseOf(item, now) !== "over");
  return (
    <Card id="done" title="What is done now" aside={jail && <span class="chip plain">Jail</span>}>
      <div aria-live="polite">
        <ul>{rows.slice(0, OPEN)}</ul>
        {rows.length > OPEN && (
          <details>
            <summary>{rows.length - OPEN} more</summary>
            <ul>{rows.slice(OPEN)}</ul>
          </details>
        )}
      </div>
    </Card>
  );
}
