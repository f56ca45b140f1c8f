import type { HitRate, Warning, WarningKind } from "../model";
import { actionWord, answerWord } from "../words/actions";
import { percent, secondOf } from "../words/format";
import { Card, DemoChip, Empty } from "./parts";

const KINDS: Record<WarningKind, string> = { BREAK: "Break", HIGH_RISK: "Switch" };

function Outcome({ warning }: { warning: Warning }) {
  if (warning.cameTrue === null) return <span class="outcome pending">open</span>;
  if (!warning.cameTrue) {
    return (
      <span class="outcome no">
        did not{warning.actedOn && <span class="quiet">, after help</span>}
      </span>
    );
  }
  return (
    <span class="outcome yes">
      came true{warning.lead === null ? "" : <span class="quiet"> after {Math.round(warning.lead)} s</span>}
    </span>
  );
}

const COMES: Record<WarningKind, string> = {
  BREAK: "warnings of a break came true",
  HIGH_RISK: "warnings of a switch came true",
};

function Rate({ rate }: { rate: HitRate }) {
  return (
    <div class="rate">
      <strong class="rate-number">{rate.rate === null ? "–" : percent(rate.rate)}</strong>
      <p>
        {rate.cameTrue} of {rate.warned - rate.undecided} {COMES[rate.kind]}
        <span class="quiet">
          {" "}
          in {rate.days} days{rate.anyway !== null && `; at any moment ${percent(rate.anyway)}`}
        </span>
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
          <p class="note">
            Rates count only warnings that were left alone. Where help was shown, “did not” can mean that it worked: the A/B
            report tells the two apart.
          </p>
        </>
      )}
    </Card>
  );
}
