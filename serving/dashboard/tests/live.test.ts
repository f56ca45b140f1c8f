import { describe, expect, it } from "vitest";
import type { components } from "../src/generated/api";
import { desktop, pauses, recent, standing, union } from "../src/live/decode";
import { eventOf } from "../src/live/events";
import { pageSocketAddress, waitBefore } from "../src/live/socket";

type Schemas = components["schemas"];

const T = 1_767_225_600_000;
const prediction: Schemas["PredictionMade"] = {
  timestamp: "2026-01-01T00:00:00.000000Z",
  t_us: T * 1000,
  focus_score: 71.5,
  distraction_risk: 0.7,
  risk_category: "HIGH",
  confidence: 0.9,
  contributing_factors: ["3 switches in 5 min"],
  prediction_horizon_seconds: 30,
  break_risk: null,
  focus_momentum: 66,
  model_version: "xgboost_v1",
  trained_on: "demo",
  intervention_reason: "",
};

describe("messages", () => {
  it("reads a prediction in ms", () => {
    expect(eventOf({ type: "PREDICTION", data: prediction })).toEqual({
      kind: "judgement",
      judgement: {
        at: T,
        score: 71.5,
        distraction: 0.7,
        breakRisk: null,
        level: "HIGH",
        confidence: 0.9,
        reasons: ["3 switches in 5 min"],
        modelVersion: "xgboost_v1",
      },
    });
  });

  it("counts an offer down from when it was made", () => {
    const event = eventOf({
      type: "INTERVENTION",
      data: {
        id: 4,
        timestamp: "2026-01-01T00:00:00.000000Z",
        action: "BLOCK_REDDIT",
        reason: "r",
        predicted_risk: 0.5,
        timeout_seconds: 20,
        type: "PREDICTIVE_BLOCK",
      },
    });
    expect(event).toMatchObject({ kind: "offer", offer: { id: 4, at: T, until: T + 20_000, seconds: 20 } });
  });

  it("shows a problem with its next step", () => {
    const event = eventOf({ type: "ERROR", data: { title: "No such session", status: 404, detail: "id 9", todo: "Start one" } });
    expect(event).toEqual({ kind: "problem", problem: "No such session. id 9. Start one" });
  });
});

describe("answers of the service", () => {
  it("joins warnings with what was drawn for them", () => {
    const row: Schemas["InterventionRow"] = {
      id: 5,
      triggered_at: "",
      arm: "NO_OP",
      probability: 0.4,
      type: "NO_OP",
      action: "NO_OP",
      target: null,
      predicted_risk: 0.6,
      contributing_factors: [],
      user_response: null,
      response_time_ms: null,
      focus_score_before: null,
      focus_score_after_5min: null,
      model_version: null,
      opportunity_id: null,
      ends_at: null,
      applied_at: null,
      applied_where: null,
      refused_reason: null,
      undone_at: null,
      undone_reason: null,
      rested_at: null,
    };
    const warning = { t_us: T * 1000, kind: "BREAK" as const, risk: 0.6, horizon_seconds: 60, came_true: true, lead_s: 12, acted_on: false };
    const found = recent(
      {
        from_us: 0,
        to_us: 1,
        predictions: [],
        switches: [{ t_us: T * 1000, count: 2 }],
        idle: [{ from_us: T * 1000, to_us: T * 1000 + 5_000_000 }],
        warnings: [
          { ...warning, intervention_id: 5, reason: "" },
          { ...warning, t_us: T * 1000 + 1, intervention_id: 6, reason: "" },
          { ...warning, t_us: T * 1000 + 2, intervention_id: null, reason: "" },
        ],
        hit_rates: [],
      },
      [row],
    );
    expect(found.warnings.map((entry) => entry.help)).toEqual([{ id: 5, action: "NO_OP", held: true, answer: null }, null, null]);
    expect(found.idle).toEqual([{ from: T, to: T + 5000 }]);
    expect(found.switches).toEqual([{ at: T, count: 2, app: "" }]);
  });

  it("finds the pauses between readings", () => {
    const at = (moment: number) => ({ at: moment, score: 0, distraction: 0, breakRisk: null });
    expect(pauses([at(0), at(1000), at(60_000), at(61_000)])).toEqual([{ from: 1000, to: 60_000 }]);
  });

  it("shades nothing twice", () => {
    const spans = [
      { from: 50, to: 60 },
      { from: 0, to: 20 },
      { from: 10, to: 15 },
      { from: 20, to: 30 },
    ];
    expect(union(spans)).toEqual([
      { from: 0, to: 30 },
      { from: 50, to: 60 },
    ]);
  });

  it("knows a pause, what is missing, what was lost, and a desktop that is gone", () => {
    const missing = [{ what: "focus", why: "an extension tells it", todo: "install it" }];
    const lost = [{ what: "3 records of the kind key press were dropped", why: "the ring was full", todo: "" }];
    const status = { state: "paused" as const, source: "the X server of :0", paused_until: "2026-01-02T03:04:05.000000Z", missing, lost };
    const until = Date.parse("2026-01-02T03:04:05Z");
    expect(eventOf({ type: "DESKTOP_STATUS", data: status })).toEqual({
      kind: "desktop",
      desktop: { source: "the X server of :0", pausedUntil: until, missing, lost },
    });
    expect(eventOf({ type: "DESKTOP_STATUS", data: { ...status, state: "gone" } })).toEqual({ kind: "desktop", desktop: null });
    expect(desktop({ ...status, state: "capturing", paused_until: null }).pausedUntil).toBeNull();
  });

  it("dates the last snapshot by its age", () => {
    const now: Schemas["Now"] = {
      person: { id: 1, username: "ada", zone: "UTC", is_demo: true },
      collecting: false,
      how_to_start: "neural-focus agent",
      age_s: 90,
      prediction: null,
      activity: null,
      session: null,
      intervention: null,
      actions: [],
      model: {
        version: "rules",
        trained_on: "rules",
        learning: true,
        day: 1,
        yours: 0,
        health: "",
        note: "",
        data_from: null,
        data_to: null,
        metrics: {},
      },
    };
    expect(standing(now, T)).toMatchObject({
      person: { name: "ada", demo: true },
      judgement: null,
      collector: { connected: false, lastSnapshot: T - 90_000, advice: "neural-focus agent" },
    });
  });
});

describe("socket", () => {
  it("stays on the page's own origin", () => {
    expect(pageSocketAddress({ protocol: "http:", host: "127.0.0.1:3000" })).toBe("ws://127.0.0.1:3000/ws?role=page");
    expect(pageSocketAddress({ protocol: "https:", host: "a" })).toBe("wss://a/ws?role=page");
  });

  it("waits longer each time, at most 15 s", () => {
    expect([0, 1, 2, 50].map(waitBefore)).toEqual([500, 1000, 2000, 15_000]);
  });
});
