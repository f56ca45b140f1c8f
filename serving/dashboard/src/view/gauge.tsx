import { linePath, thin } from "../chart/path";
import { linear } from "../chart/scale";
import type { Reading } from "../model";
import { scoreWord } from "../words/risk";

const SPARK = 5 * 60_000;
/** The arc spans 240° of a circle of radius 88 around (100, 100). */
const ARC = "M23.8,144 A88,88 0 1 1 176.2,144";

interface GaugeProps {
  score: number | null;
  readings: readonly Reading[];
}

function Spark({ readings }: { readings: readonly Reading[] }) {
  const last = readings.at(-1);
  if (!last || readings.length < 2) return null;
  const x = linear(last.at - SPARK, last.at, 0, 96);
  const y = linear(0, 100, 27, 1);
  const points = thin(
    readings.filter((reading) => reading.at >= last.at - SPARK).map(({ at, score }) => ({ at, y: score })),
    3000,
  );
  return (
    <svg class="spark" x="52" y="138" width="96" height="30" viewBox="0 -1 96 30">
      <path d={linePath(points, x, y)} />
      <circle cx={96} cy={y(points.at(-1)?.y ?? last.score)} r="2.4" />
    </svg>
  );
}

/** The focus score as an arc with its number, a word, and the last five minutes. */
export function Gauge({ score, readings }: GaugeProps) {
  const word = score === null ? "" : scoreWord(score);
  const shown = score === null ? "–" : String(Math.round(score));
  const label = score === null ? "Focus score: not known yet" : `Focus score ${shown} of 100: ${word}`;
  return (
    <div class={`gauge ${word.toLowerCase() || "unknown"}`}>
      <svg viewBox="0 0 200 172" role="img" aria-label={label}>
        <path class="gauge-track" d={ARC} pathLength="100" />
        {score !== null && (
          <path class="gauge-value" d={ARC} pathLength="100" stroke-dasharray={`${Math.max(0.01, score)} 200`} />
        )}
        <text class="gauge-number" x="100" y="102" text-anchor="middle" data-testid="focus-score">
          {shown}
        </text>
        <text class="gauge-word" x="100" y="126" text-anchor="middle">
          {word || "no reading"}
        </text>
        <Spark readings={readings} />
      </svg>
    </div>
  );
}
