/* Made by `npm run generate` from the service's message schema. Do not edit. */

export type Messages = ClientMessage | ServerMessage;
export type ClientMessage =
  | SnapshotMessage
  | InterventionFeedbackMessage
  | StartSessionMessage
  | EndSessionMessage
  | SessionAppliedMessage
  | DesktopStatusMessage;
export type ServerMessage =
  | ActivityUpdateMessage
  | PredictionMadeMessage
  | InterventionOfferedMessage
  | InterventionClosedMessage
  | SessionStartedMessage
  | SessionEndedMessage
  | DesktopStatusMessage
  | ProblemMessage;

export interface SnapshotMessage {
  data: Snapshot;
  type: "SNAPSHOT";
}
/**
 * One second of a stream: all features by name at ``t_us``, and what the page may show of it.
 *
 *     ``input_us``: when the newest input of the computer came, null if the desktop does not know of any.
 */
export interface Snapshot {
  app_name?: string;
  category?: string;
  features: {
    [k: string]: number;
  };
  input_us?: number | null;
  sequence: number[];
  t_us: number;
  window_title?: string;
}
export interface InterventionFeedbackMessage {
  data: InterventionFeedback;
  type: "INTERVENTION_FEEDBACK";
}
/**
 * The person's answer. ``answered_us``: when the desktop took it, so that a replay knows the same break.
 */
export interface InterventionFeedback {
  answered_us?: number | null;
  intervention_id: number;
  response: "accept" | "reject" | "snooze";
}
export interface StartSessionMessage {
  data: StartSession;
  type: "START_SESSION";
}
/**
 * Start a session now, or report a natural one; ``start_us`` is the microsecond that the engine used.
 */
export interface StartSession {
  duration_minutes?: number | null;
  jail_enabled?: boolean;
  start_us?: number | null;
  type: "pomodoro" | "deep_work" | "natural";
}
export interface EndSessionMessage {
  data: EndSession;
  type: "END_SESSION";
}
/**
 * End a session now, or report that a natural one ended at ``end_us``.
 */
export interface EndSession {
  end_us?: number | null;
  session_id: number;
}
export interface SessionAppliedMessage {
  data: SessionApplied;
  type: "SESSION_APPLIED";
}
/**
 * The desktop's engine took a session that someone else started (the page): at which microsecond.
 */
export interface SessionApplied {
  session_id: number;
  start_us: number;
}
export interface DesktopStatusMessage {
  data: DesktopStatus;
  type: "DESKTOP_STATUS";
}
/**
 * What a desktop does: it tells the service, which tells pages. ``gone``: the service's word for not connected.
 *
 *     ``missing``: what its capture cannot see; ``lost``: what went since its agent started.
 */
export interface DesktopStatus {
  lost?: Notice[];
  missing?: Notice[];
  paused_until?: string | null;
  source: string;
  state: "capturing" | "paused" | "gone";
}
/**
 * Something that is missing or was lost: what, and how much of it, why, and what would help.
 */
export interface Notice {
  todo?: string;
  what: string;
  why: string;
}
export interface ActivityUpdateMessage {
  data: ActivityUpdate;
  type: "ACTIVITY_UPDATE";
}
/**
 * What the person is on right now. ``window_title`` is empty while titles are off.
 */
export interface ActivityUpdate {
  app_name: string;
  category: string;
  is_pseudo_productive: boolean;
  timestamp: string;
  window_title: string;
}
export interface PredictionMadeMessage {
  data: PredictionMade;
  type: "PREDICTION";
}
/**
 * The prediction for the snapshot at ``t_us``. Scores 0–100, probabilities 0–1, momentum in points.
 *
 *     ``focus_momentum`` is the value as of this snapshot; ``break_risk`` is null while focus is not settled.
 */
export interface PredictionMade {
  ab_test_group?: string | null;
  break_risk: number | null;
  confidence: number;
  contributing_factors: string[];
  distraction_risk: number;
  focus_momentum: number;
  focus_score: number;
  intervention_reason?: string;
  intervention_target?: string | null;
  intervention_type?: string | null;
  model_version: string;
  prediction_horizon_seconds: number;
  risk_category: "LOW" | "MEDIUM" | "HIGH";
  t_us: number;
  timestamp: string;
  trained_on: "rules" | "demo" | "people";
}
export interface InterventionOfferedMessage {
  data: InterventionOffered;
  type: "INTERVENTION";
}
/**
 * Help offered now; without an answer within ``timeout_seconds`` it is stored as TIMEOUT, and nothing is done.
 *
 *     ``targets`` are the sites of a block; one answer is for all of them. ``offer`` is 2 after a snooze.
 */
export interface InterventionOffered {
  action: string;
  id: number;
  offer?: number;
  predicted_risk: number;
  reason: string;
  targets?: string[];
  timeout_seconds: number;
  timestamp: string;
  type: "NO_OP" | "SUGGEST_BREAK" | "PREDICTIVE_BLOCK" | "MANUAL_JAIL";
}
export interface InterventionClosedMessage {
  data: InterventionClosed;
  type: "INTERVENTION_CLOSED";
}
/**
 * An offer was answered or timed out.
 *
 *     ``auto_accepted``: a timeout that acts, which only a person can allow beforehand; none is asked yet, so it is false.
 */
export interface InterventionClosed {
  auto_accepted: boolean;
  id: number;
  response_time_ms: number | null;
  user_response: "ACCEPTED" | "REJECTED" | "SNOOZED" | "TIMEOUT";
}
export interface SessionStartedMessage {
  data: SessionStarted;
  type: "SESSION_STARTED";
}
/**
 * A session began: answer to START_SESSION, and told to every client of the person.
 */
export interface SessionStarted {
  context_switches: number;
  end_time?: string | null;
  ends_at?: string | null;
  focus_score_avg?: number | null;
  id: number;
  jail_enabled: boolean;
  session_type: "pomodoro" | "deep_work" | "natural";
  start_time: string;
  start_us?: number | null;
  user_id: number;
}
export interface SessionEndedMessage {
  data: SessionEnded;
  type: "SESSION_ENDED";
}
/**
 * A session ended, why, and what it came to.
 */
export interface SessionEnded {
  end_us?: number | null;
  reason: "timer_expired" | "user_ended" | "system_error";
  session_id: number;
  summary: SessionSummary;
}
/**
 * What a session came to. ``focus_score_avg`` is null when nothing was predicted in it.
 */
export interface SessionSummary {
  context_switches: number;
  duration_seconds: number;
  focus_score_avg: number | null;
  interventions: number;
}
export interface ProblemMessage {
  data: Problem;
  type: "ERROR";
}
/**
 * What went wrong, as RFC 9457 has it; over the socket the connection lives on.
 */
export interface Problem {
  detail?: string;
  instance?: string | null;
  status: number;
  title: string;
  todo?: string;
  type?: string;
}
