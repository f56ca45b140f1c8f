import type { Reading, Switch } from "../model";

const MINUTE = 60_000;

/** One minute of the timeline in numbers: means of the readings, sum of the switches. */
export interface MinuteRow {
  at: number;
  score: number;
  distraction: number;
  switches: number;
}

/** Rows of the minutes that have readings, newest first. */
export function minuteRows(readings: readonly Reading[], switches: readonly Switch[]): MinuteRow[] {
  const sums = new Map<number, MinuteRow & { n: number }>();
  for (const { at, score, distraction } of readings) {
    const minute = Math.floor(at / MINUTE) * MINUTE;
    const sum = sums.get(minute) ?? { at: minute, score: 0, distraction: 0, switches: 0, n: 0 };
    sums.set(minute, { ...sum, score: sum.score + score, distraction: sum.distraction + distraction, n: sum.n + 1 });
  }
  for (const { at, count } of switches) {
    const sum = sums.get(Math.floor(at / MINUTE) * MINUTE);
    if (sum) sum.switches += count;
  }
  return [...sums.values()]
    .map(({ at, score, distraction, switches: changes, n }) => ({
      at,
      score: score / n,
      distraction: distraction / n,
      switches: changes,
    }))
    .sort((one, other) => other.at - one.at);
}
