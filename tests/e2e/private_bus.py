"""A D-Bus session bus of its own for a test, and a desktop's tray and notifications on it."""

import asyncio
import os
import subprocess
import threading
from collections.abc import Coroutine, Iterator, Mapping
from contextlib import contextmanager
from typing import Annotated, Any

from dbus_fast import Message, MessageType, Variant
from dbus_fast.aio import MessageBus
from dbus_fast.annotations import DBusInt32, DBusSignature, DBusStr, DBusUInt32
from dbus_fast.service import ServiceInterface, dbus_method, dbus_signal

WATCHER = "org.kde.StatusNotifierWatcher"
MENU = "com.canonical.dbusmenu"


@contextmanager
def private_bus() -> Iterator[str]:
    """Its address, which this process and its children use."""
    before = os.environ.get("DBUS_SESSION_BUS_ADDRESS")
    command = ["dbus-daemon", "--session", "--nofork", "--print-address=1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as bus:
        assert bus.stdout is not None
        os.environ["DBUS_SESSION_BUS_ADDRESS"] = address = bus.stdout.readline().strip()
        try:
            yield address
        finally:
            bus.terminate()
            os.environ.pop("DBUS_SESSION_BUS_ADDRESS")
            if before is not None:
                os.environ["DBUS_SESSION_BUS_ADDRESS"] = before


class BusPeer:
    """Answers on the bus with objects of its own, by {path: object}, on a thread of its own."""

    def __init__(self, objects: Mapping[str, ServiceInterface]) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        self._bus: MessageBus = self._run(self._connect(objects))

    async def _connect(self, objects: Mapping[str, ServiceInterface]) -> MessageBus:
        bus = await MessageBus().connect()
        for path, interface in objects.items():
            bus.export(path, interface)
        return bus

    def _run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(60)

    def own(self, name: str) -> None:
        """Answers under this name from now on."""
        self._run(self._bus.request_name(name))

    def disown(self, name: str) -> None:
        """Nobody answers under it any more."""
        self._run(self._bus.release_name(name))

    def emit(self, signal: Any, *values: Any) -> None:
        """One of the objects' signals."""
        self._loop.call_soon_threadsafe(signal, *values)

    def stop(self) -> None:
        """Leaves the bus."""
        self._loop.call_soon_threadsafe(self._bus.disconnect)
        self._run(asyncio.sleep(0.05))
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


class _Watcher(ServiceInterface):
    def __init__(self) -> None:
        super().__init__(WATCHER)
        self.items: list[str] = []

    @dbus_method(name="RegisterStatusNotifierItem")
    def register(self, service: DBusStr) -> None:
        self.items.append(service)


class _Notifications(ServiceInterface):
    def __init__(self) -> None:
        super().__init__("org.freedesktop.Notifications")
        self.shown: dict[int, tuple[str, str, list[str]]] = {}
        self.next = 1

    @dbus_method(name="Notify")
    def notify(
        self,
        app: DBusStr,
        replaces: DBusUInt32,
        icon: DBusStr,
        summary: DBusStr,
        body: DBusStr,
        actions: Annotated[list[str], DBusSignature("as")],
        hints: Annotated[dict[str, Variant], DBusSignature("a{sv}")],
        timeout: DBusInt32,
    ) -> DBusUInt32:
        number = replaces or self.next
        self.next += 1
        self.shown[number] = (summary, body, actions)
        return number

    @dbus_method(name="CloseNotification")
    def close(self, number: DBusUInt32) -> None:
        self.shown.pop(number, None)

    @dbus_signal(name="ActionInvoked")
    def invoked(self, number: int, action: str) -> Annotated[tuple[int, str], DBusSignature("us")]:
        return number, action


class Shell(BusPeer):
    """What a desktop's panel does: it takes tray icons, draws their menus, clicks in them, and shows notifications."""

    def __init__(self) -> None:
        self.watcher, self.notifications = _Watcher(), _Notifications()
        super().__init__({"/StatusNotifierWatcher": self.watcher, "/org/freedesktop/Notifications": self.notifications})
        self.own("org.freedesktop.Notifications")

    def open_tray(self) -> None:
        """From now on there is a tray."""
        self.own(WATCHER)

    def ask(self, path: str, interface: str, member: str, signature: str = "", body: list[Any] | None = None) -> Any:
        """A call to the newest icon's owner; its answer."""
        message = Message(
            destination=self.watcher.items[-1], path=path, interface=interface, member=member, signature=signature,
            body=body or [],
        )  # fmt: skip
        reply = self._run(self._bus.call(message))
        assert reply.message_type is MessageType.METHOD_RETURN, reply.body
        return reply.body

    def property(self, name: str) -> Any:
        """One of the icon's."""
        properties = "org.freedesktop.DBus.Properties"
        return self.ask("/StatusNotifierItem", properties, "Get", "ss", ["org.kde.StatusNotifierItem", name])[0].value

    def menu(self) -> dict[str, tuple[int, bool]]:
        """{label: (number, whether it can be clicked)}."""
        _, (_, _, rows) = self.ask("/MenuBar", MENU, "GetLayout", "iias", [0, -1, []])
        entries = [row.value for row in rows]
        return {row["label"].value: (number, row["enabled"].value) for number, row, _ in entries if "label" in row}

    def click(self, label: str) -> None:
        """On a menu's entry."""
        number, enabled = self.menu()[label]
        assert enabled
        self.ask("/MenuBar", MENU, "Event", "isvu", [number, "clicked", Variant("i", 0), 0])

    def press(self, number: int, action: str) -> None:
        """A notification's button."""
        self.emit(self.notifications.invoked, number, action)


@contextmanager
def shell() -> Iterator[Shell]:
    """A panel until the end of the block."""
    panel = Shell()
    try:
        yield panel
    finally:
        panel.stop()
