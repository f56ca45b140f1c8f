import type { Reading, Span, Switch, Warning } from "../model";
import { minuteOf } from "../words/format";
import { HIGH_FROM, LOW_BELOW } from "../words/risk";
import type { Layout } from "./layout";
import { areaPath, linePath, thin } from "./path";
import { marks, minuteStep } from "./scale";

/** Readings are drawn as means over this many ms. */
const BUCKET = 3000;

export function Axes({ layout, from, to }: { layout: Layout; from: number; to: number }) {
  const { left, right, score, risk, x, yScore, yRisk } = layout;
  return (
    <g class="axes" aria-hidden="true">
      {marks(from, to, minuteStep(layout.width)).map((mark) => (
        <g key={mark}>
          <line class="grid" x1={x(mark)} x2={x(mark)} y1={score.top} y2={risk.bottom} />
          <text x={x(mark)} y={risk.bottom + 18} text-anchor="middle">
            {minuteOf(mark)}
          </text>
        </g>
      ))}
      {[0, 50, 100].map((mark) => (
        <g key={mark}>
          <line class={mark ? "grid" : "base"} x1={left} x2={right} y1={yScore(mark)} y2={yScore(mark)} />
          <text x={left - 8} y={yScore(mark) + 4} text-anchor="end">
            {mark}
          </text>
        </g>
      ))}
      {[0, LOW_BELOW, HIGH_FROM, 1].map((mark) => (
        <g key={mark}>
          <line class={mark ? "grid" : "base"} x1={left} x2={right} y1={yRisk(mark)} y2={yRisk(mark)} />
          <text x={left - 8} y={yRisk(mark) + 4} text-anchor="end">
            {Math.round(mark * 100)}
          </text>
        </g>
      ))}
    </g>
  );
}

/** What each lane shows, in its upper left corner. */
export function Lanes({ layout }: { layout: Layout }) {
  const lanes = [
    ["Focus score", layout.score.top],
    ["Switches", layout.rug.top - 4],
    ["Risk, %", layout.risk.top],
  ] as const;
  return (
    <g aria-hidden="true">
      {lanes.map(([name, top]) => (
        <text key={name} class="lane" x={layout.left} y={top - 6}>
          {name}
        </text>
      ))}
    </g>
  );
}

export function Idle({ layout, idle, from, to }: { layout: Layout; idle: readonly Span[]; from: number; to: number }) {
  return (
    <g class="idle" aria-hidden="true">
      {idle
        .filter((span) => span.to > from)
        .map((span) => {
          const start = layout.x(Math.max(from, span.from));
          const width = Math.max(1, layout.x(Math.min(to, span.to)) - start);
          return <rect key={span.from} x={start} width={width} y={layout.score.top} height={layout.risk.bottom - layout.score.top} />;
        })}
    </g>
  );
}

export function Lines({ layout, readings }: { layout: Layout; readings: readonly Reading[] }) {
  const { x, yScore, yRisk } = layout;
  const score = thin(
    readings.map(({ at, score: y }) => ({ at, y })),
    BUCKET,
  );
  const distraction = thin(
    readings.map(({ at, distraction: y }) => ({ at, y })),
    BUCKET,
  );
  const breaks = thin(
    readings.map(({ at, breakRisk: y }) => ({ at, y })),
    BUCKET,
  );
  return (
    <g class="lines" aria-hidden="true">
      <path class="score-area" d={areaPath(score, x, yScore, layout.score.bottom)} />
      <path class="score-line" d={linePath(score, x, yScore)} />
      <path class="distraction-line" d={linePath(distraction, x, yRisk)} />
      <path class="break-line" d={linePath(breaks, x, yRisk)} />
    </g>
  );
}

export function Switches({ layout, switches, from }: { layout: Layout; switches: readonly Switch[]; from: number }) {
  const { x, rug } = layout;
  const ticks = switches.filter((change) => change.at > from);
  return (
    <g class="switches" aria-hidden="true">
      <path d={ticks.map(({ at }) => `M${Math.round(x(at) * 10) / 10},${rug.top}V${rug.bottom}`).join("")} />
    </g>
  );
}

export function Warned({ layout, warnings, from }: { layout: Layout; warnings: readonly Warning[]; from: number }) {
  const top = layout.yRisk;
  return (
    <g class="warned" aria-hidden="true">
      {warnings
        .filter((warning) => warning.at > from)
        .map((warning) => {
          const x = layout.x(warning.at);
          const y = top(warning.risk);
          const fate = warning.cameTrue === null ? "pending" : warning.cameTrue ? "yes" : "no";
          const shape = warning.kind === "BREAK" ? "l6.5,11h-13z" : "l4,7h-8z";
          return (
            <g key={warning.id} class={fate}>
              {warning.kind === "BREAK" && <line x1={x} x2={x} y1={layout.score.top} y2={layout.risk.bottom} />}
              <path d={`M${x},${y - 7}${shape}`} />
            </g>
          );
        })}
    </g>
  );
}
