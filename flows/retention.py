"""The flow that drops events past their retention, and what was made of them."""

from __future__ import annotations

import time
from contextlib import ExitStack
from datetime import UTC, date, datetime, timedelta

from flows.artifacts import publish_markdown
from flows.catch_up import SKIP_AFTER
from flows.label_files import drop_days_before
from flows.platform_flow import Platform, exclusive, platform_flow
from neural_focus.quarantine import VERDICTS
from neural_focus.store.retention import KEEP_DAYS, retire_events

WRITERS = ("labels", "features", VERDICTS)


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
    """Waits for runs of `features` and `labels`, and for checks: what they had read before the events went, they would
    write again."""
    while True:
        with ExitStack() as held:
            if all(held.enter_context(exclusive(platform.settings, name)) for name in WRITERS):
                return drop_days_before(platform.settings.feast, day)
        time.sleep(1)
