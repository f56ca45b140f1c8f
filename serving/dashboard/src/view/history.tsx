import { minuteRows } from "../chart/minutes";
import { Timeline } from "../chart/timeline";
import type { Recent } from "../state";
import { WINDOW } from "../state";
import { minuteOf, percent } from "../words/format";
import { Card, DemoChip, Empty } from "./parts";

function MinuteTable({ recent }: { recent: Recent }) {
  return (
    <details class="minutes-table">
      <summary>The same as a table</summary>
      <div class="scroll" role="region" aria-label="The last 30 minutes by minute" tabIndex={0}>
        <table>
          <thead>
            <tr>
              <th scope="col">Minute</th>
              <th scope="col" class="number">
                Focus
              </th>
              <th scope="col" class="number">
                Distraction risk
              </th>
              <th scope="col" class="number">
                Switches
              </th>
            </tr>
          </thead>
          <tbody>
            {minuteRows(recent.readings, recent.switches).map((row) => (
              <tr key={row.at}>
                <td class="time">{minuteOf(row.at)}</td>
                <td class="number">{Math.round(row.score)}</td>
                <td class="number">{percent(row.distraction)}</td>
                <td class="number">{row.switches}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}

const LEGEND = [
  ["score", "Focus score"],
  ["distraction", "Distraction risk"],
  ["break", "Break risk"],
  ["switch", "Switch of app"],
  ["idle", "Idle or no readings"],
  ["yes", "Warned, came true"],
  ["no", "Warned, did not"],
] as const;

interface HistoryProps {
  recent: Recent;
  now: number;
  loaded: boolean;
  demo: boolean;
}

/** The last 30 minutes as a chart and, folded, as a table. */
export function History({ recent, now, loaded, demo }: HistoryProps) {
  const known = recent.readings.some((reading) => reading.at > now - WINDOW);
  return (
    <Card id="history" title="The last 30 minutes" aside={demo && <DemoChip />}>
      {known ? (
        <>
          <ul class="legend" aria-label="Legend">
            {LEGEND.map(([key, name]) => (
              <li key={key}>
                <i class={`key key-${key}`} />
                {name}
              </li>
            ))}
          </ul>
          <Timeline recent={recent} now={now} />
          <MinuteTable recent={recent} />
        </>
      ) : (
        <Empty title={loaded ? "Nothing in the last 30 minutes" : "Loading"}>
          {loaded ? "The line begins with the first reading. Is the agent running?" : "Asking the service for the last half hour."}
        </Empty>
      )}
    </Card>
  );
}
