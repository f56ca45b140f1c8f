"""Answers that are kept for a day, by the key that a request brought, so that a retry does nothing twice."""

from alembic import op

revision = "0012"
down_revision = "0011"

CHANGES = """
CREATE TABLE idempotency_keys (
    user_id INT NOT NULL REFERENCES users(id) ON DELETE CASCADE,
    key VARCHAR(64) NOT NULL,
    request_hash VARCHAR(64) NOT NULL,
    answer TEXT NOT NULL,
    first_time TIMESTAMPTZ,
    end_time TIMESTAMPTZ,
    asked_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    PRIMARY KEY (user_id, key));
CREATE INDEX idx_idempotency_keys_asked ON idempotency_keys (asked_at)
"""


def upgrade() -> None:
    """Adds the table."""
    for statement in CHANGES.split(";\n"):
        op.get_bind().exec_driver_sql(statement)
