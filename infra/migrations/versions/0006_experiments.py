"""Experiments as they were declared, who is in which arm, what each opportunity was exposed to, and what stopped."""

from alembic import op

revision = "0006"
down_revision = "0005"

CHANGES = """
CREATE TABLE experiments (
    id BIGSERIAL PRIMARY KEY,
    name VARCHAR(30) NOT NULL,
    version INT NOT NULL,
    layer VARCHAR(30) NOT NULL,
    spec JSONB NOT NULL,
    spec_hash VARCHAR(64) NOT NULL,
    traffic_low FLOAT,
    traffic_high FLOAT,
    started_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    stopped_at TIMESTAMPTZ,
    stop_reason VARCHAR(200),
    CONSTRAINT one_of_a_version UNIQUE (name, version),
    CONSTRAINT traffic_of_one CHECK (traffic_low >= 0 AND traffic_low < traffic_high AND traffic_high <= 1));
CREATE TABLE experiment_assignments (
    experiment_id BIGINT NOT NULL REFERENCES experiments(id) ON DELETE CASCADE,
    user_id INT NOT NULL REFERENCES users(id) ON DELETE CASCADE,
    arm VARCHAR(50) NOT NULL,
    probability FLOAT NOT NULL,
    assigned_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    PRIMARY KEY (experiment_id, user_id));
CREATE TABLE exposures (
    id BIGSERIAL PRIMARY KEY,
    experiment_id BIGINT NOT NULL REFERENCES experiments(id) ON DELETE CASCADE,
    user_id INT NOT NULL REFERENCES users(id) ON DELETE CASCADE,
    machine_id UUID NOT NULL,
    opportunity_id UUID NOT NULL,
    arm VARCHAR(50) NOT NULL,
    probability FLOAT NOT NULL CONSTRAINT exposure_possible CHECK (probability > 0 AND probability <= 1),
    exposed_at TIMESTAMPTZ NOT NULL,
    chances JSONB NOT NULL,
    context JSONB NOT NULL,
    CONSTRAINT one_exposure UNIQUE (experiment_id, opportunity_id));
CREATE INDEX idx_exposures_user ON exposures (user_id, exposed_at);
CREATE TABLE arm_probabilities (
    experiment_id BIGINT NOT NULL REFERENCES experiments(id) ON DELETE CASCADE,
    arm VARCHAR(50) NOT NULL,
    context VARCHAR(100) NOT NULL,
    since TIMESTAMPTZ NOT NULL,
    probability FLOAT NOT NULL CONSTRAINT arm_possible CHECK (probability > 0 AND probability < 1),
    why VARCHAR(255) NOT NULL,
    PRIMARY KEY (experiment_id, arm, context, since));
CREATE TABLE arm_stops (
    experiment_id BIGINT NOT NULL REFERENCES experiments(id) ON DELETE CASCADE,
    arm VARCHAR(50) NOT NULL,
    at TIMESTAMPTZ NOT NULL DEFAULT now(),
    guardrail VARCHAR(50) NOT NULL,
    why VARCHAR(255) NOT NULL,
    PRIMARY KEY (experiment_id, arm))
"""


def upgrade() -> None:
    """Adds tables."""
    for statement in CHANGES.split(";\n"):
        op.get_bind().exec_driver_sql(statement)
