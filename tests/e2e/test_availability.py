"""Why an offer would not be seen, asked of a test's own bus, of real gsettings, and of what PipeWire has told."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
from private_bus import private_bus
from private_notifications import Desktop, private_notifications
from private_session import Session, private_session
from test_session_watch import RUNNING, stream, watching
from virtual_desktop import Recorder, virtual_desktop, wait_for

import collector.pipewire_streams
import collector.screen_lock
import collector.session_watch
from collector.do_not_disturb import DUNST, MAKO, NOTIFICATIONS, SHELL, SWAYNC, XFCONF
from collector.pipewire_streams import InUse, PipewireStreams, streams_in_use
from collector.session_watch import SessionWatch
from neural_focus._x11 import Injector

LOGIND = "org.freedesktop.login1"
DUMPS = json.loads(Path(__file__).with_name("pipewire_dumps.json").read_text())
"""What pw-dump of PipeWire 0.3.65 with WirePlumber said, nodes and links: gst-launch offered pictures and took
them, pw-record recorded a microphone, then what a speaker plays."""


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Session]:
    """One bus is both, and what it starts (dconf) keeps its files here."""
    for name in ("XDG_CONFIG_HOME", "XDG_RUNTIME_DIR"):
        (tmp_path / name).mkdir(mode=0o700)
        monkeypatch.setenv(name, str(tmp_path / name))
    with private_bus() as address:
        monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", address)
        monkeypatch.setenv("XDG_SESSION_ID", "7")
        monkeypatch.setattr(collector.session_watch, "LOOK_SECONDS", 0.1)
        monkeypatch.setattr(collector.pipewire_streams, "LOOK_SECONDS", 0.1)
        with private_session() as made:
            yield made


@pytest.fixture
def desktop(session: Session) -> Iterator[Desktop]:
    with private_notifications() as made:
        yield made


@contextmanager
def said(watch: SessionWatch, reason: str) -> Iterator[None]:
    """Nothing is said before; then what the block does makes it so."""
    time.sleep(0.5)  # a few looks
    assert watch.unavailable == ""
    yield
    wait_for(lambda: watch.unavailable == reason)


def test_do_not_disturb_of_each_desktop(desktop: Desktop, tmp_path: Path) -> None:
    def on(quiet: bool, name: str) -> None:
        desktop.server.is_inhibited = quiet and name == NOTIFICATIONS
        desktop.dunst.is_paused = quiet and name == DUNST
        desktop.mako.modes = ["default", *["do-not-disturb"] * (quiet and name == MAKO)]
        desktop.swaync.on = quiet and name == SWAYNC
        desktop.xfconf.values["xfce4-notifyd", "/do-not-disturb"] = quiet and name == XFCONF

    for name in (NOTIFICATIONS, MAKO, SWAYNC, XFCONF):
        desktop.own(name)
    with watching(tmp_path) as watch:
        for name in (NOTIFICATIONS, DUNST, MAKO, SWAYNC, XFCONF):
            desktop.server.calls_itself = "Xfce Notify Daemon" if name == XFCONF else "Plasma"
            with said(watch, "do_not_disturb"):
                on(True, name)
            on(False, name)
            wait_for(lambda: watch.unavailable == "")


def test_xfces_setting_says_nothing_where_another_desktop_shows_notifications(desktop: Desktop, tmp_path: Path) -> None:
    desktop.own(NOTIFICATIONS)
    desktop.own(XFCONF)
    desktop.xfconf.values["xfce4-notifyd", "/do-not-disturb"] = True
    with watching(tmp_path) as watch, said(watch, "do_not_disturb"):
        wait_for(lambda: watch.unavailable == "")
        desktop.server.calls_itself = "Xfce Notify Daemon"


def test_gnomes_setting_is_read_and_its_changes_are_heard(session: Session, tmp_path: Path) -> None:
    def banners(shown: str) -> None:
        subprocess.run(["gsettings", "set", "org.gnome.desktop.notifications", "show-banners", shown], check=True)

    banners("false")
    with watching(tmp_path) as watch:
        with said(watch, "do_not_disturb"):  # a setting that GNOME left behind says nothing elsewhere
            session.own(SHELL)
        banners("true")
        wait_for(lambda: watch.unavailable == "")
        banners("false")
        wait_for(lambda: watch.unavailable == "do_not_disturb")


def test_full_screen_is_a_film_or_a_presentation_by_who_keeps_the_session_awake(
    session: Session, tmp_path: Path
) -> None:
    session.own(LOGIND)
    session.own("org.mpris.MediaPlayer2.mpv")
    with virtual_desktop() as display:
        recorder, hands = Recorder(display), Injector(display)
        window = hands.open_window("soffice", "Slides")
        hands.activate(window)
        with watching(tmp_path, full_screen=lambda: recorder.capture.full_screen) as watch:
            with said(watch, "full_screen"):
                hands.fill_screen(window)
            session.logind.blocked = "idle"
            wait_for(lambda: watch.unavailable == "presentation")
            session.player.status = "Playing"
            wait_for(lambda: watch.unavailable == "full_screen")
            hands.fill_screen(window, False)
            wait_for(lambda: watch.unavailable == "")
        recorder.capture.stop()


def test_xfces_presentation_mode(desktop: Desktop, tmp_path: Path) -> None:
    desktop.own(XFCONF)
    with watching(tmp_path) as watch, said(watch, "presentation"):
        desktop.xfconf.values["xfce4-power-manager", "/xfce4-power-manager/presentation-mode"] = True


def test_a_call_and_a_lock_before_all_else(session: Session, tmp_path: Path) -> None:
    session.own(LOGIND)
    with watching(tmp_path, full_screen=lambda: True) as watch:
        wait_for(lambda: watch.unavailable == "full_screen")
        stream(tmp_path, "pcm0c", RUNNING)
        wait_for(lambda: watch.unavailable == "call")
        session.hint(True)
        wait_for(lambda: watch.unavailable == "locked")
        assert watch.describe()["unavailable"] == "locked"
        session.hint(False)
        wait_for(lambda: watch.unavailable == "call")


def test_what_pipewire_tells() -> None:
    assert {name: streams_in_use(objects) for name, objects in DUMPS.items()} == {
        "nothing": InUse(),
        "screen offered": InUse(),
        "screen taken": InUse(screen=True),
        "microphone": InUse(call=True),
        "monitor of a speaker": InUse(),
    }
    taken = json.loads(json.dumps(DUMPS["screen taken"]))
    for one in taken:
        if one["info"].get("props", {}).get("media.class") == "Video/Source":
            one["info"]["props"]["device.api"] = "v4l2"
    assert streams_in_use(taken) == InUse(call=True), "a camera's pictures are not the screen's"
    assert streams_in_use([{"id": 1, "type": "PipeWire:Interface:Node", "info": None}, {}]) == InUse()


def test_screen_sharing_is_seen_by_pw_dump(session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told, program = tmp_path / "told", tmp_path / "bin" / "pw-dump"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec cat "{told}"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent), prepend=":")
    told.write_text(json.dumps(DUMPS["screen taken"]))
    with watching(tmp_path) as watch:
        assert watch.unavailable == "", "no PipeWire runs for this user: nobody is asked"
        with said(watch, "screen_sharing"):
            (tmp_path / "XDG_RUNTIME_DIR" / "pipewire-0").touch()
        told.write_text("[{")
        wait_for(lambda: watch.unavailable == "")
        told.write_text(json.dumps(DUMPS["microphone"]))
        wait_for(lambda: watch.unavailable == "call")


def test_a_pw_dump_that_hangs_is_ended(session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "bin" / "pw-dump"
    program.parent.mkdir()
    os.mkfifo(tmp_path / "nobody writes")
    program.write_text(f'#!/bin/sh\nread word < "{tmp_path}/nobody writes"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent), prepend=":")
    (tmp_path / "XDG_RUNTIME_DIR" / "pipewire-0").touch()
    assert asyncio.run(PipewireStreams().look()) == InUse()
    hangs = [one for one in psutil.process_iter(["cmdline"]) if str(program) in (one.info["cmdline"] or ())]
    assert hangs == []
