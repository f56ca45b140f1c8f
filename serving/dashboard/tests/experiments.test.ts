import { describe, expect, it } from "vitest";
import { experiment } from "../src/live/decode";
import { armWord, changesOf, shareWord, stopWord } from "../src/words/experiments";
import { momentOf, percent } from "../src/words/format";

const told = {
  name: "mrt-1",
  hypothesis: "Help helps.",
  since: "2026-06-01T12:00:00.000000Z",
  stopped_at: null,
  stopped_why: "",
  arms: [
    { arm: "NO_OP", probability: 0.4, stopped_at: null, stopped_why: "", moved: [] },
    {
      arm: "SUGGEST_BREAK",
      probability: 0.3,
      stopped_at: null,
      stopped_why: "",
      moved: [{ context: "part_of_day=morning", probability: 0.65, since: "2026-06-02T04:35:00.000000Z", why: "by 80" }],
    },
    { arm: "BLOCK_SITES", probability: 0.3, stopped_at: "2026-06-03T04:35:00.000000Z", stopped_why: "rejected, bound 0.9", moved: [] },
  ],
};

describe("experiments", () => {
  const [nothing, moved, stopped] = experiment(told).arms;

  it("says a stopped arm with the reason and since when", () => {
    const at = Date.parse("2026-06-03T04:35:00Z");
    expect(changesOf(stopped!)).toEqual([`Stopped since ${momentOf(at)}: rejected, bound 0.9`]);
    expect([stopped, moved].map((arm) => shareWord(arm!))).toEqual(["not assigned", percent(0.3)]);
  });

  it("says a moved probability with what it was, where, since when and why", () => {
    const at = momentOf(Date.parse("2026-06-02T04:35:00Z"));
    expect(changesOf(moved!)).toEqual([`Moved from ${percent(0.3)} to ${percent(0.65)} (part of day: morning) on ${at}: by 80`]);
    expect(changesOf({ ...moved!, moved: [{ ...moved!.moved[0]!, context: "all" }] })[0]).toContain(`to ${percent(0.65)} on ${at}`);
    expect(changesOf(nothing!)).toEqual([]);
  });

  it("says why a whole experiment is over, and arms in words", () => {
    const over = experiment({ ...told, stopped_at: told.since, stopped_why: "seen enough" });
    expect(stopWord(over.stopped!)).toContain("seen enough");
    expect([armWord("PLACEBO"), armWord("other_model")]).toEqual(["Placebo: a card", "other model"]);
  });
});
