"""Sessions as the gates look at them: a row each, with what in it contradicts itself or the session before."""

from __future__ import annotations

import pandas as pd
from psycopg.rows import dict_row

from neural_focus.store.database import Connection

_TOTALS = (
    "total_keystrokes",
    "total_mouse_moves",
    "context_switches",
    "idle_time_seconds",
    "interventions_triggered",
    "interventions_accepted",
    "interventions_rejected",
)
_SCORES = ("focus_score_min", "focus_score_avg", "focus_score_max")


def read_sessions(connection: Connection) -> pd.DataFrame:
    """All sessions, a machine's in order of their start; times UTC."""
    columns = ", ".join((*_TOTALS, *_SCORES))
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(
            "SELECT id AS session, user_id, COALESCE(machine_id::text, '') AS machine_id, start_time, end_time,"  # noqa: S608
            f" planned_seconds, COALESCE(end_reason, '') AS end_reason, {columns}"
            " FROM sessions ORDER BY user_id, machine_id, start_time, id"
        ).fetchall()
    return pd.DataFrame(rows)


def session_rows(sessions: pd.DataFrame, now: pd.Timestamp) -> pd.DataFrame:
    """``read_sessions`` with the columns of the gates: ``seconds`` from start to end, ``overlap_s`` with an earlier one
    of the machine, ``over_s`` and ``early_s`` against the timer, ``figures_wrong``; missing where there is none."""
    if sessions.empty:
        return sessions
    start, end = (pd.to_datetime(sessions[name], utc=True) for name in ("start_time", "end_time"))
    machine = [sessions["user_id"], sessions["machine_id"]]
    reached = end.astype("int64").where(end.notna()).groupby(machine).cummax().groupby(machine).shift()
    per_second = 10**9 if "ns" in str(end.dtype) else 10**6
    planned = pd.to_numeric(sessions["planned_seconds"])
    seconds = (end - start).dt.total_seconds()
    by_timer = (sessions["end_reason"] == "timer_expired") & planned.notna()
    totals, scores = sessions[list(_TOTALS)].apply(pd.to_numeric), sessions[list(_SCORES)].apply(pd.to_numeric)
    low, mean, high = (scores[name] for name in _SCORES)
    wrong = (totals < 0).sum(axis=1) + ((scores < 0) | (scores > 100)).sum(axis=1)
    wrong += (low > mean).astype(int) + (mean > high).astype(int)
    return sessions.assign(
        day=start.dt.strftime("%Y-%m-%d"),
        seconds=seconds,
        overlap_s=(reached - start.astype("int64")) / per_second,
        over_s=seconds.fillna((now - start).dt.total_seconds()) - planned,
        early_s=(planned - seconds).where(by_timer),
        figures_wrong=wrong,
    )
