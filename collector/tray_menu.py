"""The tray's menu, as trays ask for it: com.canonical.dbusmenu. One level; entries without a command are only words."""

# No postponed annotations here: dbus-fast reads the return type None of a D-Bus method from them as a signature.
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Self

from dbus_fast import Variant
from dbus_fast.annotations import DBusBool, DBusInt32, DBusSignature, DBusStr, DBusUInt32, DBusVariant
from dbus_fast.constants import PropertyAccess
from dbus_fast.service import ServiceInterface, dbus_method, dbus_property, dbus_signal

MENU_PATH = "/MenuBar"
Ids = Annotated[list[int], DBusSignature("ai")]
Names = Annotated[list[str], DBusSignature("as")]


@dataclass(frozen=True, slots=True)
class MenuEntry:
    """One line of the menu; empty ``label``: a line between groups."""

    label: str = ""
    command: str = ""

    @classmethod
    def separator(cls) -> Self:
        """A line between groups."""
        return cls()

    def properties(self) -> dict[str, Variant]:
        """As the protocol names them."""
        if not self.label:
            return {"type": Variant("s", "separator")}
        label = self.label.replace("_", "__")  # one would mark an access key
        return {"label": Variant("s", label), "enabled": Variant("b", bool(self.command))}


class Menu(ServiceInterface):
    """Entry n has the number n + 1; number 0 is the menu itself."""

    def __init__(self, entries: Sequence[MenuEntry], command: Callable[[str], None]) -> None:
        super().__init__("com.canonical.dbusmenu")
        self._entries, self._command, self._revision = list(entries), command, 1

    def replace(self, entries: Sequence[MenuEntry]) -> None:
        """Another menu."""
        self._entries = list(entries)
        self._revision += 1
        self.layout_updated(self._revision, 0)

    def _properties(self, number: int) -> dict[str, Variant]:
        if number == 0:
            return {"children-display": Variant("s", "submenu")}
        return self._entries[number - 1].properties() if number <= len(self._entries) else {}

    def _clicked(self, number: int, event: str) -> bool:
        if not 1 <= number <= len(self._entries):
            return False
        entry = self._entries[number - 1]
        if event == "clicked" and entry.command:
            self._command(entry.command)
        return True

    @dbus_property(access=PropertyAccess.READ, name="Version")
    def version(self) -> DBusUInt32:
        return 3

    @dbus_property(access=PropertyAccess.READ, name="TextDirection")
    def text_direction(self) -> DBusStr:
        return "ltr"

    @dbus_property(access=PropertyAccess.READ, name="Status")
    def status(self) -> DBusStr:
        return "normal"

    @dbus_property(access=PropertyAccess.READ, name="IconThemePath")
    def icon_theme_path(self) -> Names:
        return []

    @dbus_method(name="GetLayout")
    def get_layout(
        self, parent: DBusInt32, depth: DBusInt32, names: Names
    ) -> Annotated[tuple[int, list[Any]], DBusSignature("u(ia{sv}av)")]:
        children = []
        if parent == 0 and depth != 0:
            rows = ([number, self._properties(number), []] for number in range(1, len(self._entries) + 1))
            children = [Variant("(ia{sv}av)", row) for row in rows]
        return self._revision, [parent, self._properties(parent), children]

    @dbus_method(name="GetGroupProperties")
    def get_group_properties(self, numbers: Ids, names: Names) -> Annotated[list[Any], DBusSignature("a(ia{sv})")]:
        wanted = numbers or range(len(self._entries) + 1)
        return [[number, self._properties(number)] for number in wanted]

    @dbus_method(name="GetProperty")
    def get_property(self, number: DBusInt32, name: DBusStr) -> DBusVariant:
        return self._properties(number).get(name, Variant("s", ""))

    @dbus_method(name="Event")
    def event(self, number: DBusInt32, event: DBusStr, data: DBusVariant, time: DBusUInt32) -> None:
        self._clicked(number, event)

    @dbus_method(name="EventGroup")
    def event_group(self, events: Annotated[list[Any], DBusSignature("a(isvu)")]) -> Ids:
        return [number for number, event, _, _ in events if not self._clicked(number, event)]

    @dbus_method(name="AboutToShow")
    def about_to_show(self, number: DBusInt32) -> DBusBool:
        return False

    @dbus_method(name="AboutToShowGroup")
    def about_to_show_group(self, numbers: Ids) -> Annotated[tuple[list[int], list[int]], DBusSignature("aiai")]:
        return [], []

    @dbus_signal(name="LayoutUpdated")
    def layout_updated(self, revision: int, parent: int) -> Annotated[tuple[int, int], DBusSignature("ui")]:
        return revision, parent
