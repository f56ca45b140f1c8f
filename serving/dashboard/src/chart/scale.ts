/** Linear scales and the marks of the timeline's axes. */

export type Scale = (value: number) => number;

/** Maps [from, to] onto [start, end]; a domain without extent maps to its start. */
export function linear(from: number, to: number, start: number, end: number): Scale {
  const factor = to === from ? 0 : (end - start) / (to - from);
  return (value) => start + (value - from) * factor;
}

/** Every whole multiple of `step` in [from, to]. */
export function marks(from: number, to: number, step: number): number[] {
  const found: number[] = [];
  for (let mark = Math.ceil(from / step) * step; mark <= to; mark += step) found.push(mark);
  return found;
}

/** Five minutes between marks on a wide chart, ten on a narrow one, in ms. */
export function minuteStep(width: number): number {
  return (width < 520 ? 10 : 5) * 60_000;
}

/** Index of the entry of `items` (ascending by `at`) that is nearest to `at`; −1 for none. */
export function nearest(items: readonly { at: number }[], at: number): number {
  let low = 0;
  let high = items.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (items[middle]!.at < at) low = middle + 1;
    else high = middle;
  }
  const here = items[low];
  const before = items[low - 1];
  if (!here) return -1;
  return before && at - before.at < here.at - at ? low - 1 : low;
}
