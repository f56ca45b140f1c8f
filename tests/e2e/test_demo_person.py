"""The demo person works on a virtual display: what the X server sees is what was acted out."""

from __future__ import annotations

import json
import os
import stat
import threading
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from infra.virtual_display import start_virtual_display, stop_virtual_display
from neural_focus.errors import CaptureError, ConfigurationError
from neural_focus.time import iso


def test_virtual_display_is_private_and_numbers_never_collide(monkeypatch: pytest.MonkeyPatch) -> None:
    from neural_focus._x11 import Injector

    first, second = start_virtual_display((800, 600)), start_virtual_display((640, 480))
    try:
        assert first.display != second.display
        assert stat.S_IMODE(first.authority.stat().st_mode) == 0o600
        monkeypatch.setenv("XAUTHORITY", os.devnull)
        with pytest.raises(CaptureError):
            Injector(first.display)
        monkeypatch.setenv("XAUTHORITY", str(first.authority))
        assert Injector(first.display).screen_size() == (800, 600)
    finally:
        stop_virtual_display(first)
        stop_virtual_display(second)
    assert not first.authority.exists()
    assert first.process.poll() is not None


def test_missing_xvfb_says_what_to_install() -> None:
    with pytest.raises(ConfigurationError, match="apt-get install xvfb"):
        start_virtual_display(environ={"PATH": "/nonexistent"})


def test_the_person_types_points_and_switches(monkeypatch: pytest.MonkeyPatch) -> None:
    from infra.demo_person import DemoPerson
    from neural_focus._x11 import Injector
    from neural_focus.simulation.parameters import draw_person

    display = start_virtual_display()
    try:
        monkeypatch.setenv("XAUTHORITY", str(display.authority))
        calm = draw_person(3)
        often, busy = np.full_like(calm.switch_rate, 0.4), np.full_like(calm.hands, 1 / 3)
        restless = replace(calm, switch_rate=often, returns=0.0, hands=busy)
        person = DemoPerson(display.display, seed=4, person=restless, hour=10.0)
        stop, seen = threading.Event(), set[int]()
        watcher = Injector(display.display)
        worker = threading.Thread(target=person.work, args=(stop, 9))
        worker.start()
        while worker.is_alive():
            seen.add(watcher.active_window())
            time.sleep(0.05)
        counts = person.counts
        assert counts.seconds == 9
        assert counts.switches >= 2
        assert len(seen - {0}) >= 3, "the windows really change"
        assert counts.keys >= 1
        assert counts.moves >= 6
    finally:
        stop_virtual_display(display)


def test_only_what_was_applied_helps_the_person(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A break that is shown stills the hands; one that is only ordered does not; what keeps away shields."""
    from infra.demo_person import DemoPerson, read_actions
    from neural_focus.simulation.parameters import draw_person

    agent_file = tmp_path / "agent.json"
    assert read_actions(agent_file) == []

    def write(*listed: tuple[int, str, str]) -> None:
        until = iso(int((time.time() + 60) * 1e6))
        actions = [{"id": one, "action": action, "until": until, "state": state} for one, action, state in listed]
        agent_file.write_text(json.dumps({"actions": actions}))

    calm = draw_person(3)
    restless = replace(calm, hands=np.full_like(calm.hands, 1 / 3))
    display = start_virtual_display()
    try:
        monkeypatch.setenv("XAUTHORITY", str(display.authority))
        person = DemoPerson(
            display.display, seed=4, person=restless, hour=10.0, actions=lambda: read_actions(agent_file), rests=1.0
        )
        worker = person._worker
        write((1, "SUGGEST_BREAK", "waiting"), (2, "MINIMIZE_VLC", "waiting"))
        person.work(threading.Event(), 1)
        assert (worker.pause_s, worker.shield_s, person.counts.breaks) == (0, 0, 0), "ordered is not done"
        write((2, "MINIMIZE_VLC", "applied"))
        person._be_helped()
        assert 55 <= worker.shield_s <= 60
        write((1, "SUGGEST_BREAK", "applied"))
        person._be_helped()
        assert worker.shield_s == 0, "what was undone shields no more"
        assert 55 <= worker.pause_s <= 60 and person.counts.breaks == 1
        before = person.counts.keys + person.counts.moves
        stop = threading.Event()
        resting = threading.Thread(target=person.work, args=(stop, 3))
        resting.start()
        resting.join(120)
        assert not resting.is_alive()
        assert person.counts.keys + person.counts.moves == before, "hands off"
        write()
        person._be_helped()
        assert worker.pause_s <= 1, "the screen has gone: back to work"
    finally:
        stop_virtual_display(display)


def test_live_refuses_the_desktop_one_sits_at(monkeypatch: pytest.MonkeyPatch) -> None:
    from infra.commands.demo import app

    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.delenv("NEURAL_FOCUS_DEMO_DISPLAY", raising=False)
    result = CliRunner().invoke(app, ["live", "--display", ":0"])
    assert isinstance(result.exception, ConfigurationError)
    assert "the desktop you sit at" in str(result.exception)
