"""Focus as the desktop itself tells it: GNOME and KDE let no program ask, so an extension of theirs calls the agent.

GNOME Shell extension ─┐  org.neuralfocus.Focus1.Focused(window, app, title, pid), all text: KWin's scripts
KWin script ───────────┴► cannot choose a number's type. Everything empty: no window holds the focus.
"""

# No postponed annotations here: dbus-fast reads the return type None of a D-Bus method from them as a signature.
from collections.abc import Callable
from dataclasses import dataclass

from dbus_fast.aio import MessageBus
from dbus_fast.annotations import DBusStr
from dbus_fast.constants import NameFlag
from dbus_fast.service import ServiceInterface, dbus_method

NAME, PATH, INTERFACE, METHOD, SIGNATURE = (
    "org.neuralfocus.Agent",
    "/org/neuralfocus/Agent",
    "org.neuralfocus.Focus1",
    "Focused",
    "ssss",
)
_LONGEST = 2048
_KNOWN_WINDOWS = 4096


@dataclass(frozen=True, slots=True)
class Focused:
    """The window that holds the focus; ``window`` 0 is none."""

    window: int
    pid: int
    app: str
    title: str


class FocusReceiver(ServiceInterface):
    """What the extension calls. ``receive`` is called on the bus's thread."""

    def __init__(self, receive: Callable[[Focused], None]) -> None:
        super().__init__(INTERFACE)
        self._receive = receive
        self._numbers: dict[str, int] = {}
        self._next = 1
        self.calls = 0
        """How often somebody told: 0 means that no extension is there."""

    async def join(self, bus: MessageBus) -> str:
        """Takes the name; returns why it could not."""
        bus.export(PATH, self)
        reply = await bus.request_name(NAME, NameFlag.DO_NOT_QUEUE)
        return "" if reply.name in ("PRIMARY_OWNER", "ALREADY_OWNER") else "another agent listens to the desktop"

    @dbus_method(name=METHOD)
    def focused(self, window: DBusStr, app: DBusStr, title: DBusStr, pid: DBusStr) -> None:
        """The focus changed, or the title of the window that holds it."""
        self.calls += 1
        process = int(pid) if pid.isdecimal() and int(pid) < 1 << 32 else 0
        self._receive(Focused(self._number(window), process, app[:_LONGEST], title[:_LONGEST]))

    def _number(self, window: str) -> int:
        """Windows are numbered as they come: KDE names them by UUID."""
        if not window:
            return 0
        if window not in self._numbers:
            if len(self._numbers) >= _KNOWN_WINDOWS:
                self._numbers.clear()
            self._numbers[window] = self._next
            self._next += 1
        return self._numbers[window]
