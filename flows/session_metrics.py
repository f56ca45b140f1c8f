"""The flow that fills the metrics of sessions that have ended."""

from __future__ import annotations

from datetime import timedelta

from flows.artifacts import publish_markdown
from flows.platform_flow import Platform, platform_flow
from neural_focus.sessions import LOOK_BACK_US, measure
from neural_focus.store.database import Connection
from neural_focus.store.events import read_events
from neural_focus.store.sessions import StoredSession, fill_metrics, read_session


@platform_flow(
    name="session-metrics",
    description="Fills the metrics of sessions that ended, and again of those whose events came late.",
    stale_after=timedelta(minutes=50),
)
def session_metrics(platform: Platform, days: int = 2) -> int:
    """Brings the sessions that ended in the last days up to date; returns how many."""
    refreshed = [refresh(platform.connection, session) for session in ended_sessions(platform.connection, days)]
    platform.connection.commit()
    publish_markdown("session-metrics-run", f"{len(refreshed)} sessions refreshed.", "What this run did")
    return len(refreshed)


def ended_sessions(connection: Connection, days: int) -> list[StoredSession]:
    """Real people's sessions that ended in the last ``days``; the demo people's history came with its metrics."""
    rows = connection.execute(
        """SELECT s.user_id, s.id FROM sessions s JOIN users u ON u.id = s.user_id
        WHERE s.end_time > now() - make_interval(days => %s) AND u.settings -> 'history' IS NULL ORDER BY s.id""",
        (days,),
    ).fetchall()
    found = (read_session(connection, user, session) for user, session in rows)
    return [session for session in found if session is not None]


def refresh(connection: Connection, session: StoredSession) -> int:
    """Measures an ended session anew from its events; returns its id."""
    machines = [session.machine_id] if session.machine_id else _machines(connection, session.user_id)
    end_us = session.end_us or session.start_us
    for machine in machines:
        records, _ = read_events(connection, session.user_id, machine, session.start_us - LOOK_BACK_US, end_us + 1)
        if len(records):
            fill_metrics(connection, session, measure(records, session.start_us, end_us))
    return session.id


def _machines(connection: Connection, user_id: int) -> list[str]:
    rows = connection.execute("SELECT DISTINCT machine_id::text FROM shipper_positions WHERE user_id = %s", (user_id,))
    return [str(machine) for (machine,) in rows]
