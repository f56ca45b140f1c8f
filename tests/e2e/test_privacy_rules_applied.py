"""What the person keeps from us is in no spool, on a real X server; a broken file of rules stops capture."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import numpy as np
from virtual_desktop import wait_for

from collector.agent import Agent, Options
from collector.consent import require_consent
from collector.desktop import Desktop
from collector.source import find_source
from neural_focus._native import read_segment, spool_segments
from neural_focus._x11 import Injector
from neural_focus.events import EventType
from neural_focus.privacy_rules import WITHHELD


def spooled(desktop: Desktop) -> list[tuple[bytes, np.ndarray]]:
    """(boot, records) of each segment that has any."""
    found = [read for path in spool_segments(desktop.spool) if (read := read_segment(path)) is not None]
    return [(read[1], read[3]) for read in found if len(read[3])]


def test_what_is_kept_from_us_is_in_no_spool_and_broken_rules_stop_capture(display: str, tmp_path: Path) -> None:
    desktop, stop = Desktop(tmp_path / "home", "ada", is_demo=True), threading.Event()
    desktop.folder.mkdir()
    desktop.privacy.write_text('[only-focus]\napps = ["diary"]\n')
    agreed = require_consent(desktop.consent, titles=True, flag="yes", ask=None)
    counters = tmp_path / "agent.json"

    def told() -> dict[str, Any]:
        found: dict[str, Any] = json.loads(counters.read_text()) if counters.exists() else {}
        return found

    def reaches(app: str) -> None:
        wait_for(lambda: any(app.encode() in records["app_name"] for _, records in spooled(desktop)))

    hands = Injector(display)
    windows = {name: hands.open_window(name, f"{name} title") for name in ("code", "keepassxc", "diary", "slack")}
    options = Options(desktop, agreed, find_source(display), counters, titles=True)
    agent = Agent(options, lambda _: None)
    thread = threading.Thread(target=agent.run, args=(stop,))
    thread.start()
    try:
        for name in ("code", "keepassxc", "diary", "slack"):
            hands.activate(windows[name])
            wait_for(lambda: agent._privacy._app == name)  # noqa: B023 - called at once
            hands.type_text("secret")
            counted = sum(agent._privacy.counts.values())
            if name in ("keepassxc", "diary"):
                wait_for(lambda: sum(agent._privacy.counts.values()) >= counted + 10)  # noqa: B023
        reaches("slack")
        before = len(spooled(desktop))
        desktop.privacy.write_text('[never]\nappz = ["slack"]\n')
        wait_for(lambda: told().get("held") and "appz" in told()["held"]["words"])
        hands.type_text("more")
        assert told()["state"] == "paused"
        while_broken = sum(len(records) for _, records in spooled(desktop))
        desktop.privacy.unlink()
        wait_for(lambda: told().get("state") == "running")
        assert sum(len(records) for _, records in spooled(desktop)) == while_broken
        hands.activate(windows["code"])
        wait_for(lambda: len(spooled(desktop)) > before)
    finally:
        stop.set()
        thread.join()
        for window in windows.values():
            hands.close_window(window)
    kept = spooled(desktop)
    records = np.concatenate([records for _, records in kept])
    apps = {name.decode() for name in records["app_name"]}
    assert {"code", "slack", WITHHELD} <= apps and not {"keepassxc", "diary"} & apps
    keys = records[records["event_type"] == EventType.KEY_PRESS]
    assert {name.decode() for name in keys["app_name"]} <= {"code", "slack"} and len(keys) >= 6
    assert len({boot for boot, _ in kept}) >= 3, "a gap each for the never app and for the broken rules"
    stored = b"".join(path.read_bytes() for path in spool_segments(desktop.spool))
    assert b"slack title" in stored and b"keepassxc" not in stored and b"diary" not in stored
    counted = told()
    assert counted["withheld"]["never app"] >= 12 and counted["captured"] == counted["spooled"]
