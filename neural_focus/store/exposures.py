"""``exposures`` read back: which arm of an experiment each moment had, and what was known before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from neural_focus.store.database import Connection


@dataclass(frozen=True, slots=True)
class Exposed:
    """A moment's arm in one experiment, and what was known before the draw."""

    arm: str
    context: Mapping[str, str]


def read_exposures(connection: Connection, experiment_id: int) -> dict[tuple[int, datetime], Exposed]:
    """(person, time of the draw) → the exposure. Ends no transaction."""
    rows = connection.execute(
        "SELECT user_id, exposed_at, arm, context FROM exposures WHERE experiment_id = %s", (experiment_id,)
    )
    return {(user_id, at): Exposed(arm, context) for user_id, at, arm, context in rows}
