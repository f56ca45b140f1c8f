"""The Windows capture, driven end to end: real input through XTest into real programs under Wine.

Not part of the default suite: ``make wine`` installs MinGW-w64 and Wine, builds the program and runs this file.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from collector.spool import Batch, SpoolReader
from infra.virtual_display import start_virtual_display, stop_virtual_display
from neural_focus._native import read_segment, spool_segments
from neural_focus._x11 import Injector
from neural_focus.events import EVENT_DTYPE, EventType, KeyFlag

PROGRAM = Path(__file__).parents[2] / "build" / "windows" / "neural-focus-capture.exe"
MACHINE, BOOT = uuid.uuid4(), uuid.uuid4()
CANARY = "quokka"
PATIENCE_SECONDS = 90.0


def wait_for(true: Callable[[], bool], seconds: float) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, f"waited {seconds:.0f} s in vain"
        time.sleep(0.1)


@pytest.fixture(scope="module")
def desktop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """A virtual display with a window manager and a fresh Wine prefix; yields the environment of its programs."""
    if not PROGRAM.exists():
        pytest.fail(f"{PROGRAM} is not built: run `make wine`")
    display = start_virtual_display()
    environment = {
        **os.environ,
        **display.environment,
        "WINEPREFIX": str(tmp_path_factory.mktemp("wine")),
        "WINEDEBUG": "-all",
        "WINEDLLOVERRIDES": "mscoree,mshtml=",
    }
    os.environ.update(display.environment)  # the injector is this very process
    manager = subprocess.Popen(["openbox"], env=environment, stderr=subprocess.DEVNULL)
    try:
        subprocess.run(["wine", "wineboot", "-i"], env=environment, check=True, timeout=180, capture_output=True)
        yield environment
    finally:
        subprocess.run([_wineserver(), "-k"], env=environment, timeout=30, check=False)
        manager.terminate()
        manager.wait(10)
        stop_virtual_display(display)


def _wineserver() -> str:
    return shutil.which("wineserver") or "/usr/lib/wine/wineserver64"


class Recording:
    """The capture on a desktop, from its start to the end of its standard input."""

    def __init__(self, environment: dict[str, str], spool: Path) -> None:
        words = ["wine", str(PROGRAM), "--spool", "Z:" + str(spool), "--machine", MACHINE.hex, "--boot", BOOT.hex]
        words += ["--agreed", "yes", "--titles", "--until-eof"]
        self.spool, self.environment = spool, environment
        self.programs: list[subprocess.Popen[bytes]] = []
        # Not a pipe: the services that Wine starts meanwhile inherit it and never close it.
        self.said = spool.with_suffix(".txt").open("w+b")
        self.process = subprocess.Popen(
            words, env=environment, stdin=subprocess.PIPE, stdout=self.said, stderr=self.said
        )

    def __enter__(self) -> Recording:
        return self

    def __exit__(self, *_: object) -> None:
        for process in (self.process, *self.programs):
            process.kill()
            process.wait()
        if self.process.stdin is not None:
            self.process.stdin.close()
        self.said.close()

    def open(self, program: str) -> None:
        """Open a program and wait until its window holds the focus: Wine takes seconds, a busy machine more."""
        self.programs.append(subprocess.Popen(["wine", program], env=self.environment, stderr=subprocess.DEVNULL))
        wait_for(lambda: self._focused() == f"{program}.exe", PATIENCE_SECONDS)

    def records(self, *kinds: EventType) -> np.ndarray:
        """What the spool holds by now, of these kinds."""
        found = [read for path in spool_segments(self.spool) if (read := read_segment(path)) is not None]
        records = np.concatenate([read[3] for read in found]) if found else np.zeros(0, EVENT_DTYPE)
        return records[np.isin(records["event_type"], kinds)] if kinds else records

    def wait_until(self, kind: EventType, count: int = 1) -> np.ndarray:
        """Records of a kind, as soon as there are so many."""
        wait_for(lambda: len(self.records(kind)) >= count, PATIENCE_SECONDS)
        return self.records(kind)

    def stop(self) -> str:
        """End its input, as its parent's death would; what it printed."""
        self.process.communicate(timeout=PATIENCE_SECONDS)
        self.said.seek(0)
        said = self.said.read().decode()
        assert self.process.returncode == 0, said
        return said

    def _focused(self) -> str:
        focus = self.records(EventType.WINDOW_FOCUS_CHANGE)
        return focus["app_name"][-1].decode() if len(focus) else ""


def _batches(spool: Path) -> list[Batch]:
    reader, batches = SpoolReader(spool), []
    while (batch := reader.peek()) is not None:
        batches.append(batch)
        reader.advance()
    return batches


def test_keys_clicks_wheel_and_focus_reach_the_spool(desktop: dict[str, str], tmp_path: Path) -> None:
    with Recording(desktop, tmp_path) as recording:
        recording.open("notepad")
        hands = Injector(desktop["DISPLAY"])
        hands.move(300, 300)
        for step in range(20):
            hands.move(300 + 4 * step, 300)
            time.sleep(0.02)
        hands.click(1)
        hands.type_text(CANARY)
        hands.wheel(1)
        recording.wait_until(EventType.MOUSE_WHEEL)
        recording.open("winemine")
        output = recording.stop()

    batches = _batches(tmp_path)
    records = np.concatenate([batch.records for batch in batches])
    count = {kind: int((records["event_type"] == kind).sum()) for kind in EventType}
    assert f"captured {len(records)}, spooled {len(records)}, refused 0" in output
    assert {batch.machine_id for batch in batches} == {str(MACHINE)}
    assert count[EventType.KEY_PRESS] == count[EventType.KEY_RELEASE] == len(CANARY)
    assert count[EventType.MOUSE_CLICK] == 1 and count[EventType.MOUSE_WHEEL] == 1
    assert count[EventType.MOUSE_MOVE] >= 10
    keys = records[np.isin(records["event_type"], (EventType.KEY_PRESS, EventType.KEY_RELEASE))]
    assert not keys["data"][:, :2].any(), "no key code leaves the hook"
    assert (keys["data"][:, 2] & KeyFlag.REDACTED).all()
    assert {name.decode() for name in keys["app_name"]} == {"notepad.exe"}
    focus = records[records["event_type"] == EventType.WINDOW_FOCUS_CHANGE]
    assert [name.decode() for name in focus["app_name"]][-2:] == ["notepad.exe", "winemine.exe"]
    assert any("Notepad" in title for batch in batches for title in batch.titles.values())
    assert np.diff(records["timestamp_us"].astype(np.int64)).min() >= 0
    moves = records[records["event_type"] == EventType.MOUSE_MOVE]
    assert np.diff(moves["timestamp_us"].astype(np.int64)).min() >= 8_000, "at most 125 moves a second"


def test_pauses_locks_repeats_and_window_states(desktop: dict[str, str], tmp_path: Path) -> None:
    keys = (EventType.KEY_PRESS, EventType.KEY_RELEASE)
    with Recording(desktop, tmp_path) as recording:
        recording.open("notepad")
        hands = Injector(desktop["DISPLAY"])
        hands.press("q")
        recording.wait_until(EventType.KEY_PRESS, 3)
        hands.release("q")
        recording.wait_until(EventType.KEY_RELEASE)
        repeats = (recording.records(EventType.KEY_PRESS)["data"][:, 2] & KeyFlag.AUTO_REPEAT) != 0
        assert not repeats[0] and repeats[1:].all()

        idle = recording.wait_until(EventType.IDLE_START, len(recording.records(EventType.IDLE_START)) + 1)
        assert idle["data"][-1, 0] >= 5_000, "after 5 s without input"
        hands.tap("a")
        pauses = recording.wait_until(EventType.IDLE_END, len(idle))
        assert pauses["data"][-1, 0] >= 5_000

        _tell_session(desktop, "lock")
        recording.wait_until(EventType.SCREEN_LOCK)
        typed = len(recording.records(*keys))
        hands.type_text(CANARY)
        time.sleep(1)
        assert len(recording.records(*keys)) == typed, "what is typed into a lock screen is not recorded"
        _tell_session(desktop, "unlock")
        recording.wait_until(EventType.SCREEN_UNLOCK)

        window = hands.active_window()
        hands.maximize(window)
        recording.wait_until(EventType.WINDOW_MAXIMIZE)
        hands.minimize(window)
        told = recording.wait_until(EventType.WINDOW_MINIMIZE)
        assert [name.decode() for name in told["app_name"]] == ["notepad.exe"]
        recording.stop()


def _tell_session(environment: dict[str, str], word: str) -> None:
    subprocess.run(["wine", str(PROGRAM.with_name("tell-session.exe")), word], env=environment, check=True, timeout=60)


def test_nothing_is_captured_without_consent(desktop: dict[str, str], tmp_path: Path) -> None:
    refused = subprocess.run(
        ["wine", str(PROGRAM), "--spool", "Z:" + str(tmp_path), "--machine", MACHINE.hex, "--boot", BOOT.hex],
        env=desktop,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert refused.returncode == 1
    assert "before the person agreed" in refused.stderr
    assert not list(tmp_path.iterdir())
