"""What pages ask of a real agent on a real X server: a pause, other rules, to forget. It says so once it is so."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import numpy as np
from scripted_service import scripted_service
from virtual_desktop import wait_for

from collector.agent import Agent, Options
from collector.capture_gate import digest
from collector.consent import require_consent
from collector.desktop import Desktop
from collector.source import find_source
from neural_focus._native import read_segment, spool_segments
from neural_focus._x11 import Injector
from neural_focus.forgetting import ForgottenTime, app_key
from neural_focus.messages import AskCapture, AskRules, DesktopStatus, ForgetRecords, RecordsForgotten, Snapshot

CANARY = "zebrafish"


def spooled(desktop: Desktop) -> np.ndarray:
    found = [read_segment(path) for path in spool_segments(desktop.spool)]
    return np.concatenate([read[3] for read in found if read is not None])


def test_a_pause_other_rules_and_forgetting(display: str, tmp_path: Path) -> None:
    """The service takes no records here, so that all of them wait in the spool."""
    desktop, stop = Desktop(tmp_path / "home", "ada", is_demo=False), threading.Event()
    agreed = require_consent(desktop.consent, titles=True, flag="yes", ask=None)
    hands = Injector(display)
    windows = {name: hands.open_window(name, f"{name} title") for name in ("code", CANARY)}
    with scripted_service() as (service, port):
        options = Options(
            desktop=desktop,
            consent=agreed,
            source=find_source(display),
            counters=tmp_path / "agent.json",
            address=f"http://127.0.0.1:{port}",
            titles=True,
        )
        agent = Agent(options, lambda _: None)
        thread = threading.Thread(target=agent.run, args=(stop,))
        thread.start()
        try:
            for name in (CANARY, "code"):
                hands.activate(windows[name])
                wait_for(lambda: agent._privacy._app == name)  # noqa: B023 - called at once
                hands.type_text("words")
            wait_for(lambda: len(service.of(Snapshot)) >= 3)
            wait_for(lambda: b"code" in spooled(desktop)["app_name"].tobytes())
            assert CANARY.encode() in b"".join(path.read_bytes() for path in spool_segments(desktop.spool))
            first, now = 946_684_800_000_000, time.time_ns() // 1000
            what = ForgottenTime(first, now, app_key(CANARY))
            there = int(what.mask(spooled(desktop)).sum())
            others = len(spooled(desktop)) - there
            service.say(ForgetRecords(5, first, now, what.app_key))
            wait_for(lambda: service.of(RecordsForgotten))
            assert service.of(RecordsForgotten) == [RecordsForgotten(5, there)] and there >= 6
            left = b"".join(path.read_bytes() for path in desktop.folder.rglob("*") if path.is_file())
            assert CANARY.encode() not in left, "neither spool nor the engine that is kept knows it"
            assert int((spooled(desktop)["timestamp_us"] > 0).sum()) >= others, "all else is there"

            service.say(AskCapture("pause", 600))
            wait_for(lambda: service.of(DesktopStatus)[-1].held == "pause")
            assert service.of(DesktopStatus)[-1].state == "paused"
            service.say(AskCapture("resume"))
            wait_for(lambda: service.of(DesktopStatus)[-1].state == "capturing")

            rules = f'[never]  # mine\napps = ["{CANARY}"]\n'
            service.say(AskRules(rules, digest("")))

            def told() -> str | None:
                privacy = service.of(DesktopStatus)[-1].privacy
                return privacy.text if privacy else None

            wait_for(lambda: told() == rules and service.of(DesktopStatus)[-1].held == "")
            assert desktop.privacy.read_text() == rules
            service.say(AskRules("", digest("")))
            wait_for(lambda: "changed on the desktop" in str(service.of(DesktopStatus)[-1].privacy))
            hands.activate(windows[CANARY])
            wait_for(lambda: agent._privacy._app == CANARY)
            hands.type_text("words")
            hands.activate(windows["code"])
            wait_for(lambda: agent._privacy.counts["never app"] >= 10)
        finally:
            stop.set()
            thread.join()
            for window in windows.values():
                hands.close_window(window)
    assert CANARY.encode() not in b"".join(path.read_bytes() for path in spool_segments(desktop.spool))
