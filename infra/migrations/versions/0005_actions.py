"""What was done for a person, where, until when, or why not; moments nobody could be offered anything; browsers."""

from alembic import op

revision = "0005"
down_revision = "0004"

CHANGES = """
ALTER TABLE interventions
    ADD COLUMN ordered_at TIMESTAMPTZ,
    ADD COLUMN ends_at TIMESTAMPTZ,
    ADD COLUMN undo_reason VARCHAR(20),
    ADD COLUMN applied_at TIMESTAMPTZ,
    ADD COLUMN applied_where VARCHAR(50),
    ADD COLUMN refused_reason VARCHAR(255),
    ADD COLUMN undone_at TIMESTAMPTZ,
    ADD COLUMN undone_reason VARCHAR(20) CONSTRAINT undone_reason_known CHECK (undone_reason IN
        ('ended', 'undone', 'needed', 'emergency', 'quit', 'restarted', 'service_gone', 'clock', 'failed')),
    ADD COLUMN rested_at TIMESTAMPTZ;
ALTER TABLE sessions
    ADD COLUMN jail_leaving_at TIMESTAMPTZ,
    ADD COLUMN jail_left_reason VARCHAR(200);
CREATE TABLE unavailable_moments (
    id BIGSERIAL PRIMARY KEY,
    user_id INT NOT NULL REFERENCES users(id) ON DELETE CASCADE,
    machine_id UUID NOT NULL,
    snapshot_time TIMESTAMPTZ NOT NULL,
    predicted_risk FLOAT NOT NULL,
    reason VARCHAR(50) NOT NULL,
    experiment VARCHAR(50));
CREATE INDEX idx_unavailable_moments_user ON unavailable_moments (user_id, snapshot_time);
CREATE TABLE paired_browsers (
    id BIGSERIAL PRIMARY KEY,
    user_id INT NOT NULL REFERENCES users(id) ON DELETE CASCADE,
    origin VARCHAR(255) NOT NULL,
    browser VARCHAR(100) NOT NULL,
    token_hash VARCHAR(64) NOT NULL UNIQUE,
    paired_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    seen_at TIMESTAMPTZ,
    revoked_at TIMESTAMPTZ);
CREATE INDEX idx_paired_browsers_user ON paired_browsers (user_id);
UPDATE interventions SET rested_at = responded_at WHERE type = 'SUGGEST_BREAK' AND user_response = 'ACCEPTED'
"""  # what was accepted before counted as a break


def upgrade() -> None:
    """Adds columns and tables."""
    for statement in CHANGES.split(";\n"):
        op.get_bind().exec_driver_sql(statement)
