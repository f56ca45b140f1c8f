"""Flows that keep the house: metrics of sessions, events past their retention, the A/B report."""

from __future__ import annotations

import json
import time
from datetime import UTC, date, datetime, timedelta

from flows.artifacts import publish_markdown, publish_page
from flows.catch_up import SKIP_AFTER
from flows.label_files import drop_days_before
from flows.platform_flow import Platform, exclusive, log, platform_flow
from neural_focus.sessions import LOOK_BACK_US, measure
from neural_focus.store.database import Connection
from neural_focus.store.events import read_events
from neural_focus.store.retention import KEEP_DAYS, retire_events
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


@platform_flow(
    name="retention",
    description=f"Counts events older than {KEEP_DAYS} days by the hour and app, then drops them with their "
    "snapshots and labels.",
    stale_after=SKIP_AFTER,
)
def retention(platform: Platform) -> int:
    """Retires what is past its time; returns how many events went."""
    return retire(platform, datetime.now(UTC))


def retire(platform: Platform, now: datetime) -> int:
    """The work of the flow: events, and then the snapshots, inputs, labels and stays that were made of them."""
    events = retire_events(platform.connection, now)
    files = _drop_files(platform, (now - timedelta(days=KEEP_DAYS)).date())
    publish_markdown(
        "retention-run", f"{events:,} events rolled up and dropped, {files} days of snapshots deleted.", "What went"
    )
    return events


def _drop_files(platform: Platform, day: date) -> int:
    """Waits for runs of `features` and `labels`: what they had read before the events went, they would write again."""
    while True:
        with exclusive(platform.settings, "labels") as mine, exclusive(platform.settings, "features") as too:
            if mine and too:
                return drop_days_before(platform.settings.feast, day)
        time.sleep(1)


@platform_flow(
    name="report",
    description="Writes the A/B report: what interventions did to focus, by randomisation within the person.",
    stale_after=SKIP_AFTER,
)
def report(platform: Platform) -> str:
    """Writes the report; returns its first sentence."""
    return write_ab_report(platform)


def write_ab_report(platform: Platform) -> str:
    """The work of the flow: ``<home>/reports/ab/index.html`` and ``report.json``."""
    from neural_focus.experiments.report import write_report

    page = write_report(platform.connection, platform.settings.reports / "ab", now=datetime.now(UTC))
    sentence = str(json.loads((page.parent / "report.json").read_text("utf-8"))["sentence"])
    log(sentence)
    publish_markdown("ab-report-sentence", sentence, "The report's first sentence")
    publish_page("ab-report", platform.settings, "ab/index.html", "A/B report")
    return sentence


def _machines(connection: Connection, user_id: int) -> list[str]:
    rows = connection.execute("SELECT DISTINCT machine_id::text FROM shipper_positions WHERE user_id = %s", (user_id,))
    return [str(machine) for (machine,) in rows]
