"""kill -9 of each program at each step of each action: 90 s later nothing is left over, and the record says what was.

A case does all four actions at once, for a minute: a break, a minimised app, an ended program and a closed site.

    ordered ──────► applied ──────► reported ──────► at its end
    nobody heard    not stored      stored           within the last second

The suite kills once for each action; ``make faults`` does all cases (half an hour).
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from action_rows import Row
from blocking_bench import COVERED, SITE, eventually
from killed_platform import PERSON, KilledPlatform, wait_until
from wall_clock import MovedClock

from infra.ports import free_port

BOUND_SECONDS = 90.0
KINDS = ("BLOCK", "KILL", "MINIMIZE", "SUGGEST")
"""The rows of a case, in the order of their actions."""
SLACK_SECONDS = 3.0


@dataclass(frozen=True)
class Case:
    """Who is killed (or what else happens) at which step."""

    what: tuple[str, ...]
    step: str

    def __str__(self) -> str:
        return f"{'+'.join(self.what)}-{self.step}"

    def reasons(self, kind: str) -> set[str]:
        """Why an action of this kind may be over, by its record."""
        if kind == "BLOCK":  # whoever is killed, the block is taken up or runs out
            return {"ended"}
        if "clock" in self.what:
            return {"clock"}
        if "agent" in self.what and self.step in ("applied", "reported"):
            return {"restarted"}
        return {"ended", "restarted"} if "agent" in self.what and self.step == "end" else {"ended"}


SHORT = [Case(("agent", "worker"), "reported")]
LONG = [
    *(
        Case((victim,), step)
        for step in ("ordered", "applied", "reported", "end")
        for victim in ("agent", "browser", "worker", "service", "database")
    ),
    Case(("second agent",), "reported"),
    Case(("clock",), "reported"),
    Case(("asleep",), "end"),
]


@pytest.fixture(scope="module")
def clock(tmp_path_factory: pytest.TempPathFactory) -> MovedClock:
    """The wall clock of the platform's programs."""
    return MovedClock(tmp_path_factory.mktemp("clock") / "clock")


@pytest.fixture
def set_clock(clock: MovedClock) -> Iterator[MovedClock]:
    """The same; right again after the test."""
    yield clock
    clock.move(-clock.seconds)


@pytest.fixture(scope="module")
def platform(clock: MovedClock) -> Iterator[KilledPlatform]:
    with tempfile.TemporaryDirectory(prefix="neural-focus-faults-") as folder, pytest.MonkeyPatch.context() as patch:
        Path(folder).chmod(0o755)  # the database's own account has to reach its data
        home = Path(folder) / "home"
        home.mkdir(mode=0o711)
        for name in ("DISPLAY", "XAUTHORITY", "DATABASE_URL", "WAYLAND_DISPLAY", "XDG_SESSION_TYPE"):
            patch.setenv(name, "")  # so that it is put back, whatever the display makes of it
            patch.delenv(name)
        own = {"HOME": str(home), "ZONE": "UTC", "USERNAME": PERSON, "DEMO_ANSWERS": "0"}
        own |= {f"{name}_PORT": str(free_port()) for name in ("DATABASE", "PREFECT", "SERVING")}
        for name, value in ({f"NEURAL_FOCUS_{name}": value for name, value in own.items()} | clock.variables).items():
            patch.setenv(name, value)
        made = KilledPlatform(home)
        try:
            yield made
        finally:
            made.close()


@pytest.mark.timeout(900)
@pytest.mark.parametrize("case", LONG if "NEURAL_FOCUS_FAULTS" in os.environ else SHORT, ids=str)
def test_nothing_is_left_over_and_the_record_says_so(
    platform: KilledPlatform, set_clock: MovedClock, case: Case
) -> None:
    platform.until_ready()
    tab = platform.browser.open(platform.sites.url(SITE))
    eventually(lambda: platform.site_is_open(tab))
    with platform.game() as game, ExitStack() as undo:
        numbers = order(platform, case, undo)
        reach(platform, case, numbers, game.poll, tab)
        happen(platform, set_clock, case, numbers)
        undo.close()
        ends_s = platform.rows.read(numbers)[0].ends_s
        wait_until(ends_s)
        if case.what == ("asleep",):
            wait_until(ends_s + 12)
        if "browser" in case.what or tab not in platform.browser.tabs():
            tab = platform.browser.open(platform.sites.url(SITE))

        def left_over() -> list[str]:
            found = ["a window is minimised"] * any(platform.away())
            found += ["the screen is covered"] * platform.screen_is_covered()
            return found + ["the site is closed"] * (not platform.site_is_open(tab))

        none_of(left_over, ends_s + BOUND_SECONDS)
        over_s = time.time() - ends_s
        eventually(platform.answers, 300)  # what is not there stores nothing
        none_of(
            lambda: [row.action for row in platform.rows.read(numbers) if not row.settled], time.time() + BOUND_SECONDS
        )
        told_s = time.time() - ends_s
        rows = dict(zip(KINDS, platform.rows.read(numbers), strict=True))
        assert (rows["KILL"].applied_s is not None) == (game.poll() is not None), "told as ended where it was"
    for kind, row in rows.items():
        check(case, kind, row)
    reasons = ", ".join(f"{kind} {row.reason}" for kind, row in rows.items())
    print(f"{case}: over {over_s:.1f} s after its end, all stored after {told_s:.1f} s: {reasons}")  # noqa: T201


def none_of(found: Callable[[], list[str]], deadline_s: float) -> None:
    """Waits until nothing is found, a Unix time at most."""
    while left := found():
        assert time.time() < deadline_s, left
        time.sleep(0.5)


def order(platform: KilledPlatform, case: Case, undo: ExitStack) -> list[int]:
    """Orders everything. What a step wants to be held is held until ``undo`` is closed."""
    if case.step not in ("ordered", "applied"):
        return platform.order_all()
    with ExitStack() as holding:
        holding.enter_context(platform.held("agent", "worker"))
        numbers = platform.order_all()
        if case.step == "applied":
            undo.enter_context(platform.rows.reports_wait(numbers))
        else:
            undo.push(holding.pop_all())
    return numbers


def reach(platform: KilledPlatform, case: Case, numbers: list[int], ended: Callable[[], object], tab: str) -> None:
    """Waits for the step."""
    if case.step == "applied":
        eventually(platform.screen_is_covered)
        eventually(lambda: platform.away() == [True, True])
        eventually(lambda: platform.browser.evaluate(tab, COVERED))
        eventually(ended)
        assert not any(row.applied_s for row in platform.rows.read(numbers)), "the step is that nothing of it is stored"
    elif case.step == "reported":
        eventually(lambda: all(row.applied_s for row in platform.rows.read(numbers)))
    elif case.step == "end":
        ends_s = platform.rows.read(numbers)[0].ends_s
        wait_until(ends_s - (3.0 if case.what == ("asleep",) else 0.7))


def happen(platform: KilledPlatform, clock: MovedClock, case: Case, numbers: list[int]) -> None:
    """What the case is about."""
    if case.what == ("second agent",):
        assert "another agent" in platform.start_another_agent()
    elif case.what == ("clock",):
        clock.move(-3600)
    elif case.what == ("asleep",):
        with platform.held("agent", "service", "browser"):
            wait_until(platform.rows.read(numbers)[0].ends_s + 10)
            assert any(platform.away()) and platform.screen_is_covered(), "nobody was asleep"
    else:
        for name in case.what:
            platform.kill(name)


def check(case: Case, kind: str, row: Row) -> None:
    """The record of an action that was done."""
    said = f"{case} {kind}: {row}"
    assert row.refused is None and row.applied_s is not None and row.undone_s is not None, said
    assert row.reason in case.reasons(kind), said
    assert row.applied_s <= row.undone_s <= row.ends_s + BOUND_SECONDS, said
    if row.reason == "ended" and case.what != ("clock",):
        assert row.undone_s >= row.ends_s - SLACK_SECONDS, f"it ended too early. {said}"
