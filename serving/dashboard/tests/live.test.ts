import { describe, expect, it } from "vitest";
import type { components } from "../src/generated/api";
import { action, browser, desktop, helpRequest, helps, helpSettings, pairingCode, pauses, recent, standing, union } from "../src/live/decode";
import { changesActions, eventOf } from "../src/live/events";
import { pageSocketAddress, waitBefore } from "../src/live/socket";

type Schemas = components["schemas"];

const T = 1_767_225_600_000;
const row: Schemas["InterventionRow"] = {
  id: 5,
  triggered_at: "2026-01-01T00:00:00.000000Z",
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

  it("takes an answer for an answer, and only a report for a deed", () => {
    const closed = eventOf({ type: "INTERVENTION_CLOSED", data: { id: 4, user_response: "TIMEOUT", response_time_ms: null, auto_accepted: true } });
    expect(closed).toEqual({ kind: "answered", id: 4, answer: "TIMEOUT", byItself: true });
    const applied = eventOf({
      type: "INTERVENTION_APPLIED",
      data: { intervention_id: 4, t_us: T * 1000, where: "chromium 156", until_us: (T + 1000) * 1000 },
    });
    expect(applied).toEqual({ kind: "reported", id: 4, report: { at: T, where: "chromium 156", until: T + 1000, refused: "" } });
    const undone = eventOf({ type: "INTERVENTION_UNDONE", data: { intervention_id: 4, t_us: T * 1000, reason: "needed" } });
    expect(undone).toEqual({ kind: "reported", id: 4, report: { at: T, reason: "needed", rested: null } });
    const leaving = eventOf({ type: "JAIL_LEAVING", data: { session_id: 2, lifts_us: T * 1000 } });
    expect(leaving).toEqual({ kind: "jail-leaving", id: 2, lifts: T });
    expect([closed, applied, undone, leaving].map(changesActions)).toEqual([true, true, true, true]);
    expect(changesActions(eventOf({ type: "PREDICTION", data: prediction }))).toBe(false);
  });

  it("shows a problem with its next step", () => {
    const event = eventOf({ type: "ERROR", data: { title: "No such session", status: 404, detail: "id 9", hint: "Start one" } });
    expect(event).toEqual({ kind: "problem", problem: "No such session. id 9. Start one" });
  });
});

describe("answers of the service", () => {
  it("joins warnings with what was drawn for them", () => {
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
    const held = { id: 5, at: T, action: "NO_OP", targets: [], jail: false, held: true, answer: null, actions: [] };
    expect(found.warnings.map((entry) => entry.help)).toEqual([held, null, null]);
    expect(found.idle).toEqual([{ from: T, to: T + 5000 }]);
    expect(found.switches).toEqual([{ at: T, count: 2, app: "" }]);
  });

  it("joins the rows of one offer, and knows what was ordered and reported of each", () => {
    const blocked = { ...row, arm: "BLOCK_SITES", type: "PREDICTIVE_BLOCK", user_response: "ACCEPTED" as const, opportunity_id: "o" };
    const at = "2026-01-01T00:00:01.000000Z";
    const found = helps([
      { ...blocked, id: 8, action: "MINIMIZE_SPOTIFY", target: "spotify", ends_at: at, refused_reason: "no window" },
      { ...blocked, id: 7, action: "BLOCK_REDDIT", target: "reddit.com", ends_at: at, applied_at: at, applied_where: "chromium 156", undone_at: at, undone_reason: "needed" },
      { ...row, id: 6, action: "SUGGEST_BREAK", type: "SUGGEST_BREAK", arm: "SUGGEST_BREAK", user_response: "REJECTED" as const },
    ]);
    expect(found.map(({ id, targets, answer }) => [id, targets, answer])).toEqual([
      [7, ["spotify", "reddit.com"], "ACCEPTED"],
      [6, [], "REJECTED"],
    ]);
    expect(found[0]!.actions).toMatchObject([
      { id: 8, state: "refused", refused: "no window", applied: null, undone: null },
      { id: 7, state: "applied", applied: T + 1000, where: "chromium 156", undone: T + 1000, undoneReason: "needed", ends: T + 1000 },
    ]);
    expect(found[1]!.actions).toEqual([]);
  });

  it("reads what is ordered now, and takes no order for a deed", () => {
    const now = { intervention_id: 9, type: "MANUAL_JAIL" as const, action: "KILL_STEAM", target: "steam", where: null, refused_reason: null };
    expect(action({ ...now, state: "ordered", ends_at: "2026-01-01T00:00:01.000000Z", jail: true })).toEqual({
      id: 9,
      action: "KILL_STEAM",
      target: "steam",
      jail: true,
      ends: T + 1000,
      state: "ordered",
      applied: null,
      where: "",
      refused: "",
      undone: null,
      undoneReason: "",
      rested: null,
    });
  });

  it("names a paired browser, and when it was seen", () => {
    const found = { id: 2, browser: "google chrome 156", paired_at: "2026-01-01T00:00:00.000000Z", seen_at: null, connected: false, allowed: false };
    expect(browser(found)).toEqual({ id: 2, name: "Google Chrome 156", paired: T, seen: null, connected: false, allowed: false });
    expect(pairingCode({ code: "c", expires_at: found.paired_at })).toEqual({ code: "c", expires: T });
  });

  it("gives the settings back as they came", () => {
    const stored = { block_sites: ["reddit.com"], minimize_apps: [], end_apps: ["steam"], block_minutes: 20, break_minutes: 7, acts_by_itself: true };
    expect(helpRequest(helpSettings(stored))).toEqual(stored);
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
    const missing = [{ what: "focus", why: "an extension tells it", hint: "install it" }];
    const abilities = [{ action: "KILL" as const, able: false, why: "it may not" }];
    const lost = [{ what: "3 records of the kind key press were dropped", why: "the ring was full", hint: "" }];
    const status = { state: "paused" as const, source: "the X server of :0", paused_until: "2026-01-02T03:04:05.000000Z", missing, lost, abilities };
    const until = Date.parse("2026-01-02T03:04:05Z");
    expect(eventOf({ type: "DESKTOP_STATUS", data: status })).toEqual({
      kind: "desktop",
      desktop: { source: "the X server of :0", pausedUntil: until, held: "", privacy: null, missing, lost, abilities: [{ ...abilities[0], hint: "" }], rounds: null },
    });
    expect(eventOf({ type: "DESKTOP_STATUS", data: { ...status, state: "gone" } })).toEqual({ kind: "desktop", desktop: null });
    expect(desktop({ ...status, state: "capturing", paused_until: null }).pausedUntil).toBeNull();
    const rounds = { type: "deep_work" as const, done: 2, rests_until: "2026-01-02T03:04:05.000000Z" };
    expect(desktop({ ...status, rounds }).rounds).toEqual({ type: "deep_work", done: 2, restsUntil: until });
    expect(desktop({ ...status, rounds: { ...rounds, rests_until: null } }).rounds?.restsUntil).toBeNull();
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
        voices: { switch: { recency: 0.9, model: 0.01, own: 0.09, leader: "recency", since: null } },
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
