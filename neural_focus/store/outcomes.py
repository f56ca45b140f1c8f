"""What came true: labels of people and rules onto the predictions they cover."""

from __future__ import annotations

from neural_focus.store.database import Connection
from neural_focus.store.predictions import predicted_since
from neural_focus.time import moment


def apply_labels(connection: Connection, user_id: int, start_us: int, end_us: int) -> int:
    """Sets actual_outcome, label_source and labeled_at of predictions for snapshots in (start, end].

    Where labels overlap the highest precedence counts (RETROSPECTIVE, HOTKEY, TIMER, WEAK), then the newest: the rule
    of ``models.labels.resolve_outcomes``, in SQL.
    Returns how many predictions changed; applying again changes none.
    """
    first, last = (moment(value) for value in (start_us, end_us))
    cursor = connection.execute(
        """WITH near AS MATERIALIZED (
            SELECT * FROM labels WHERE user_id = %(user)s AND start_time < %(last)s AND end_time > %(first)s)
        UPDATE model_predictions p
        SET actual_outcome = best.outcome, label_source = best.source, labeled_at = now()
        FROM (
            SELECT DISTINCT ON (said.id) said.id, said.predicted_at, l.outcome, l.source
            FROM near l CROSS JOIN LATERAL (
                SELECT id, predicted_at FROM model_predictions
                WHERE user_id = %(user)s AND (l.machine_id IS NULL OR machine_id = l.machine_id)
                    AND snapshot_time > GREATEST(l.start_time, %(first)s)
                    AND snapshot_time <= LEAST(l.end_time, %(last)s) AND predicted_at >= %(predicted)s
                OFFSET 0) said
            ORDER BY said.id, l.precedence DESC, l.created_at DESC, l.id DESC) best
        WHERE p.id = best.id AND p.predicted_at = best.predicted_at AND p.predicted_at >= %(predicted)s
            AND (p.actual_outcome, p.label_source) IS DISTINCT FROM (best.outcome, best.source)""",
        {"user": user_id, "first": first, "last": last, "predicted": predicted_since(start_us)},
    )
    return cursor.rowcount
