import type { Reading, Span, Switch, Warning } from "../model";
import { percent, secondOf } from "../words/format";
import { nearest } from "./scale";

/** What the timeline holds at one moment. */
export interface Readout {
  at: number;
  reading: Reading | null;
  app: string;
  idle: boolean;
  warning: Warning | null;
}

/** A reading or warning farther away than this does not belong to the moment, ms. */
const NEAR = 12_000;

interface Held {
  readings: readonly Reading[];
  switches: readonly Switch[];
  idle: readonly Span[];
  warnings: readonly Warning[];
}

function at<T extends { at: number }>(items: readonly T[], moment: number): T | null {
  const found = items[nearest(items, moment)];
  return found && Math.abs(found.at - moment) <= NEAR ? found : null;
}

/** Reads the timeline at `moment`: the nearest reading and warning, and the app that held the focus then. */
export function readAt(held: Held, moment: number): Readout {
  return {
    at: moment,
    reading: at(held.readings, moment),
    app: held.switches.findLast((change) => change.at <= moment)?.app ?? "",
    idle: held.idle.some((span) => span.from <= moment && moment <= span.to),
    warning: at(held.warnings, moment),
  };
}

/** The readout as rows of name and value; the same words for eyes and for screen readers. */
export function rows({ reading, app, idle, warning }: Readout): [string, string][] {
  const found: [string, string][] = [];
  if (reading) {
    found.push(["Focus", String(Math.round(reading.score))]);
    found.push(["Distraction", percent(reading.distraction)]);
    found.push(["Break", reading.breakRisk === null ? "not settled" : percent(reading.breakRisk)]);
  } else found.push(["Focus", "no reading"]);
  if (app) found.push(["App", app]);
  if (idle) found.push(["Idle", "yes"]);
  if (warning) {
    const fate = warning.cameTrue === null ? "waiting" : warning.cameTrue ? "came true" : "did not come true";
    found.push(["Warned", `${percent(warning.risk)}, ${fate}`]);
  }
  return found;
}

/** One sentence of the readout. */
export function sentence(readout: Readout): string {
  return `${secondOf(readout.at)}: ${rows(readout)
    .map(([name, value]) => `${name} ${value}`)
    .join(", ")}`;
}
