"""The agent on the D-Bus session bus: a thread of its own with its own event loop; without a bus nothing happens."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from typing import Protocol

from dbus_fast import Message
from dbus_fast.aio import MessageBus
from dbus_fast.errors import DBusError

JOIN_SECONDS = 5.0


class Part(Protocol):
    """Something of the agent that others on the bus use."""

    async def join(self, bus: MessageBus) -> str:
        """Makes itself known; returns why it could not, empty when all is well."""


def text_call(destination: str, path: str, interface: str, member: str, text: str) -> Message:
    """A method call with one text."""
    return Message(destination=destination, path=path, interface=interface, member=member, signature="s", body=[text])


async def subscribe(bus: MessageBus, rule: str) -> None:
    """Signals that the match rule names reach this connection from now on."""
    name = "org.freedesktop.DBus"
    await bus.call(text_call(name, "/org/freedesktop/DBus", name, "AddMatch", rule))


async def _gone(bus: MessageBus) -> None:
    await bus.wait_for_disconnect()  # type: ignore[no-untyped-call] # as dbus-fast has it


class SessionBus(threading.Thread):
    """One connection, shared by its parts."""

    def __init__(self, parts: Sequence[Part]) -> None:
        super().__init__(name="session bus", daemon=True)
        self._parts = parts
        self._loop = asyncio.new_event_loop()
        self._end = asyncio.Event()
        self._joined = threading.Event()
        self.problem = ""
        """Why nobody can be reached; empty while all is well."""

    def start_and_join(self) -> None:
        """Starts the thread and waits, for a while, until every part is known."""
        self.start()
        self._joined.wait(JOIN_SECONDS)

    def call(self, action: Callable[[], object]) -> None:
        """Runs ``action`` on the bus's thread; harmless when it has ended."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(action)

    def finish(self, seconds: float = 2.0) -> None:
        """Leaves the bus and ends the thread."""
        self.call(self._end.set)
        if self.is_alive():
            self.join(seconds)

    def run(self) -> None:
        """The thread."""
        try:
            self._loop.run_until_complete(self._stay())
        except (OSError, EOFError, DBusError, ValueError) as error:  # no bus, or it went away
            self.problem = f"the session bus cannot be used: {error}"
        finally:
            self._joined.set()
            self._loop.close()

    async def _stay(self) -> None:
        bus = await MessageBus().connect()
        try:
            problems = [await part.join(bus) for part in self._parts]
            self.problem = "; ".join(problem for problem in problems if problem)
            self._joined.set()
            gone = asyncio.create_task(_gone(bus))
            ended = asyncio.create_task(self._end.wait())
            await asyncio.wait((gone, ended), return_when=asyncio.FIRST_COMPLETED)
            for task in (gone, ended):
                task.cancel()
            await asyncio.gather(gone, ended, return_exceptions=True)
        finally:
            bus.disconnect()
