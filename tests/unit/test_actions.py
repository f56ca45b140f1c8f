"""The journal of actions, their ends, and what is told of them: with actions that only count, on clocks by hand."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from collector.actions.action import Applied, Ended, Note, Pending, Refused, Touched
from collector.actions.deadline import LONGEST_US, Deadline
from collector.actions.journal import KEEP_US, Journal, JournalEntry
from collector.actions.outbox import HAS_IT_US
from collector.actions.rest_meter import LONG_REST_US, RestMeter
from collector.actions.runner import ActionRunner
from neural_focus.errors import CaptureError
from neural_focus.messages import ApplyAction, InterventionApplied, InterventionUndone, UndoAction

SECOND = 1_000_000
NOW = 1_800_000_000 * SECOND


@dataclass
class Clocks:
    """The wall clock and the boot clock, µs."""

    wall: int = NOW
    boot: int = 5_000 * SECOND

    def go_on(self, seconds: float) -> None:
        self.wall += round(seconds * SECOND)
        self.boot += round(seconds * SECOND)


@dataclass
class Counting:
    """An action that does what it is told to have done."""

    note: Note
    outcome: Applied | Refused | Pending = field(default_factory=lambda: Applied("x11"))
    next: Applied | Refused | Ended | None = None
    rested: bool = False
    lively: bool = False
    expires_at: int = 0
    undone: int = 0
    stuck: bool = False

    def apply(self, until_us: int) -> Applied | Refused | Pending:
        self.expires_at = until_us
        self.note((Touched(7),))
        return self.outcome

    def turn(self) -> Applied | Refused | Ended | None:
        return self.next

    def undo(self) -> None:
        if self.stuck:
            raise CaptureError("the desktop does not answer")
        self.undone += 1


@dataclass
class CountingHands:
    """Makes such actions, and remembers them."""

    made: list[Counting] = field(default_factory=list)
    cleaned: list[tuple[Touched, ...]] = field(default_factory=list)
    outcome: Applied | Refused | Pending = field(default_factory=lambda: Applied("x11"))
    leftover: bool = False

    def make(self, order: ApplyAction, note: Note) -> Counting | str:
        if order.target == "keepassxc":
            return "keepassxc stays as it is."
        self.made.append(Counting(note, self.outcome))
        return self.made[-1]

    def clean_up(self, action: str, touched: tuple[Touched, ...]) -> bool:
        self.cleaned.append(touched)
        return self.leftover

    def where(self, action: str) -> str:
        return "x11"

    def turn(self) -> None:
        """Nothing is shown."""


class Bench:
    """A runner on a folder; ``again`` is its next start."""

    def __init__(self, folder: Path) -> None:
        self.path, self.clocks, self.hands = folder / "actions.json", Clocks(), CountingHands()
        self.said: list[str] = []
        self.runner = self.again()

    def again(self) -> ActionRunner:
        self.runner = ActionRunner(
            self.path,
            self.hands,  # type: ignore[arg-type] # its face, as far as a runner sees it
            now_us=lambda: self.clocks.wall,
            rested=lambda t_us: t_us + 3,
            echo=self.said.append,
            boot_us=lambda: self.clocks.boot,
        )
        return self.runner

    def order(self, number: int, seconds: float = 60, target: str = "spotify") -> None:
        until_us = self.clocks.wall + round(seconds * SECOND)
        self.runner.order(ApplyAction(number, "PREDICTIVE_BLOCK", "MINIMIZE_SPOTIFY", target, until_us, "why"))

    def stored(self) -> list[dict[str, Any]]:
        return list(json.loads(self.path.read_text())["entries"])


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def test_it_is_stored_before_it_is_done(bench: Bench) -> None:
    bench.hands.outcome = Pending()
    bench.order(1)
    [stored] = bench.stored()
    assert (stored["state"], stored["touched"][0]["handle"]) == ("ordered", 7)
    assert bench.runner.reports(0) == [] and bench.runner.describe()[0]["state"] == "waiting"
    bench.hands.made[0].next = Applied("process")
    bench.runner.turn()
    assert bench.stored()[0]["state"] == "applied"
    assert bench.runner.reports(0) == [InterventionApplied(1, NOW, "process", NOW + 60 * SECOND)]


def test_what_cannot_be_stored_is_not_done(bench: Bench) -> None:
    bench.path.mkdir()
    bench.order(1)
    assert bench.hands.made[0].expires_at == 0 and bench.runner.describe() == []
    assert "cannot be written down" in bench.runner.problem
    [told] = bench.runner.reports(0)
    assert isinstance(told, InterventionApplied) and "the disk is full" in told.refused_reason


def test_its_end_comes_by_itself(bench: Bench) -> None:
    bench.order(1, 60)
    bench.clocks.go_on(59.9)
    bench.runner.turn()
    assert bench.hands.made[0].undone == 0
    bench.clocks.go_on(0.2)
    bench.runner.turn()
    assert bench.hands.made[0].undone == 1 and bench.runner.describe() == []
    assert bench.runner.reports(0)[1] == InterventionUndone(1, NOW + 60_100_000, "ended")


@pytest.mark.parametrize(
    ("wall", "boot", "over"),
    [
        (59, 59, None),
        (60, 60, "ended"),
        (60 - 3600, 60, "clock"),  # set back by an hour
        (60 - 3600, 59, None),
        (3600, 3600, "ended"),  # asleep over the end: both clocks went on
    ],
)
def test_neither_a_clock_nor_a_sleep_puts_an_end_off(wall: int, boot: int, over: str | None) -> None:
    deadline = Deadline.of(NOW + 60 * SECOND, now_us=NOW, boot_us=0)
    assert deadline.over(now_us=NOW + wall * SECOND, boot_us=boot * SECOND) == over


def test_nothing_lasts_longer_than_four_hours(bench: Bench) -> None:
    bench.order(1, 10 * 3600)
    assert bench.hands.made[0].expires_at == NOW + LONGEST_US == NOW + 4 * 3600 * SECOND
    bench.clocks.go_on(4 * 3600)
    bench.runner.turn()
    assert bench.hands.made[0].undone == 1


def test_what_is_over_already_is_refused(bench: Bench) -> None:
    bench.order(1, -1)
    [told] = bench.runner.reports(0)
    assert bench.hands.made == [] and isinstance(told, InterventionApplied) and "over before" in told.refused_reason


def test_a_row_is_carried_out_once_and_told_as_often_as_it_is_asked(bench: Bench) -> None:
    bench.order(1)
    assert len(bench.runner.reports(0)) == 1 and bench.runner.reports(0) == []
    bench.order(1)
    assert len(bench.hands.made) == 1 and len(bench.runner.reports(0)) == 1
    bench.runner.undo(UndoAction(1, "needed"))
    bench.runner.undo(UndoAction(1, "undone"))
    assert bench.hands.made[0].undone == 1
    applied, undone = bench.runner.reports(0)
    assert isinstance(applied, InterventionApplied) and undone == InterventionUndone(1, NOW, "needed")


def test_a_report_is_told_until_a_connection_that_took_it_stands(bench: Bench) -> None:
    bench.order(1)
    assert bench.runner.reports(None) == []
    assert len(bench.runner.reports(0)) == 1
    assert len(bench.runner.reports(1)) == 1, "the connection before is gone, and perhaps the report with it"
    bench.clocks.boot += HAS_IT_US
    bench.runner.reports(1)
    assert bench.stored()[0]["told_applied"]
    assert bench.runner.reports(2) == []


def test_reports_outlive_the_agent(bench: Bench) -> None:
    bench.order(1)
    bench.runner.finish()
    told = bench.again().reports(0)
    assert [type(one) for one in told] == [InterventionApplied, InterventionUndone]
    assert isinstance(told[1], InterventionUndone) and told[1].reason == "quit"
    assert bench.hands.made[0].undone == 1 and bench.hands.cleaned == []


def test_a_start_takes_back_what_was_left_over(bench: Bench) -> None:
    bench.order(1)
    bench.clocks.go_on(5)
    bench.again()
    assert bench.hands.cleaned == [(Touched(7),)]
    applied, undone = bench.runner.reports(0)
    assert isinstance(applied, InterventionApplied) and applied.t_us == NOW
    assert undone == InterventionUndone(1, NOW + 5 * SECOND, "restarted")
    bench.order(1)
    assert len(bench.hands.made) == 1, "it is not begun anew"


@pytest.mark.parametrize("leftover", [False, True])
def test_what_had_only_begun_is_told_as_it_was_found(bench: Bench, leftover: bool) -> None:
    bench.hands.outcome = Pending()
    bench.order(1)
    bench.hands.leftover = leftover
    told = bench.again().reports(0)
    if leftover:
        assert [type(one) for one in told] == [InterventionApplied, InterventionUndone]
    else:
        [refused] = told
        assert isinstance(refused, InterventionApplied) and "stopped before" in refused.refused_reason


def test_what_cannot_be_taken_back_now_is_tried_again(bench: Bench) -> None:
    bench.order(1)
    bench.hands.made[0].stuck = True
    bench.runner.undo(UndoAction(1, "needed"))
    assert bench.stored()[0]["state"] == "applied" and len(bench.runner.describe()) == 1
    bench.hands.made[0].stuck = False
    bench.runner.turn()
    assert bench.hands.made[0].undone == 1 and bench.stored()[0]["reason"] == "needed"


def test_a_refusal_and_a_failure_are_told(bench: Bench) -> None:
    bench.order(1, target="keepassxc")
    bench.order(2)
    bench.hands.made[0].next = Ended("failed")
    bench.runner.turn()
    refused, applied, undone = bench.runner.reports(0)
    assert isinstance(refused, InterventionApplied) and refused.refused_reason == "keepassxc stays as it is."
    assert isinstance(applied, InterventionApplied) and not applied.refused_reason
    assert undone == InterventionUndone(2, NOW, "failed")


def test_a_break_that_was_one_carries_the_microsecond_of_the_engine(bench: Bench) -> None:
    bench.order(1)
    bench.hands.made[0].rested = True
    bench.clocks.go_on(60)
    bench.runner.turn()
    at_us = NOW + 60 * SECOND + 3
    assert bench.runner.reports(0)[1] == InterventionUndone(1, at_us, "ended", at_us)


def test_the_end_of_what_was_never_heard_of_is_told_as_not_done(bench: Bench) -> None:
    bench.runner.undo(UndoAction(9, "undone"))
    [told] = bench.runner.reports(0)
    assert isinstance(told, InterventionApplied) and "before the desktop heard of it" in told.refused_reason


def test_old_rows_go_and_running_ones_stay(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "actions.json")
    journal.put(JournalEntry(1, "SUGGEST_BREAK", None, NOW, NOW, state="ended"))
    journal.put(JournalEntry(2, "SUGGEST_BREAK", None, NOW, NOW, state="applied"))
    journal.put(JournalEntry(3, "SUGGEST_BREAK", None, NOW, NOW + KEEP_US, state="refused"))
    assert [one.id for one in Journal(tmp_path / "actions.json").entries()] == [2, 3]


def test_a_journal_that_cannot_be_read_is_put_aside_and_said(tmp_path: Path) -> None:
    (tmp_path / "actions.json").write_text('{"entries": [{"id": "one"}]}')
    journal = Journal(tmp_path / "actions.json")
    assert journal.entries() == [] and "actions.json.unreadable" in journal.problem
    assert (tmp_path / "actions.json.unreadable").exists()


def rest(inputs: list[float], seconds: int, planned: int) -> bool:
    """Whether it was a break: looks each second, input at these seconds."""
    now = [0]
    meter = RestMeter(
        planned * SECOND,
        lambda: now[0],
        lambda: max((round(at * SECOND) for at in inputs if at * SECOND <= now[0]), default=0),
    )
    for second in range(1, seconds + 1):
        now[0] = second * SECOND
        meter.look()
    return meter.rested


@pytest.mark.parametrize(
    ("inputs", "seconds", "planned", "rested"),
    [
        ([], 60, 60, True),
        ([10.5], 60, 60, True),  # a hand at the mouse once
        ([], 30, 60, False),  # left after half of it
        ([], 49, 60, True),
        (list(range(1, 20)), 60, 60, False),  # 19 of 60 s at work
        (list(range(1, 8)), 60, 60, True),
        (list(range(1, 600)), 1200, 1200, True),  # at work for ten minutes, then ten minutes away
        (list(range(1, 400)), 600, 600, False),
    ],
)
def test_a_break_is_one_if_most_of_it_was_quiet(inputs: list[float], seconds: int, planned: int, rested: bool) -> None:
    assert rest(inputs, seconds, planned) is rested


def test_five_minutes_on_end_are_a_rest_and_unknown_input_is_none() -> None:
    now, known = [0], [True]
    meter = RestMeter(3600 * SECOND, lambda: now[0], lambda: 0 if known[0] else None)
    now[0] = LONG_REST_US - 1
    meter.look()
    assert not meter.rested
    known[0] = False
    now[0] += 2
    meter.look()
    assert not meter.rested, "nobody knows what was done meanwhile"
    known[0] = True
    now[0] += LONG_REST_US
    meter.look()
    assert meter.rested
