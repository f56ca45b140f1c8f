"""kill -9 at each step of each action: at the next start nothing is minimised or covered, and the record says so."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from acting_desktop import away, desk_of, managed_desktop, patient_windows, settle
from virtual_desktop import wait_for

from collector.capture import X11Source
from neural_focus._x11 import Injector, Minimizer

__all__ = ["patient_windows"]
PROGRAM = Path(__file__).with_name("killed_actions.py")


@pytest.fixture(scope="module")
def display() -> Iterator[str]:
    with managed_desktop() as name:
        yield name


@pytest.fixture
def hands(display: str) -> Iterator[Injector]:
    """Two windows of a player, and an editor that holds the focus."""
    person = Injector(display)
    opened = [person.open_window(app, app) for app in ("spotify", "spotify", "code")]
    wait_for(lambda: len(Minimizer(display).windows()) == 3)
    wait_for(lambda: person.activate(opened[2]) or person.active_window() == opened[2], every=0.1)
    yield person
    for window in opened:
        person.close_window(window)


def kill_at_each_step(display: str, folder: Path, action: str, target: str) -> Iterator[tuple[int, int]]:
    """(step, exit status): -9 until one child was through."""
    command = [sys.executable, str(PROGRAM), display, str(folder), action, target]
    environ = {**os.environ, "PYTHONPATH": str(PROGRAM.parents[1])}  # pytest's own way to what tests share
    with subprocess.Popen(command, env=environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as killed:
        assert killed.stdin is not None and killed.stdout is not None
        for step, line in enumerate(killed.stdout):
            yield step, int(line)
            killed.stdin.write("\n")
            killed.stdin.flush()
    assert killed.returncode == 0


def left_over(display: str, folder: Path, number: int) -> list[dict[str, Any]]:
    """The record of a row after the next start; nothing of it is running."""
    with desk_of(X11Source(display), folder) as desk:
        assert desk.runner.describe() == []
        desk.turn()
        told = [report.TYPE for report in desk.reports]
    found: list[dict[str, Any]] = []
    if (folder / "actions.json").exists():
        found = [one for one in json.loads((folder / "actions.json").read_text())["entries"] if one["id"] == number]
        assert all(one["state"] in ("ended", "refused") for one in found)
        assert len(told) == len([one for one in found if one["state"] == "refused"]) + 2 * len(
            [one for one in found if one["state"] == "ended"]
        )
    (folder / "actions.json").unlink(missing_ok=True)
    return found


def is_signalled(pid: int) -> bool:
    """A signal is on its way to a process."""
    [waiting] = [line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("ShdPnd")]
    return int(waiting.split()[1], 16) != 0


@pytest.mark.parametrize(("action", "target"), [("MINIMIZE_SPOTIFY", "spotify"), ("SUGGEST_BREAK", "")])
def test_nothing_is_left_over(display: str, hands: Injector, tmp_path: Path, action: str, target: str) -> None:
    editor, statuses, ends = hands.active_window(), list[int](), list[str]()
    for step, status in kill_at_each_step(display, tmp_path, action, target):
        statuses.append(status)
        settle(display, hands)
        wait_for(lambda: hands.activate(editor) or hands.active_window() == editor, every=0.1)
        found = left_over(display, tmp_path, step + 1)
        assert away(display) == {"spotify": [False, False], "code": [False]}, step
        wait_for(lambda: hands.active_window() == editor)
        ends += [one["reason"] or "refused" for one in found] or ["nothing"]
    assert statuses == [-9] * (len(statuses) - 1) + [0] and len(statuses) >= 8
    assert set(ends) == {"nothing", "refused", "restarted", "undone"}
    assert ends == sorted(ends, key=["nothing", "refused", "restarted", "undone"].index), "each later than the last"
    print(f"{action}: killed at {len(statuses) - 1} steps: {ends}")  # noqa: T201


def test_a_program_is_ended_or_left_alone(display: str, tmp_path: Path) -> None:
    folder, name = tmp_path / "home", tmp_path / f"killed{os.getpid()}"
    shutil.copy2(shutil.which("sleep") or "sleep", name)
    game, ends = subprocess.Popen([name, "600"]), list[str]()
    try:
        for step, _ in kill_at_each_step(display, folder, f"KILL_{name.name.upper()}", name.name):
            wait_for(lambda game=game: game.poll() is not None or not is_signalled(game.pid))  # type: ignore[misc]
            time.sleep(0.2)
            gone = game.poll() is not None
            found = left_over(display, folder, step + 1)
            assert gone == any(one["state"] == "ended" for one in found), "told as ended where it was, and only there"
            ends += [one["reason"] or "refused" for one in found] or ["nothing"]
            if game.poll() is not None:
                game.wait()
                game = subprocess.Popen([name, "600"])
    finally:
        game.kill()
        game.wait()
    assert {"nothing", "refused", "restarted", "undone"} == set(ends) and len(ends) >= 10
    print(f"KILL_: killed at {len(ends) - 1} steps: {ends}")  # noqa: T201
