"""Who people are at the team's identity provider; a person can be disabled, and all their browsers signed out."""

from alembic import op

revision = "0013"
down_revision = "0012"

CHANGES = """
CREATE TABLE identities (
    id BIGSERIAL PRIMARY KEY,
    user_id INT NOT NULL UNIQUE REFERENCES users(id) ON DELETE CASCADE,
    email VARCHAR(255) NOT NULL UNIQUE,
    invited_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    issuer VARCHAR(255),
    subject VARCHAR(255),
    bound_at TIMESTAMPTZ,
    CONSTRAINT identities_subject UNIQUE (issuer, subject),
    CONSTRAINT identity_whole CHECK ((issuer IS NULL) = (subject IS NULL) AND (issuer IS NULL) = (bound_at IS NULL)));
ALTER TABLE users ADD COLUMN disabled_at TIMESTAMPTZ, ADD COLUMN signed_out_before TIMESTAMPTZ
"""


def upgrade() -> None:
    """Adds them. Nobody is disabled or signed out, and nobody is invited by an e-mail address yet."""
    for statement in CHANGES.split(";\n"):
        op.get_bind().exec_driver_sql(statement)
