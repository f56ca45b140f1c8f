"""The whole schema as SQLAlchemy Core tables. Migrations make it; a test compares the two.

    users ─┬─ user_zones            where the person's days begin
           ├─ consents              what they agreed to, and when
           ├─ shipper_positions     a row a (machine, boot): how far its records are stored
           ├─ events                hypertable; rebuilds the 64-byte record; no foreign keys, for speed
           ├─ hourly_activity       what stays of events after their retention
           ├─ sessions              pomodoro, deep_work, natural
           ├─ model_predictions     hypertable; with the features and the momentum that were used
           ├─ interventions         shown and withheld (no-op arm), with the logged probability, and what was done
           ├─ unavailable_moments   at risk, but nobody could have seen an offer
           ├─ paired_browsers       whose extension may block for this person
           ├─ paired_machines       what may send and ask for this person, by its token
           ├─ identities            who they are at the team's identity provider
           ├─ experiment_assignments  the arm of a person, or of their day
           ├─ exposures             an opportunity's arm and probability in each experiment it was part of
           ├─ labels                what people said, and what rules guess, kept apart by their source
           ├─ personal_models       what a person's own experts have learned, by target
           ├─ warning_days          day by day: warned, came true, and what was said beside what happened
           ├─ forgotten             what they had us forget: when, never what
           └─ idempotency_keys      answers of the last day, so that a retry does nothing twice

All times are timestamptz, in UTC on every connection of ours.
"""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, ENUM, JSONB, UUID

from neural_focus.events import EventType
from neural_focus.store.users import ROLES

METADATA = sa.MetaData()

EVENT_TYPE = ENUM(*[kind.name for kind in EventType], name="event_type", metadata=METADATA)
SESSION_TYPES = ("pomodoro", "deep_work", "natural")
END_REASONS = ("timer_expired", "user_ended", "system_error")
INTERVENTION_TYPES = ("PREDICTIVE_BLOCK", "MANUAL_JAIL", "SUGGEST_BREAK", "NO_OP")
RESPONSES = ("ACCEPTED", "REJECTED", "SNOOZED", "TIMEOUT")
OUTCOMES = ("FOCUSED", "DISTRACTED", "PSEUDO_PRODUCTIVE")
LABEL_SOURCES = ("RETROSPECTIVE", "HOTKEY", "TIMER", "WEAK")
"""Strongest first. WEAK comes from rules and is never mixed up with what people said."""
UNDONE_REASONS = ("ended", "undone", "needed", "emergency", "quit", "restarted", "service_gone", "clock", "failed")
PREDICTION_ROLES = ("champion", "challenger", "fallback")


def _time(name: str, *, null: bool = True, now: bool = False) -> sa.Column[datetime]:
    default = sa.text("now()") if now else None
    return sa.Column(name, sa.DateTime(timezone=True), nullable=null, server_default=default)


def _one_of(column: str, allowed: tuple[str, ...]) -> sa.CheckConstraint:
    listed = ", ".join(f"'{value}'" for value in allowed)
    return sa.CheckConstraint(f"{column} IN ({listed})", name=f"{column}_known")


def _user(*, primary_key: bool = False, unique: bool | None = None) -> sa.Column[int]:
    owner = sa.ForeignKey("users.id", ondelete="CASCADE")
    return sa.Column("user_id", sa.Integer, owner, nullable=False, primary_key=primary_key, unique=unique)


USERS = sa.Table(
    "users",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("username", sa.String(50), nullable=False, unique=True),
    sa.Column("email", sa.String(255), nullable=False, unique=True),
    _time("created_at", now=True),
    sa.Column("settings", JSONB, server_default=sa.text("'{}'::jsonb")),
    sa.Column("is_demo", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("role", sa.String(20), nullable=False, server_default=sa.text("'person'")),
    _time("disabled_at"),
    _time("signed_out_before"),
    _one_of("role", ROLES),
)

USER_ZONES = sa.Table(
    "user_zones",
    METADATA,
    _user(primary_key=True),
    sa.Column("since", sa.DateTime(timezone=True), primary_key=True),
    sa.Column("zone", sa.String(64), nullable=False),
)
"""The person's IANA zone from ``since`` on. The first row of each person is at -infinity."""

CONSENTS = sa.Table(
    "consents",
    METADATA,
    sa.Column("id", sa.BigInteger, primary_key=True),
    _user(),
    sa.Column("machine_id", UUID, nullable=False),
    _time("given_at", null=False, now=True),
    _time("revoked_at"),
    sa.Column("text_version", sa.String(20), nullable=False),
    sa.Column("titles", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Index("idx_consents_user", "user_id"),
)

SHIPPER_POSITIONS = sa.Table(
    "shipper_positions",
    METADATA,
    sa.Column("machine_id", UUID, primary_key=True),
    sa.Column("boot_id", UUID, primary_key=True),
    sa.Column("boot_number", sa.BigInteger, sa.Identity(always=True), nullable=False),
    _user(),
    sa.Column("next_seq", sa.BigInteger, nullable=False),
    _time("first_time"),
    _time("last_time"),
    _time("updated_at", null=False, now=True),
    sa.Column("clock_step_us", sa.BigInteger),
    sa.Index("idx_shipper_positions_user", "user_id", "machine_id"),
)
"""``boot_number`` orders the boots of a machine; times are those of its first and last stored record.
``clock_step_us``: how far the wall clock was moved just before the boot, null where it was not."""

EVENTS = sa.Table(
    "events",
    METADATA,
    _time("time", null=False),
    sa.Column("session_id", sa.BigInteger),
    sa.Column("user_id", sa.Integer, nullable=False),
    sa.Column("event_type", EVENT_TYPE, nullable=False),
    sa.Column("app_name", sa.String(255)),
    sa.Column("window_title", sa.String(512)),
    sa.Column("features", JSONB),
    sa.Column("focus_score", sa.Float),
    sa.Column("distraction_risk", sa.Float),
    sa.Column("machine_id", UUID, nullable=False),
    sa.Column("boot_id", UUID, nullable=False),
    sa.Column("seq", sa.BigInteger, nullable=False),
    sa.Column("process_id", sa.BigInteger, nullable=False),
    sa.Column("window_handle", sa.BigInteger, nullable=False),
    sa.Column("data", sa.LargeBinary, nullable=False),
    sa.Index("idx_events_user_time", "user_id", "time"),
    sa.Index("idx_events_session", "session_id", postgresql_where=sa.text("session_id IS NOT NULL")),
)
"""(machine_id, boot_id, seq) names a record. ``data`` holds its 12 bytes as they are; key codes in it are zero."""

HOURLY_ACTIVITY = sa.Table(
    "hourly_activity",
    METADATA,
    _user(primary_key=True),
    sa.Column("machine_id", UUID, primary_key=True),
    sa.Column("hour", sa.DateTime(timezone=True), primary_key=True),
    sa.Column("app_name", sa.String(255), primary_key=True),
    sa.Column("keystrokes", sa.Integer, nullable=False),
    sa.Column("mouse_moves", sa.Integer, nullable=False),
    sa.Column("mouse_clicks", sa.Integer, nullable=False),
    sa.Column("focus_changes", sa.Integer, nullable=False),
    sa.Column("events", sa.Integer, nullable=False),
)

SESSIONS = sa.Table(
    "sessions",
    METADATA,
    sa.Column("id", sa.BigInteger, primary_key=True),
    _user(),
    sa.Column("machine_id", UUID),
    _time("start_time", null=False),
    _time("end_time"),
    sa.Column(
        "duration_seconds",
        sa.Integer,
        sa.Computed("(EXTRACT(epoch FROM (end_time - start_time)))::integer", persisted=True),
    ),
    sa.Column("planned_seconds", sa.Integer),
    sa.Column("session_type", sa.String(20), nullable=False),
    sa.Column("jail_enabled", sa.Boolean, server_default=sa.false()),
    sa.Column("category", sa.String(50)),
    sa.Column("is_pseudo_productive", sa.Boolean, server_default=sa.false()),
    sa.Column("focus_score_avg", sa.Float),
    sa.Column("focus_score_min", sa.Float),
    sa.Column("focus_score_max", sa.Float),
    sa.Column("total_keystrokes", sa.Integer, server_default=sa.text("0")),
    sa.Column("total_mouse_moves", sa.Integer, server_default=sa.text("0")),
    sa.Column("context_switches", sa.Integer, server_default=sa.text("0")),
    sa.Column("idle_time_seconds", sa.Integer, server_default=sa.text("0")),
    sa.Column("interventions_triggered", sa.Integer, server_default=sa.text("0")),
    sa.Column("interventions_accepted", sa.Integer, server_default=sa.text("0")),
    sa.Column("interventions_rejected", sa.Integer, server_default=sa.text("0")),
    sa.Column("completed", sa.Boolean, server_default=sa.false()),
    sa.Column("end_reason", sa.String(50)),
    _time("created_at", now=True),
    _time("jail_leaving_at"),
    sa.Column("jail_left_reason", sa.String(200)),
    _one_of("session_type", SESSION_TYPES),
    _one_of("end_reason", END_REASONS),
    sa.Index("idx_sessions_user_start", "user_id", sa.text("start_time DESC")),
    sa.Index("idx_sessions_category", "category"),
)
"""``planned_seconds`` is null for natural sessions, which no timer ends. ``jail_leaving_at``: when the emergency exit
lifts the jail, or lifted it; ``jail_left_reason`` is what the person gave for it."""

MODEL_PREDICTIONS = sa.Table(
    "model_predictions",
    METADATA,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("session_id", sa.BigInteger),
    sa.Column("user_id", sa.Integer, nullable=False),
    sa.Column("machine_id", UUID, nullable=False),
    sa.Column("predicted_at", sa.DateTime(timezone=True), primary_key=True),
    _time("snapshot_time", null=False),
    sa.Column("focus_score", sa.Float, nullable=False),
    sa.Column("distraction_risk", sa.Float, nullable=False),
    sa.Column("break_risk", sa.Float),
    sa.Column("confidence", sa.Float),
    sa.Column("contributing_factors", JSONB),
    sa.Column("features", JSONB),
    sa.Column("focus_momentum", sa.Float),
    sa.Column("actual_outcome", sa.String(20)),
    _time("labeled_at"),
    sa.Column("label_source", sa.String(20)),
    sa.Column("model_version", sa.String(50)),
    sa.Column("role", sa.String(20), nullable=False, server_default=sa.text("'champion'")),
    sa.Column("ab_test_group", sa.String(50)),
    sa.Column("inference_latency_ms", sa.Float),
    _time("created_at", now=True),
    sa.Column("switch_mixture", ARRAY(sa.REAL)),
    sa.Column("break_mixture", ARRAY(sa.REAL)),
    _one_of("actual_outcome", OUTCOMES),
    _one_of("label_source", LABEL_SOURCES),
    _one_of("role", PREDICTION_ROLES),
    sa.Index("idx_predictions_session", "session_id"),
    sa.Index("idx_predictions_user_time", "user_id", sa.text("snapshot_time DESC")),
    sa.Index("idx_predictions_time", sa.text("predicted_at DESC")),
)
"""``focus_momentum`` is the value the prediction used; backfill reads it from here. A mixture is the
probability of each of ``personal.mixture.EXPERTS``, NaN where it said nothing, then the weight of each."""

INTERVENTIONS = sa.Table(
    "interventions",
    METADATA,
    sa.Column("id", sa.BigInteger, primary_key=True),
    sa.Column("session_id", sa.BigInteger, sa.ForeignKey("sessions.id", ondelete="CASCADE")),
    _user(),
    sa.Column("machine_id", UUID),
    _time("triggered_at", null=False),
    _time("responded_at"),
    sa.Column("type", sa.String(50), nullable=False),
    sa.Column("action", sa.String(100), nullable=False),
    sa.Column("target", sa.String(255)),
    sa.Column("predicted_risk", sa.Float, nullable=False),
    sa.Column("contributing_factors", JSONB),
    sa.Column("user_response", sa.String(20)),
    sa.Column("response_time_ms", sa.Integer),
    sa.Column("effectiveness_score", sa.Float),
    sa.Column("focus_score_before", sa.Float),
    sa.Column("focus_score_after_5min", sa.Float),
    sa.Column("model_version", sa.String(50)),
    sa.Column("ab_test_group", sa.String(50)),
    sa.Column("opportunity_id", UUID, nullable=False, server_default=sa.text("gen_random_uuid()")),
    _time("opportunity_time"),
    sa.Column("arm", sa.String(50), nullable=False),
    sa.Column("probability", sa.Float, nullable=False),
    sa.Column("experiment", sa.String(50)),
    sa.Column("timeout_seconds", sa.Integer),
    sa.Column("snooze_of", sa.BigInteger, sa.ForeignKey("interventions.id", ondelete="CASCADE")),
    _time("created_at", now=True),
    _time("ordered_at"),
    _time("ends_at"),
    sa.Column("undo_reason", sa.String(20)),
    _time("applied_at"),
    sa.Column("applied_where", sa.String(50)),
    sa.Column("refused_reason", sa.String(255)),
    _time("undone_at"),
    sa.Column("undone_reason", sa.String(20)),
    _time("rested_at"),
    _one_of("type", INTERVENTION_TYPES),
    _one_of("user_response", RESPONSES),
    _one_of("undone_reason", UNDONE_REASONS),
    sa.CheckConstraint("probability > 0 AND probability <= 1", name="probability_positive"),
    sa.Index("idx_interventions_session", "session_id"),
    sa.Index("idx_interventions_triggered", sa.text("triggered_at DESC")),
    sa.Index("idx_interventions_user", "user_id", sa.text("triggered_at DESC")),
)
"""An opportunity is one drawn arm: its rows share ``opportunity_id``, ``arm`` and the arm's ``probability``.

``ordered_at``: when it was decided that the row is carried out, ``ends_at`` until when; whoever ends it before moves
``ends_at`` to that moment, and ``undo_reason`` is why. What then happened is only what
the desktop or the browser reported: ``applied_at`` and ``applied_where``, or ``refused_reason``; ``undone_at`` and why;
``rested_at``: the person really had rested. What a jail does is MANUAL_JAIL, arm and all, with probability 1."""

UNAVAILABLE_MOMENTS = sa.Table(
    "unavailable_moments",
    METADATA,
    sa.Column("id", sa.BigInteger, primary_key=True),
    _user(),
    sa.Column("machine_id", UUID, nullable=False),
    _time("snapshot_time", null=False),
    sa.Column("predicted_risk", sa.Float, nullable=False),
    sa.Column("reason", sa.String(50), nullable=False),
    sa.Column("experiment", sa.String(50)),
    sa.Index("idx_unavailable_moments_user", "user_id", "snapshot_time"),
)
"""Moments that would have been opportunities, had an offer been visible; nothing was drawn."""

PAIRED_BROWSERS = sa.Table(
    "paired_browsers",
    METADATA,
    sa.Column("id", sa.BigInteger, primary_key=True),
    _user(),
    sa.Column("origin", sa.String(255), nullable=False),
    sa.Column("browser", sa.String(100), nullable=False),
    sa.Column("token_hash", sa.String(64), nullable=False, unique=True),
    _time("paired_at", null=False, now=True),
    _time("seen_at"),
    _time("revoked_at"),
    sa.Index("idx_paired_browsers_user", "user_id"),
)
"""``token_hash``: SHA-256 of the token, which works from ``origin`` alone."""

PAIRED_MACHINES = sa.Table(
    "paired_machines",
    METADATA,
    sa.Column("id", sa.BigInteger, primary_key=True),
    _user(),
    sa.Column("name", sa.String(100), nullable=False),
    sa.Column("token_hash", sa.String(64), nullable=False, unique=True),
    _time("paired_at", null=False, now=True),
    _time("rotated_at"),
    _time("seen_at"),
    _time("revoked_at"),
    sa.Index("idx_paired_machines_user", "user_id"),
)
"""``token_hash``: SHA-256 of the token. It is 256 random bits: there is no list of likely ones to try, so nothing
slower than one round of SHA-256 would keep anybody out. ``seen_at`` is at most some minutes behind."""

IDENTITIES = sa.Table(
    "identities",
    METADATA,
    sa.Column("id", sa.BigInteger, primary_key=True),
    _user(unique=True),
    sa.Column("email", sa.String(255), nullable=False, unique=True),
    _time("invited_at", null=False, now=True),
    sa.Column("issuer", sa.String(255)),
    sa.Column("subject", sa.String(255)),
    _time("bound_at"),
    sa.UniqueConstraint("issuer", "subject", name="identities_subject"),
    sa.CheckConstraint(
        "(issuer IS NULL) = (subject IS NULL) AND (issuer IS NULL) = (bound_at IS NULL)", name="identity_whole"
    ),
)
"""By which a person signs in at the team's identity provider. ``email``, in small letters, is how an operator invited
them; the first account that shows it, verified, is theirs: from then on its issuer and subject count, no address."""

EXPERIMENTS = sa.Table(
    "experiments",
    METADATA,
    sa.Column("id", sa.BigInteger, primary_key=True),
    sa.Column("name", sa.String(30), nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("layer", sa.String(30), nullable=False),
    sa.Column("spec", JSONB, nullable=False),
    sa.Column("spec_hash", sa.String(64), nullable=False),
    sa.Column("traffic_low", sa.Float),
    sa.Column("traffic_high", sa.Float),
    _time("started_at", null=False, now=True),
    _time("stopped_at"),
    sa.Column("stop_reason", sa.String(200)),
    sa.UniqueConstraint("name", "version", name="one_of_a_version"),
    sa.CheckConstraint("traffic_low >= 0 AND traffic_low < traffic_high AND traffic_high <= 1", name="traffic_of_one"),
)
"""``spec`` is the file as it was when it started. ``traffic_low`` to ``traffic_high`` is its stretch of the layer's
people, null for the experiment that takes whoever is left."""


def _experiment(*, primary_key: bool = False) -> sa.Column[int]:
    owner = sa.ForeignKey("experiments.id", ondelete="CASCADE")
    return sa.Column("experiment_id", sa.BigInteger, owner, nullable=False, primary_key=primary_key)


EXPERIMENT_ASSIGNMENTS = sa.Table(
    "experiment_assignments",
    METADATA,
    _experiment(primary_key=True),
    _user(primary_key=True),
    sa.Column("day", sa.Date, primary_key=True, nullable=False, server_default=sa.text("'0001-01-01'")),
    sa.Column("arm", sa.String(50), nullable=False),
    sa.Column("probability", sa.Float, nullable=False),
    _time("assigned_at", null=False, now=True),
)
"""``day`` is the person's own where each of their days draws anew, 0001-01-01 where they keep the arm."""

EXPOSURES = sa.Table(
    "exposures",
    METADATA,
    sa.Column("id", sa.BigInteger, primary_key=True),
    _experiment(),
    _user(),
    sa.Column("machine_id", UUID, nullable=False),
    sa.Column("opportunity_id", UUID, nullable=False),
    sa.Column("arm", sa.String(50), nullable=False),
    sa.Column("probability", sa.Float, nullable=False),
    _time("exposed_at", null=False),
    sa.Column("chances", JSONB, nullable=False),
    sa.Column("context", JSONB, nullable=False),
    sa.CheckConstraint("probability > 0 AND probability <= 1", name="exposure_possible"),
    sa.UniqueConstraint("experiment_id", "opportunity_id", name="one_exposure"),
    sa.Index("idx_exposures_user", "user_id", "exposed_at"),
)
"""Written with the opportunity's rows of ``interventions``, in one transaction. ``chances``: every arm's probability at
that draw, without those that could not be drawn; ``context``: what was known then."""

ARM_PROBABILITIES = sa.Table(
    "arm_probabilities",
    METADATA,
    _experiment(primary_key=True),
    sa.Column("arm", sa.String(50), primary_key=True),
    sa.Column("context", sa.String(100), primary_key=True),
    sa.Column("since", sa.DateTime(timezone=True), primary_key=True),
    sa.Column("probability", sa.Float, nullable=False),
    sa.Column("why", sa.String(255), nullable=False),
    sa.CheckConstraint("probability > 0 AND probability < 1", name="arm_possible"),
)
"""The newest row of an arm and a context holds; without one what the experiment's ``spec`` says."""

ARM_STOPS = sa.Table(
    "arm_stops",
    METADATA,
    _experiment(primary_key=True),
    sa.Column("arm", sa.String(50), primary_key=True),
    _time("at", null=False, now=True),
    sa.Column("guardrail", sa.String(50), nullable=False),
    sa.Column("why", sa.String(255), nullable=False),
)
"""Arms that a guardrail stopped: nobody gets them any more."""

LABELS = sa.Table(
    "labels",
    METADATA,
    sa.Column("id", sa.BigInteger, primary_key=True),
    _user(),
    sa.Column("machine_id", UUID),
    sa.Column("session_id", sa.BigInteger, sa.ForeignKey("sessions.id", ondelete="CASCADE")),
    _time("start_time", null=False),
    _time("end_time", null=False),
    sa.Column("outcome", sa.String(20), nullable=False),
    sa.Column("source", sa.String(20), nullable=False),
    sa.Column(
        "precedence",
        sa.SmallInteger,
        sa.Computed(
            "CASE source WHEN 'RETROSPECTIVE' THEN 3 WHEN 'HOTKEY' THEN 2 WHEN 'TIMER' THEN 1 ELSE 0 END",
            persisted=True,
        ),
    ),
    _time("created_at", null=False, now=True),
    _one_of("outcome", OUTCOMES),
    _one_of("source", LABEL_SOURCES),
    sa.CheckConstraint("end_time > start_time", name="stretch_positive"),
    sa.Index("idx_labels_user_start", "user_id", "start_time"),
)
"""The stretch (start_time, end_time] had ``outcome``. Where labels overlap the highest ``precedence`` counts."""

PERSONAL_MODELS = sa.Table(
    "personal_models",
    METADATA,
    _user(primary_key=True),
    sa.Column("target", sa.String(20), primary_key=True),
    sa.Column("state", JSONB, nullable=False),
    _time("learned_at", null=False, now=True),
)
"""``state`` is a ``personal.learner.Learner``; it learns each hour, whichever model serves."""

WARNING_DAYS = sa.Table(
    "warning_days",
    METADATA,
    _user(primary_key=True),
    sa.Column("day", sa.Date, primary_key=True),
    sa.Column("kind", sa.String(20), primary_key=True),
    sa.Column("warned", sa.Integer, nullable=False),
    sa.Column("came_true", sa.Integer, nullable=False),
    sa.Column("undecided", sa.Integer, nullable=False),
    sa.Column("bins", JSONB, nullable=False),
    sa.CheckConstraint("kind IN ('HIGH_RISK', 'BREAK')", name="kind_known"),
)
"""A UTC day. ``bins``: ten times [moments, sum of what was said, how often it happened], by what was said."""

FORGOTTEN = sa.Table(
    "forgotten",
    METADATA,
    sa.Column("id", sa.BigInteger, primary_key=True),
    _user(),
    _time("first_time", null=False),
    _time("end_time", null=False),
    sa.Column("app_key", sa.String(100)),
    sa.Column("spans", JSONB, nullable=False, server_default=sa.text("'{}'")),
    _time("asked_at", null=False, now=True),
    _time("done_at"),
    sa.Column("counts", JSONB, nullable=False, server_default=sa.text("'{}'")),
    sa.Column("desktops", JSONB, nullable=False, server_default=sa.text("'{}'")),
    sa.CheckConstraint("end_time > first_time", name="forgotten_positive"),
    sa.Index("idx_forgotten_user", "user_id"),
)
"""[first_time, end_time) of everything, or of the app whose salted digest ``app_key`` is; ``spans`` has then by machine
when it was in front, [[first µs, end µs], …]. ``counts``: what there was of it by store; ``done_at``: when nothing was
left. ``desktops``: how many records each machine's spool still had. Kept until the person is erased: records that come
late are refused by it, and what it covers has no labels."""

IDEMPOTENCY_KEYS = sa.Table(
    "idempotency_keys",
    METADATA,
    _user(primary_key=True),
    sa.Column("key", sa.String(64), primary_key=True),
    sa.Column("request_hash", sa.String(64), nullable=False),
    sa.Column("answer", sa.Text, nullable=False),
    _time("first_time"),
    _time("end_time"),
    _time("asked_at", null=False, now=True),
    sa.Index("idx_idempotency_keys_asked", "asked_at"),
)
"""What a request with this ``Idempotency-Key`` was answered with: JSON, and SHA-256 in hex of key, endpoint and body.
[first_time, end_time] is what the answer speaks of; both null: of no time. Kept for a day."""
