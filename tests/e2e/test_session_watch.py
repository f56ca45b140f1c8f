"""The session watched on a test's own bus: a lock is believed while the session says so, presence needs no key."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from private_bus import private_bus
from private_session import Session, private_session
from virtual_desktop import Recorder, virtual_desktop, wait_for

import collector.screen_lock
import collector.session_watch
from collector.capabilities import of_gamepads
from collector.gamepads import Gamepads, is_gamepad, unreadable
from collector.session_watch import SessionWatch
from neural_focus._x11 import Injector
from neural_focus.events import EventType

LOGIND, SAVER = "org.freedesktop.login1", "org.gnome.ScreenSaver"
PAD_KEYS = f"{1 << (0x130 - 256):x} 0 0 0 0"  # BTN_GAMEPAD alone
EVENT = np.dtype([("s", "<i8"), ("us", "<i8"), ("type", "<u2"), ("code", "<u2"), ("value", "<i4")])


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> Iterator[Session]:
    """One bus is both: this machine's own system bus is nobody's business here."""
    with private_bus() as address:
        monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", address)
        monkeypatch.setenv("XDG_SESSION_ID", "7")
        monkeypatch.setattr(collector.screen_lock, "DOUBT_SECONDS", 0.3)
        monkeypatch.setattr(collector.session_watch, "LOOK_SECONDS", 0.1)
        with private_session() as made:
            yield made


@contextmanager
def watching(tmp_path: Path, **others: object) -> Iterator[SessionWatch]:
    """A watch that sees no sound card and no gamepad of this machine."""
    news = threading.Event()
    nowhere = Gamepads(tmp_path / "names", tmp_path / "input")
    options = {"full_screen": lambda: False, "sound": tmp_path / "sound", "gamepads": nowhere} | others
    watch = SessionWatch(news.set, **options)  # type: ignore[arg-type]
    watch.start_and_join()
    try:
        yield watch
    finally:
        watch.finish(120)
        assert not watch.is_alive()


# ------------------------------------------------------------------------------------------------ the lock


def test_a_saver_tells_of_locking_and_unlocking(session: Session, tmp_path: Path) -> None:
    session.own(SAVER)
    with watching(tmp_path) as watch:
        assert watch.listening and not watch.locked
        session.saver.active = True
        session.emit(session.saver.active_changed, True)
        wait_for(lambda: watch.locked)
        time.sleep(0.6)  # it was asked meanwhile
        watch.input_behind_lock()  # somebody types their password
        time.sleep(0.2)
        assert watch.locked
        session.saver.active = False
        session.emit(session.saver.active_changed, False)
        wait_for(lambda: not watch.locked)
        assert watch.describe()["locks_ended"] == {"told": 1}


def test_a_saver_that_never_told_of_the_unlocking_is_asked(session: Session, tmp_path: Path) -> None:
    session.own(SAVER)
    session.saver.active = True
    with watching(tmp_path) as watch:
        assert watch.locked, "it is asked at the start"
        session.saver.active = False
        watch.input_behind_lock()
        wait_for(lambda: not watch.locked)
        assert watch.describe()["locks_ended"] == {"asked": 1}


def test_a_request_to_lock_that_nobody_followed_is_not_believed(
    session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(collector.screen_lock, "ASK_SECONDS", 3600)  # it is asked because it was a mere request
    session.own(LOGIND)
    with watching(tmp_path) as watch:
        session.emit(session.login.ask_to_lock)
        wait_for(lambda: watch.locked)
        wait_for(lambda: not watch.locked)  # LockedHint says no
        session.hint(True)
        wait_for(lambda: watch.locked)
        time.sleep(0.6)
        assert watch.locked
        session.hint(False)
        wait_for(lambda: not watch.locked)
        assert watch.describe()["locks_ended"] == {"asked": 1, "told": 1}


def test_logind_is_asked_at_the_start_and_after_a_sleep(session: Session, tmp_path: Path) -> None:
    session.own(LOGIND)
    session.login.locked = True
    with watching(tmp_path) as watch:
        assert watch.locked
        session.login.locked = False
        session.emit(session.logind.prepare_for_sleep, False)
        wait_for(lambda: not watch.locked)
        session.login.locked = True
        session.emit(session.logind.prepare_for_sleep, False)
        wait_for(lambda: watch.locked)
    assert not watch.locked, "nobody would tell of the unlocking any more"


def test_where_no_variable_names_it_the_session_that_the_screen_shows_is_asked(
    session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As for an agent that a desktop starts outside of a login."""
    monkeypatch.delenv("XDG_SESSION_ID")
    session.own(LOGIND)
    session.login.locked = True
    with watching(tmp_path) as watch:
        assert watch.locked
        session.hint(False)
        wait_for(lambda: not watch.locked)


def test_one_who_says_that_it_is_locked_is_believed(session: Session, tmp_path: Path) -> None:
    """A saver that does not lock answers no, behind logind's own lock."""
    session.own(SAVER)
    session.own(LOGIND)
    session.login.locked = True
    with watching(tmp_path) as watch:
        assert watch.locked
        session.login.locked = False
        watch.input_behind_lock()
        wait_for(lambda: not watch.locked)


def test_while_it_is_locked_the_session_is_asked_again_and_again(
    session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody tells of the unlocking, and nobody types."""
    monkeypatch.setattr(collector.screen_lock, "ASK_SECONDS", 0.2)
    session.own(SAVER)
    with watching(tmp_path) as watch:
        session.saver.active = True
        session.emit(session.saver.active_changed, True)
        wait_for(lambda: watch.locked)
        time.sleep(1.0)  # it was asked several times
        assert watch.locked
        session.saver.active = False
        wait_for(lambda: not watch.locked)
        assert watch.describe()["locks_ended"] == {"asked": 1}


def test_input_ends_a_lock_that_nobody_answers_for(session: Session, tmp_path: Path) -> None:
    """The saver tells of its lock and dies: what is typed after that is typed in the open, and recorded."""
    with virtual_desktop() as display, watching(tmp_path) as watch:
        recorder, hands = Recorder(display), Injector(display)
        hook = DirectHook(recorder)
        session.own(SAVER)
        session.saver.active = True
        session.emit(session.saver.active_changed, True)
        wait_for(lambda: watch.locked)
        watch.publish(hook)
        recorder.wait(EventType.SCREEN_LOCK)
        session.disown(SAVER)
        time.sleep(0.6)
        watch.publish(hook)
        assert watch.locked, "nobody was there"
        hands.tap("a")
        wait_for(lambda: watch.publish(hook) or not watch.locked)  # type: ignore[func-returns-value] # as the agent's turns
        watch.publish(hook)
        recorder.wait(EventType.SCREEN_UNLOCK)
        assert len(recorder.of(EventType.KEY_PRESS)) == 0
        hands.tap("b")
        recorder.wait(EventType.KEY_PRESS)
        recorder.capture.stop()
        assert watch.describe()["locks_ended"] == {"input": 1}


class DirectHook:
    """A bare native hook in the place of ``DesktopCapture``."""

    def __init__(self, recorder: Recorder) -> None:
        self._capture = recorder.capture
        self.set_locked, self.set_engaged = self._capture.set_locked, self._capture.set_engaged

    def behind_lock(self) -> int:
        return int(self._capture.behind_lock)


def test_without_any_bus_nothing_is_locked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS", raising=False)
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nowhere/bus")
    with watching(tmp_path) as watch:
        assert not watch.listening and not watch.locked and watch.engaged == ""


# ------------------------------------------------------------------------------------------------ presence


def comes_and_goes(watch: SessionWatch, reason: str, begin: object, end: object) -> None:
    """Presence begins with ``begin``, for this reason, and ends with ``end``."""
    assert watch.engaged == ""
    begin()  # type: ignore[operator]
    wait_for(lambda: reason in watch.engaged)
    end()  # type: ignore[operator]
    wait_for(lambda: watch.engaged == "")


def test_an_idle_inhibitor_is_presence(session: Session, tmp_path: Path) -> None:
    session.own(LOGIND)
    session.own("org.gnome.SessionManager")

    def block(what: str) -> None:
        session.logind.blocked = what

    def flag(flags: int) -> None:
        session.gnome.flags = flags

    with watching(tmp_path) as watch:
        comes_and_goes(
            watch, "from becoming idle", lambda: block("sleep:idle"), lambda: block("sleep:handle-lid-switch")
        )
        comes_and_goes(watch, "from becoming idle", lambda: flag(8 | 4), lambda: flag(4))


def stream(tmp_path: Path, name: str, state: str) -> None:
    status = tmp_path / "sound" / "card0" / name / "sub0" / "status"
    status.parent.mkdir(parents=True, exist_ok=True)
    status.write_text(state)


RUNNING = "state: RUNNING\nowner_pid   : 1234\ntrigger_time: 4022.1\n"


def test_a_microphone_in_use_is_presence(session: Session, tmp_path: Path) -> None:
    stream(tmp_path, "pcm0p", RUNNING)  # music alone is none
    with watching(tmp_path) as watch:
        comes_and_goes(
            watch,
            "microphone",
            lambda: stream(tmp_path, "pcm0c", RUNNING),
            lambda: stream(tmp_path, "pcm0c", "closed\n"),
        )


def test_a_film_in_full_screen_is_presence(session: Session, tmp_path: Path) -> None:
    session.own("org.mpris.MediaPlayer2.mpv")
    with virtual_desktop() as display:
        recorder, hands = Recorder(display, idle_after_ms=400), Injector(display)
        window = hands.open_window("mpv", "film")
        hands.activate(window)

        def play(status: str) -> None:
            session.player.status = status

        with watching(tmp_path, full_screen=lambda: recorder.capture.full_screen) as watch:
            play("Playing")
            time.sleep(0.4)
            assert watch.engaged == "", "music beside the work"
            comes_and_goes(watch, "film", lambda: hands.fill_screen(window), lambda: play("Paused"))
            stream(tmp_path, "pcm0p", RUNNING)  # a player that MPRIS does not know
            wait_for(lambda: "film" in watch.engaged)
            hook = DirectHook(recorder)
            hands.tap("a")
            watch.publish(hook)
            recorder.wait(EventType.KEY_RELEASE)
            before = len(recorder.of(EventType.IDLE_START))  # while nobody had told the hook
            time.sleep(1.0)
            assert len(recorder.of(EventType.IDLE_START)) == before, "whoever watches a film is not idle"
            hands.fill_screen(window, False)
            wait_for(lambda: watch.engaged == "")
            watch.publish(hook)
            recorder.wait(EventType.IDLE_START, before + 1)
        recorder.capture.stop()


@pytest.fixture
def pad(tmp_path: Path) -> Iterator[int]:
    """A FIFO in a gamepad's place, named as the kernel does; what is written into it was pressed."""
    keys = tmp_path / "names" / "event7" / "device" / "capabilities" / "key"
    keys.parent.mkdir(parents=True)
    keys.write_text(PAD_KEYS + "\n")
    (tmp_path / "input").mkdir()
    os.mkfifo(tmp_path / "input" / "event7")
    descriptor = os.open(tmp_path / "input" / "event7", os.O_RDWR | os.O_NONBLOCK)
    yield descriptor
    os.close(descriptor)


def test_a_gamepad_is_input(session: Session, tmp_path: Path, pad: int) -> None:
    def press() -> None:
        os.write(pad, np.array([(0, 0, 1, 0x130, 1), (0, 0, 0, 0, 0)], EVENT).tobytes())

    with watching(tmp_path) as watch:
        comes_and_goes(watch, "gamepad", press, lambda: None)


def test_a_trembling_stick_is_none_and_a_held_one_is(tmp_path: Path, pad: int, monkeypatch: pytest.MonkeyPatch) -> None:
    ranges = {0: (0.0, 32768.0), 2: (127.5, 127.5)}  # a stick, and a trigger that rests at 0
    monkeypatch.setattr("collector.gamepads._range", lambda _, axis: ranges.get(axis))
    pads = Gamepads(tmp_path / "names", tmp_path / "input")
    assert not pads.used()
    for axis, value, used in ((0, 900, False), (0, -20_000, True), (2, 3, False), (2, 230, True), (2, 0, False)):
        os.write(pad, np.array([(0, 0, 3, axis, value), (0, 0, 0, 0, 0)], EVENT).tobytes())
        assert pads.used() is used, (axis, value)
    assert not pads.used()
    pads.close()


def test_a_gamepad_that_may_not_be_read_is_said(tmp_path: Path, pad: int, monkeypatch: pytest.MonkeyPatch) -> None:
    assert is_gamepad(PAD_KEYS) and is_gamepad(f"{1 << (0x120 - 256):x} 0 0 0 0") and not is_gamepad("fffffffffffffffe")
    names, folder = tmp_path / "names", tmp_path / "input"
    assert unreadable(names, folder) == [] == list(of_gamepads([]))
    monkeypatch.setattr(os, "access", lambda *_: False)  # root may read everything
    assert unreadable(names, folder) == ["event7"]
    assert not Gamepads(names, folder).used()
    [told] = of_gamepads(unreadable(names, folder))
    assert (told.subject, told.there) == ("gamepad", False) and "usermod -aG input" in told.hint
