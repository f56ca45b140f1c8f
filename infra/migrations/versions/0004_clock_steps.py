"""How far the wall clock was moved just before a boot of an agent."""

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Adds the column."""
    op.get_bind().exec_driver_sql("ALTER TABLE shipper_positions ADD COLUMN clock_step_us BIGINT")
