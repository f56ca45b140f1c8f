"""KILL_: a real program is warned of and ended in a jail; never another one, whatever its number, name or owner."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from acting_desktop import Desk, desk_of
from virtual_desktop import virtual_desktop, wait_for

from collector.actions.action import Applied, Touched
from collector.actions.end_process import ASK_SECONDS, EndProcess
from collector.actions.processes import is_alive, running, send
from collector.actions.warning_board import WarningBoard
from collector.capture import X11Source
from neural_focus._x11 import Prompt
from neural_focus.messages import UndoAction

Start = Callable[..., subprocess.Popen[bytes]]
NOBODY = 65534
GAME, DEAF = f"game{os.getpid()}", f"deaf{os.getpid()}"
"""Of this process alone: a program of that name is ended wherever it runs, and tests of another run may be here."""


@pytest.fixture(scope="module")
def display() -> Iterator[str]:
    with virtual_desktop() as name:
        yield name


@pytest.fixture
def desk(display: str, tmp_path: Path) -> Iterator[Desk]:
    with desk_of(X11Source(display), tmp_path) as made:
        yield made


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts a program of a name that lasts until it is ended."""
    folder, started = Path(tempfile.mkdtemp()), list[subprocess.Popen[bytes]]()
    folder.chmod(0o755)  # somebody else starts a program in it, too

    def begin(name: str, *, deaf: bool = False, user: int | None = None) -> subprocess.Popen[bytes]:
        program = folder / name
        shutil.copy2(shutil.which("sleep") or "sleep", program)
        before = signal.signal(signal.SIGTERM, signal.SIG_IGN if deaf else signal.SIG_DFL)  # what a child inherits
        try:
            started.append(subprocess.Popen([program, "600"], user=user, restore_signals=False))
        finally:
            signal.signal(signal.SIGTERM, before)
        wait_for(lambda: Path(f"/proc/{started[-1].pid}/comm").read_text().strip() == name[:15])
        return started[-1]

    yield begin
    for process in started:
        process.kill()
        process.wait()
    shutil.rmtree(folder)


def test_a_program_is_warned_of_and_then_ended(desk: Desk, start: Start) -> None:
    game, other, began = start(GAME), start("workprogram"), time.monotonic()
    desk.order(1, f"KILL_{GAME.upper()}", GAME, 60, "MANUAL_JAIL")
    assert desk.runner.describe()[0]["state"] == "waiting" and desk.runner.lively

    def over() -> bool:
        desk.turn()
        early = time.monotonic() - began < 1.0  # the warning's second
        assert not early or (game.poll() is None and desk.applied(1) == []), "nothing is told before it is done"
        return bool(desk.applied(1))

    wait_for(over, every=0.05)
    assert game.wait(120) == -signal.SIGTERM and other.poll() is None
    assert (desk.applied(1)[0].where, desk.applied(1)[0].refused_reason) == ("process", "")
    again = start(GAME)
    wait_for(lambda: desk.turn() or again.poll() is not None, every=0.05)
    desk.runner.undo(UndoAction(1, "emergency"))
    assert desk.until_over(1).reason == "emergency"
    assert len(desk.applied(1)) == 1 and running(GAME) == [], "it was ended, and is not started again"


def test_the_warning_is_on_the_screen_and_taking_it_back_saves_the_program(
    display: str, start: Start, tmp_path: Path
) -> None:
    game, shown = start(GAME), list[Prompt]()

    def prompt() -> Prompt:
        shown.append(Prompt(display))
        return shown[-1]

    board, noted, ignored = WarningBoard(prompt, lambda window: ignored.append(window)), list[Touched](), list[int]()
    action = EndProcess(GAME, board, noted.extend, warn_seconds=0.5)
    action.apply(0)
    assert shown[0].buttons() and ignored, "a window of ours"
    assert [one.handle for one in noted] == [game.pid]
    action.undo()
    assert shown[0].buttons() == {}
    time.sleep(0.7)
    assert action.turn() is None and game.poll() is None


def test_who_does_not_listen_is_made_to_end_ten_seconds_later(desk: Desk, start: Start) -> None:
    game = start(DEAF, deaf=True)
    began = time.monotonic()
    desk.order(2, f"KILL_{DEAF.upper()}", DEAF, 60, "MANUAL_JAIL")
    wait_for(lambda: desk.turn() or desk.applied(2), every=0.05)
    assert game.wait(120) == -signal.SIGKILL and time.monotonic() - began >= 1.0 + ASK_SECONDS


def test_a_number_that_was_given_anew_is_nobody(start: Start) -> None:
    game = start(GAME)
    [found] = running(GAME)
    assert found.handle == game.pid and is_alive(found)
    stranger = replace(found, since=found.since - 1)  # the program that was warned of had this number before
    assert not is_alive(stranger) and not send(stranger, signal.SIGKILL)
    time.sleep(0.2)
    assert game.poll() is None
    assert send(found, signal.SIGTERM) and game.wait(120) == -signal.SIGTERM
    assert not send(found, signal.SIGTERM)


def test_whoever_took_the_number_during_the_warning_is_left_alone(
    display: str, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    game = start(GAME)
    monkeypatch.setattr(
        "collector.actions.end_process.running",
        lambda app: [replace(one, since=one.since - 1) for one in running(app)],
    )
    action = EndProcess(GAME, WarningBoard(lambda: Prompt(display), lambda _: None), lambda _: None, warn_seconds=0)
    action.apply(0)
    outcomes = [action.turn() for _ in range(3)]
    time.sleep(0.2)
    assert game.poll() is None and not any(isinstance(one, Applied) for one in outcomes)


def test_what_is_protected_or_somebody_elses_is_never_found(desk: Desk, start: Start) -> None:
    safe = start("keepassxc")
    desk.order(3, "KILL_KEEPASSXC", "keepassxc", 60, "MANUAL_JAIL")
    assert "it keeps your passwords" in desk.applied(3)[0].refused_reason
    assert running("keepassxc") == [] and safe.poll() is None
    assert running("pytest") == running("python") == [], "neither we nor what we run in"
    if os.geteuid() == 0:
        start("othersgame", user=NOBODY)
        assert running("othersgame") == []


def test_what_does_not_run_is_not_told_as_ended(desk: Desk) -> None:
    desk.order(4, "KILL_NOSUCHGAME", "nosuchgame", 1.0, "MANUAL_JAIL")
    wait_for(lambda: desk.turn() or desk.applied(4), every=0.05)
    assert "nothing to do" in desk.applied(4)[0].refused_reason and desk.undone(4) == []
