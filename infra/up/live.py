"""After the start: wait until something has gone the whole way, then watch, or in ``--once`` prove it and stop."""

from __future__ import annotations

import time
from collections.abc import Callable

from infra.up.counts import AgentRun, Counts, faults, missing_stage, read_counters, read_counts
from infra.up.platform import RunningPlatform
from infra.up.steps import step
from neural_focus.errors import ServiceError
from neural_focus.store.database import Connection, connect

ROUND_SECONDS = 110.0
LOOK_SECONDS = 0.5
SETTLE_SECONDS = 10.0
FIRST_SECONDS = 45.0


def prove(platform: RunningPlatform, run: AgentRun) -> tuple[Counts, list[str]]:
    """Waits until predictions, an intervention and its answer went round, stops the desktop, and counts.

    Returns the counts and what is wrong with them.

    Raises:
        ServiceError: a program died, or a stage stayed empty; it is named.
    """
    with connect(platform.settings.database_url or "") as connection:
        with step(platform.console, "live") as at_work:
            _wait_for_round(platform, run, connection, at_work.show)
        platform.supervisor.stop("demo person")
        platform.supervisor.stop("agent")
        deadline = time.monotonic() + SETTLE_SECONDS
        counts = read_counts(connection, run)
        while faults(counts) and time.monotonic() < deadline:
            time.sleep(LOOK_SECONDS)
            counts = read_counts(connection, run)
    return counts, faults(counts)


def first_counts(platform: RunningPlatform, run: AgentRun) -> Counts:
    """The counts once a first round is complete, or after a while: a real person may rest their hands."""
    seconds = ROUND_SECONDS if platform.demo else FIRST_SECONDS
    with connect(platform.settings.database_url or "") as connection, step(platform.console, "live") as at_work:
        deadline = time.monotonic() + seconds
        while True:
            counts = read_counts(connection, run)
            at_work.show(_progress(counts))
            complete = not missing_stage(counts) if platform.demo else counts.captured and counts.stored_predictions
            if complete or time.monotonic() > deadline:
                return counts
            platform.tend()
            time.sleep(LOOK_SECONDS)


def watch(platform: RunningPlatform) -> None:
    """Restarts what dies, until Ctrl-C."""
    while True:
        platform.tend()
        time.sleep(LOOK_SECONDS)


def _wait_for_round(
    platform: RunningPlatform, run: AgentRun, connection: Connection, show: Callable[[str], None]
) -> None:
    deadline = time.monotonic() + ROUND_SECONDS
    while True:
        counts = read_counts(connection, run)
        show(_progress(counts))
        stage = missing_stage(counts)
        if not stage:
            return
        dead = platform.supervisor.dead()
        if dead:
            raise ServiceError(f"{stage}: {dead[0]}", hint=f"{platform.settings.logs} says more")
        if time.monotonic() > deadline:
            problems = read_counters(run.counters).get("problems", [])
            raise ServiceError(
                f"{stage}: nothing came through in {ROUND_SECONDS:.0f} s",
                why="; ".join(str(problem) for problem in problems),
                hint=f"{platform.settings.logs} says more",
            )
        time.sleep(LOOK_SECONDS)


def _progress(counts: Counts) -> str:
    return (
        f"{counts.captured:,} events, {counts.predictions} predictions,"
        f" {counts.interventions} interventions, {counts.answers} answers"
    )
