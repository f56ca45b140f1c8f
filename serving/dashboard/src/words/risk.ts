import type { Level } from "../model";

/** Borders of the three levels; 0.7 itself is HIGH. The server's own are the same (a test compares). */
export const LOW_BELOW = 0.3;
export const HIGH_FROM = 0.7;

export function levelOf(risk: number): Level {
  if (risk < LOW_BELOW) return "LOW";
  return risk < HIGH_FROM ? "MEDIUM" : "HIGH";
}

const LEVEL_WORDS: Record<Level, string> = { LOW: "Low", MEDIUM: "Medium", HIGH: "High" };

export function levelWord(level: Level): string {
  return LEVEL_WORDS[level];
}

/** One word for a focus score. */
export function scoreWord(score: number): "Focused" | "Drifting" | "Scattered" {
  if (score >= 70) return "Focused";
  return score >= 40 ? "Drifting" : "Scattered";
}

/** How far the model trusts itself, in words. */
export function confidenceWord(confidence: number): string {
  if (confidence >= 0.75) return "sure";
  return confidence >= 0.5 ? "fairly sure" : "unsure";
}
