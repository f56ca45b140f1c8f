/** What the page knows. Times are milliseconds since the Unix epoch, risks 0–1, scores 0–100. */

export type Level = "LOW" | "MEDIUM" | "HIGH";

/** One reading on the timeline; `breakRisk` is null while focus is not settled. */
export interface Reading {
  at: number;
  score: number;
  distraction: number;
  breakRisk: number | null;
}

/** The reading of this moment, with what stands behind it. */
export interface Judgement extends Reading {
  level: Level;
  confidence: number;
  reasons: readonly string[];
  modelVersion: string;
}

/** `count` switches of app within the second that ends at `at`; `app` is known for those seen live, else empty. */
export interface Switch {
  at: number;
  count: number;
  app: string;
}

export interface Span {
  from: number;
  to: number;
}

export type WarningKind = "HIGH_RISK" | "BREAK";

/** A moment at which the platform saw something coming. `cameTrue` is null until its horizon is over. */
export interface Warning {
  id: string;
  at: number;
  kind: WarningKind;
  risk: number;
  cameTrue: boolean | null;
  /** Help was shown, so that what followed says nothing about the warning itself. */
  actedOn: boolean;
  /** Seconds from the warning to what it warned of. */
  lead: number | null;
  help: Help | null;
}

/** What was drawn at a warning: help of some kind, or nothing on purpose (`held`). */
export interface Help {
  id: number;
  at: number;
  action: string;
  /** Sites and apps that it was for. */
  targets: readonly string[];
  /** A session with a jail ordered it; nothing was asked. */
  jail: boolean;
  held: boolean;
  answer: string | null;
  /** One for each site or app that was ordered; what was not accepted has none. */
  actions: readonly Action[];
}

/** An action that was ordered until `ends`, and what the desktop or the browser reported of it. */
export interface Action {
  id: number;
  /** BLOCK_REDDIT, MINIMIZE_SPOTIFY, KILL_STEAM, SUGGEST_BREAK, PLACEBO. */
  action: string;
  target: string;
  /** A jail ordered it: it cannot be undone. */
  jail: boolean;
  ends: number;
  /** Ordered: nobody has reported on it. */
  state: "ordered" | "applied" | "refused";
  /** When it was applied, where that is known. */
  applied: number | null;
  where: string;
  refused: string;
  /** When its end was reported; null before. */
  undone: number | null;
  undoneReason: string;
  rested: number | null;
}

/** What was reported of an action, as the service tells it on. */
export type Report =
  | { at: number; where: string; until: number | null; refused: string }
  | { at: number; reason: string; rested: number | null };

/** What the person allows help to do. */
export interface HelpSettings {
  blockSites: readonly string[];
  minimizeApps: readonly string[];
  endApps: readonly string[];
  blockMinutes: number;
  breakMinutes: number;
  actsByItself: boolean;
}

/** A browser whose extension may block sites for the person. */
export interface PairedBrowser {
  id: number;
  name: string;
  paired: number;
  seen: number | null;
  connected: boolean;
  /** It may redirect and cover pages. */
  allowed: boolean;
}

/** A machine that speaks for the person by its own token. */
export interface PairedMachine {
  id: number;
  name: string;
  seen: number | null;
  connected: boolean;
}

/** The team's identity provider, and where a browser begins to sign in with it. */
export interface TeamProvider {
  name: string;
  address: string;
}

/** A machine that shows a code and waits: what it calls itself, and where it asks from. */
export interface WaitingMachine {
  name: string;
  address: string;
}

/** What the extension needs to pair, until `expires`. */
export interface PairingCode {
  code: string;
  expires: number;
}

/** Warnings that were left alone over some days and came true, beside how often it happens anyway. */
export interface HitRate {
  kind: WarningKind;
  days: number;
  warned: number;
  cameTrue: number;
  undecided: number;
  rate: number | null;
  anyway: number | null;
  /** Untouched moments behind `reliability`, and how far said and happened are apart on average. */
  moments: number;
  error: number | null;
  reliability: readonly ReliabilityPoint[];
}

/** Of `n` moments the risk was said to be `said`, and it happened in `cameTrue` of them, 0–1. */
export interface ReliabilityPoint {
  said: number;
  cameTrue: number;
  n: number;
}

export type Outcome = "FOCUSED" | "DISTRACTED" | "PSEUDO_PRODUCTIVE";

/** Something that is offered to the person and waits for an answer until `until`. */
export interface Offer {
  id: number;
  at: number;
  action: string;
  /** Sites and apps that it is for. */
  targets: readonly string[];
  reason: string;
  until: number;
  seconds: number;
  /** It was snoozed before; it cannot be snoozed again. */
  again: boolean;
  /** How long it will last. */
  minutes: number;
  /** Without an answer it is done, as the person chose. */
  actsByItself: boolean;
}

export type SessionType = "pomodoro" | "deep_work" | "natural";

export interface Session {
  id: number;
  type: SessionType;
  start: number;
  /** When the timer is up; null for a session without a timer. */
  due: number | null;
  jail: boolean;
  /** When the emergency exit lifts the jail, or lifted it; null where nobody asked for it. */
  jailLifts: number | null;
}

export interface SessionSummary {
  reason: string;
  seconds: number;
  score: number | null;
  switches: number;
  interventions: number;
}

/** Weights that sum to 1; the leader has the most since then, or from the start. */
export interface Voices {
  recency: number;
  model: number;
  own: number;
  leader: "recency" | "model" | "own";
  since: number | null;
}

/** Where the predictions come from. `day` counts from the person's first. */
export interface ModelCard {
  version: string;
  trainedOn: "demo" | "people" | "rules";
  learning: boolean;
  day: number;
  /** Whose word counts in the risk of a switch. */
  voices: Voices | null;
  note: string;
  /** What the last look for drift found. */
  health: string;
  /** The first and last moment it learned from. */
  data: Span | null;
  metrics: readonly (readonly [string, number])[];
}

export interface Activity {
  app: string;
  category: string;
  pseudo: boolean;
}

/** Whose moments these are. */
export interface Person {
  name: string;
  demo: boolean;
}

export interface Link {
  name: string;
  address: string;
  note: string;
}

/** What a connected desktop says of itself. `pausedUntil` is null while it captures, `held` is why it does not. */
export interface Desktop {
  source: string;
  pausedUntil: number | null;
  held: "" | "pause" | "hours" | "file";
  privacy: PrivacyFile | null;
  missing: readonly Remark[];
  lost: readonly Remark[];
  abilities: readonly Ability[];
  rounds: Rounds | null;
}

/** A desktop's file of rules, null where it is too long for the page; `refused`: why the last change was not taken. */
export interface PrivacyFile {
  text: string | null;
  refused: string;
}

/** How much a store has, or had, of what is to be forgotten. */
export interface StoreCount {
  store: string;
  count: number;
}

/** What would be forgotten: exact times, so that what was counted is what goes. */
export interface Forgettable {
  from: number;
  to: number;
  counts: readonly StoreCount[];
  openOffers: number;
}

/** How far forgetting is. `waits`: what for; `spools`: records that desktops still had; `told`: who has not answered. */
export interface Forgetting {
  id: number;
  done: boolean;
  share: number;
  waits: string;
  counts: readonly StoreCount[];
  spools: number;
  told: number;
}

/** Sessions one after the other with breaks between, which the desktop keeps. `restsUntil`: in a break, its end. */
export interface Rounds {
  type: "pomodoro" | "deep_work";
  done: number;
  restsUntil: number | null;
}

/** Whether a desktop can do one kind of action, and what would make it able. */
export interface Ability {
  action: "SUGGEST_BREAK" | "MINIMIZE" | "KILL" | "PLACEBO";
  able: boolean;
  why: string;
  hint: string;
}

/** Something that capture cannot see there, or that was lost since it started: what, why, and what would help. */
export interface Remark {
  what: string;
  why: string;
  hint: string;
}

/** The collector as the service sees it: connected, and when its last snapshot came. */
export interface Collector {
  connected: boolean;
  lastSnapshot: number | null;
  advice: string;
}

/** Since when something is stopped, and why. */
export interface Stop {
  at: number;
  why: string;
}

/** An arm of an experiment: nobody is assigned to a stopped one; `moved` where its probability is no longer the declared one. */
export interface ExperimentArm {
  arm: string;
  probability: number;
  stopped: Stop | null;
  moved: readonly { context: string; probability: number; since: number; why: string }[];
}

/** An experiment that the person is in, or was in until some days ago. */
export interface Experiment {
  name: string;
  hypothesis: string;
  since: number;
  stopped: Stop | null;
  arms: readonly ExperimentArm[];
}
