import { describe, expect, it } from "vitest";
import { actionWord, answerNotice, answerWord, endWord } from "../src/words/actions";
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

describe("actions", () => {
  it.each([
    ["SUGGEST_BREAK", "Take a short break"],
    ["BLOCK_REDDIT", "Block Reddit for a while"],
    ["BLOCK_YOUTUBE", "Block YouTube for a while"],
    ["BLOCK_HACKER_NEWS", "Block Hacker news for a while"],
    ["KILL_STEAM", "Close Steam"],
    ["NO_OP", "Nothing, on purpose"],
  ])("words %s as %s", (action, words) => expect(actionWord(action)).toBe(words));

  it("words answers, also those it does not know", () => {
    expect(answerWord(null)).toBe("waiting");
    expect(answerWord("TIMEOUT")).toBe("no answer");
    expect(answerWord("LATER")).toBe("later");
    expect(answerNotice("SNOOZED")).toContain("5 minutes");
    expect(endWord("timer_expired")).toBe("The timer is up");
  });
});
