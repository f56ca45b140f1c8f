"""Whether a missed time is made up for, and when: the clock and the runs are given."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from prefect.client.schemas.objects import FlowRun, StateType

from flows.catch_up import MissedRun, awake_since, missed

DUE = datetime(2026, 3, 6, 2, 10, tzinfo=UTC)
DAY = timedelta(days=1)
TIMES = [DUE - DAY, DUE, DUE + DAY]
CREATED = DUE - 40 * DAY
MORNING = DUE + timedelta(hours=7)


def run(at: datetime, state: StateType = StateType.COMPLETED, name: str = "") -> FlowRun:
    return FlowRun(
        flow_id=uuid4(),
        state_type=state,
        state_name=name or state.value.capitalize(),
        expected_start_time=at,
        end_time=at + timedelta(minutes=1),
    )


def test_a_night_without_the_machine_is_made_up_for() -> None:
    yesterday = run(DUE - DAY)
    assert missed(TIMES, CREATED, [yesterday], MORNING) == MissedRun(DUE, DUE - DAY + timedelta(minutes=1), True)
    assert missed(TIMES, CREATED, [], MORNING) == MissedRun(DUE, CREATED, False)
    assert missed(TIMES, CREATED, [run(DUE), yesterday], MORNING) is None
    assert missed(TIMES, CREATED, [run(MORNING - timedelta(hours=1)), yesterday], MORNING) is None


def test_what_was_not_due_yet_is_not_made_up_for() -> None:
    assert missed(TIMES, DUE + timedelta(minutes=1), [], MORNING) is None, "the deployment is younger"
    assert missed([], CREATED, [], MORNING) is None, "there is no schedule"
    assert missed(TIMES, CREATED, [run(DUE - DAY)], DUE - timedelta(minutes=1)) is None


@pytest.mark.parametrize(
    ("since", "again"),
    [
        ([run(DUE, name="Skipped")], True),
        ([run(DUE, StateType.FAILED)], False),
        ([run(DUE, StateType.CANCELLED)], False),
        ([run(DUE, StateType.CRASHED)] * 2, True),
        ([run(DUE, StateType.CRASHED)] * 3, False),
        ([run(MORNING + DAY)], True),
    ],
    ids=["skipped", "failed", "cancelled", "crashed twice", "crashed three times", "a clock that was ahead"],
)
def test_only_a_success_is_one(since: list[FlowRun], again: bool) -> None:
    assert (missed(TIMES, CREATED, [*since, run(DUE - DAY)], MORNING) is not None) is again


def test_it_waits_for_a_pause_but_not_for_ever() -> None:
    late = MissedRun(DUE, DUE - DAY, True)
    assert late.reason(MORNING, MORNING, at_work=True) == ""
    assert late.reason(MORNING, MORNING, at_work=False) == (
        "catches up: due 2026-03-06 02:10 UTC, last success 2026-03-05 02:10 UTC; nobody types"
    )
    later = MORNING + timedelta(hours=2)
    assert "waited for a pause for 2.0 h" in late.reason(MORNING, later, at_work=True)
    assert late.reason(later, later, at_work=True) == "", "patience begins with the start"
    assert "waited" in late.reason(MORNING - DAY, DUE + timedelta(hours=2), at_work=True), "or with the due time"
    assert late.reason(MORNING - DAY, DUE + timedelta(hours=1), at_work=True) == "", "whichever is later"
    old = MissedRun(DUE, DUE - 8 * DAY, False)
    assert "no success is known; somebody types, but nothing succeeded for 8 days" in old.reason(MORNING, MORNING, True)


def test_a_machine_that_wakes_is_as_one_that_starts() -> None:
    minute = timedelta(minutes=1)
    assert awake_since(CREATED, MORNING - minute, MORNING) == CREATED
    assert awake_since(CREATED, DUE - minute, MORNING) == MORNING
    assert MissedRun(DUE, DUE - DAY, True).reason(awake_since(CREATED, DUE - minute, MORNING), MORNING, True) == ""
