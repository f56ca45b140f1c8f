"""A platform that was stopped over night, and one that was killed: Prefect's tables are looked at by SQL.

The zone is chosen so that it is between nine and ten in the morning there: no due time lies near.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from own_platform import OwnPlatform, asked, own_platform
from prefect.client.schemas.objects import FlowRun
from prefect.states import Cancelling, Completed, Failed, Pending, Running, Scheduled
from zone_at import zone_at

from flows.catch_up import NICE, ORDER, PATIENCE, TAG, look
from flows.deploy import DEPLOYMENTS, build

PERIODS = {
    "every-5-minutes": timedelta(minutes=5),
    "hourly": timedelta(hours=1),
    "every-6-hours": timedelta(hours=6),
    "daily": timedelta(days=1),
    "nightly": timedelta(days=1),
    "by-hand": None,
}
BACKGROUND = """
import os, subprocess, threading, time
threading.Thread(target=time.sleep, args=(600,), daemon=True).start()
from flows.catch_up import go_to_background
go_to_background()
nices = [os.getpriority(os.PRIO_PROCESS, int(thread)) for thread in os.listdir("/proc/self/task")]
child = subprocess.run(["sh", "-c", "nice; ionice"], capture_output=True, text=True).stdout.split()
print(len(nices) > 1, set(nices), *child)
"""


@pytest.fixture(scope="module")
def platform(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnPlatform]:
    home = tmp_path_factory.mktemp("own")
    with own_platform(module_database_url, home, zone_at(9)) as made:
        yield made


def _register(platform: OwnPlatform) -> dict[str, UUID]:
    """All deployments, made forty days ago; by "flow/name"."""
    made = {
        f"{one.flow_name}/{one.name}": one.apply() for one in (build(d, platform.settings.zone) for d in DEPLOYMENTS)
    }
    platform.sql("UPDATE deployment SET created = now() - interval '40 days'")
    assert len(made) == 15
    return made


def _ask(deployment: UUID, **options: Any) -> UUID:
    return asked(lambda client: client.create_flow_run_from_deployment(deployment, **options)).id


def _set(run: UUID, state: Any, *, force: bool = True) -> str:
    """The name of the state that the run has then."""
    asked(lambda client: client.set_flow_run_state(run, state, force=force))
    return str(asked(lambda client: client.read_flow_run(run)).state_name)


def _look(started: datetime, now: datetime | None = None, *, at_work: bool = False) -> FlowRun | None:
    return asked(lambda client: look(client, now or datetime.now(UTC), started, lambda _: at_work))


def test_what_a_night_missed_is_done_once_one_after_the_other(platform: OwnPlatform) -> None:
    ids, started = _register(platform), datetime.now(UTC)
    hour = timedelta(hours=1)
    assert set(ORDER) == {name for name in ids if (PERIODS[name.split("/")[1]] or hour) > hour}
    old = _ask(ids["retention/daily"])
    _set(old, Completed())
    platform.sql(
        "UPDATE flow_run SET end_time = now() - interval '2 days', expected_start_time = now() - interval '2 days'"
        " WHERE id = %s",
        old,
    )
    assert _look(started, at_work=True) is None, "the person types"
    done = []
    for number, name in enumerate(ORDER):
        later = started + PATIENCE if number == 0 else None
        run = _look(started, later, at_work=number == 0)
        assert run is not None and run.deployment_id == ids[name] and TAG in run.tags
        assert run.context[TAG].startswith("catches up: due ")
        assert ("last success" in run.context[TAG]) is (number == 0)
        assert ("it has waited for a pause for 2.0 h" in run.context[TAG]) is (number == 0)
        assert _look(started) is None, "one at a time"
        if name == "learning/nightly":
            _set(run.id, Completed(name="Skipped"))
            run = _look(started)
            assert run is not None and run.deployment_id == ids[name], "what was skipped is no success"
        _set(run.id, Failed() if name == "drift/every-6-hours" else Completed())
        done.append(run.id)
    assert _look(started) is None, "once"
    assert len(set(done)) == len(ORDER)


def test_a_deployment_that_somebody_paused_is_left_alone(platform: OwnPlatform) -> None:
    ids, started = _register(platform), datetime.now(UTC)
    platform.sql("DELETE FROM flow_run WHERE deployment_id = %s", ids["retention/daily"])
    asked(lambda client: client.pause_deployment(ids["retention/daily"]))
    assert _look(started) is None
    asked(lambda client: client.resume_deployment(ids["retention/daily"]))
    run = _look(started)
    assert run is not None and run.deployment_id == ids["retention/daily"]
    _set(run.id, Completed())


@pytest.mark.timeout(1800)
def test_after_a_power_cut_every_deployment_runs_again_and_old_runs_are_gone(platform: OwnPlatform) -> None:
    ids = _register(platform)
    for name in ORDER:
        _set(_ask(ids[name]), Completed())
    dead, waiting = _at_work(platform, ids)
    platform.kill()
    assert {_state(platform, run) for run in dead.values()} == {"PENDING", "RUNNING", "CANCELLING"}
    assert _slots(platform) == [1] * 15, "the fault: nothing of ours runs"
    old, young = _ended(platform, 31), _ended(platform, 29)
    platform.sql("DELETE FROM flow_run WHERE deployment_id = %s AND state_type = 'COMPLETED'", ids["retention/daily"])
    (platform.settings.models / "drift.jsonl").unlink()
    platform.start_server()
    platform.start_flows()

    platform.wait(lambda: {_state(platform, run) for run in dead.values()} == {"CRASHED"}, "dead runs live")
    for run in dead.values():
        [(message, ended)] = platform.sql(
            "SELECT s.message, r.end_time FROM flow_run r JOIN flow_run_state s ON s.id = r.state_id WHERE r.id = %s",
            run,
        )
        assert message.startswith("The platform ended while this run was ") and ended is not None
    fresh = _ask(ids["features/every-5-minutes"])
    platform.wait(lambda: _state(platform, fresh) == "COMPLETED", "features does not run")
    platform.wait(lambda: _state(platform, waiting) == "COMPLETED", "the drift that waited does not run")
    platform.wait(lambda: NICE in platform.priorities(), "no run is in the background")
    platform.wait(lambda: _caught_up(platform, ids["retention/daily"]), "retention does not catch up")
    platform.wait(lambda: _slots(platform) == [0] * 15, "slots stay taken")
    for deployment in ids.values():
        _set(_submitted(platform, deployment), Completed())
    for name, deployment in ids.items():
        period = PERIODS[name.split("/")[1]]
        if period is not None:
            platform.wait(lambda d=deployment, p=period: _due_within(platform, d, p), f"{name} is not due")  # type: ignore[misc]
    platform.wait(lambda: not _rows(platform, old), "the old run stays")
    assert _rows(platform, young) == 3


def _at_work(platform: OwnPlatform, ids: dict[str, UUID]) -> tuple[dict[UUID, UUID], UUID]:
    """A run of each deployment that is submitted, runs or is being cancelled, by deployment; and one that waits."""
    drift, features = ids["drift/every-6-hours"], ids["features/every-5-minutes"]
    platform.settings.models.mkdir(exist_ok=True)
    os.mkfifo(platform.settings.models / "drift.jsonl")  # drift reads it, and waits
    platform.start_flows()
    dead = {drift: _ask(drift)}
    platform.wait(lambda: _state(platform, dead[drift]) == "RUNNING", "drift does not run")
    for number, other in enumerate(one for one in ids.values() if one not in (drift, features)):
        dead[other] = _submitted(platform, other)
        for state in (Running(), Cancelling())[: number % 3]:  # by force: its time has not come
            assert _set(dead[other], state) == state.name
    waiting = _ask(drift)
    platform.wait(lambda: _state(platform, waiting, "state_name") == "AwaitingConcurrencySlot", "no drift waits")
    dead[features] = _ask(features)
    platform.wait(lambda: _state(platform, dead[features]) == "PENDING", "features is not submitted")
    return dead, waiting


def _later() -> Any:
    """Not picked up by the process that runs flows."""
    return Scheduled(scheduled_time=datetime.now(UTC) + timedelta(days=9))


def _submitted(platform: OwnPlatform, deployment: UUID) -> UUID:
    """A new run that has the deployment's slot; one that is due just now may have to end first."""

    def ask() -> UUID | None:
        run = _ask(deployment, state=_later())
        if _set(run, Pending(), force=False) == "Pending":
            return run
        asked(lambda client: client.delete_flow_run(run))
        return None

    run: UUID = platform.wait(ask, f"a new run of {deployment} gets no slot")
    return run


def _state(platform: OwnPlatform, run: UUID, column: str = "state_type") -> str:
    [(state,)] = platform.sql(f"SELECT {column} FROM flow_run WHERE id = %s", run)
    return str(state)


def _slots(platform: OwnPlatform) -> list[int]:
    rows = platform.sql(
        "SELECT l.active_slots FROM deployment d JOIN concurrency_limit_v2 l ON l.id = d.concurrency_limit_id"
    )
    return [int(slots) for (slots,) in rows]


def _ended(platform: OwnPlatform, days: int) -> UUID:
    """A run that ended so long ago, with a log and an artifact."""
    run, at = uuid4(), datetime.now(UTC) - timedelta(days=days)
    platform.sql(
        "INSERT INTO flow_run (id, flow_id, name, state_type, state_name, run_count, total_run_time, end_time)"
        " SELECT %s, id, 'old', 'COMPLETED', 'Completed', 1, interval '1 s', %s FROM flow LIMIT 1",
        run,
        at,
    )
    platform.sql(
        "INSERT INTO log (name, level, flow_run_id, message, timestamp) VALUES ('log', 20, %s, 'said', %s)", run, at
    )
    platform.sql("INSERT INTO artifact (key, flow_run_id, type) VALUES (%s, %s, 'markdown')", f"age-{days}", run)
    return run


def _rows(platform: OwnPlatform, run: UUID) -> int:
    [(count,)] = platform.sql(
        "SELECT (SELECT count(*) FROM flow_run WHERE id = %s) + (SELECT count(*) FROM log WHERE flow_run_id = %s)"
        " + (SELECT count(*) FROM artifact WHERE flow_run_id = %s)",
        *(run, run, run),
    )
    return int(count)


def _caught_up(platform: OwnPlatform, deployment: UUID) -> bool:
    """Whether one run works or has ended well, and said why it runs; at its priority it may take its time."""
    rows = platform.sql(
        "SELECT r.state_type, l.message FROM flow_run r JOIN log l ON l.flow_run_id = r.id"
        " WHERE r.deployment_id = %s AND r.tags @> %s::jsonb AND l.message LIKE 'catches up: %%'",
        *(deployment, f'["{TAG}"]'),
    )
    assert len(rows) < 2, rows
    return bool(rows) and rows[0][0] in ("RUNNING", "COMPLETED")


def _due_within(platform: OwnPlatform, deployment: UUID, period: timedelta) -> bool:
    return bool(
        platform.sql(
            "SELECT 1 FROM flow_run WHERE deployment_id = %s AND auto_scheduled AND state_type = 'SCHEDULED'"
            " AND expected_start_time BETWEEN now() AND now() + %s LIMIT 1",
            *(deployment, period),
        )
    )


def test_the_background_is_every_thread_and_child() -> None:
    said = subprocess.run([sys.executable, "-c", BACKGROUND], capture_output=True, text=True, check=True).stdout
    assert said.split() == ["True", f"{{{NICE}}}", f"{NICE}", "idle"]
