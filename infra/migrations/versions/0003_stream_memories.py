"""What the service remembers of each stream, over its own end."""

from alembic import op

revision = "0003"
down_revision = "0002"

STREAM_MEMORIES = """
CREATE TABLE stream_memories (
    user_id INT NOT NULL REFERENCES users(id) ON DELETE CASCADE,
    machine_id UUID NOT NULL,
    input_hash VARCHAR(20) NOT NULL,
    snapshot_time TIMESTAMPTZ NOT NULL,
    arrays BYTEA NOT NULL,
    PRIMARY KEY (user_id, machine_id))
"""


def upgrade() -> None:
    """Makes the table."""
    op.get_bind().exec_driver_sql(STREAM_MEMORIES)
