"""What a person's own moments made of the model's calibration, and day by day what was warned and came true."""

from alembic import op

revision = "0002"
down_revision = "0001"

PERSON_CALIBRATIONS = """
CREATE TABLE person_calibrations (
    user_id INT NOT NULL REFERENCES users(id) ON DELETE CASCADE,
    model_version VARCHAR(50) NOT NULL,
    target VARCHAR(20) NOT NULL,
    shift FLOAT NOT NULL,
    moments INT NOT NULL,
    share FLOAT NOT NULL CONSTRAINT share_of_one CHECK (share >= 0 AND share <= 1),
    fitted_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    PRIMARY KEY (user_id, model_version, target))
"""

WARNING_DAYS = """
CREATE TABLE warning_days (
    user_id INT NOT NULL REFERENCES users(id) ON DELETE CASCADE,
    day DATE NOT NULL,
    kind VARCHAR(20) NOT NULL CONSTRAINT kind_known CHECK (kind IN ('HIGH_RISK', 'BREAK')),
    warned INT NOT NULL,
    came_true INT NOT NULL,
    undecided INT NOT NULL,
    bins JSONB NOT NULL,
    PRIMARY KEY (user_id, day, kind))
"""


def upgrade() -> None:
    """Makes both tables."""
    for block in (PERSON_CALIBRATIONS, WARNING_DAYS):
        op.get_bind().exec_driver_sql(block)
