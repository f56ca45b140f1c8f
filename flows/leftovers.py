"""What an earlier start left in Prefect's tables: runs that were due meanwhile, dead runs, and the slots these hold.

A kill or a power cut leaves the dead ones. Prefect counts a taken slot in its database, but remembers whose it is in
its server's memory: when both ends are killed, nothing there frees the slot, and every later run waits for it.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from prefect.client.schemas.actions import GlobalConcurrencyLimitUpdate
from prefect.client.schemas.filters import (
    DeploymentFilter,
    DeploymentFilterTags,
    FlowFilter,
    FlowFilterId,
    FlowRunFilter,
    FlowRunFilterExpectedStartTime,
    FlowRunFilterParentFlowRunId,
    FlowRunFilterState,
    FlowRunFilterStateType,
    FlowRunFilterTags,
)
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.client.schemas.sorting import FlowRunSort
from prefect.states import Crashed

if TYPE_CHECKING:
    from prefect.client.orchestration import PrefectClient
    from prefect.client.schemas.responses import DeploymentResponse

PAGE = 200
WAITING = FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.SCHEDULED]))
AT_WORK = FlowRunFilterState(
    type=FlowRunFilterStateType(any_=[StateType.PENDING, StateType.RUNNING, StateType.CANCELLING])
)
MESSAGE = "The platform ended while this run was {state}; nothing works on it any more."


async def drop_overdue(client: PrefectClient, now: datetime) -> int:
    """Deletes the scheduled runs that were due before ``now`` and never started; returns how many.

    Runs that a person asked for stay.
    """
    due = FlowRunFilter(
        state=WAITING,
        expected_start_time=FlowRunFilterExpectedStartTime.model_validate({"before_": now}),
        tags=FlowRunFilterTags(all_=["neural-focus"]),
    )
    overdue = [run for run in await _all_runs(client, due) if run.auto_scheduled]
    for run in overdue:
        await client.delete_flow_run(run.id)
    return len(overdue)


async def end_dead_runs(client: PrefectClient) -> int:
    """Marks every run of ours that is not over as crashed, and frees every slot; returns how many runs.

    For the start of the process that runs flows: one ``up`` works on a home, so nothing of ours runs then.
    """
    ours = DeploymentFilter(tags=DeploymentFilterTags(all_=["neural-focus"]))
    deployments = await client.read_deployments(deployment_filter=ours, limit=PAGE)
    dead = await _dead_runs(client, deployments)
    for run in dead:
        state = run.state_name or "at work"
        await client.set_flow_run_state(run.id, Crashed(message=MESSAGE.format(state=state.lower())), force=True)
    for deployment in await client.read_deployments(deployment_filter=ours, limit=PAGE):
        limit = deployment.global_concurrency_limit
        if limit is not None and limit.active_slots:
            await client.update_global_concurrency_limit(limit.name, GlobalConcurrencyLimitUpdate(active_slots=0))
    return len(dead)


async def _dead_runs(client: PrefectClient, deployments: list[DeploymentResponse]) -> list[FlowRun]:
    """Runs of our deployments, those of the same flows without one (the first model), and what all these called."""
    known = {None, *(deployment.id for deployment in deployments)}
    flows = FlowFilter(id=FlowFilterId(any_=[deployment.flow_id for deployment in deployments]))
    found = [run for run in await _all_runs(client, FlowRunFilter(state=AT_WORK), flows) if run.deployment_id in known]
    dead = {run.id: run for run in found}
    while found:
        parents = FlowRunFilterParentFlowRunId(any_=[run.id for run in found])
        called = await _all_runs(client, FlowRunFilter(state=AT_WORK, parent_flow_run_id=parents))
        found = [run for run in called if run.id not in dead]
        dead.update({run.id: run for run in found})
    return list(dead.values())


async def _all_runs(client: PrefectClient, wanted: FlowRunFilter, flows: FlowFilter | None = None) -> list[FlowRun]:
    found: list[FlowRun] = []
    while page := await client.read_flow_runs(
        flow_filter=flows, flow_run_filter=wanted, sort=FlowRunSort.ID_DESC, limit=PAGE, offset=len(found)
    ):
        found += page
    return found
