"""Offers as desktop notifications with buttons: on Wayland a program cannot place a window of its own on the screen.

It has the face of ``neural_focus._x11.Prompt``; the desktop's own settings (do not disturb) apply.
"""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress
from typing import Any

from dbus_fast import Message, MessageType, Variant
from dbus_fast.aio import MessageBus

from collector.bus_calls import names
from collector.session_bus import subscribe
from neural_focus.errors import CaptureError

NAME, PATH = "org.freedesktop.Notifications", "/org/freedesktop/Notifications"
BUS, BUS_PATH = "org.freedesktop.DBus", "/org/freedesktop/DBus"
SHOW_SECONDS = 3.0


class NotificationPrompt:
    """At most one notification. Called from the agent's thread, works on the bus's."""

    def __init__(self) -> None:
        self._bus: MessageBus | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._id = 0
        self._lock = threading.Lock()
        self._answer: str | None = None
        self._daemon = False
        self.can_be_started = False
        """Whether the first notification starts a daemon."""

    @property
    def shown_by_somebody(self) -> bool:
        """Whether somebody shows notifications here, or would be started to."""
        return (self._daemon or self.can_be_started) and self._bus is not None and bool(self._bus.connected)

    async def join(self, bus: MessageBus) -> str:
        """Listens for buttons."""
        self._bus, self._loop = bus, asyncio.get_running_loop()
        bus.add_message_handler(self._receive)
        await subscribe(bus, f"type='signal',interface='{NAME}',member='ActionInvoked'")
        await subscribe(bus, f"type='signal',interface='{BUS}',member='NameOwnerChanged',arg0='{NAME}'")
        reply = await bus.call(Message(destination=BUS, path=BUS_PATH, interface=BUS, member="ListActivatableNames"))
        self.can_be_started = (
            reply is not None and reply.message_type is not MessageType.ERROR and NAME in reply.body[0]
        )
        self._daemon = NAME in await names(bus)
        return ""

    def show(self, lines: list[str], buttons: list[tuple[str, str]]) -> int:
        """Shows it in place of the one before; returns 0: there is no window of ours to be left out of capture.

        Raises:
            CaptureError: nobody shows notifications here.
        """
        actions = [text for button in buttons for text in button]
        hints = {"urgency": Variant("y", 1), "resident": Variant("b", False)}
        text = " ".join(lines[1:])
        body: list[Any] = ["Neural Focus", self._id, "", lines[0], text, actions, hints, 0]
        with self._lock:
            self._answer = None
        self._id = int(self._send("Notify", "susssasa{sv}i", body)[0])
        return 0

    def buttons(self) -> dict[str, tuple[int, int]]:
        """Where they are is the desktop's own matter."""
        return {}

    def poll(self) -> str | None:
        """The button that was pressed since."""
        with self._lock:
            answer, self._answer = self._answer, None
        return answer

    def hide(self) -> None:
        """Takes it away."""
        number, self._id = self._id, 0
        if number:
            with suppress(CaptureError):  # it is closed already, or who showed it is gone: either way it is not there
                self._send("CloseNotification", "u", [number])

    def _send(self, member: str, signature: str, body: list[Any]) -> list[Any]:
        if self._bus is None or self._loop is None or not self._bus.connected:
            raise CaptureError("there is no session bus to show a notification by")
        message = Message(destination=NAME, path=PATH, interface=NAME, member=member, signature=signature, body=body)
        waiting = asyncio.run_coroutine_threadsafe(self._bus.call(message), self._loop)
        try:
            reply = waiting.result(SHOW_SECONDS)
        except TimeoutError as error:
            waiting.cancel()
            raise CaptureError("notifications are not shown", why=f"no answer in {SHOW_SECONDS:.0f} s") from error
        if reply is None or reply.message_type is MessageType.ERROR:
            why = str(reply.body[0]) if reply is not None and reply.body else ""
            raise CaptureError("nobody shows notifications here", why=why, hint="Start a notification daemon")
        return list(reply.body)

    def _receive(self, message: Message) -> None:
        if message.member == "NameOwnerChanged" and message.interface == BUS and message.body[0] == NAME:
            self._daemon = bool(message.body[2])
        if message.member == "ActionInvoked" and message.interface == NAME and message.body[0] == self._id:
            with self._lock:
                self._answer = str(message.body[1])
