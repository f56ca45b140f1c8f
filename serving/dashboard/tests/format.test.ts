import { describe, expect, it } from "vitest";
import { ago, clock, percent, stretch, THIN } from "../src/words/format";

describe("percent", () => {
  it.each([
    [0, "0"],
    [0.001, "<1"],
    [0.005, "1"],
    [0.134, "13"],
    [0.995, "100"],
    [1, "100"],
  ])("says %f as %s percent", (share, shown) => expect(percent(share)).toBe(`${shown}${THIN}%`));
});

describe("clock", () => {
  it.each([
    [-3, "0:00"],
    [59.9, "0:59"],
    [65, "1:05"],
    [1500, "25:00"],
    [3665, "1:01:05"],
  ])("shows %f s as %s", (seconds, shown) => expect(clock(seconds)).toBe(shown));
});

describe("stretch and ago", () => {
  it("keeps the largest unit, one is singular", () => {
    expect([0, 1, 59, 60, 150, 3600, 90_000].map(stretch)).toEqual([
      "0 seconds",
      "1 second",
      "59 seconds",
      "1 minute",
      "2 minutes",
      "1 hour",
      "1 day",
    ]);
  });

  it("counts back from now, and a clock that runs ahead is just now", () => {
    expect(ago(10_000, 11_999)).toBe("just now");
    expect(ago(12_000, 11_000)).toBe("just now");
    expect(ago(10_000, 13_000)).toBe("3 seconds ago");
  });
});
