"""Who tells of a session on a test's own bus: logind, a screen saver, GNOME's session manager, a media player."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

from dbus_fast import PropertyAccess
from dbus_fast.annotations import DBusBool, DBusObjectPath, DBusSignature, DBusStr, DBusUInt32
from dbus_fast.service import ServiceInterface, dbus_method, dbus_property, dbus_signal
from private_bus import BusPeer

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


class LoginUser(ServiceInterface):
    """org.freedesktop.login1.User."""

    def __init__(self) -> None:
        super().__init__("org.freedesktop.login1.User")

    @dbus_property(name="Display", access=PropertyAccess.READ)
    def display(self) -> Annotated[list[str], DBusSignature("(so)")]:
        return ["7", SESSION_PATH]


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


class Session(BusPeer):
    """All of them on one connection; each takes its name when a test says so."""

    def __init__(self) -> None:
        self.logind, self.login, self.saver = Logind(), LoginSession(), Saver()
        self.gnome, self.player = GnomeSession(), Player()
        super().__init__(
            {
                "/org/freedesktop/login1": self.logind,
                SESSION_PATH: self.login,
                "/org/freedesktop/login1/user/self": LoginUser(),
                "/org/gnome/ScreenSaver": self.saver,
                "/org/gnome/SessionManager": self.gnome,
                "/org/mpris/MediaPlayer2": self.player,
            }
        )

    def hint(self, locked: bool) -> None:
        """logind's LockedHint changes, and it says so."""
        self.login.locked = locked
        self.emit(self.login.emit_properties_changed, {"LockedHint": locked})


@contextmanager
def private_session() -> Iterator[Session]:
    """A session until the end of the block."""
    session = Session()
    try:
        yield session
    finally:
        session.stop()
