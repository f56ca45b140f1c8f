"""Whether the person told their desktop to hold notifications back, as each desktop lets it be known.

GNOME        org.gnome.desktop.notifications show-banners, by gsettings: read once, and when dconf says it changed
KDE          Inhibited of org.freedesktop.Notifications (also while Plasma itself is quiet, as in screen sharing)
Xfce         /do-not-disturb of xfce4-notifyd, by xfconf
dunst        paused of org.dunstproject.cmd0
mako         its mode do-not-disturb
SwayNC       GetDnd of org.erikreider.swaync.cc
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from dbus_fast import Message, MessageType, Variant
from dbus_fast.aio import MessageBus

from collector.bus_calls import ask, ask_property
from collector.session_bus import subscribe

NOTIFICATIONS, DUNST = "org.freedesktop.Notifications", "org.dunstproject.cmd0"
MAKO, SWAYNC, XFCONF = "fr.emersion.Mako", "org.erikreider.swaync.cc", "org.xfce.Xfconf"
SHELL, DCONF = "org.gnome.Shell", "ca.desrt.dconf.Writer"
SCHEMA, KEY = "org.gnome.desktop.notifications", "show-banners"
KEY_PATH = f"/{SCHEMA.replace('.', '/')}/{KEY}"
MAKO_MODE = "do-not-disturb"


class DoNotDisturb:
    """On the thread of its bus. Nobody is started to be asked, but gsettings in GNOME."""

    def __init__(self, session: MessageBus | None) -> None:
        self._session = session
        self._banners: bool | None = None  # of GNOME; None: to be read

    async def join(self) -> None:
        """Hears of GNOME's setting from now on."""
        if self._session is not None:
            self._session.add_message_handler(self._receive)
            await subscribe(self._session, f"type='signal',interface='{DCONF}',member='Notify'")

    async def is_on(self, there: Sequence[str]) -> bool:
        """Whether notifications are held back. ``there``: the names on the bus."""
        bus = self._session
        if NOTIFICATIONS in there:
            for interface, member in ((NOTIFICATIONS, "Inhibited"), (DUNST, "paused")):
                if await ask_property(bus, NOTIFICATIONS, _path(NOTIFICATIONS), interface, member) is True:
                    return True
        if MAKO in there and MAKO_MODE in (await ask(bus, MAKO, _path(MAKO), MAKO, "ListModes") or ()):
            return True
        if SWAYNC in there and await ask(bus, SWAYNC, "/org/erikreider/swaync/cc", SWAYNC, "GetDnd") is True:
            return True
        if XFCONF in there and await self._is_on_in_xfce():
            return True
        return SHELL in there and not await self._shows_banners()

    async def _is_on_in_xfce(self) -> bool:
        """xfconf also runs where another desktop shows notifications: its setting then says nothing."""
        bus = self._session
        server = await ask(bus, NOTIFICATIONS, _path(NOTIFICATIONS), NOTIFICATIONS, "GetServerInformation")
        if not str(server or "").lower().startswith("xfce"):
            return False
        answer = await ask(bus, XFCONF, _path(XFCONF), XFCONF, "GetProperty", "ss", "xfce4-notifyd", "/do-not-disturb")
        return isinstance(answer, Variant) and answer.value is True

    async def _shows_banners(self) -> bool:
        if self._banners is None:
            self._banners = True  # also where nobody can say
            self._banners = await _read_setting() != "false"
        return self._banners

    def _receive(self, message: Message) -> None:
        if message.message_type is MessageType.SIGNAL and (message.interface, message.member) == (DCONF, "Notify"):
            prefix, changes = str(message.body[0]), message.body[1]
            if any(KEY_PATH.startswith(f"{prefix}{change}") for change in changes):
                self._banners = None


async def _read_setting() -> str:
    """GNOME's setting as gsettings prints it; empty where that is not there."""
    try:
        reading = await asyncio.create_subprocess_exec(
            "gsettings", "get", SCHEMA, KEY, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
        )
    except OSError:
        return ""
    answer, _ = await reading.communicate()
    return answer.decode("utf-8", "replace").strip()


def _path(name: str) -> str:
    return "/" + name.replace(".", "/")
