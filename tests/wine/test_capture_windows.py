"""The Windows capture, driven end to end: real input through XTest into real programs under Wine.

Not part of the default suite: ``make wine`` installs MinGW-w64 and Wine, builds the program and runs this file.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from collector.spool import Batch, SpoolReader
from infra.virtual_display import start_virtual_display, stop_virtual_display
from neural_focus._x11 import Injector
from neural_focus.events import EventType, KeyFlag

PROGRAM = Path(__file__).parents[2] / "build" / "windows" / "neural-focus-capture.exe"
MACHINE, BOOT = uuid.uuid4(), uuid.uuid4()
CANARY = "quokka"


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


def _capture(environment: dict[str, str], spool: Path, seconds: int) -> subprocess.Popen[str]:
    words = ["wine", str(PROGRAM), "--spool", "Z:" + str(spool), "--machine", MACHINE.hex, "--boot", BOOT.hex]
    words += ["--agreed", "yes", "--titles", "--seconds", str(seconds)]
    return subprocess.Popen(words, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def _batches(spool: Path) -> list[Batch]:
    reader, batches = SpoolReader(spool), []
    while (batch := reader.peek()) is not None:
        batches.append(batch)
        reader.advance()
    return batches


def test_keys_clicks_wheel_and_focus_reach_the_spool(desktop: dict[str, str], tmp_path: Path) -> None:
    notepad = subprocess.Popen(["wine", "notepad"], env=desktop)
    time.sleep(6)
    capture = _capture(desktop, tmp_path, seconds=20)
    time.sleep(6)
    hands = Injector(desktop["DISPLAY"])
    hands.move(300, 300)
    for step in range(20):
        hands.move(300 + 4 * step, 300)
        time.sleep(0.02)
    hands.click(1)
    hands.type_text(CANARY)
    hands.wheel(1)
    time.sleep(1)
    winemine = subprocess.Popen(["wine", "winemine"], env=desktop)
    output, errors = capture.communicate(timeout=60)
    for program in (notepad, winemine):
        program.kill()
        program.wait()
    assert capture.returncode == 0, errors

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
