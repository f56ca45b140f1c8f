"""An experiment may assign a person's days instead of the person."""

from alembic import op

revision = "0007"
down_revision = "0006"

CHANGES = """
ALTER TABLE experiment_assignments ADD COLUMN day DATE NOT NULL DEFAULT '0001-01-01';
ALTER TABLE experiment_assignments DROP CONSTRAINT experiment_assignments_pkey;
ALTER TABLE experiment_assignments ADD PRIMARY KEY (experiment_id, user_id, day)
"""


def upgrade() -> None:
    """Adds a column to the key."""
    for statement in CHANGES.split(";\n"):
        op.get_bind().exec_driver_sql(statement)
