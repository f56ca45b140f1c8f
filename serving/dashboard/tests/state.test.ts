import { describe, expect, it } from "vitest";
import type { Judgement, Offer, Session } from "../src/model";
import { EMPTY, reduce, WINDOW, type Event, type State } from "../src/state";

const judged = (at: number, score = 70): Judgement => ({
  at,
  score,
  distraction: 0.2,
  breakRisk: null,
  level: "LOW",
  confidence: 0.8,
  reasons: [],
  modelVersion: "v",
});
const offer: Offer = { id: 7, at: 0, action: "SUGGEST_BREAK", targets: [], reason: "", again: false, until: 30_000, seconds: 30 };
const session: Session = { id: 3, type: "pomodoro", start: 0, due: 1_500_000 };
const summary = { reason: "user_ended", seconds: 10, score: null, switches: 0, interventions: 0 };
const play = (events: Event[], from: State = EMPTY) => events.reduce(reduce, from);

describe("readings", () => {
  it("are appended in order; a late or repeated one is not", () => {
    const state = play([1000, 2000, 2000, 1500, 3000].map((at) => ({ kind: "judgement", judgement: judged(at) })));
    expect(state.readings.map((reading) => reading.at)).toEqual([1000, 2000, 3000]);
    expect(state.judgement?.at).toBe(3000);
    expect(state.collector).toEqual({ connected: true, lastSnapshot: 3000, advice: "" });
  });

  it("an old judgement never replaces a newer one", () => {
    const state = play([3000, 1500].map((at) => ({ kind: "judgement", judgement: judged(at) })));
    expect(state.judgement?.at).toBe(3000);
  });

  it("leave the window after 30 minutes", () => {
    const state = play([1000, 1000 + WINDOW, 1001 + WINDOW].map((at) => ({ kind: "judgement", judgement: judged(at) })));
    expect(state.readings.map((reading) => reading.at)).toEqual([1000 + WINDOW, 1001 + WINDOW]);
  });
});

describe("what is stored", () => {
  it("replaces what came live, except what is newer", () => {
    const live = play([1000, 2000, 3000].map((at) => ({ kind: "judgement", judgement: judged(at, 10) })));
    const reading = { at: 2000, score: 50, distraction: 0, breakRisk: null };
    const recent = { readings: [reading], switches: [], idle: [], warnings: [], hitRates: [] };
    const state = reduce({ ...live, switches: [{ at: 2500, count: 1, app: "x" }] }, { kind: "recent", recent });
    expect(state.readings.map(({ at, score }) => [at, score])).toEqual([
      [2000, 50],
      [3000, 10],
    ]);
    expect(state.switches).toHaveLength(1);
  });
});

describe("activity", () => {
  const on = (at: number, app: string): Event => ({ kind: "activity", at, activity: { app, category: "", pseudo: false } });

  it("makes a switch when the app changes, not at the first one", () => {
    const state = play([on(1, "code"), on(2, "code"), on(3, "slack"), on(4, "code")]);
    expect(state.switches).toEqual([
      { at: 3, count: 1, app: "slack" },
      { at: 4, count: 1, app: "code" },
    ]);
  });
});

describe("offers", () => {
  const warned: State = {
    ...EMPTY,
    offer,
    warnings: [
      {
        id: "w",
        at: 0,
        kind: "BREAK",
        risk: 0.6,
        cameTrue: null,
        actedOn: true,
        lead: null,
        help: { id: 7, action: "SUGGEST_BREAK", held: false, answer: null },
      },
    ],
  };

  it("close with their own answer, which reaches the table", () => {
    const state = reduce(warned, { kind: "answered", id: 7, answer: "ACCEPTED", notice: "Accepted." });
    expect(state.offer).toBeNull();
    expect(state.notice).toBe("Accepted.");
    expect(state.warnings[0]?.help?.answer).toBe("ACCEPTED");
  });

  it("stay when another one is answered", () => {
    const state = reduce(warned, { kind: "answered", id: 6, answer: "REJECTED", notice: "Rejected." });
    expect(state.offer).toBe(offer);
    expect(state.notice).toBe("");
    expect(state.warnings[0]?.help?.answer).toBeNull();
  });
});

describe("sessions", () => {
  it("end with a summary; the end of another session changes nothing", () => {
    const running = play([{ kind: "session-started", session }]);
    expect(reduce(running, { kind: "session-ended", id: 99, summary }).session).toBe(session);
    const ended = reduce(running, { kind: "session-ended", id: 3, summary });
    expect(ended.session).toBeNull();
    expect(ended.summary).toBe(summary);
    expect(reduce(ended, { kind: "session-started", session }).summary).toBeNull();
  });
});
