"""Whether the screen is locked: a claim is believed only while the session says so.

claims      screen savers' ActiveChanged, logind's LockedHint, Lock and Unlock
answers     savers' GetActive, logind's LockedHint: asked at the start, after a sleep, 2 s after a claim, then each
            10 s while locked, and at input behind the lock
            ├─ one says yes  → locked
            ├─ one says no   → unlocked: its unlocking was not heard of
            └─ nobody says   → the claim stands until there is input: nobody can type behind a lock that is gone
"""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from typing import Literal

from dbus_fast import Message, MessageType
from dbus_fast.aio import MessageBus

from collector.bus_calls import ask, ask_property
from collector.session_bus import subscribe

SAVERS = (
    "org.freedesktop.ScreenSaver",
    "org.gnome.ScreenSaver",
    "org.cinnamon.ScreenSaver",
    "org.mate.ScreenSaver",
    "org.xfce.ScreenSaver",
)
LOGIND = "org.freedesktop.login1"
SESSION, MANAGER = f"{LOGIND}.Session", f"{LOGIND}.Manager"
DOUBT_SECONDS, ASK_SECONDS = 2.0, 10.0
Ending = Literal["told", "asked", "input"]


class ScreenLock:
    """On the thread of its buses; ``locked`` may be read from any. ``news`` is called when it changed."""

    def __init__(self, session: MessageBus | None, system: MessageBus | None, news: Callable[[], None]) -> None:
        self._session, self._system, self._news = session, system, news
        self._path = ""
        self._asking: asyncio.Task[None] | None = None
        self.locked = False
        self.endings: Counter[Ending] = Counter()
        """How locks ended: told by the session, found by asking it, or by input where nobody could say."""

    @property
    def can_tell(self) -> bool:
        """Whether there is anybody to tell of locks: a session bus, or logind with a session."""
        return self._session is not None or bool(self._path)

    async def join(self) -> None:
        """Listens from now on, and asks how things are."""
        if self._session is not None:
            self._session.add_message_handler(self._receive)
            for saver in SAVERS:
                await subscribe(self._session, f"type='signal',interface='{saver}',member='ActiveChanged'")
        if self._system is not None:
            self._path = await _session_path(self._system)
            self._system.add_message_handler(self._receive)
            await subscribe(self._system, f"type='signal',interface='{MANAGER}',member='PrepareForSleep'")
            if self._path:
                await subscribe(self._system, f"type='signal',path='{self._path}'")
        await self.verify()

    async def verify(self, *, after_input: bool = False) -> None:
        """Asks the session whether it is locked."""
        is_locked = await self._ask()
        if is_locked is not None:
            self._set(is_locked, "asked")
        elif after_input:
            self._set(False, "input")

    def leave(self) -> None:
        """Asks no more; without a bus nobody would tell of the unlocking."""
        self._set(False, "told")

    def _receive(self, message: Message) -> None:
        if message.message_type is not MessageType.SIGNAL:
            return
        member, body = message.member, message.body
        if member == "ActiveChanged" and message.interface in SAVERS:
            self._set(bool(body and body[0]), "told")
        elif member == "PrepareForSleep" and message.interface == MANAGER and body == [False]:
            self._later(0)
        elif message.path == self._path and self._path:
            self._receive_logind(message)

    def _receive_logind(self, message: Message) -> None:
        if message.interface == SESSION and message.member in ("Lock", "Unlock"):
            self._set(message.member == "Lock", "told")
        elif message.member == "PropertiesChanged" and message.body[0] == SESSION:
            hint = message.body[1].get("LockedHint")
            if hint is not None:
                self._set(bool(hint.value), "told")

    def _set(self, locked: bool, how: Ending) -> None:
        changed, self.locked = locked != self.locked, locked
        if changed:
            self.endings[how] += not locked
            self._news()
        if changed and locked:
            self._later(DOUBT_SECONDS)
        elif not locked and self._asking is not None:
            self._asking.cancel()
            self._asking = None

    def _later(self, seconds: float) -> None:
        if self._asking is not None:
            self._asking.cancel()
        self._asking = asyncio.get_running_loop().create_task(self._ask_again(seconds))

    async def _ask_again(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        await self.verify()
        while self.locked:
            await asyncio.sleep(ASK_SECONDS)
            await self.verify()

    async def _ask(self) -> bool | None:
        answers = [await ask(self._session, one, "/" + one.replace(".", "/"), one, "GetActive") for one in SAVERS]
        if self._path:
            answers.append(await ask_property(self._system, LOGIND, self._path, SESSION, "LockedHint"))
        known = [bool(answer) for answer in answers if answer is not None]
        return any(known) if known else None


async def _session_path(system: MessageBus) -> str:
    """logind's object of this login session, or of the one that this user's screen shows; empty without logind."""
    path = "/org/freedesktop/login1"
    with suppress(KeyError):
        return str(await ask(system, LOGIND, path, MANAGER, "GetSession", "s", os.environ["XDG_SESSION_ID"]) or "")
    shown = await ask_property(system, LOGIND, f"{path}/user/self", f"{LOGIND}.User", "Display")
    return str(shown[1]) if shown else ""
