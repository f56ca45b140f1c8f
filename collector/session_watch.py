"""What the session says of the person, on a thread of its own: is the screen locked, are they there without any input,
could they see an offer.

session bus   savers, GNOME, players, notifications ─┐                             ┌─► hook
system bus    logind ────────────────────────────────┼─► lock, engagement, ────────┤
/proc, evdev  microphone, gamepads ──────────────────┤   availability              └─► snapshots
PipeWire      who takes pictures, who listens ───────┘
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from dbus_fast import BusType
from dbus_fast.aio import MessageBus
from dbus_fast.errors import DBusError

from collector.availability import OfferVisibility
from collector.engagement import SOUND, Engagement
from collector.gamepads import Gamepads
from collector.pipewire_streams import PipewireStreams
from collector.screen_lock import ScreenLock
from neural_focus.messages import Unavailable

LOOK_SECONDS = 2.0
"""Less than the input has to rest for a pause to begin: whoever starts a film and leans back is not idle in between."""
JOIN_SECONDS = 5.0


class Hook(Protocol):
    """``collector.capture.DesktopCapture``, as far as it is told."""

    def set_locked(self, locked: bool) -> None:
        """The screen is locked or unlocked."""

    def set_engaged(self, engaged: bool) -> None:
        """Somebody is there, whether there is input or not."""

    def behind_lock(self) -> int:
        """How often there was input while the screen was locked."""


class SessionWatch(threading.Thread):
    """``locked`` and ``engaged`` may be read from any thread; ``news`` is called, on this one, when they changed."""

    def __init__(
        self,
        news: Callable[[], None],
        *,
        full_screen: Callable[[], bool],
        sound: Path = SOUND,
        gamepads: Gamepads | None = None,
    ) -> None:
        super().__init__(name="session watch", daemon=True)
        self._news, self._full_screen, self._sound = news, full_screen, sound
        self._gamepads = gamepads or Gamepads()
        self._loop = asyncio.new_event_loop()
        self._end, self._joined = asyncio.Event(), threading.Event()
        self._lock: ScreenLock | None = None
        self._behind_lock = 0
        self.listening = False
        """Whether a bus is there that tells of locks."""
        self.engaged = ""
        """Why somebody counts as being there; empty where nothing says so."""
        self._reason: Unavailable = ""

    def publish(self, hook: Hook) -> None:
        """Tells the hook how things are, each turn of the agent; of input behind the lock it is asked."""
        before, self._behind_lock = self._behind_lock, hook.behind_lock()
        if self.locked and self._behind_lock > before:
            self.input_behind_lock()
        hook.set_locked(self.locked)
        hook.set_engaged(bool(self.engaged))

    def describe(self) -> dict[str, Any]:
        """For agent.json: why somebody counts as being there, why they would see no offer, and how locks ended."""
        endings = {} if self._lock is None else dict(self._lock.endings)
        ended = {how: count for how, count in endings.items() if count}
        return {"engaged": self.engaged, "unavailable": self.unavailable, "locks_ended": ended}

    @property
    def locked(self) -> bool:
        """Whether the screen is locked."""
        return self._lock is not None and self._lock.locked

    @property
    def unavailable(self) -> Unavailable:
        """Why nobody could see an offer now; empty where they could."""
        return "locked" if self.locked else self._reason

    def start_and_join(self) -> None:
        """Starts the thread and waits, for a while, until the session was asked."""
        self.start()
        self._joined.wait(JOIN_SECONDS)

    def input_behind_lock(self) -> None:
        """There was input although the screen is locked: the session is asked whether it still is."""
        self._call(lambda: self._loop.create_task(self._lock.verify(after_input=True)) if self._lock else None)

    def finish(self, seconds: float = 2.0) -> None:
        """Ends the thread."""
        self._call(self._end.set)
        if self.is_alive():
            self.join(seconds)

    def run(self) -> None:
        """The thread."""
        try:
            self._loop.run_until_complete(self._watch())
        finally:
            self._joined.set()
            self._gamepads.close()
            self._loop.close()

    def _call(self, action: Callable[[], object]) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(action)

    async def _watch(self) -> None:
        session = await _connect(BusType.SESSION) if os.environ.get("DBUS_SESSION_BUS_ADDRESS") else None
        system = await _connect(BusType.SYSTEM)
        buses = [bus for bus in (session, system) if bus is not None]
        self._lock = ScreenLock(session, system, self._news)
        engagement = Engagement(
            session, system, full_screen=self._full_screen, plays=self._gamepads.used, sound=self._sound
        )
        availability = OfferVisibility(session, engagement, PipewireStreams(), full_screen=self._full_screen)
        await self._lock.join()
        await availability.join()
        self.listening = self._lock.can_tell
        self._joined.set()
        while not self._end.is_set():
            self._set_engaged(await engagement.reason())
            self._reason = await availability.reason()
            if self.listening and not any(bus.connected for bus in buses):
                self.listening = False
                self._lock.leave()
            try:
                await asyncio.wait_for(self._end.wait(), LOOK_SECONDS)
            except TimeoutError:
                continue
        self._lock.leave()
        for bus in buses:
            bus.disconnect()

    def _set_engaged(self, reason: str) -> None:
        changed, self.engaged = bool(reason) != bool(self.engaged), reason
        if changed:
            self._news()


async def _connect(kind: BusType) -> MessageBus | None:
    try:
        return await MessageBus(bus_type=kind).connect()
    except (OSError, EOFError, DBusError, ValueError):  # there is none
        return None
