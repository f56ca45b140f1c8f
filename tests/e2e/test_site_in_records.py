"""From a browser's word of its site to the agent's records: the kind is in them, the site is nowhere."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
from canary_search import draw_canary, forms_of_text, search_database, search_files
from private_bus import private_bus
from private_notifications import private_notifications
from scripted_service import scripted_service
from test_agent import Desk, check_same_bits, stored
from virtual_desktop import virtual_desktop, wait_for

from collector.do_not_disturb import NOTIFICATIONS
from neural_focus._x11 import Injector
from neural_focus.events import CategoryFlag, EventType
from neural_focus.messages import SiteInFront, Snapshot
from neural_focus.store.database import connect


def test_the_kind_of_a_site_is_in_the_records_and_the_site_is_nowhere(tmp_path: Path, fresh_database_url: str) -> None:
    canary = f"{draw_canary().typed}.com"
    with (
        virtual_desktop() as display,
        private_bus(),
        scripted_service(fresh_database_url) as (service, port),
        Desk(tmp_path, port) as desk,
    ):
        hands = Injector(display)
        code, firefox = (hands.open_window(name, f"{name} title") for name in ("code", "firefox"))
        agent = desk.start()
        hands.activate(code)
        hands.activate(firefox)

        def on(site: str | None, app: str, category: str) -> None:
            """The extension tells, somebody types, and the snapshots say where they are."""
            service.say(SiteInFront(site, time.time_ns() // 1000, "firefox 128"))
            wait_for(lambda: (found := service.of(Snapshot)[-1]).app_name == app and found.category == category)
            before = service.of(Snapshot)[-1].input_us
            hands.tap("a")
            wait_for(lambda: service.of(Snapshot)[-1].input_us != before)  # it is recorded before the next is told

        wait_for(lambda: service.of(Snapshot) and service.of(Snapshot)[-1].app_name == "firefox")
        on("youtube.com", "firefox (video)", "Entertainment")
        on("github.com", "firefox (code)", "Building")
        on(canary, "firefox", "")
        on("youtube.com", "firefox (video)", "Entertainment")
        hands.activate(code)
        wait_for(lambda: service.of(Snapshot)[-1].app_name == "code")
        assert service.of(Snapshot)[-1].unavailable == ""
        with private_notifications() as desktop:
            desktop.server.is_inhibited = True
            desktop.own(NOTIFICATIONS)
            wait_for(lambda: service.of(Snapshot)[-1].unavailable == "do_not_disturb")
        counted = desk.stop(agent)
    assert counted["captured"] == counted["spooled"] == counted["shipped"]
    with connect(fresh_database_url) as connection:
        _, records = stored(connection, counted)
    focus = records[records["event_type"] == EventType.WINDOW_FOCUS_CHANGE]
    names = [name.decode() for name in focus["app_name"]]
    kinds = ["firefox", "firefox (video)", "firefox (code)", "firefox", "firefox (video)", "code"]
    assert names[-6:] == kinds and np.all(focus["data"][-6:-1, 1] == focus["data"][-6, 1])
    assert focus["data"][-2, 2] & 0x3F == CategoryFlag.BROWSER | CategoryFlag.ENTERTAINMENT
    keys = records[records["event_type"] == EventType.KEY_PRESS]
    assert {name.decode() for name in keys["app_name"]} == set(kinds) - {"code"}
    assert np.all(np.diff(records["timestamp_us"].astype(np.int64)) >= 0)
    check_same_bits(service, records, [])
    assert service.of(Snapshot)[-1].features["context_switches_5min"] >= 5
    secret = forms_of_text("youtube.com") | forms_of_text("github.com") | forms_of_text(canary)
    kept, _ = search_files([tmp_path], forms_of_text("firefox (video)"))
    assert any("/spool/" in place for place in kept), "files are not searched as they should be"
    kept, _ = search_database(fresh_database_url, forms_of_text("firefox (video)"))
    assert any("events" in place for place in kept)
    assert search_files([tmp_path], secret)[0] == [] == search_database(fresh_database_url, secret)[0]
