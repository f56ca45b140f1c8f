import { GAP } from "../chart/path";
import type { components } from "../generated/api";
import type {
  ActivityUpdate,
  DesktopStatus,
  InterventionApplied,
  InterventionOffered,
  InterventionUndone,
  PredictionMade,
  SessionEnded,
} from "../generated/messages";
import type {
  Ability,
  Action,
  Activity,
  Collector,
  Desktop,
  Experiment,
  Forgetting,
  Help,
  HelpSettings,
  HitRate,
  Judgement,
  Link,
  ModelCard,
  Offer,
  PairedBrowser,
  PairedMachine,
  PairingCode,
  Reading,
  Remark,
  Report,
  Session,
  SessionSummary,
  Voices,
  Span,
  TeamProvider,
} from "../model";
import type { Recent, Standing } from "../state";
import { browserName } from "../words/format";

type Schemas = components["schemas"];

/** µs of the wire → ms of the page. */
const ms = (us: number) => us / 1000;

/** ISO 8601 of the wire → ms of the page. */
const when = (iso: string | null | undefined) => (iso ? Date.parse(iso) : null);

export function teamProvider({ provider }: Schemas["SignInWays"]): TeamProvider | null {
  return provider ? { name: provider.name, address: provider.url } : null;
}

export function judgement(made: PredictionMade | Schemas["PredictionMade"]): Judgement {
  return {
    at: ms(made.t_us),
    score: made.focus_score,
    distraction: made.distraction_risk,
    breakRisk: made.break_risk,
    level: made.risk_category,
    confidence: made.confidence,
    reasons: made.contributing_factors,
    modelVersion: made.model_version,
  };
}

export function experiment(found: Schemas["ExperimentNow"]): Experiment {
  return {
    name: found.name,
    hypothesis: found.hypothesis,
    since: Date.parse(found.since),
    stopped: found.stopped_at === null ? null : { at: Date.parse(found.stopped_at), why: found.stopped_why },
    arms: found.arms.map((arm) => ({
      arm: arm.arm,
      probability: arm.probability,
      stopped: arm.stopped_at === null ? null : { at: Date.parse(arm.stopped_at), why: arm.stopped_why },
      moved: arm.moved.map(({ context, probability, since, why }) => ({ context, probability, since: Date.parse(since), why })),
    })),
  };
}

export function activity(update: ActivityUpdate): Activity {
  return { app: update.app_name, category: update.category, pseudo: update.is_pseudo_productive };
}

export function offer(offered: InterventionOffered | Schemas["InterventionOffered"]): Offer {
  const at = Date.parse(offered.timestamp);
  return {
    id: offered.id,
    at,
    action: offered.action,
    targets: offered.targets ?? [],
    reason: offered.reason,
    until: at + offered.timeout_seconds * 1000,
    seconds: offered.timeout_seconds,
    again: (offered.offer ?? 1) > 1,
    minutes: offered.minutes ?? 0,
    actsByItself: offered.acts_by_itself ?? false,
  };
}

export function session(response: Schemas["SessionResponse"]): Session {
  return {
    id: response.id,
    type: response.session_type,
    start: Date.parse(response.start_time),
    due: when(response.ends_at),
    jail: response.jail_enabled,
    jailLifts: response.jail_leaving_us == null ? null : ms(response.jail_leaving_us),
  };
}

export function summary(ended: SessionEnded): SessionSummary {
  return {
    reason: ended.reason,
    seconds: ended.summary.duration_seconds,
    score: ended.summary.focus_score_avg,
    switches: ended.summary.context_switches,
    interventions: ended.summary.interventions,
  };
}

function voices(told: Schemas["Voices"] | undefined): Voices | null {
  return told ? { ...told, since: told.since ? Date.parse(told.since) : null } : null;
}

export function modelCard(card: Schemas["ModelCard"]): ModelCard {
  return {
    version: card.version,
    trainedOn: card.trained_on,
    learning: card.learning,
    day: card.day,
    voices: voices(card.voices["switch"]),
    health: card.health,
    note: card.note,
    data: card.data_from && card.data_to ? { from: Date.parse(card.data_from), to: Date.parse(card.data_to) } : null,
    metrics: Object.entries(card.metrics),
  };
}

function collector(now: Schemas["Now"], at: number): Collector {
  return {
    connected: now.collecting,
    lastSnapshot: now.age_s === null ? null : at - now.age_s * 1000,
    advice: now.how_to_start,
  };
}

function remark({ what, why, hint }: { what: string; why: string; hint?: string }): Remark {
  return { what, why, hint: hint ?? "" };
}

export function desktop(status: DesktopStatus): Desktop {
  const until = status.paused_until ?? null;
  return {
    source: status.source,
    pausedUntil: status.state === "paused" && until !== null ? Date.parse(until) : null,
    held: status.held ?? "",
    privacy: status.privacy ? { text: status.privacy.text, refused: status.privacy.refused ?? "" } : null,
    missing: (status.missing ?? []).map(remark),
    lost: (status.lost ?? []).map(remark),
    abilities: (status.abilities ?? []).map(ability),
    rounds: status.rounds ? { type: status.rounds.type, done: status.rounds.done, restsUntil: when(status.rounds.rests_until) } : null,
  };
}

export function forgetting(state: Schemas["ForgetState"]): Forgetting {
  const { id, share, waits, counts, told } = state;
  const spools = Object.values(state.spools).reduce((sum, records) => sum + records, 0);
  return { id, share, waits, counts, told, spools, done: state.done_us !== null };
}

function ability({ action, able, why, hint }: { action: Ability["action"]; able: boolean; why?: string; hint?: string }): Ability {
  return { action, able, why: why ?? "", hint: hint ?? "" };
}

/** `/api/v1/now`, read at `at`. */
export function standing(now: Schemas["Now"], at: number): Standing {
  return {
    person: { name: now.person.username, demo: now.person.is_demo },
    judgement: now.prediction && judgement(now.prediction),
    activity: now.activity && activity(now.activity),
    model: modelCard(now.model),
    collector: collector(now, at),
    session: now.session && session(now.session),
    offer: now.intervention && offer(now.intervention),
    actions: now.actions.map(action),
  };
}

/** `/api/v1/actions`: what is ordered now. */
export function action(row: Schemas["ActionNow"]): Action {
  return {
    id: row.intervention_id,
    action: row.action,
    target: row.target ?? "",
    jail: row.jail,
    ends: Date.parse(row.ends_at),
    state: row.state,
    applied: null,
    where: row.where ?? "",
    refused: row.refused_reason ?? "",
    undone: null,
    undoneReason: "",
    rested: null,
  };
}

/** What was ordered of a past row and reported of it; none where nothing was ordered. */
function pastActions(row: Schemas["InterventionRow"]): Action[] {
  const ends = when(row.ends_at);
  if (ends === null) return [];
  return [
    {
      id: row.id,
      action: row.action,
      target: row.target ?? "",
      jail: row.type === "MANUAL_JAIL",
      ends,
      state: row.applied_at ? "applied" : row.refused_reason ? "refused" : "ordered",
      applied: when(row.applied_at),
      where: row.applied_where ?? "",
      refused: row.refused_reason ?? "",
      undone: when(row.undone_at),
      undoneReason: row.undone_reason ?? "",
      rested: when(row.rested_at),
    },
  ];
}

export function applied(report: InterventionApplied): Report {
  const { t_us, where, until_us, refused_reason } = report;
  return { at: ms(t_us), where, until: until_us == null ? null : ms(until_us), refused: refused_reason ?? "" };
}

export function undone(report: InterventionUndone): Report {
  return { at: ms(report.t_us), reason: report.reason, rested: report.rested_us == null ? null : ms(report.rested_us) };
}

export function helpSettings(stored: Schemas["HelpSettings"]): HelpSettings {
  return {
    blockSites: stored.block_sites ?? [],
    minimizeApps: stored.minimize_apps ?? [],
    endApps: stored.end_apps ?? [],
    blockMinutes: stored.block_minutes ?? 15,
    breakMinutes: stored.break_minutes ?? 5,
    actsByItself: stored.acts_by_itself ?? false,
  };
}

/** The settings in the words of the API. */
export function helpRequest(asked: HelpSettings): Schemas["HelpSettings"] {
  return {
    block_sites: [...asked.blockSites],
    minimize_apps: [...asked.minimizeApps],
    end_apps: [...asked.endApps],
    block_minutes: asked.blockMinutes,
    break_minutes: asked.breakMinutes,
    acts_by_itself: asked.actsByItself,
  };
}

export function browser(found: Schemas["PairedBrowser"]): PairedBrowser {
  const { id, browser: name, connected, allowed } = found;
  return { id, name: browserName(name), paired: Date.parse(found.paired_at), seen: when(found.seen_at), connected, allowed };
}

export function machine(found: Schemas["PairedMachine"]): PairedMachine {
  const { id, name, connected } = found;
  return { id, name, seen: when(found.seen_at), connected };
}

export function pairingCode(made: Schemas["PairingCode"]): PairingCode {
  return { code: made.code, expires: Date.parse(made.expires_at) };
}

/** Rows by what was drawn at one moment, in the order of the rows. */
export function helps(rows: readonly Schemas["InterventionRow"][]): Help[] {
  const moments = new Map<string, Schemas["InterventionRow"][]>();
  for (const row of rows) {
    const key = row.opportunity_id ?? String(row.id);
    moments.set(key, [...(moments.get(key) ?? []), row]);
  }
  return [...moments.values()].map(help);
}

function help(rows: readonly Schemas["InterventionRow"][]): Help {
  const first = rows.reduce((least, row) => (row.id < least.id ? row : least));
  return {
    id: first.id,
    at: Date.parse(first.triggered_at),
    action: first.action,
    targets: [...new Set(rows.flatMap(({ target }) => target ?? []))],
    jail: first.type === "MANUAL_JAIL",
    held: first.arm === "NO_OP",
    answer: first.user_response,
    actions: rows.flatMap(pastActions),
  };
}

/** Stretches between readings in which nothing was predicted. */
export function pauses(readings: readonly Reading[]): Span[] {
  return readings.slice(1).flatMap((reading, index) => {
    const from = readings[index]!.at;
    return reading.at - from > GAP ? [{ from, to: reading.at }] : [];
  });
}

/** The same stretches in time order, those that touch made one: what is shaded twice would look twice as idle. */
export function union(spans: readonly Span[]): Span[] {
  const found: Span[] = [];
  for (const span of [...spans].sort((one, other) => one.from - other.from)) {
    const last = found.at(-1);
    if (last && span.from <= last.to) last.to = Math.max(last.to, span.to);
    else found.push({ ...span });
  }
  return found;
}

function hitRate(rate: Schemas["HitRate"]): HitRate {
  const { kind, days, warned, came_true: cameTrue, undecided, base_rate: anyway } = rate;
  return {
    kind,
    days,
    warned,
    cameTrue,
    undecided,
    rate: rate.rate,
    anyway,
    moments: rate.moments ?? 0,
    error: rate.calibration_error ?? null,
    reliability: (rate.reliability ?? []).map((point) => ({ said: point.said, cameTrue: point.came_true, n: point.n })),
  };
}

/** `/api/v1/recent`, with the interventions that belong to its warnings. */
export function recent(found: Schemas["Recent"], interventions: readonly Schemas["InterventionRow"][]): Recent {
  const drawn = new Map(helps(interventions).map((found) => [found.id, found]));
  const readings = found.predictions.map((point) => ({
    at: ms(point.t_us),
    score: point.focus_score,
    distraction: point.distraction_risk,
    breakRisk: point.break_risk,
  }));
  return {
    readings,
    switches: found.switches.map(({ t_us, count }) => ({ at: ms(t_us), count, app: "" })),
    idle: union([...pauses(readings), ...found.idle.map(({ from_us, to_us }) => ({ from: ms(from_us), to: ms(to_us) }))]),
    warnings: found.warnings.map((warning) => ({
      id: `${warning.kind}-${warning.t_us}`,
      at: ms(warning.t_us),
      kind: warning.kind,
      risk: warning.risk,
      cameTrue: warning.came_true,
      actedOn: warning.acted_on ?? false,
      lead: warning.lead_s,
      help: warning.intervention_id == null ? null : (drawn.get(warning.intervention_id) ?? null),
    })),
    hitRates: found.hit_rates.map(hitRate),
  };
}

export function link(found: Schemas["Link"]): Link {
  return { name: found.name, address: found.url, note: found.about };
}
