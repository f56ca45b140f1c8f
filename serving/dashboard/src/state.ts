import type {
  Action,
  Activity,
  Collector,
  Desktop,
  HelpSettings,
  HitRate,
  Judgement,
  Link,
  ModelCard,
  Offer,
  PairedBrowser,
  Person,
  Reading,
  Report,
  Session,
  SessionSummary,
  Span,
  Switch,
  Warning,
} from "./model";
import { answerNotice } from "./words/actions";

export const WINDOW = 30 * 60_000;
/** A reading older than this is no longer "now", ms. */
export const STALE = 10_000;
/** What ended or was refused stays on the page for so long, ms. */
export const SHOWN_AFTER = 3 * 60_000;

export type Connection = "connecting" | "open" | "lost" | "signed-out";

/** What the last 30 minutes held, as the service tells it. */
export interface Recent {
  readings: readonly Reading[];
  switches: readonly Switch[];
  idle: readonly Span[];
  warnings: readonly Warning[];
  hitRates: readonly HitRate[];
}

export interface State extends Recent {
  connection: Connection;
  loaded: boolean;
  person: Person;
  judgement: Judgement | null;
  activity: Activity | null;
  model: ModelCard | null;
  collector: Collector | null;
  desktop: Desktop | null;
  links: readonly Link[];
  offer: Offer | null;
  notice: string;
  /** What was ordered for the person: waiting, done, or over a moment ago. */
  actions: readonly Action[];
  help: HelpSettings | null;
  browsers: readonly PairedBrowser[];
  session: Session | null;
  summary: SessionSummary | null;
  problem: string;
}

const NOBODY: Person = { name: "", demo: false };

export const EMPTY: State = {
  connection: "connecting",
  loaded: false,
  person: NOBODY,
  judgement: null,
  activity: null,
  model: null,
  collector: null,
  desktop: null,
  links: [],
  offer: null,
  notice: "",
  actions: [],
  help: null,
  browsers: [],
  session: null,
  summary: null,
  problem: "",
  readings: [],
  switches: [],
  idle: [],
  warnings: [],
  hitRates: [],
};

/** The standing of things beside the stream of readings. */
export type Standing = Pick<
  State,
  "person" | "judgement" | "activity" | "model" | "collector" | "session" | "offer" | "actions"
>;

export type Event =
  | { kind: "connection"; connection: Connection }
  | { kind: "standing"; standing: Standing; at: number }
  | { kind: "recent"; recent: Recent }
  | { kind: "links"; links: readonly Link[] }
  | { kind: "judgement"; judgement: Judgement }
  | { kind: "desktop"; desktop: Desktop | null }
  | { kind: "activity"; at: number; activity: Activity }
  | { kind: "offer"; offer: Offer }
  | { kind: "answered"; id: number; answer: string; byItself: boolean }
  | { kind: "reported"; id: number; report: Report }
  | { kind: "actions"; actions: readonly Action[]; at: number }
  | { kind: "help"; help: HelpSettings }
  | { kind: "browsers"; browsers: readonly PairedBrowser[] }
  | { kind: "jail-leaving"; id: number; lifts: number }
  | { kind: "session-started"; session: Session }
  | { kind: "session-ended"; id: number; summary: SessionSummary }
  | { kind: "problem"; problem: string }
  | { kind: "other" }
  | { kind: "dismiss" };

function fresh<T extends { at: number }>(items: readonly T[], now: number): T[] {
  return items.filter((item) => item.at > now - WINDOW);
}

function withJudgement(state: State, judgement: Judgement): State {
  const last = state.readings.at(-1);
  if (last && judgement.at <= last.at) {
    return state.judgement && judgement.at < state.judgement.at ? state : { ...state, judgement };
  }
  const { at, score, distraction, breakRisk } = judgement;
  const readings = [...fresh(state.readings, at), { at, score, distraction, breakRisk }];
  const collector = { connected: true, lastSnapshot: at, advice: "" };
  return { ...state, judgement, readings, collector };
}

/** What the service has stored, and after it what came live and is not stored yet. */
function withRecent(state: State, recent: Recent): State {
  const stored = recent.readings.at(-1)?.at ?? -Infinity;
  const newer = <T extends { at: number }>(items: readonly T[]) => items.filter((item) => item.at > stored);
  return {
    ...state,
    ...recent,
    readings: [...recent.readings, ...newer(state.readings)],
    switches: [...recent.switches, ...newer(state.switches)],
  };
}

function withActivity(state: State, at: number, activity: Activity): State {
  if (state.activity?.app === activity.app) return { ...state, activity };
  const first = state.activity === null;
  const held = { at, app: activity.app, count: 1 };
  return { ...state, activity, switches: first ? state.switches : [...fresh(state.switches, at), held] };
}

function withAnswer(state: State, id: number, answer: string, byItself: boolean): State {
  const warnings = state.warnings.map((warning) =>
    warning.help?.id === id ? { ...warning, help: { ...warning.help, answer } } : warning,
  );
  if (state.offer?.id !== id) return { ...state, warnings };
  return { ...state, warnings, offer: null, notice: answerNotice(answer, byItself, state.offer.action) };
}

/** The action with what was reported. What one browser refused another one may still do, so an application counts more. */
function reported(action: Action, report: Report): Action {
  if ("reason" in report) return { ...action, undone: report.at, undoneReason: report.reason, rested: report.rested };
  if (!report.refused) {
    return { ...action, state: "applied", applied: report.at, where: report.where, ends: report.until ?? action.ends, refused: "" };
  }
  return action.state === "applied" ? action : { ...action, state: "refused", refused: report.refused };
}

/** What the service lists at `at`; after it what it listed before: that has to end, but only a report says that it did. */
function withActions(state: State, actions: readonly Action[], at: number): State {
  const listed = new Set(actions.map(({ id }) => id));
  const left = state.actions
    .filter(({ id }) => !listed.has(id))
    .map((action) => ({ ...action, ends: Math.min(action.ends, at) }));
  return { ...state, actions: [...actions, ...shownActions(left, at)] };
}

/** The actions to be shown at `now`: what waits, is done, was refused for this time, or ended a moment ago. */
export function shownActions(actions: readonly Action[], now: number): Action[] {
  return actions.filter(({ ends, undone }) => now - (undone ?? ends) < SHOWN_AFTER);
}

/** A jail that runs, and whose emergency exit has not lifted it. */
export function jailed(session: Session | null, now: number): boolean {
  return session !== null && session.jail && (session.jailLifts === null || now < session.jailLifts);
}

/** The one place where the page's state changes. Pure. */
export function reduce(state: State, event: Event): State {
  switch (event.kind) {
    case "connection":
      return { ...state, connection: event.connection };
    case "standing":
      return withActions({ ...state, ...event.standing, actions: state.actions, loaded: true }, event.standing.actions, event.at);
    case "actions":
      return withActions(state, event.actions, event.at);
    case "reported":
      return {
        ...state,
        actions: state.actions.map((action) => (action.id === event.id ? reported(action, event.report) : action)),
      };
    case "help":
      return { ...state, help: event.help };
    case "browsers":
      return { ...state, browsers: event.browsers };
    case "jail-leaving":
      return state.session?.id === event.id ? { ...state, session: { ...state.session, jailLifts: event.lifts } } : state;
    case "recent":
      return withRecent(state, event.recent);
    case "links":
      return { ...state, links: event.links };
    case "judgement":
      return withJudgement(state, event.judgement);
    case "desktop":
      return { ...state, desktop: event.desktop };
    case "activity":
      return withActivity(state, event.at, event.activity);
    case "offer":
      return { ...state, offer: event.offer, notice: "" };
    case "answered":
      return withAnswer(state, event.id, event.answer, event.byItself);
    case "session-started":
      return { ...state, session: event.session, summary: null };
    case "session-ended":
      return state.session && state.session.id !== event.id
        ? state
        : { ...state, session: null, summary: event.summary };
    case "other":
      return state;
    case "problem":
      return { ...state, problem: event.problem };
    case "dismiss":
      return { ...state, problem: "", notice: "", summary: null };
  }
}
