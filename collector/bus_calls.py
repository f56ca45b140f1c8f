"""Questions over D-Bus, to whoever is there: nobody is started for them, and no answer is an answer."""

from __future__ import annotations

import asyncio
from typing import Any

from dbus_fast import Message, MessageFlag, MessageType, Variant
from dbus_fast.aio import MessageBus
from dbus_fast.errors import DBusError

ANSWER_SECONDS = 2.0
_BUS = "org.freedesktop.DBus"


async def ask(
    bus: MessageBus | None, name: str, path: str, interface: str, member: str, signature: str = "", *body: Any
) -> Any:
    """The first value of the answer; None where nobody answers."""
    if bus is None or not bus.connected:
        return None
    call = Message(
        destination=name, path=path, interface=interface, member=member, signature=signature, body=list(body),
        flags=MessageFlag.NO_AUTOSTART,
    )  # fmt: skip
    try:
        reply = await asyncio.wait_for(bus.call(call), ANSWER_SECONDS)
    except (TimeoutError, DBusError, EOFError, OSError):
        return None
    if reply is None or reply.message_type is not MessageType.METHOD_RETURN or not reply.body:
        return None
    return reply.body[0]


async def ask_property(bus: MessageBus | None, name: str, path: str, interface: str, member: str) -> Any:
    """A property's value; None where nobody answers."""
    found = await ask(bus, name, path, "org.freedesktop.DBus.Properties", "Get", "ss", interface, member)
    return found.value if isinstance(found, Variant) else None


async def names(bus: MessageBus | None) -> list[str]:
    """Who is on the bus."""
    return await ask(bus, _BUS, "/org/freedesktop/DBus", _BUS, "ListNames") or []
