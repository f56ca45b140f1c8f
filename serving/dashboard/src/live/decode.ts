import { GAP } from "../chart/path";
import type { components } from "../generated/api";
import type { ActivityUpdate, DesktopStatus, InterventionOffered, PredictionMade, SessionEnded } from "../generated/messages";
import type {
  Activity,
  Collector,
  Desktop,
  Help,
  HitRate,
  Judgement,
  Link,
  ModelCard,
  Offer,
  Reading,
  Remark,
  Session,
  SessionSummary,
  Span,
} from "../model";
import type { Recent, Standing } from "../state";

type Schemas = components["schemas"];

/** µs of the wire → ms of the page. */
const ms = (us: number) => us / 1000;

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
  };
}

export function session(response: Schemas["SessionResponse"]): Session {
  return {
    id: response.id,
    type: response.session_type,
    start: Date.parse(response.start_time),
    due: response.ends_at ? Date.parse(response.ends_at) : null,
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

export function modelCard(card: Schemas["ModelCard"]): ModelCard {
  return {
    version: card.version,
    trainedOn: card.trained_on,
    learning: card.learning,
    day: card.day,
    yours: card.yours,
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

function remark({ what, why, todo }: { what: string; why: string; todo?: string }): Remark {
  return { what, why, todo: todo ?? "" };
}

export function desktop(status: DesktopStatus): Desktop {
  const until = status.paused_until ?? null;
  return {
    source: status.source,
    pausedUntil: status.state === "paused" && until !== null ? Date.parse(until) : null,
    missing: (status.missing ?? []).map(remark),
    lost: (status.lost ?? []).map(remark),
  };
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
  };
}

function help(row: Schemas["InterventionRow"]): Help {
  return { id: row.id, action: row.action, held: row.arm === "NO_OP", answer: row.user_response };
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
  const drawn = new Map(interventions.map((row) => [row.id, help(row)]));
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
