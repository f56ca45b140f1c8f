"""``python -m flows.deploy``: serves every deployment with its schedule until SIGTERM.

Names sort by group, and each carries its group as a tag, so that the runs of every five minutes do not bury the
training: Prefect's page filters by ``group:learning``.

A served deployment is paused when its server stops, by Prefect's own choice, and runs that were due meanwhile wait.
At the next start all is put right: what is overdue is dropped, every deployment is active again, and runs that were
killed are marked as crashed. What was missed for longer than an hour is caught up with later (``flows.catch_up``).
"""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from neural_focus.settings import read_settings

if TYPE_CHECKING:
    from prefect.deployments.runner import RunnerDeployment

AT_ONCE = 2
"""Runs at the same time: the machine has other work."""


@dataclass(frozen=True, slots=True)
class Deployment:
    """One flow with its schedule: ``every`` so long, or ``cron`` in the person's zone, or neither (by hand)."""

    flow: str
    name: str
    group: str
    every: timedelta | None = None
    cron: str | None = None


DEPLOYMENTS = (
    Deployment("flows.features:features", "every-5-minutes", "data", every=timedelta(minutes=5)),
    Deployment("flows.labels:labels", "hourly", "data", cron="7 * * * *"),
    Deployment("flows.data_quality:data_quality", "every-6-hours", "data", cron="37 */6 * * *"),
    Deployment("flows.consistency:consistency", "daily", "data", cron="20 4 * * *"),
    Deployment("flows.learning:learning", "nightly", "learning", cron="30 3 * * *"),
    Deployment("flows.drift:drift", "every-6-hours", "learning", cron="52 */6 * * *"),
    Deployment("flows.personal:personal", "hourly", "learning", cron="22 * * * *"),
    Deployment("flows.training:training", "by-hand", "learning"),
    Deployment("flows.evaluation:evaluation", "by-hand", "learning"),
    Deployment("flows.promotion:promotion", "by-hand", "learning"),
    Deployment("flows.bootstrap:first_model", "by-hand", "learning"),
    Deployment("flows.experiments:experiments", "daily", "learning", cron="35 4 * * *"),
    Deployment("flows.ab_report:report", "daily", "reports", cron="45 4 * * *"),
    Deployment("flows.session_metrics:session_metrics", "hourly", "upkeep", cron="17 * * * *"),
    Deployment("flows.retention:retention", "daily", "upkeep", cron="10 2 * * *"),
)


def build(deployment: Deployment, zone: str) -> RunnerDeployment:
    """What Prefect serves."""
    from prefect.deployments.runner import EntrypointType
    from prefect.schedules import Cron, Interval

    module, name = deployment.flow.split(":")
    flow = getattr(importlib.import_module(module), name)
    schedule = None
    if deployment.every is not None:
        schedule = Interval(deployment.every, timezone=zone)
    elif deployment.cron is not None:
        schedule = Cron(deployment.cron, timezone=zone)
    built: RunnerDeployment = flow.to_deployment(
        deployment.name,
        schedule=schedule,
        paused=False,
        concurrency_limit=1,
        tags=[f"group:{deployment.group}", "neural-focus"],
        description=flow.description,
        entrypoint_type=EntrypointType.MODULE_PATH,
    )
    return built


async def serve_all(deployments: Sequence[RunnerDeployment]) -> None:
    """Registers the deployments as active and runs what is due, until cancelled."""
    from prefect import get_client
    from prefect.runner import Runner

    from flows.catch_up import watch
    from flows.input_watch import InputWatch
    from flows.leftovers import drop_overdue, end_dead_runs

    started = datetime.now(UTC)
    runner = Runner(name="neural-focus", limit=AT_ONCE, pause_on_shutdown=True)
    async with get_client() as client:
        await drop_overdue(client, started)
        for deployment in deployments:
            await client.resume_deployment(await runner.aadd_deployment(deployment))
        await end_dead_runs(client)
    async with asyncio.TaskGroup() as tasks:  # if the one fails, the other ends, and `up` starts both again
        watcher = tasks.create_task(watch(started, InputWatch(read_settings())))
        await runner.start()
        watcher.cancel()


def main() -> None:
    """Serves until SIGINT or SIGTERM."""
    zone = read_settings().zone
    asyncio.run(serve_all([build(deployment, zone) for deployment in DEPLOYMENTS]))


if __name__ == "__main__":
    main()
