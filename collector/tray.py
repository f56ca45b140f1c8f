"""The icon in the desktop's tray: what the agent does at the moment, and a menu to open the page, pause and quit.

A StatusNotifierItem, which KDE, GNOME (with AppIndicator support), Xfce, Cinnamon, MATE and Sway's bars show. Where
no tray is there, nothing happens; a tray that comes later gets the icon then. Everything runs on the bus's thread.
"""

# No postponed annotations here: dbus-fast reads the return type None of a D-Bus method from them as a signature.
import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any

from dbus_fast import Message, MessageType
from dbus_fast.aio import MessageBus
from dbus_fast.annotations import DBusBool, DBusInt32, DBusObjectPath, DBusSignature, DBusStr
from dbus_fast.constants import PropertyAccess
from dbus_fast.service import ServiceInterface, dbus_method, dbus_property, dbus_signal

from collector.session_bus import subscribe, text_call
from collector.tray_icon import COLOURS, draw
from collector.tray_menu import MENU_PATH, Menu, MenuEntry

WATCHER, WATCHER_PATH = "org.kde.StatusNotifierWatcher", "/StatusNotifierWatcher"
ITEM_PATH, ITEM_INTERFACE = "/StatusNotifierItem", "org.kde.StatusNotifierItem"


class Mood(StrEnum):
    """What the icon says."""

    CAPTURING = "capturing"
    PAUSED = "paused"
    CLOSED = "not capturing"
    LIMITED = "something is missing"
    UNCONNECTED = "not connected"


@dataclass(frozen=True, slots=True)
class View:
    """What the tray shows. ``until``: when a pause ends, in words; ``lines``: what is missing, a line each;
    ``sessions``: (label, command) of what can be done with sessions, without a command only words."""

    mood: Mood = Mood.UNCONNECTED
    until: str = ""
    lines: tuple[str, ...] = ()
    sessions: tuple[tuple[str, str], ...] = ()

    @property
    def headline(self) -> str:
        """The state in words."""
        return f"Neural Focus: {self.mood}{f' {self.until}' if self.until else ''}"


class Tray(ServiceInterface):
    """The icon and its menu. ``command`` gets "open", "pause 900", "pause 3600", "resume", "quit" or a session's
    ("session start pomodoro")."""

    def __init__(self, command: Callable[[str], None]) -> None:
        super().__init__(ITEM_INTERFACE)
        self._command = command
        self._view = View()
        self._menu = Menu(_entries(self._view), command)
        self._bus: MessageBus | None = None
        self.shown = False
        """Whether a tray has taken the icon."""

    async def join(self, bus: MessageBus) -> str:
        """Offers the icon to the tray that is there, and to each that comes."""
        self._bus = bus
        bus.export(ITEM_PATH, self)
        bus.export(MENU_PATH, self._menu)
        bus.add_message_handler(self._watch_owner)
        rule = f"type='signal',sender='org.freedesktop.DBus',member='NameOwnerChanged',arg0='{WATCHER}'"
        await subscribe(bus, rule)
        await self._register()
        return ""

    def show(self, view: View) -> None:
        """Shows another state."""
        if view == self._view:
            return
        self._view = view
        self._menu.replace(_entries(view))
        if self._bus is not None:
            self.new_icon()
            self.new_tool_tip()
            self.new_status(self.status)

    async def _register(self) -> None:
        if self._bus is None:
            return
        name = self._bus.unique_name or ""
        reply = await self._bus.call(text_call(WATCHER, WATCHER_PATH, WATCHER, "RegisterStatusNotifierItem", name))
        self.shown = reply is not None and reply.message_type is MessageType.METHOD_RETURN

    def _watch_owner(self, message: Message) -> None:
        if message.member != "NameOwnerChanged" or not message.body or message.body[0] != WATCHER:
            return
        self.shown = False
        if message.body[2] and self._bus is not None:
            self._registering = asyncio.get_running_loop().create_task(self._register())

    @dbus_property(access=PropertyAccess.READ, name="Category")
    def category(self) -> DBusStr:
        return "ApplicationStatus"

    @dbus_property(access=PropertyAccess.READ, name="Id")
    def id(self) -> DBusStr:
        return "neural-focus"

    @dbus_property(access=PropertyAccess.READ, name="Title")
    def title(self) -> DBusStr:
        return "Neural Focus"

    @dbus_property(access=PropertyAccess.READ, name="Status")
    def status(self) -> DBusStr:
        return "NeedsAttention" if self._view.mood is Mood.LIMITED else "Active"

    @dbus_property(access=PropertyAccess.READ, name="WindowId")
    def window_id(self) -> DBusInt32:
        return 0

    @dbus_property(access=PropertyAccess.READ, name="IconName")
    def icon_name(self) -> DBusStr:
        return ""

    @dbus_property(access=PropertyAccess.READ, name="IconPixmap")
    def icon_pixmap(self) -> Annotated[list[Any], DBusSignature("a(iiay)")]:
        return [list(draw(size, COLOURS[self._view.mood.name])) for size in (22, 44)]

    @dbus_property(access=PropertyAccess.READ, name="AttentionIconName")
    def attention_icon_name(self) -> DBusStr:
        return ""

    @dbus_property(access=PropertyAccess.READ, name="AttentionIconPixmap")
    def attention_icon_pixmap(self) -> Annotated[list[Any], DBusSignature("a(iiay)")]:
        return [list(draw(size, COLOURS[self._view.mood.name])) for size in (22, 44)]

    @dbus_property(access=PropertyAccess.READ, name="ToolTip")
    def tool_tip(self) -> Annotated[list[Any], DBusSignature("(sa(iiay)ss)")]:
        return ["", [], self._view.headline, "\n".join(self._view.lines)]

    @dbus_property(access=PropertyAccess.READ, name="ItemIsMenu")
    def item_is_menu(self) -> DBusBool:
        return False

    @dbus_property(access=PropertyAccess.READ, name="Menu")
    def menu(self) -> DBusObjectPath:
        return MENU_PATH

    @dbus_method(name="Activate")
    def activate(self, x: DBusInt32, y: DBusInt32) -> None:
        self._command("open")

    @dbus_method(name="SecondaryActivate")
    def secondary_activate(self, x: DBusInt32, y: DBusInt32) -> None:
        self._command("open")

    @dbus_method(name="ContextMenu")
    def context_menu(self, x: DBusInt32, y: DBusInt32) -> None:
        """Trays draw the menu themselves."""

    @dbus_method(name="Scroll")
    def scroll(self, delta: DBusInt32, orientation: DBusStr) -> None:
        """Nothing to scroll."""

    @dbus_signal(name="NewIcon")
    def new_icon(self) -> None:
        """The icon changed."""

    @dbus_signal(name="NewToolTip")
    def new_tool_tip(self) -> None:
        """The words beside it changed."""

    @dbus_signal(name="NewStatus")
    def new_status(self, status: DBusStr) -> DBusStr:
        """It wants attention, or no more."""
        return status


def _entries(view: View) -> list[MenuEntry]:
    pause = (
        [MenuEntry("Continue capturing", "resume")]
        if view.mood is Mood.PAUSED
        else [MenuEntry("Pause for 15 minutes", "pause 900"), MenuEntry("Pause for 1 hour", "pause 3600")]
    )
    return [
        MenuEntry(view.headline),
        *(MenuEntry(line) for line in view.lines),
        *([MenuEntry.separator()] if view.sessions else []),
        *(MenuEntry(label, command) for label, command in view.sessions),
        MenuEntry.separator(),
        MenuEntry("Open the page", "open"),
        *pause,
        MenuEntry.separator(),
        MenuEntry("Quit", "quit"),
    ]
