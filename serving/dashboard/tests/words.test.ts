import { describe, expect, it } from "vitest";
import { noteOf, skills, statusOf, voicesOf } from "../src/words/model";
import { confidenceWord, levelOf, scoreWord } from "../src/words/risk";

describe("levels", () => {
  it("has 0.3 in MEDIUM and 0.7 in HIGH", () => {
    expect([0, 0.2999, 0.3, 0.6999, 0.7, 1].map(levelOf)).toEqual(["LOW", "LOW", "MEDIUM", "MEDIUM", "HIGH", "HIGH"]);
  });

  it("has a word for each score", () => {
    expect([0, 39.9, 40, 69.9, 70, 100].map(scoreWord)).toEqual([
      "Scattered",
      "Scattered",
      "Drifting",
      "Drifting",
      "Focused",
      "Focused",
    ]);
  });

  it("has a word for each confidence", () => {
    expect([0.2, 0.5, 0.74, 0.75].map(confidenceWord)).toEqual(["unsure", "fairly sure", "fairly sure", "sure"]);
  });
});

describe("model card", () => {
  const card = { version: "v", trainedOn: "demo" as const, learning: true, day: 3, voices: null, health: "", note: "", data: null, metrics: [] };

  it("says learning, or what the model is", () => {
    expect(statusOf(card)).toBe("Learning, day 3");
    expect(statusOf({ ...card, learning: false })).toBe("Demo model, day 3");
  });

  it("makes a sentence of the note and drops what is said already", () => {
    expect(noteOf({ ...card, note: "learning, day 3: it goes by rules" })).toBe("It goes by rules.");
    expect(noteOf(card)).toContain("gives way");
    expect(noteOf({ ...card, trainedOn: "rules", learning: false, note: "trained on demo people" })).toContain("No model is loaded");
  });

  it("says whose word counts, since when, without who hardly speaks", () => {
    const voices = { recency: 0.004, model: 0.196, own: 0.8, leader: "own" as const, since: null };
    expect(voicesOf(voices)).toMatch(/^Mostly your own models \(80.%\); the model that everybody has 20.%$/);
    expect(voicesOf({ ...voices, since: Date.UTC(2026, 2, 3, 12) })).toMatch(/^Mostly your own models \(80.%\) since .*3.*; the model/);
  });

  it("sets the model beside the last switch alone", () => {
    const metrics = Object.entries({ "switch.auc": 0.88, "switch.recency_auc": 0.84, "switch.n": 9, "outcome.auc": 0.7 });
    expect(skills(metrics)).toEqual([
      { question: "Switch within 30 s", model: 0.88, recency: 0.84 },
      { question: "Focused or not", model: 0.7, recency: null },
    ]);
  });
});
