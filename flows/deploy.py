"""``python -m flows.deploy``: serves every deployment with its schedule until SIGTERM.

Names sort by group, and each carries its group as a tag, so that the runs of every five minutes do not bury the
training: Prefect's page filters by ``group:learning``.

A served deployment is paused when its server stops, by Prefect's own choice, and runs that were due meanwhile wait.
At the next start both are put right: what is overdue is dropped, and every deployment is active again.
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

PAGE = 200
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
    Deployment("flows.upkeep:report", "daily", "reports", cron="45 4 * * *"),
    Deployment("flows.upkeep:session_metrics", "hourly", "upkeep", cron="17 * * * *"),
    Deployment("flows.upkeep:retention", "daily", "upkeep", cron="10 2 * * *"),
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


async def drop_overdue(now: datetime) -> int:
    """Deletes the scheduled runs that were due before ``now`` and never started; returns how many.

    Runs that a person asked for stay.
    """
    from prefect import get_client
    from prefect.client.schemas.filters import (
        FlowRunFilter,
        FlowRunFilterExpectedStartTime,
        FlowRunFilterState,
        FlowRunFilterStateType,
        FlowRunFilterTags,
    )
    from prefect.client.schemas.objects import StateType

    due = FlowRunFilter(
        state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.SCHEDULED])),
        expected_start_time=FlowRunFilterExpectedStartTime.model_validate({"before_": now}),
        tags=FlowRunFilterTags(all_=["neural-focus"]),
    )
    dropped = kept = 0
    async with get_client() as client:
        while runs := await client.read_flow_runs(flow_run_filter=due, limit=PAGE, offset=kept):
            overdue = [run for run in runs if run.auto_scheduled]
            for run in overdue:
                await client.delete_flow_run(run.id)
            dropped, kept = dropped + len(overdue), kept + len(runs) - len(overdue)
    return dropped


async def serve_all(deployments: Sequence[RunnerDeployment]) -> None:
    """Registers the deployments as active and runs what is due, until cancelled."""
    from prefect import get_client
    from prefect.runner import Runner

    await drop_overdue(datetime.now(UTC))
    runner = Runner(name="neural-focus", limit=AT_ONCE, pause_on_shutdown=True)
    async with get_client() as client:
        for deployment in deployments:
            await client.resume_deployment(await runner.aadd_deployment(deployment))
    await runner.start()


def main() -> None:
    """Serves until SIGINT or SIGTERM."""
    zone = read_settings().zone
    asyncio.run(serve_all([build(deployment, zone) for deployment in DEPLOYMENTS]))


if __name__ == "__main__":
    main()
