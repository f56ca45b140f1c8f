import { linear, type Scale } from "./scale";

/** Where the timeline's lanes lie, in pixels. */
export interface Layout {
  width: number;
  height: number;
  left: number;
  right: number;
  score: { top: number; bottom: number };
  rug: { top: number; bottom: number };
  risk: { top: number; bottom: number };
  x: Scale;
  moment: (pixel: number) => number;
  yScore: Scale;
  yRisk: Scale;
}

const LEFT = 34;
const RIGHT = 12;

/** Lays out the lanes for a chart of `width` pixels that shows [from, to] (ms). */
export function layOut(width: number, from: number, to: number): Layout {
  const score = { top: 26, bottom: 156 };
  const rug = { top: 184, bottom: 198 };
  const risk = { top: 228, bottom: 322 };
  const right = width - RIGHT;
  return {
    width,
    height: 348,
    left: LEFT,
    right,
    score,
    rug,
    risk,
    x: linear(from, to, LEFT, right),
    moment: (pixel) => Math.min(to, Math.max(from, linear(LEFT, right, from, to)(pixel))),
    yScore: linear(0, 100, score.bottom, score.top),
    yRisk: linear(0, 1, risk.bottom, risk.top),
  };
}
