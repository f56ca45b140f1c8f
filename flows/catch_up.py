"""What was due while the machine was off or asleep is done once, later: one flow after the other, in the background.

    due 02:10 ──────── off ──────── start 09:00 ── no input for 5 min, or 2 h waited ──► one run, nice 10
                                                                                         then the next flow

The last success is looked up among Prefect's runs. A run that ended as "Skipped" did nothing, so it is no success.
A run that failed is not tried again before its next time; one that crashed is, up to three runs in all.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import prefect
import psutil
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterDeploymentId,
    FlowRunFilterExpectedStartTime,
)
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.client.schemas.schedules import CronSchedule
from prefect.client.schemas.sorting import FlowRunSort
from prefect.exceptions import ObjectNotFound, PrefectException

from neural_focus.errors import NeuralFocusError

if TYPE_CHECKING:
    from prefect.client.orchestration import PrefectClient

log = logging.getLogger("neural_focus.flows")

ORDER = (
    "retention/daily",
    "learning/nightly",
    "consistency/daily",
    "data-quality/every-6-hours",
    "drift/every-6-hours",
    "experiments/daily",
    "report/daily",
)
"""Every deployment whose times are more than an hour apart, in the order in which missed runs are made up for."""
SKIP_AFTER = timedelta(hours=1)
"""A scheduled run of these that starts later than this is skipped: the machine slept, and this module takes over."""
TAG = "catch-up"
NICE = 10
"""A tenth of what others get on a busy processor: less could hold the database's locks for minutes."""
LOOK_SECONDS = 60.0
PATIENCE = timedelta(hours=2)
"""So long it waits for a pause of the person's, from the platform's start, the machine's waking or the due time on."""
ASLEEP = timedelta(minutes=10)
"""No look for so long: the machine slept."""
LONG_BEHIND = timedelta(days=7)
"""After so long without a success it does not wait for a pause."""
ATTEMPTS = 3
LOOK_BACK = timedelta(days=2)
RUNS = 50
OPEN = (StateType.SCHEDULED, StateType.PENDING, StateType.RUNNING, StateType.CANCELLING, StateType.PAUSED)
FAILED = (StateType.FAILED, StateType.CANCELLED)


@dataclass(frozen=True, slots=True)
class MissedRun:
    """A time that passed without a success; ``since``: the last success, or when the deployment was made."""

    due: datetime
    since: datetime
    succeeded: bool

    def reason(self, started: datetime, now: datetime, at_work: bool) -> str:
        """Why it is made up for now; empty while it still waits for a pause of the person's."""
        waited = now - max(started, self.due)
        if not at_work:
            why = "nobody types"
        elif now - self.since > LONG_BEHIND:
            why = f"somebody types, but nothing succeeded for {(now - self.since).days} days"
        elif waited >= PATIENCE:
            why = f"somebody types, but it has waited for a pause for {waited.total_seconds() / 3600:.1f} h"
        else:
            return ""
        last = f"last success {self.since:%Y-%m-%d %H:%M} UTC" if self.succeeded else "no success is known"
        return f"catches up: due {self.due:%Y-%m-%d %H:%M} UTC, {last}; {why}"


def missed(times: Sequence[datetime], created: datetime, runs: Sequence[FlowRun], now: datetime) -> MissedRun | None:
    """The newest of the scheduled ``times`` if it passed after ``created``, and no run since did its work."""
    due = max((time for time in times if time <= now), default=created)
    ends = [run.end_time for run in runs if _succeeded(run) and run.end_time is not None and run.end_time <= now]
    last = max(ends, default=None)
    if due <= created or (last is not None and last >= due):
        return None
    tried = [run.state_type for run in runs if run.expected_start_time is not None and run.expected_start_time >= due]
    if any(state in FAILED for state in tried) or tried.count(StateType.CRASHED) >= ATTEMPTS:
        return None
    return MissedRun(due, last or created, last is not None)


def _succeeded(run: FlowRun) -> bool:
    return run.state_type is StateType.COMPLETED and run.state_name != "Skipped"


async def watch(started: datetime, at_work: Callable[[datetime], bool]) -> None:
    """Looks once a minute, for ever. What Prefect or the database refuse is logged, and looked at again."""
    looked = started
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        now = datetime.now(UTC)
        started, looked = awake_since(started, looked, now), now
        try:
            async with prefect.get_client() as client:
                await look(client, now, started, at_work)
        except (httpx.HTTPError, PrefectException, NeuralFocusError) as error:
            log.warning("Missed runs cannot be looked for: %s. The next look is in %.0f s.", error, LOOK_SECONDS)


def awake_since(started: datetime, looked: datetime, now: datetime) -> datetime:
    """Since when the platform has been at work without a sleep, if the last look was at ``looked``."""
    return now if now - looked > ASLEEP else started


async def look(
    client: PrefectClient, now: datetime, started: datetime, at_work: Callable[[datetime], bool]
) -> FlowRun | None:
    """Asks Prefect for the first run that is to be made up for; None if there is none, one is open, or it waits."""
    found = []
    for name in ORDER:
        try:
            deployment = await client.read_deployment_by_name(name)
        except ObjectNotFound:
            continue
        runs = await _runs(client, FlowRunFilterDeploymentId(any_=[deployment.id]), now)
        if any(run.state_type in OPEN for run in runs):
            return None
        crons = [one.schedule for one in deployment.schedules if one.active and isinstance(one.schedule, CronSchedule)]
        times = [time for cron in crons for time in await _times(cron, now)]
        due = missed(times, deployment.created or now, runs, now)
        if due is not None and not deployment.paused:
            found.append((deployment.id, due))
    if not found:
        return None
    deployment_id, first = found[0]
    reason = first.reason(started, now, await asyncio.to_thread(at_work, now))
    if not reason:
        return None
    return await client.create_flow_run_from_deployment(deployment_id, tags=[TAG], context={TAG: reason})


async def _runs(client: PrefectClient, deployment: FlowRunFilterDeploymentId, now: datetime) -> list[FlowRun]:
    """The newest runs that were due by now."""
    due = FlowRunFilterExpectedStartTime.model_validate({"before_": now})
    wanted = FlowRunFilter(deployment_id=deployment, expected_start_time=due)
    return await client.read_flow_runs(flow_run_filter=wanted, sort=FlowRunSort.EXPECTED_START_TIME_DESC, limit=RUNS)


async def _times(cron: CronSchedule, now: datetime) -> list[datetime]:
    """The latest times, as Prefect's own scheduler reckons them."""
    from prefect.server.schemas.schedules import CronSchedule as ServerSchedule

    schedule = ServerSchedule(cron=cron.cron, timezone=cron.timezone)
    return list(await schedule.get_dates(start=now - LOOK_BACK, end=now))


def reason_of_run() -> str:
    """Why the run that this is catches up; empty where it does not."""
    context = prefect.context.FlowRunContext.get()
    run = context.flow_run if context else None
    return str(run.context.get(TAG, "")) if run is not None else ""


def go_to_background() -> None:
    """A low priority for this process and all that it starts: NICE, and the disk when nobody else wants it."""
    for thread in Path("/proc/self/task").iterdir():  # Linux keeps it per thread; what starts later inherits it
        os.setpriority(os.PRIO_PROCESS, int(thread.name), NICE)
    psutil.Process().ionice(psutil.IOPRIO_CLASS_IDLE)
