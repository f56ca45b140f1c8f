/* Made by `npm run generate` from the service's message schema. Do not edit. */

export type Messages = ClientMessage | ServerMessage;
export type ClientMessage =
  SnapshotMessage | InterventionFeedbackMessage | StartSessionMessage | EndSessionMessage | SessionAppliedMessage;
export type ServerMessage =
  | ActivityUpdateMessage
  | PredictionMadeMessage
  | InterventionOfferedMessage
  | InterventionClosedMessage
  | SessionStartedMessage
  | SessionEndedMessage
  | ProblemMessage;

export interface SnapshotMessage {
  type: "SNAPSHOT";
  data: Snapshot;
}
/**
 * One second of a stream: all features by name at ``t_us``, and what the page may show of it.
 */
export interface Snapshot {
  t_us: number;
  features: {
    [k: string]: number;
  };
  sequence: number[];
  app_name?: string;
  category?: string;
  window_title?: string;
}
export interface InterventionFeedbackMessage {
  type: "INTERVENTION_FEEDBACK";
  data: InterventionFeedback;
}
/**
 * The person's answer. ``answered_us``: when the desktop took it, so that a replay knows the same break.
 */
export interface InterventionFeedback {
  intervention_id: number;
  response: "accept" | "reject" | "snooze";
  answered_us?: number | null;
}
export interface StartSessionMessage {
  type: "START_SESSION";
  data: StartSession;
}
/**
 * Start a session now, or report a natural one; ``start_us`` is the microsecond that the engine used.
 */
export interface StartSession {
  type: "pomodoro" | "deep_work" | "natural";
  duration_minutes?: number | null;
  jail_enabled?: boolean;
  start_us?: number | null;
}
export interface EndSessionMessage {
  type: "END_SESSION";
  data: EndSession;
}
/**
 * End a session now, or report that a natural one ended at ``end_us``.
 */
export interface EndSession {
  session_id: number;
  end_us?: number | null;
}
export interface SessionAppliedMessage {
  type: "SESSION_APPLIED";
  data: SessionApplied;
}
/**
 * The desktop's engine took a session that someone else started (the page): at which microsecond.
 */
export interface SessionApplied {
  session_id: number;
  start_us: number;
}
export interface ActivityUpdateMessage {
  type: "ACTIVITY_UPDATE";
  data: ActivityUpdate;
}
/**
 * What the person is on right now. ``window_title`` is empty while titles are off.
 */
export interface ActivityUpdate {
  timestamp: string;
  app_name: string;
  window_title: string;
  category: string;
  is_pseudo_productive: boolean;
}
export interface PredictionMadeMessage {
  type: "PREDICTION";
  data: PredictionMade;
}
/**
 * The prediction for the snapshot at ``t_us``. Scores 0–100, probabilities 0–1, momentum in points.
 *
 *     ``focus_momentum`` is the value that went into the model; ``break_risk`` is null while focus is not settled.
 */
export interface PredictionMade {
  timestamp: string;
  t_us: number;
  focus_score: number;
  distraction_risk: number;
  risk_category: "LOW" | "MEDIUM" | "HIGH";
  confidence: number;
  contributing_factors: string[];
  prediction_horizon_seconds: number;
  break_risk: number | null;
  focus_momentum: number;
  model_version: string;
  trained_on: "rules" | "demo" | "people";
  intervention_type?: string | null;
  intervention_target?: string | null;
  intervention_reason?: string;
  ab_test_group?: string | null;
}
export interface InterventionOfferedMessage {
  type: "INTERVENTION";
  data: InterventionOffered;
}
/**
 * Help offered now; without an answer within ``timeout_seconds`` it is carried out and stored as TIMEOUT.
 *
 *     ``targets`` are the sites of a block; one answer is for all of them. ``offer`` is 2 after a snooze.
 */
export interface InterventionOffered {
  id: number;
  timestamp: string;
  action: string;
  reason: string;
  predicted_risk: number;
  timeout_seconds: number;
  type: "NO_OP" | "SUGGEST_BREAK" | "PREDICTIVE_BLOCK" | "MANUAL_JAIL";
  targets?: string[];
  offer?: number;
}
export interface InterventionClosedMessage {
  type: "INTERVENTION_CLOSED";
  data: InterventionClosed;
}
/**
 * An offer was answered or timed out. ``auto_accepted``: a timeout, so the desktop carries the action out.
 */
export interface InterventionClosed {
  id: number;
  user_response: "ACCEPTED" | "REJECTED" | "SNOOZED" | "TIMEOUT";
  response_time_ms: number | null;
  auto_accepted: boolean;
}
export interface SessionStartedMessage {
  type: "SESSION_STARTED";
  data: SessionStarted;
}
/**
 * A session began: answer to START_SESSION, and told to every client of the person.
 */
export interface SessionStarted {
  id: number;
  user_id: number;
  start_time: string;
  session_type: "pomodoro" | "deep_work" | "natural";
  jail_enabled: boolean;
  context_switches: number;
  end_time?: string | null;
  focus_score_avg?: number | null;
  start_us?: number | null;
  ends_at?: string | null;
}
export interface SessionEndedMessage {
  type: "SESSION_ENDED";
  data: SessionEnded;
}
/**
 * A session ended, why, and what it came to.
 */
export interface SessionEnded {
  session_id: number;
  reason: "timer_expired" | "user_ended" | "system_error";
  summary: SessionSummary;
  end_us?: number | null;
}
/**
 * What a session came to. ``focus_score_avg`` is null when nothing was predicted in it.
 */
export interface SessionSummary {
  duration_seconds: number;
  focus_score_avg: number | null;
  context_switches: number;
  interventions: number;
}
export interface ProblemMessage {
  type: "ERROR";
  data: Problem;
}
/**
 * What went wrong, as RFC 9457 has it; over the socket the connection lives on.
 */
export interface Problem {
  title: string;
  status: number;
  detail?: string;
  type?: string;
  instance?: string | null;
  todo?: string;
}
