"""``exposures`` read back: in which context each moment was, and what came of the offers of each arm. Real people's."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from neural_focus.experiments.guardrails import Count
from neural_focus.store.database import Connection

_COUNTS = """
WITH offer AS (
    SELECT e.arm, e.opportunity_id, max(i.user_response) FILTER (WHERE i.snooze_of IS NULL) AS response,
        bool_or(i.applied_at IS NOT NULL AND i.undone_at IS NOT NULL) AS ended,
        bool_or(i.applied_at IS NOT NULL AND i.undone_reason IN ('undone', 'needed', 'emergency')) AS undone
    FROM exposures e JOIN interventions i USING (opportunity_id) JOIN users u ON u.id = e.user_id AND NOT u.is_demo
    WHERE e.experiment_id = %s AND i.type <> 'NO_OP' GROUP BY 1, 2
)
SELECT arm, count(*) FILTER (WHERE response = 'REJECTED'),
    count(*) FILTER (WHERE response IN ('ACCEPTED', 'REJECTED', 'SNOOZED')),
    count(*) FILTER (WHERE undone), count(*) FILTER (WHERE ended)
FROM offer GROUP BY arm"""


def read_counts(connection: Connection, experiment_id: int) -> dict[tuple[str, str], Count]:
    """(arm, guardrail) → of its answered offers how many were rejected, of its ended actions how many undone by hand.

    A first answer counts; an opportunity counts once, whatever the number of its targets. Ends no transaction.
    """
    counts: dict[tuple[str, str], Count] = {}
    for arm, rejected, answered, undone, ended in connection.execute(_COUNTS, (experiment_id,)):
        counts[arm, "rejected"], counts[arm, "undone"] = Count(rejected, answered), Count(undone, ended)
    return counts


def read_contexts(connection: Connection, experiment_id: int) -> dict[tuple[int, datetime], Mapping[str, str]]:
    """(person, time of the draw) → what was known then. Ends no transaction."""
    rows = connection.execute(
        "SELECT user_id, exposed_at, context FROM exposures WHERE experiment_id = %s", (experiment_id,)
    )
    return {(user_id, at): context for user_id, at, context in rows}
