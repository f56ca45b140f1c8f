/** Experiments in plain words: an arm, and what was stopped or moved, since when and why. */
import type { ExperimentArm, Stop } from "../model";
import { momentOf, percent } from "./format";

const ARMS: Record<string, string> = {
  NO_OP: "Nothing offered",
  SUGGEST_BREAK: "Suggest a break",
  BLOCK_SITES: "Block distracting sites",
  PLACEBO: "Placebo: a card",
};

/** An arm by its name. */
export function armWord(arm: string): string {
  return ARMS[arm] ?? arm.replaceAll("_", " ");
}

/** Why nobody gets it any more. */
export function stopWord({ at, why }: Stop): string {
  return `Stopped since ${momentOf(at)}: ${why}`;
}

/** What has changed of an arm since it was declared, a sentence each; none where nothing has. */
export function changesOf({ stopped, moved, probability }: ExperimentArm): string[] {
  if (stopped) return [stopWord(stopped)];
  return moved.map((move) => {
    const where = move.context === "all" ? "" : ` (${move.context.replaceAll("_", " ").replaceAll("=", ": ")})`;
    return `Moved from ${percent(probability)} to ${percent(move.probability)}${where} on ${momentOf(move.since)}: ${move.why}`;
  });
}

/** How often it is assigned. */
export function shareWord({ stopped, probability }: ExperimentArm): string {
  return stopped ? "not assigned" : percent(probability);
}
