"""The whole schema: TimescaleDB's hypertables where the server has them, else tables with a partition a day."""

from alembic import op
from sqlalchemy import text

revision = "0001"
down_revision = None

TYPES = """
CREATE TYPE event_type AS ENUM (
    'UNKNOWN', 'KEY_PRESS', 'KEY_RELEASE', 'MOUSE_MOVE', 'MOUSE_CLICK', 'MOUSE_WHEEL', 'WINDOW_FOCUS_CHANGE',
    'WINDOW_TITLE_CHANGE', 'WINDOW_MINIMIZE', 'WINDOW_MAXIMIZE', 'IDLE_START', 'IDLE_END', 'SCREEN_LOCK',
    'SCREEN_UNLOCK', 'RESERVED_14', 'RESERVED_15')
"""

USERS = """
CREATE TABLE users (
    id SERIAL PRIMARY KEY,
    username VARCHAR(50) UNIQUE NOT NULL,
    email VARCHAR(255) UNIQUE NOT NULL,
    created_at TIMESTAMPTZ DEFAULT now(),
    settings JSONB DEFAULT '{}'::jsonb,
    is_demo BOOLEAN NOT NULL DEFAULT false);

CREATE TABLE user_zones (
    user_id INT NOT NULL REFERENCES users(id) ON DELETE CASCADE,
    since TIMESTAMPTZ NOT NULL,
    zone VARCHAR(64) NOT NULL,
    PRIMARY KEY (user_id, since));

CREATE TABLE consents (
    id BIGSERIAL PRIMARY KEY,
    user_id INT NOT NULL REFERENCES users(id) ON DELETE CASCADE,
    machine_id UUID NOT NULL,
    given_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    revoked_at TIMESTAMPTZ,
    text_version VARCHAR(20) NOT NULL,
    titles BOOLEAN NOT NULL DEFAULT false);
CREATE INDEX idx_consents_user ON consents (user_id);

CREATE TABLE shipper_positions (
    machine_id UUID NOT NULL,
    boot_id UUID NOT NULL,
    boot_number BIGINT GENERATED ALWAYS AS IDENTITY,
    user_id INT NOT NULL REFERENCES users(id) ON DELETE CASCADE,
    next_seq BIGINT NOT NULL,
    first_time TIMESTAMPTZ,
    last_time TIMESTAMPTZ,
    updated_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    PRIMARY KEY (machine_id, boot_id));
CREATE INDEX idx_shipper_positions_user ON shipper_positions (user_id, machine_id)
"""

EVENTS = """
CREATE TABLE events (
    time TIMESTAMPTZ NOT NULL,
    session_id BIGINT,
    user_id INT NOT NULL,
    event_type event_type NOT NULL,
    app_name VARCHAR(255),
    window_title VARCHAR(512),
    features JSONB,
    focus_score FLOAT,
    distraction_risk FLOAT,
    machine_id UUID NOT NULL,
    boot_id UUID NOT NULL,
    seq BIGINT NOT NULL,
    process_id BIGINT NOT NULL,
    window_handle BIGINT NOT NULL,
    data BYTEA NOT NULL)
"""

HOURLY_ACTIVITY = """
CREATE TABLE hourly_activity (
    user_id INT NOT NULL REFERENCES users(id) ON DELETE CASCADE,
    machine_id UUID NOT NULL,
    hour TIMESTAMPTZ NOT NULL,
    app_name VARCHAR(255) NOT NULL,
    keystrokes INT NOT NULL,
    mouse_moves INT NOT NULL,
    mouse_clicks INT NOT NULL,
    focus_changes INT NOT NULL,
    events INT NOT NULL,
    PRIMARY KEY (user_id, machine_id, hour, app_name))
"""

SESSIONS = """
CREATE TABLE sessions (
    id BIGSERIAL PRIMARY KEY,
    user_id INT NOT NULL REFERENCES users(id) ON DELETE CASCADE,
    machine_id UUID,
    start_time TIMESTAMPTZ NOT NULL,
    end_time TIMESTAMPTZ,
    duration_seconds INT GENERATED ALWAYS AS ((EXTRACT(epoch FROM (end_time - start_time)))::INT) STORED,
    planned_seconds INT,
    session_type VARCHAR(20) NOT NULL CONSTRAINT session_type_known
        CHECK (session_type IN ('pomodoro', 'deep_work', 'natural')),
    jail_enabled BOOLEAN DEFAULT false,
    category VARCHAR(50),
    is_pseudo_productive BOOLEAN DEFAULT false,
    focus_score_avg FLOAT,
    focus_score_min FLOAT,
    focus_score_max FLOAT,
    total_keystrokes INT DEFAULT 0,
    total_mouse_moves INT DEFAULT 0,
    context_switches INT DEFAULT 0,
    idle_time_seconds INT DEFAULT 0,
    interventions_triggered INT DEFAULT 0,
    interventions_accepted INT DEFAULT 0,
    interventions_rejected INT DEFAULT 0,
    completed BOOLEAN DEFAULT false,
    end_reason VARCHAR(50) CONSTRAINT end_reason_known
        CHECK (end_reason IN ('timer_expired', 'user_ended', 'system_error')),
    created_at TIMESTAMPTZ DEFAULT now());
CREATE INDEX idx_sessions_user_start ON sessions (user_id, start_time DESC);
CREATE INDEX idx_sessions_category ON sessions (category)
"""

MODEL_PREDICTIONS = """
CREATE TABLE model_predictions (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    session_id BIGINT,
    user_id INT NOT NULL,
    machine_id UUID NOT NULL,
    predicted_at TIMESTAMPTZ NOT NULL,
    snapshot_time TIMESTAMPTZ NOT NULL,
    focus_score FLOAT NOT NULL,
    distraction_risk FLOAT NOT NULL,
    break_risk FLOAT,
    confidence FLOAT,
    contributing_factors JSONB,
    features JSONB,
    focus_momentum FLOAT,
    actual_outcome VARCHAR(20) CONSTRAINT actual_outcome_known
        CHECK (actual_outcome IN ('FOCUSED', 'DISTRACTED', 'PSEUDO_PRODUCTIVE')),
    labeled_at TIMESTAMPTZ,
    label_source VARCHAR(20) CONSTRAINT label_source_known
        CHECK (label_source IN ('RETROSPECTIVE', 'HOTKEY', 'TIMER', 'WEAK')),
    model_version VARCHAR(50),
    role VARCHAR(20) NOT NULL DEFAULT 'champion' CONSTRAINT role_known
        CHECK (role IN ('champion', 'challenger', 'fallback')),
    ab_test_group VARCHAR(50),
    inference_latency_ms FLOAT,
    created_at TIMESTAMPTZ DEFAULT now(),
    PRIMARY KEY (id, predicted_at))
"""

INTERVENTIONS = """
CREATE TABLE interventions (
    id BIGSERIAL PRIMARY KEY,
    session_id BIGINT REFERENCES sessions(id) ON DELETE CASCADE,
    user_id INT NOT NULL REFERENCES users(id) ON DELETE CASCADE,
    machine_id UUID,
    triggered_at TIMESTAMPTZ NOT NULL,
    responded_at TIMESTAMPTZ,
    type VARCHAR(50) NOT NULL CONSTRAINT type_known
        CHECK (type IN ('PREDICTIVE_BLOCK', 'MANUAL_JAIL', 'SUGGEST_BREAK', 'NO_OP')),
    action VARCHAR(100) NOT NULL,
    target VARCHAR(255),
    predicted_risk FLOAT NOT NULL,
    contributing_factors JSONB,
    user_response VARCHAR(20) CONSTRAINT user_response_known
        CHECK (user_response IN ('ACCEPTED', 'REJECTED', 'SNOOZED', 'TIMEOUT')),
    response_time_ms INT,
    effectiveness_score FLOAT,
    focus_score_before FLOAT,
    focus_score_after_5min FLOAT,
    model_version VARCHAR(50),
    ab_test_group VARCHAR(50),
    opportunity_id UUID NOT NULL DEFAULT gen_random_uuid(),
    opportunity_time TIMESTAMPTZ,
    arm VARCHAR(50) NOT NULL,
    probability FLOAT NOT NULL CONSTRAINT probability_positive CHECK (probability > 0 AND probability <= 1),
    experiment VARCHAR(50),
    timeout_seconds INT,
    snooze_of BIGINT REFERENCES interventions(id) ON DELETE CASCADE,
    created_at TIMESTAMPTZ DEFAULT now());
CREATE INDEX idx_interventions_session ON interventions (session_id);
CREATE INDEX idx_interventions_triggered ON interventions (triggered_at DESC);
CREATE INDEX idx_interventions_user ON interventions (user_id, triggered_at DESC)
"""

LABELS = """
CREATE TABLE labels (
    id BIGSERIAL PRIMARY KEY,
    user_id INT NOT NULL REFERENCES users(id) ON DELETE CASCADE,
    machine_id UUID,
    session_id BIGINT REFERENCES sessions(id) ON DELETE CASCADE,
    start_time TIMESTAMPTZ NOT NULL,
    end_time TIMESTAMPTZ NOT NULL,
    outcome VARCHAR(20) NOT NULL CONSTRAINT outcome_known
        CHECK (outcome IN ('FOCUSED', 'DISTRACTED', 'PSEUDO_PRODUCTIVE')),
    source VARCHAR(20) NOT NULL CONSTRAINT source_known
        CHECK (source IN ('RETROSPECTIVE', 'HOTKEY', 'TIMER', 'WEAK')),
    precedence SMALLINT GENERATED ALWAYS AS (
        CASE source WHEN 'RETROSPECTIVE' THEN 3 WHEN 'HOTKEY' THEN 2 WHEN 'TIMER' THEN 1 ELSE 0 END) STORED,
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    CONSTRAINT stretch_positive CHECK (end_time > start_time));
CREATE INDEX idx_labels_user_start ON labels (user_id, start_time)
"""

# Made after the tables are cut by time, so that they exist on every part.
INDEXES = """
CREATE INDEX idx_events_user_time ON events (user_id, time);
CREATE INDEX idx_events_session ON events (session_id) WHERE session_id IS NOT NULL;
CREATE INDEX idx_predictions_session ON model_predictions (session_id);
CREATE INDEX idx_predictions_user_time ON model_predictions (user_id, snapshot_time DESC);
CREATE INDEX idx_predictions_time ON model_predictions (predicted_at DESC)
"""

# Days are days in the zone that the person had when the session began.
VIEWS = """
CREATE VIEW local_sessions AS
SELECT s.*, (s.start_time AT TIME ZONE COALESCE(z.zone, 'UTC'))::date AS date
FROM sessions s
LEFT JOIN LATERAL (
    SELECT zone FROM user_zones
    WHERE user_zones.user_id = s.user_id AND since <= s.start_time
    ORDER BY since DESC LIMIT 1) z ON true;

CREATE VIEW daily_stats AS
SELECT user_id, date,
    count(*) AS total_sessions,
    sum(CASE WHEN completed THEN 1 ELSE 0 END) AS completed_sessions,
    sum(duration_seconds) / 3600.0 AS total_hours,
    avg(focus_score_avg) AS avg_focus_score,
    sum(context_switches) AS total_switches,
    sum(interventions_triggered) AS total_interventions
FROM local_sessions
GROUP BY user_id, date;

CREATE VIEW category_stats AS
SELECT user_id, date, category,
    count(*) AS session_count,
    sum(duration_seconds) / 3600.0 AS hours,
    avg(focus_score_avg) AS avg_focus_score
FROM local_sessions
WHERE category IS NOT NULL
GROUP BY user_id, date, category
"""

CUT_BY = {"events": "time", "model_predictions": "predicted_at"}


def upgrade() -> None:
    """Makes everything in one transaction."""
    with_timescaledb = _timescaledb()
    for block in (TYPES, USERS, HOURLY_ACTIVITY, SESSIONS, INTERVENTIONS, LABELS):
        _run(block)
    for name, block in (("events", EVENTS), ("model_predictions", MODEL_PREDICTIONS)):
        if with_timescaledb:
            _run(block)
            _run(
                f"SELECT create_hypertable('{name}', '{CUT_BY[name]}', "
                "chunk_time_interval => INTERVAL '1 day', create_default_indexes => FALSE)"
            )
        else:
            _run(f"{block} PARTITION BY RANGE ({CUT_BY[name]})")
            _run(f"CREATE TABLE {name}_part_default PARTITION OF {name} DEFAULT")
    _run(INDEXES)
    _run(VIEWS)


def _timescaledb() -> bool:
    """Enables the extension where the server has it."""
    available = "SELECT count(*) FROM pg_available_extensions WHERE name = 'timescaledb'"
    loaded = "SELECT current_setting('shared_preload_libraries') LIKE '%timescaledb%'"
    bind = op.get_bind()
    if not (bind.execute(text(available)).scalar() and bind.execute(text(loaded)).scalar()):
        return False
    _run("CREATE EXTENSION IF NOT EXISTS timescaledb")
    return True


def _run(block: str) -> None:
    for statement in block.split(";\n"):
        op.get_bind().exec_driver_sql(statement)
