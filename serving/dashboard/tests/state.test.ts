import { describe, expect, it } from "vitest";
import type { Action, Judgement, Offer, Session } from "../src/model";
import { EMPTY, jailed, reduce, shownActions, SHOWN_AFTER, WINDOW, type Event, type State } from "../src/state";

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
const offer: Offer = { id: 7, at: 0, action: "SUGGEST_BREAK", targets: [], reason: "", again: false, until: 30_000, seconds: 30, minutes: 5, actsByItself: false };
const session: Session = { id: 3, type: "pomodoro", start: 0, due: 1_500_000, jail: false, jailLifts: null };
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
        help: { id: 7, at: 0, action: "SUGGEST_BREAK", targets: [], jail: false, held: false, answer: null, actions: [] },
      },
    ],
  };

  it("close with their own answer, which reaches the table", () => {
    const state = reduce(warned, { kind: "answered", id: 7, answer: "ACCEPTED", byItself: false });
    expect(state.offer).toBeNull();
    expect(state.notice).toContain("You accepted. Your desktop is asked");
    expect(state.warnings[0]?.help?.answer).toBe("ACCEPTED");
  });

  it("stay when another one is answered", () => {
    const state = reduce(warned, { kind: "answered", id: 6, answer: "REJECTED", byItself: false });
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

describe("what is done", () => {
  const ordered: Action = {
    id: 7,
    action: "BLOCK_REDDIT",
    target: "reddit.com",
    jail: false,
    ends: 900_000,
    state: "ordered",
    applied: null,
    where: "",
    refused: "",
    undone: null,
    undoneReason: "",
    rested: null,
  };
  const listed = play([{ kind: "actions", actions: [ordered], at: 0 }]);
  const report = (report: Extract<Event, { kind: "reported" }>["report"], id = 7): Event => ({ kind: "reported", id, report });
  const applied = report({ at: 1000, where: "chromium 156", until: 800_000, refused: "" });
  const refused = report({ at: 1000, where: "firefox 153", until: null, refused: "no permission" });

  it("is done when it was reported, until the reported end", () => {
    expect(listed.actions).toEqual([ordered]);
    expect(reduce(listed, applied).actions).toMatchObject([{ state: "applied", applied: 1000, where: "chromium 156", ends: 800_000 }]);
    expect(reduce(listed, report({ at: 1, where: "", until: null, refused: "" }, 99)).actions).toEqual([ordered]);
  });

  it("is done if one browser did it, whatever another one refused", () => {
    expect(reduce(listed, refused).actions).toMatchObject([{ state: "refused", refused: "no permission" }]);
    expect(play([refused, applied], listed).actions).toMatchObject([{ state: "applied", refused: "" }]);
    expect(play([applied, refused], listed).actions).toMatchObject([{ state: "applied", refused: "" }]);
  });

  it("stays for a moment when it is no longer ordered, and is over only when that was reported", () => {
    const state = play([applied, { kind: "actions", actions: [], at: 2000 }], listed);
    expect(state.actions).toMatchObject([{ state: "applied", ends: 2000, undone: null }]);
    expect(reduce(state, report({ at: 3000, reason: "undone", rested: null })).actions).toMatchObject([{ undone: 3000, undoneReason: "undone" }]);
    expect(shownActions(state.actions, 2000 + SHOWN_AFTER - 1)).toHaveLength(1);
    expect(shownActions(state.actions, 2000 + SHOWN_AFTER)).toHaveLength(0);
    expect(play([{ kind: "actions", actions: [], at: 2000 + SHOWN_AFTER }], state).actions).toEqual([]);
  });
});

describe("a jail", () => {
  const inside = { ...session, jail: true };

  it("holds until its exit lifts it; the exit of another session changes nothing", () => {
    const state = play([{ kind: "session-started", session: inside }]);
    expect(jailed(state.session, 0)).toBe(true);
    expect(reduce(state, { kind: "jail-leaving", id: 99, lifts: 60_000 }).session?.jailLifts).toBeNull();
    const leaving = reduce(state, { kind: "jail-leaving", id: 3, lifts: 60_000 });
    expect([59_999, 60_000].map((now) => jailed(leaving.session, now))).toEqual([true, false]);
    expect(jailed(session, 0)).toBe(false);
    expect(jailed(null, 0)).toBe(false);
  });
});
