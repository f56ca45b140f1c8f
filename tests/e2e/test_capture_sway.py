"""Focus by wlr-foreign-toplevel: a real compositor tells which of real programs' windows holds it."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from headless_sway import Sway, headless_sway
from recorded_input import Recorder
from virtual_desktop import wait_for

from neural_focus._wayland import HAS_COMPOSITOR, compositor_tells
from neural_focus.errors import CaptureError
from neural_focus.events import EventType

ROOT = Path(__file__).resolve().parents[2]
FOCUS, TITLE = EventType.WINDOW_FOCUS_CHANGE, EventType.WINDOW_TITLE_CHANGE


@pytest.fixture(scope="module")
def sway() -> Iterator[Sway]:
    with headless_sway() as compositor:
        yield compositor


def apps(records: np.ndarray) -> list[str]:
    return [name.decode() for name in records["app_name"]]


def test_the_focus_is_told_with_app_and_title(sway: Sway) -> None:
    editor, browser = sway.open("code", "main.py"), sway.open("firefox", "News")
    with Recorder(socket=sway.socket) as recorder:
        wait_for(lambda: apps(recorder.of(FOCUS)) == ["firefox"])
        assert recorder.capture.tells_windows
        sway.tell('[app_id="code"] focus')
        wait_for(lambda: apps(recorder.of(FOCUS)) == ["firefox", "code"])
        sway.tell('[app_id="code"] focus')
        sway.tell('[app_id="firefox"] focus')
        wait_for(lambda: len(recorder.of(FOCUS)) == 3)
        browser.terminate()
        wait_for(lambda: len(recorder.of(FOCUS)) == 4)
    focus, titles = recorder.of(FOCUS), recorder.of(TITLE)
    assert apps(focus) == ["firefox", "code", "firefox", "code"]
    old, new = focus["data"][:, 0].tolist(), focus["data"][:, 1].tolist()
    assert old == [0, *new[:-1]] and new[0] == new[2] and new[1] == new[3] and new[0] != new[1]
    assert titles["data"][:, 1].tolist() == [4, 7, 4, 7] and (titles["data"][:, 2] == 1 << 16).all()
    assert "main.py" in recorder.texts and "News" in recorder.texts
    editor.terminate()


def test_a_title_that_changes_is_told(sway: Sway, tmp_path: Path) -> None:
    fifo = tmp_path / "titles"
    os.mkfifo(fifo)
    lines = os.open(fifo, os.O_RDWR)
    terminal = sway.open("terminal", "before", fifo)
    with Recorder(socket=sway.socket) as recorder:
        wait_for(lambda: len(recorder.of(TITLE)) == 1)
        os.write(lines, b"afterwards\n")
        wait_for(lambda: len(recorder.of(TITLE)) == 2)
    assert recorder.of(TITLE)["data"][:, 1:].tolist() == [[6, 1 << 16], [10, 0]]
    assert recorder.texts[-1] == "afterwards"
    assert apps(recorder.of(FOCUS)) == ["terminal"]
    terminal.terminate()
    os.close(lines)


def test_where_nobody_tells_of_pauses_nothing_is_called_idle(sway: Sway) -> None:
    _, tells_idle = compositor_tells(sway.socket)
    with Recorder(socket=sway.socket, idle_after_ms=100) as recorder:
        window = sway.open("code", "x")
        wait_for(lambda: len(recorder.of(FOCUS)) == 1)
        window.terminate()
        wait_for(lambda: len(recorder.of(EventType.IDLE_START)) == int(tells_idle))
        time.sleep(0.3)
    assert len(recorder.of(EventType.IDLE_START)) == int(tells_idle)


@contextmanager
def idle_compositor(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """The server of ``idle_compositor.c``, built here from the protocol that capture is built from."""
    protocol, program = "ext-idle-notify-v1", folder / "idle_compositor"
    xml = str(ROOT / "native" / "protocols" / f"{protocol}.xml")
    for kind, name in (("server-header", f"{protocol}-server-protocol.h"), ("private-code", f"{protocol}.c")):
        subprocess.run(["wayland-scanner", kind, xml, str(folder / name)], check=True)
    sources = [str(Path(__file__).with_name("idle_compositor.c")), str(folder / f"{protocol}.c")]
    subprocess.run(
        ["cc", "-Wall", "-Wextra", "-Werror", f"-I{folder}", "-o", str(program), *sources, "-lwayland-server"],
        check=True,
    )
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen([str(program)], env={"XDG_RUNTIME_DIR": str(folder)}, **pipes) as server:  # type: ignore[call-overload]
        yield server


def test_pauses_that_the_compositor_tells(tmp_path: Path) -> None:
    with idle_compositor(tmp_path) as server:
        socket = str(tmp_path / server.stdout.readline().strip())
        assert compositor_tells(socket) == (False, True)
        server.stdout.readline()
        with Recorder(socket=socket, idle_after_ms=400) as recorder:
            assert server.stdout.readline() == "400\n"
            time.sleep(0.5)
            assert not len(recorder.drain())
            for line, kind in (("i", EventType.IDLE_START), ("r", EventType.IDLE_END)):
                server.stdin.write(f"{line}\n")
                server.stdin.flush()
                wait_for(lambda kind=kind: len(recorder.of(kind)) == 1)
        server.stdin.close()
    start, end = recorder.drain()
    assert start["data"][0] == 400, "the last input was that long before"
    lasted_ms = (int(end["timestamp_us"]) - int(start["timestamp_us"])) // 1000
    assert end["data"][0] in (400 + lasted_ms, 401 + lasted_ms)


def test_a_compositor_that_goes_away_is_noticed() -> None:
    with headless_sway() as compositor, Recorder(socket=compositor.socket) as recorder:
        wait_for(lambda: recorder.capture.alive)
        compositor.stop()
        wait_for(lambda: not recorder.capture.alive)


def test_a_compositor_that_is_not_there_is_said() -> None:
    assert HAS_COMPOSITOR
    with pytest.raises(CaptureError, match="at /nowhere/wayland-9 cannot be reached"):
        Recorder(socket="/nowhere/wayland-9")
