import { describe, expect, it } from "vitest";
import { layOut } from "../src/chart/layout";
import { minuteRows } from "../src/chart/minutes";
import { areaPath, GAP, linePath, runs, thin } from "../src/chart/path";
import { readAt, rows, sentence } from "../src/chart/readout";
import { linear, marks, nearest } from "../src/chart/scale";
import { THIN } from "../src/words/format";

const same = (value: number) => value;

describe("scales", () => {
  it("maps ends to ends, and a domain without extent to the start", () => {
    const scale = linear(10, 20, 100, 0);
    expect([scale(10), scale(15), scale(20)]).toEqual([100, 50, 0]);
    expect(linear(5, 5, 1, 9)(5)).toBe(1);
  });

  it("marks whole multiples, both ends included", () => {
    expect(marks(3, 21, 5)).toEqual([5, 10, 15, 20]);
    expect(marks(5, 10, 5)).toEqual([5, 10]);
  });

  it("finds the nearest of any sorted list, as a plain search does", () => {
    const items = [1, 4, 9, 9.5, 20].map((at) => ({ at }));
    for (let at = -2; at < 25; at += 0.35) {
      const plain = items.reduce((best, item, index) => (Math.abs(item.at - at) < Math.abs(items[best]!.at - at) ? index : best), 0);
      expect(Math.abs(items[nearest(items, at)]!.at - at)).toBe(Math.abs(items[plain]!.at - at));
    }
    expect(nearest([], 3)).toBe(-1);
  });

  it("turns pixels back into moments and stays inside", () => {
    const layout = layOut(800, 0, 1_800_000);
    expect(layout.moment(layout.x(600_000))).toBeCloseTo(600_000);
    expect(layout.moment(-50)).toBe(0);
    expect(layout.moment(5000)).toBe(1_800_000);
  });
});

describe("paths", () => {
  const points = [
    { at: 0, y: 1 },
    { at: 1000, y: 2 },
    { at: 2000, y: null },
    { at: 3000, y: 3 },
    { at: 3000 + GAP + 1, y: 4 },
  ];

  it("breaks a line at nulls and gaps", () => {
    expect(runs(points).map((run) => run.map((point) => point.y))).toEqual([[1, 2], [3], [4]]);
  });

  it("draws each run, a lone point as a dot", () => {
    expect(linePath(points.slice(0, 3), same, same)).toBe("M0,1L1000,2");
    expect(linePath([{ at: 7, y: 5 }], same, same)).toBe("M7,5L7.1,5");
    expect(areaPath(points.slice(0, 2), same, same, 9)).toBe("M0,9L0,1L1000,2L1000,9Z");
  });

  it("thins to means on fixed buckets; old buckets never change as time goes on", () => {
    const many = Array.from({ length: 60 }, (_, index) => ({ at: index * 1000, y: index % 7 === 3 ? null : index }));
    const before = thin(many.slice(0, 50), 3000);
    const after = thin(many, 3000);
    expect(after.slice(0, 16)).toEqual(before.slice(0, 16));
    expect(after[0]).toEqual({ at: 1000, y: 1 });
    expect(thin([{ at: 1, y: null }], 3000)).toEqual([{ at: 1, y: null }]);
  });
});

describe("readout", () => {
  const held = {
    readings: [{ at: 10_000, score: 71.6, distraction: 0.25, breakRisk: null }],
    switches: [{ at: 5000, count: 1, app: "code" }],
    idle: [{ from: 11_000, to: 12_000 }],
    warnings: [{ id: "w", at: 9000, kind: "BREAK" as const, risk: 0.5, cameTrue: true, actedOn: false, lead: 20, help: null }],
  };

  it("says all that holds at a moment", () => {
    expect(rows(readAt(held, 11_500))).toEqual([
      ["Focus", "72"],
      ["Distraction", `25${THIN}%`],
      ["Break", "not settled"],
      ["App", "code"],
      ["Idle", "yes"],
      ["Warned", `50${THIN}%, came true`],
    ]);
  });

  it("does not borrow a reading from far away", () => {
    expect(rows(readAt(held, 60_000))).toEqual([
      ["Focus", "no reading"],
      ["App", "code"],
    ]);
    expect(sentence(readAt(held, 60_000))).toContain("Focus no reading, App code");
  });
});

describe("minutes", () => {
  it("means the readings and sums the switches, newest first", () => {
    const reading = (at: number, score: number) => ({ at, score, distraction: score / 100, breakRisk: null });
    const found = minuteRows(
      [reading(0, 10), reading(59_000, 30), reading(61_000, 50)],
      [
        { at: 1000, count: 2, app: "" },
        { at: 500_000, count: 1, app: "" },
      ],
    );
    expect(found).toEqual([
      { at: 60_000, score: 50, distraction: 0.5, switches: 0 },
      { at: 0, score: 20, distraction: 0.2, switches: 2 },
    ]);
  });
});
