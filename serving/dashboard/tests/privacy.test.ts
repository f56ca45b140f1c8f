import { describe, expect, it } from "vitest";
import type { Desktop } from "../src/model";
import { countWord, forgettingWord } from "../src/view/forget";
import { captureWord, untilTomorrow } from "../src/view/privacy";
import { minuteOf } from "../src/words/format";

const desktop: Desktop = { source: "", pausedUntil: null, held: "", privacy: null, missing: [], lost: [], abilities: [], rounds: null };

describe("privacy", () => {
  it("says of capture what the desktop said, and nothing where none is there", () => {
    const until = Date.UTC(2026, 0, 5, 14, 30);
    expect(captureWord(desktop)).toBe("Your desktop captures.");
    expect(captureWord({ ...desktop, held: "pause", pausedUntil: until })).toBe(`Paused until ${minuteOf(until)}: your desktop captures nothing.`);
    expect(captureWord({ ...desktop, held: "file" })).toContain("captures nothing");
    expect(captureWord(null)).toContain("nothing is known");
  });

  it("knows how long it is until tomorrow", () => {
    expect(untilTomorrow(new Date(2026, 0, 5, 23, 59, 30).getTime())).toBe(30);
    expect(untilTomorrow(new Date(2026, 0, 5, 0, 0, 0).getTime())).toBe(24 * 3600);
  });

  it("tells what went by count, and who has not answered", () => {
    const counts = [
      { store: "events", count: 1600 },
      { store: "labels", count: 0 },
      { store: "model_predictions", count: 2 },
    ];
    expect(countWord(counts)).toBe("1,600 events, 2 model predictions");
    expect(countWord([])).toBe("nothing");
    const state = { id: 1, done: false, share: 0.5, waits: "", counts, spools: 0, told: 1 };
    expect(forgettingWord(state)).toBe("Forgetting: 50 %.");
    expect(forgettingWord({ ...state, waits: "It waits" })).toBe("It waits");
    expect(forgettingWord({ ...state, done: true })).toContain("0 left here. 1 connected desktop has not answered yet.");
    expect(forgettingWord({ ...state, done: true, told: 0, spools: 7 })).toContain("and 7 records from spools. Counted again");
  });
});
