import type { HitRate, Warning, WarningKind } from "../model";
import { actionWord, answerWord, outcomeWord } from "../words/actions";
import { percent, secondOf } from "../words/format";
import { Card, DemoChip, Empty } from "./parts";

const KINDS: Record<WarningKind, string> = { BREAK: "Break", HIGH_RISK: "Switch" };

function Outcome({ warning }: { warning: Warning }) {
  if (warning.cameTrue === null) return <span class="outcome pending">open</span>;
  if (!warning.cameTrue) {
    return (
      <span class="outcome no">
        did not{warning.actedOn && <span class="quiet">, after an offer</span>}
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

const ASKED: Record<WarningKind, string> = { BREAK: "a break of settled focus", HIGH_RISK: "a switch" };

/** Untouched moments below which a plot would show chance. */
const ENOUGH = 100;

const place = (share: number) => 4 + 92 * share;

/** Predicted risk beside observed share: on the diagonal the two are equal. */
function Reliability({ rate }: { rate: HitRate }) {
  const most = Math.max(...rate.reliability.map((point) => point.n));
  const told = rate.reliability.map((point) => `predicted ${percent(point.said)}, observed ${percent(point.cameTrue)}`);
  return (
    <figure class="reliability" data-testid="reliability">
      <svg viewBox="0 0 100 100" role="img" aria-label={`Risk of ${ASKED[rate.kind]}: ${told.join("; ")}`}>
        <path class="frame" d="M4 4V96H96" />
        <path class="ideal" d="M4 96L96 4" />
        {rate.reliability.map((point) => (
          <circle
            key={point.said}
            cx={place(point.said)}
            cy={100 - place(point.cameTrue)}
            r={1.5 + 4 * Math.sqrt(point.n / most)}
          />
        ))}
      </svg>
      <figcaption class="quiet">
        Risk of {ASKED[rate.kind]}, {rate.days} days: predicted (across) and observed (up)
        {rate.error !== null && `, ${percent(rate.error)} apart on average`}
      </figcaption>
    </figure>
  );
}

function Rate({ rate }: { rate: HitRate }) {
  return (
    <div class="rate">
      <strong class="rate-number">{rate.rate === null ? "–" : percent(rate.rate)}</strong>
      <p>
        {rate.cameTrue} of {rate.warned - rate.undecided} {COMES[rate.kind]}
        <span class="quiet">
          {" "}
          in {rate.days} days{rate.anyway !== null && `; by chance ${percent(rate.anyway)}`}
        </span>
      </p>
    </div>
  );
}

function Row({ warning, now }: { warning: Warning; now: number }) {
  const { help } = warning;
  const done = help === null ? "Shown on this page only" : help.held ? "Nothing offered, at random" : actionWord(help.action, help.targets);
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
        {help && !help.held && (
          <span class="quiet">
            , {answerWord(help.answer, help.action)}
            {help.actions.map((item) => `; ${outcomeWord(item, now)}`).slice(0, 1)}
          </span>
        )}
      </td>
    </tr>
  );
}

function WarningTable({ warnings, now }: { warnings: readonly Warning[]; now: number }) {
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
            <th scope="col">Outcome</th>
            <th scope="col">Help</th>
          </tr>
        </thead>
        <tbody>
          {[...warnings].reverse().map((warning) => (
            <Row key={warning.id} warning={warning} now={now} />
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
  now: number;
}

/** The warnings of the last 30 minutes with their outcomes, and how many came true. */
export function Warnings({ warnings, rates, demo, now }: WarningsProps) {
  const known = rates.filter((rate) => rate.warned > rate.undecided);
  const longest = Math.max(0, ...rates.map((rate) => rate.days));
  const drawn = rates.filter((rate) => rate.days === longest && rate.moments >= ENOUGH);
  return (
    <Card id="warnings" title="Warnings and their outcomes" aside={demo && <DemoChip />}>
      {known.length > 0 && (
        <div class="rates" data-testid="hit-rate">
          {known.map((rate) => (
            <Rate key={`${rate.kind}-${rate.days}`} rate={rate} />
          ))}
        </div>
      )}
      {drawn.length > 0 && (
        <div class="rates">
          {drawn.map((rate) => (
            <Reliability key={rate.kind} rate={rate} />
          ))}
        </div>
      )}
      {warnings.length === 0 ? (
        <Empty title="No warnings in the last 30 minutes">
          A warning appears here when the risk of a switch becomes high, or when settled focus is about to break.
        </Empty>
      ) : (
        <>
          <WarningTable warnings={warnings} now={now} />
          <p class="note">
            The rates count only warnings that no offer followed. After an offer, “did not” can mean that the offer helped:
            the A/B report compares the two.
          </p>
        </>
      )}
    </Card>
  );
}
