"""Tokens of machines, each of one person; what a person may do here besides their own affairs."""

from alembic import op

revision = "0010"
down_revision = "0009"

CHANGES = """
CREATE TABLE paired_machines (
    id BIGSERIAL PRIMARY KEY,
    user_id INT NOT NULL REFERENCES users(id) ON DELETE CASCADE,
    name VARCHAR(100) NOT NULL,
    token_hash VARCHAR(64) NOT NULL UNIQUE,
    paired_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    rotated_at TIMESTAMPTZ,
    seen_at TIMESTAMPTZ,
    revoked_at TIMESTAMPTZ);
CREATE INDEX idx_paired_machines_user ON paired_machines (user_id);
ALTER TABLE users ADD COLUMN role VARCHAR(20) NOT NULL DEFAULT 'person'
    CONSTRAINT role_known CHECK (role IN ('person', 'analyst', 'operator'))
"""


def upgrade() -> None:
    """Adds both. Whoever the installation belongs to is made its operator when the service starts."""
    for statement in CHANGES.split(";\n"):
        op.get_bind().exec_driver_sql(statement)
