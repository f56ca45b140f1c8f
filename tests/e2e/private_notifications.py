"""Who shows notifications, and Xfce's settings, on a test's own bus."""

# No postponed annotations here: dbus-fast reads signatures from them.
import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

from dbus_fast import PropertyAccess, Variant
from dbus_fast.aio import MessageBus
from dbus_fast.annotations import DBusBool, DBusSignature, DBusStr, DBusVariant
from dbus_fast.errors import DBusError
from dbus_fast.service import ServiceInterface, dbus_method, dbus_property

from collector.do_not_disturb import DUNST, MAKO, NOTIFICATIONS, SWAYNC, XFCONF


class Server(ServiceInterface):
    """Who shows notifications, with KDE's property."""

    def __init__(self) -> None:
        super().__init__(NOTIFICATIONS)
        self.calls_itself, self.is_inhibited = "Plasma", False

    @dbus_method(name="GetServerInformation")
    def information(self) -> Annotated[tuple[str, str, str, str], DBusSignature("ssss")]:
        return self.calls_itself, "somebody", "1", "1.2"

    @dbus_property(name="Inhibited", access=PropertyAccess.READ)
    def inhibited(self) -> DBusBool:
        return self.is_inhibited


class Dunst(ServiceInterface):
    """Beside dunst's notifications."""

    def __init__(self) -> None:
        super().__init__(DUNST)
        self.is_paused = False

    @dbus_property(name="paused", access=PropertyAccess.READ)
    def paused(self) -> DBusBool:
        return self.is_paused


class Mako(ServiceInterface):
    """mako's modes."""

    def __init__(self) -> None:
        super().__init__(MAKO)
        self.modes = ["default"]

    @dbus_method(name="ListModes")
    def list_modes(self) -> Annotated[list[str], DBusSignature("as")]:
        return self.modes


class Swaync(ServiceInterface):
    """SwayNC's control centre."""

    def __init__(self) -> None:
        super().__init__(SWAYNC)
        self.on = False

    @dbus_method(name="GetDnd")
    def get(self) -> DBusBool:
        return self.on


class Xfconf(ServiceInterface):
    """Xfce's settings; what is not set is an error, as there."""

    def __init__(self) -> None:
        super().__init__(XFCONF)
        self.values: dict[tuple[str, str], bool] = {}

    @dbus_method(name="GetProperty")
    def get_property(self, channel: DBusStr, name: DBusStr) -> DBusVariant:
        if (channel, name) not in self.values:
            raise DBusError("org.xfce.Xfconf.Error.PropertyNotFound", name)
        return Variant("b", self.values[channel, name])


class Desktop:
    """All of them on one connection; each takes its name when a test says so."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        self.server, self.dunst, self.mako, self.swaync, self.xfconf = Server(), Dunst(), Mako(), Swaync(), Xfconf()
        self._bus: MessageBus = self._run(self._connect())

    async def _connect(self) -> MessageBus:
        bus = await MessageBus().connect()
        for path, interface in (
            ("/org/freedesktop/Notifications", self.server),
            ("/org/freedesktop/Notifications", self.dunst),
            ("/fr/emersion/Mako", self.mako),
            ("/org/erikreider/swaync/cc", self.swaync),
            ("/org/xfce/Xfconf", self.xfconf),
        ):
            bus.export(path, interface)
        return bus

    def _run(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(60)

    def own(self, name: str) -> None:
        """Answers under this name from now on."""
        self._run(self._bus.request_name(name))

    def stop(self) -> None:
        """Leaves the bus."""
        self._loop.call_soon_threadsafe(self._bus.disconnect)
        self._run(asyncio.sleep(0.05))
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


@contextmanager
def private_notifications() -> Iterator[Desktop]:
    """A desktop until the end of the block."""
    made = Desktop()
    try:
        yield made
    finally:
        made.stop()
