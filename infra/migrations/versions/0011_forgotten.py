"""What people had us forget: when, and what went; records of then that come late are refused."""

from alembic import op

revision = "0011"
down_revision = "0010"

CHANGES = """
CREATE TABLE forgotten (
    id BIGSERIAL PRIMARY KEY,
    user_id INT NOT NULL REFERENCES users(id) ON DELETE CASCADE,
    first_time TIMESTAMPTZ NOT NULL,
    end_time TIMESTAMPTZ NOT NULL,
    app_key VARCHAR(100),
    spans JSONB NOT NULL DEFAULT '{}',
    asked_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    done_at TIMESTAMPTZ,
    counts JSONB NOT NULL DEFAULT '{}',
    desktops JSONB NOT NULL DEFAULT '{}',
    CONSTRAINT forgotten_positive CHECK (end_time > first_time));
CREATE INDEX idx_forgotten_user ON forgotten (user_id)
"""


def upgrade() -> None:
    """Adds the table."""
    for statement in CHANGES.split(";\n"):
        op.get_bind().exec_driver_sql(statement)
