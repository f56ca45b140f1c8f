import type {
  Activity,
  Collector,
  Desktop,
  HitRate,
  Judgement,
  Link,
  ModelCard,
  Offer,
  Person,
  Reading,
  Session,
  SessionSummary,
  Span,
  Switch,
  Warning,
} from "./model";

export const WINDOW = 30 * 60_000;
/** A reading older than this is no longer "now", ms. */
export const STALE = 10_000;

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
  "person" | "judgement" | "activity" | "model" | "collector" | "session" | "offer"
>;

export type Event =
  | { kind: "connection"; connection: Connection }
  | { kind: "standing"; standing: Standing }
  | { kind: "recent"; recent: Recent }
  | { kind: "links"; links: readonly Link[] }
  | { kind: "judgement"; judgement: Judgement }
  | { kind: "desktop"; desktop: Desktop | null }
  | { kind: "activity"; at: number; activity: Activity }
  | { kind: "offer"; offer: Offer }
  | { kind: "answered"; id: number; answer: string; notice: string }
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

function withAnswer(state: State, id: number, answer: string, notice: string): State {
  const warnings = state.warnings.map((warning) =>
    warning.help?.id === id ? { ...warning, help: { ...warning.help, answer } } : warning,
  );
  return state.offer?.id === id ? { ...state, warnings, offer: null, notice } : { ...state, warnings };
}

/** The one place where the page's state changes. Pure. */
export function reduce(state: State, event: Event): State {
  switch (event.kind) {
    case "connection":
      return { ...state, connection: event.connection };
    case "standing":
      return { ...state, ...event.standing, loaded: true };
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
      return withAnswer(state, event.id, event.answer, event.notice);
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
