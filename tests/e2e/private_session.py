"""Who tells of a session on a test's own bus: logind, a screen saver, GNOME's session manager, a media player."""

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Annotated, Any

from dbus_fast import PropertyAccess
from dbus_fast.aio import MessageBus
from dbus_fast.annotations import DBusBool, DBusObjectPath, DBusSignature, DBusStr, DBusUInt32
from dbus_fast.service import ServiceInterface, dbus_method, dbus_property, dbus_signal

SESSION_PATH = "/org/freedesktop/login1/session/_37"


class Logind(ServiceInterface):
    """org.freedesktop.login1.Manager."""

    def __init__(self) -> None:
        super().__init__("org.freedesktop.login1.Manager")
        self.blocked = "shutdown:handle-lid-switch"

    @dbus_method(name="GetSession")
    def get_session(self, name: DBusStr) -> DBusObjectPath:
        assert name == "7"
        return SESSION_PATH

    @dbus_property(name="BlockInhibited", access=PropertyAccess.READ)
    def block_inhibited(self) -> DBusStr:
        return self.blocked

    @dbus_signal(name="PrepareForSleep")
    def prepare_for_sleep(self, going: bool) -> Annotated[bool, DBusSignature("b")]:
        return going


class LoginSession(ServiceInterface):
    """org.freedesktop.login1.Session."""

    def __init__(self) -> None:
        super().__init__("org.freedesktop.login1.Session")
        self.locked = False

    @dbus_property(name="LockedHint", access=PropertyAccess.READ)
    def locked_hint(self) -> DBusBool:
        return self.locked

    @dbus_signal(name="Lock")
    def ask_to_lock(self) -> None:
        """A request: nobody need follow it."""


class Saver(ServiceInterface):
    """A screen saver that is asked and tells."""

    def __init__(self) -> None:
        super().__init__("org.gnome.ScreenSaver")
        self.active = False

    @dbus_method(name="GetActive")
    def get_active(self) -> DBusBool:
        return self.active

    @dbus_signal(name="ActiveChanged")
    def active_changed(self, active: bool) -> Annotated[bool, DBusSignature("b")]:
        return active


class GnomeSession(ServiceInterface):
    """org.gnome.SessionManager."""

    def __init__(self) -> None:
        super().__init__("org.gnome.SessionManager")
        self.flags = 0

    @dbus_method(name="IsInhibited")
    def is_inhibited(self, flags: DBusUInt32) -> DBusBool:
        return bool(self.flags & flags)


class Player(ServiceInterface):
    """A media player (MPRIS)."""

    def __init__(self) -> None:
        super().__init__("org.mpris.MediaPlayer2.Player")
        self.status = "Paused"

    @dbus_property(name="PlaybackStatus", access=PropertyAccess.READ)
    def playback_status(self) -> DBusStr:
        return self.status


class Session:
    """All of them on one connection; each takes its name when a test says so."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        self.logind, self.login, self.saver = Logind(), LoginSession(), Saver()
        self.gnome, self.player = GnomeSession(), Player()
        self._bus = self._run(self._connect())

    async def _connect(self) -> MessageBus:
        bus = await MessageBus().connect()
        for path, interface in (
            ("/org/freedesktop/login1", self.logind),
            (SESSION_PATH, self.login),
            ("/org/gnome/ScreenSaver", self.saver),
            ("/org/gnome/SessionManager", self.gnome),
            ("/org/mpris/MediaPlayer2", self.player),
        ):
            bus.export(path, interface)
        return bus

    def _run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    def own(self, name: str) -> None:
        """Answers under this name from now on."""
        self._run(self._bus.request_name(name))

    def disown(self, name: str) -> None:
        """Nobody answers under it any more."""
        self._run(self._bus.release_name(name))

    def emit(self, signal: Any, *values: Any) -> None:
        """One of the interfaces' signals."""
        self._loop.call_soon_threadsafe(signal, *values)

    def hint(self, locked: bool) -> None:
        """logind's LockedHint changes, and it says so."""
        self.login.locked = locked
        self._loop.call_soon_threadsafe(lambda: self.login.emit_properties_changed({"LockedHint": locked}))

    def stop(self) -> None:
        """Leaves the bus."""
        self._loop.call_soon_threadsafe(self._bus.disconnect)
        self._run(asyncio.sleep(0.05))
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


@contextmanager
def private_session() -> Iterator[Session]:
    """A session until the end of the block."""
    session = Session()
    try:
        yield session
    finally:
        session.stop()
