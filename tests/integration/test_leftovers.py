"""What an earlier start left in Prefect's tables, on a real server: what goes, what is marked, and what stays."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from own_platform import OwnPlatform, asked, own_platform
from prefect import Flow, flow, task
from prefect.client.orchestration import PrefectClient
from prefect.states import Cancelling, Completed, Pending, Running, Scheduled

from flows.deploy import DEPLOYMENTS, build
from flows.drift import drift as drift_flow
from flows.leftovers import drop_overdue, end_dead_runs

HOUR = timedelta(hours=1)


@flow
def somebody_elses() -> None:
    """A flow that is not ours."""


@task
def calls() -> None:
    """What calls a subflow."""


@pytest.fixture(scope="module")
def platform(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnPlatform]:
    with own_platform(module_database_url, tmp_path_factory.mktemp("own"), "UTC") as made:
        yield made


@pytest.fixture(scope="module")
def drift(platform: OwnPlatform) -> UUID:
    """One of our deployments, without its schedule: of that a run could be due just now."""
    made: UUID = build(replace(next(one for one in DEPLOYMENTS if "drift" in one.flow), cron=None), "UTC").apply()
    return made


def _ask(deployment: UUID, at: datetime | None = None) -> UUID:
    state = Scheduled(scheduled_time=at or datetime.now(UTC) + HOUR)
    return asked(lambda client: client.create_flow_run_from_deployment(deployment, state=state)).id


def _set(run: UUID, state: object, *, force: bool = True) -> UUID:
    asked(lambda client: client.set_flow_run_state(run, state, force=force))  # type: ignore[arg-type]
    return run


def _states(platform: OwnPlatform, *runs: UUID) -> list[str]:
    """In the order of ``runs``; "gone" for one that is not there."""
    found = {run: str(state) for run, state in platform.sql("SELECT id, state_type FROM flow_run")}
    return [found.get(run, "gone") for run in runs]


def test_what_was_due_before_the_start_is_gone_unless_a_person_asked_for_it(platform: OwnPlatform, drift: UUID) -> None:
    now = datetime.now(UTC)
    overdue, asked_for, later, done = (_ask(drift, at) for at in (now - HOUR, now - HOUR, now + HOUR, now - HOUR))
    _set(done, Completed())
    platform.sql("UPDATE flow_run SET auto_scheduled = (id <> %s)", asked_for)
    assert asked(lambda client: drop_overdue(client, now)) == 1
    assert _states(platform, overdue, asked_for, later, done) == ["gone", "SCHEDULED", "SCHEDULED", "COMPLETED"]


def test_runs_that_nothing_works_on_are_marked_and_free_their_slots(platform: OwnPlatform, drift: UUID) -> None:
    pending = _set(_ask(drift), Pending(), force=False)  # it has the deployment's slot
    running, cancelled = (_set(_ask(drift), Running()) for _ in range(2))
    _set(cancelled, Cancelling())
    waits, done = _ask(drift), _set(_ask(drift), Completed())
    platform.kill()
    platform.start_server()
    assert _slots(platform) == [(1,)], "the fault: nothing of ours runs, and the server has forgotten whose it is"
    alone = _call(drift_flow)
    child, other = _call(somebody_elses, parent=alone), _call(somebody_elses)
    ended = asked(end_dead_runs)
    assert (ended, *_states(platform, pending, running, cancelled, alone, child)) == (5, *["CRASHED"] * 5)
    assert _states(platform, waits, done, other) == ["SCHEDULED", "COMPLETED", "RUNNING"]
    assert _slots(platform) == [(0,)]
    told = platform.sql(
        "SELECT s.message FROM flow_run r JOIN flow_run_state s ON s.id = r.state_id WHERE r.id = %s", cancelled
    )
    assert told == [("The platform ended while this run was cancelling; nothing works on it any more.",)]


def _call(flow: Flow[..., Any], parent: UUID | None = None) -> UUID:
    """A run of no deployment that runs; called by a task of ``parent``, as Prefect keeps it."""

    async def work(client: PrefectClient) -> UUID:
        task_id = None
        if parent is not None:
            task_id = (await client.create_task_run(calls, parent, "0", state=Running())).id
        return (await client.create_flow_run(flow, state=Running(), parent_task_run_id=task_id)).id

    return asked(work)


def _slots(platform: OwnPlatform) -> list[tuple[int, ...]]:
    return platform.sql(
        "SELECT l.active_slots FROM deployment d JOIN concurrency_limit_v2 l ON l.id = d.concurrency_limit_id"
    )
