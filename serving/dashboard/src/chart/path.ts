import type { Scale } from "./scale";

/** A point of a line; `y` null breaks the line. */
export interface Point {
  at: number;
  y: number | null;
}

/** Longest distance between two readings that still belong to one line, ms. */
export const GAP = 15_000;

const round = (value: number) => Math.round(value * 10) / 10;

/** Cuts points into runs without nulls and without gaps longer than `GAP`. */
export function runs(points: readonly Point[]): { at: number; y: number }[][] {
  const found: { at: number; y: number }[][] = [];
  let last = -Infinity;
  for (const { at, y } of points) {
    if (y === null) {
      last = -Infinity;
      continue;
    }
    if (at - last > GAP) found.push([]);
    found[found.length - 1]!.push({ at, y });
    last = at;
  }
  return found;
}

/** The `d` of an SVG line through the runs of `points`; a lone point becomes a dot-long dash. */
export function linePath(points: readonly Point[], x: Scale, y: Scale): string {
  return runs(points)
    .map((run) => {
      const body = run.map((point) => `${round(x(point.at))},${round(y(point.y))}`);
      if (body.length === 1) body.push(`${round(x(run[0]!.at) + 0.1)},${round(y(run[0]!.y))}`);
      return `M${body.join("L")}`;
    })
    .join("");
}

/** The `d` of the area between the runs of `points` and the line `base` (in pixels). */
export function areaPath(points: readonly Point[], x: Scale, y: Scale, base: number): string {
  return runs(points)
    .map((run) => {
      const body = run.map((point) => `${round(x(point.at))},${round(y(point.y))}`).join("L");
      return `M${round(x(run[0]!.at))},${base}L${body}L${round(x(run[run.length - 1]!.at))},${base}Z`;
    })
    .join("");
}

/** One point per `width` ms, at its mean; a bucket without a value keeps its null. Buckets lie on whole multiples
 * of `width`, so that only the newest one changes as time goes on. */
export function thin(points: readonly Point[], width: number): Point[] {
  const found: Point[] = [];
  for (let start = 0; start < points.length; ) {
    const key = Math.floor(points[start]!.at / width);
    let end = start;
    let sum = 0;
    let known = 0;
    while (end < points.length && Math.floor(points[end]!.at / width) === key) {
      const { y } = points[end++]!;
      if (y !== null) {
        sum += y;
        known += 1;
      }
    }
    found.push({ at: points[(start + end - 1) >> 1]!.at, y: known ? sum / known : null });
    start = end;
  }
  return found;
}
