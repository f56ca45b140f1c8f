"""The service remembers nothing of a stream any more: the desktop sends it with each snapshot."""

from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Drops the table."""
    op.get_bind().exec_driver_sql("DROP TABLE stream_memories")
