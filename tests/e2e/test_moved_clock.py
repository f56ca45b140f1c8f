"""The wall clock is moved under the running agent and service: neither refusals nor silence follow.

Both are real processes; only what Python calls wall time is moved, for them alone (``moved_clock/sitecustomize.py``).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from page_service import running_service
from test_agent import Desk, hands_at_work
from virtual_desktop import virtual_desktop, wait_for
from wall_clock import MovedClock

from flows.consistency import compare_stream
from flows.platform_flow import Platform
from neural_focus.settings import Settings
from neural_focus.store.boots import read_boots
from neural_focus.store.database import connect
from neural_focus.store.events import list_streams, read_events

HOUR, WEEK = 3600, 7 * 86_400
STOPPED = 600
"""Seconds that the agent's end and start may take together."""
FOREVER_US = 4_000_000_000_000_000


@pytest.fixture
def clock(tmp_path: Path) -> Iterator[MovedClock]:
    return MovedClock(tmp_path / "clock")


def predicted_at(desk: Desk, clock: MovedClock) -> bool:
    """Whether predictions came for snapshots of the present, by the moved clock."""
    counted = desk.read()
    return abs(counted["t_us"] / 1e6 - clock.time()) < 10 and counted["predictions"] >= 3


def goes_on(desk: Desk, clock: MovedClock, step: int) -> dict[str, Any]:
    """Moves the clock and waits for five predictions of the new time; what the agent says then."""
    before = desk.read()
    clock.move(step)
    wait_for(lambda: desk.read()["clock_steps"]["count"] > before["clock_steps"]["count"])
    began = desk.read()
    wait_for(lambda: desk.read()["predictions"] >= began["predictions"] + 5)
    now = desk.read()
    assert now["problems"] == [], now["problems"]
    assert now["clock_steps"]["last_seconds"] == pytest.approx(step, abs=1)
    assert abs(now["t_us"] / 1e6 - clock.time()) < 45
    return now


def test_a_moved_clock_brings_neither_refusals_nor_silence(
    fresh_database_url: str, tmp_path: Path, clock: MovedClock
) -> None:
    clock.move(-2 * HOUR)  # so that nothing of this lies in the future of the database's own clock
    variables = clock.variables | {"NEURAL_FOCUS_USERNAME": "ada"}
    with (
        virtual_desktop() as display,
        running_service(fresh_database_url, tmp_path, **variables) as service,
        Desk(tmp_path, service.settings.serving_port) as desk,
        hands_at_work(display),
    ):
        # The person's zone is kept as of the database's own clock: in another one than UTC hours would differ.
        desk.environment |= clock.variables | {"DISPLAY": display, "NEURAL_FOCUS_ZONE": "UTC"}
        agent = desk.start()
        wait_for(lambda: predicted_at(desk, clock))
        for step in (61, -HOUR):
            goes_on(desk, clock, step)
        assert any("the clock was moved 2 times, the last time by -3,600 s" in told for told in lost(desk)), lost(desk)
        first = desk.stop(agent)
        clock.move(-WEEK)  # what is saved, in the agent and in the service, lies a week in the future
        agent = desk.start()
        wait_for(lambda: predicted_at(desk, clock))
        second = desk.stop(agent)
    assert second["problems"] == [] and second["clock_steps"]["count"] == 1
    assert second["clock_steps"]["last_seconds"] == pytest.approx(-WEEK, abs=STOPPED)
    assert (len(first["boots"]), len(second["boots"])) == (3, 1)
    check_stored(service.settings, fresh_database_url, first, second)


def lost(desk: Desk) -> list[str]:
    from collector.losses import losses

    return [notice.what for notice in losses(desk.read())]


def check_stored(settings: Settings, url: str, first: dict[str, Any], second: dict[str, Any]) -> None:
    """Every record is stored once, no boot goes back in time, and a replay gives the bits that were predicted from."""
    with connect(url) as connection:
        rows = connection.execute(
            "SELECT boot_id::text, seq, (EXTRACT(epoch FROM time) * 1000000)::bigint FROM events ORDER BY boot_id, seq"
        ).fetchall()
        assert len(rows) == first["captured"] + second["captured"] == first["shipped"] + second["shipped"]
        for boot in [*first["boots"], *second["boots"]]:
            mine = np.array([(seq, at) for boot_id, seq, at in rows if boot_id == boot])
            assert mine[:, 0].tolist() == list(range(len(mine))) and (np.diff(mine[:, 1]) >= 0).all()
        [stream] = list_streams(connection)
        boots = read_boots(connection, stream.user_id, stream.machine_id)
        assert [boot.anew for boot in sorted(boots, key=lambda boot: boot.number)] == [True, False, True, True]
        steps = connection.execute("SELECT clock_step_us FROM shipper_positions ORDER BY boot_number").fetchall()
        assert steps[0] == (None,)
        moved, back, between = (step / 1e6 for (step,) in steps[1:])
        assert (moved, back) == pytest.approx((61, -HOUR), abs=1), steps
        assert between == pytest.approx(-WEEK, abs=STOPPED), "less the time for which no agent ran"
        records, _ = read_events(connection, stream.user_id, stream.machine_id, 0, FOREVER_US)
        assert (np.diff(records["timestamp_us"].astype(np.int64)) >= 0).all()
        found = compare_stream(Platform(settings, connection), stream, 30)
        assert sum(day.compared for day in found) > 20 and not any(day.missing for day in found)
        assert all(day.equal == day.compared for day in found), found
