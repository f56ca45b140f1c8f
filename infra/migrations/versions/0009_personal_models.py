"""A person's own experts replace their calibration; what each expert said is kept with each prediction."""

from alembic import op

revision = "0009"
down_revision = "0008"

CHANGES = """
ALTER TABLE model_predictions ADD COLUMN switch_mixture REAL[], ADD COLUMN break_mixture REAL[];
DROP TABLE person_calibrations;
CREATE TABLE personal_models (
    user_id INT NOT NULL REFERENCES users(id) ON DELETE CASCADE,
    target VARCHAR(20) NOT NULL,
    state JSONB NOT NULL,
    learned_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    PRIMARY KEY (user_id, target))
"""


def upgrade() -> None:
    """Changes both."""
    for statement in CHANGES.split(";\n"):
        op.get_bind().exec_driver_sql(statement)
