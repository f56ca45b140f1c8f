import type { HitRate, Warning, WarningKind } from "../model";
import { actionWord, answerWord } from "../words/actions";
import { percent, secondOf } from "../words/format";
import { Card, DemoChip, Empty } from "./parts";

const KINDS: Record<WarningKind, string> = { BREAK: "Break", HIGH_RISK: "Distraction" };

function Outcome({ warning }: { warning: Warning }) {
  if (warning.cameTrue === null) return <span class="outcome pending">open</span>;
  if (!warning.cameTrue) return <span class="outcome no">did not</span>;
  return (
    <span class="outcome yes">
      came true{warning.lead === null ? "" : <span class="quiet"> after {Math.round(warning.lead)} s</span>}
    </span>
  );
}

function Rate({ rate }: { rate: HitRate }) {
  const decided = rate.warned - rate.undecided;
  return (
    <div class="rate">
      <strong class="rate-number">{rate.rate === null ? "–" : percent(rate.rate)}</strong>
      <p>
        {KINDS[rate.kind]}: {rate.cameTrue} of {decided} came true in {rate.days} days
        {rate.anyway !== null && <span class="quiet">. It happens anyway in {percent(rate.anyway)} of moments</span>}
      </p>
    </div>
  );
}

function Row({ warning }: { warning: Warning }) {
  const { help } = warning;
  const done = help === null ? "Shown here only" : help.held ? "Held back on purpose" : actionWord(help.action);
  return (
    <tr>
      <td class="time">{secondOf(warning.at)}</td>
      <td>{KINDS[warning.kind]}</td>
      <td class="number">{percent(warning.risk)}</td>
      <td>
        <Outcome warning={warning} />
      </td>
      <td>
        {done}
        {help && !help.held && <span class="quiet">, {answerWord(help.answer)}</span>}
      </td>
    </tr>
  );
}

function WarningTable({ warnings }: { warnings: readonly Warning[] }) {
  return (
    <div class="scroll" role="region" aria-label="Warnings of the last 30 minutes" tabIndex={0}>
      <table data-testid="warnings">
        <thead>
          <tr>
            <th scope="col">Time</th>
            <th scope="col">Warned of</th>
            <th scope="col" class="number">
              Risk
            </th>
            <th scope="col">Then</th>
            <th scope="col">Help</th>
          </tr>
        </thead>
        <tbody>
          {[...warnings].reverse().map((warning) => (
            <Row key={warning.id} warning={warning} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface WarningsProps {
  warnings: readonly Warning[];
  rates: readonly HitRate[];
  demo: boolean;
}

/** What was warned of in the last 30 minutes, what became of it, and how often that was right. */
export function Warnings({ warnings, rates, demo }: WarningsProps) {
  const known = rates.filter((rate) => rate.warned > rate.undecided);
  return (
    <Card id="warnings" title="Warned, and what came true" aside={demo && <DemoChip />}>
      {known.length > 0 && (
        <div class="rates" data-testid="hit-rate">
          {known.map((rate) => (
            <Rate key={rate.kind} rate={rate} />
          ))}
        </div>
      )}
      {warnings.length === 0 ? (
        <Empty title="No warnings in the last 30 minutes">
          You are warned a few times an hour at most, and only when settled focus looks about to break.
        </Empty>
      ) : (
        <>
          <WarningTable warnings={warnings} />
          <p class="note">Where help was shown, “did not” can also mean that it worked. The A/B report tells the two apart.</p>
        </>
      )}
    </Card>
  );
}
