"""Why somebody counts as being there without any input: then no pause begins, and no break is inferred.

an idle inhibitor          logind's BlockInhibited, GNOME's IsInhibited: players and calls keep the screen awake by it
a microphone in use        ALSA's capture streams that run: a call
a film in full screen      the focused window fills the screen, and a player plays (MPRIS) or sound goes out (ALSA)
a gamepad                  its buttons and sticks (``collector.gamepads``)
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from dbus_fast.aio import MessageBus

from collector.bus_calls import ask, ask_property, names
from collector.screen_lock import LOGIND, MANAGER

SOUND = Path("/proc/asound")
GNOME = "org.gnome.SessionManager"
GNOME_IDLE = 8
"""Of GNOME's flags: the session may not become idle."""
PLAYER = "org.mpris.MediaPlayer2."


class Engagement:
    """Asks all of them. ``full_screen``: whether the window that holds the focus fills the screen."""

    def __init__(
        self,
        session: MessageBus | None,
        system: MessageBus | None,
        *,
        full_screen: Callable[[], bool],
        plays: Callable[[], bool],
        sound: Path = SOUND,
    ) -> None:
        """``plays``: whether a gamepad was used since the last call."""
        self._session, self._system, self._sound = session, system, sound
        self._full_screen, self._gamepad_used = full_screen, plays

    async def reason(self) -> str:
        """Why somebody is there; empty where nothing says so."""
        if self._gamepad_used():
            return "a gamepad is used"
        if self.microphone():
            return "a microphone is in use"
        if await self.inhibited():
            return "a program keeps the session from becoming idle"
        if self._full_screen() and await self.plays():
            return "a film plays in full screen"
        return ""

    def microphone(self) -> bool:
        """Whether one is in use."""
        return is_running(self._sound, "c")

    async def inhibited(self) -> bool:
        """Whether a program keeps the session from becoming idle."""
        blocked = await ask_property(self._system, LOGIND, "/org/freedesktop/login1", MANAGER, "BlockInhibited")
        if "idle" in str(blocked or "").split(":"):
            return True
        path = "/" + GNOME.replace(".", "/")
        return bool(await ask(self._session, GNOME, path, GNOME, "IsInhibited", "u", GNOME_IDLE))

    async def plays(self) -> bool:
        """Whether sound goes out, or a player says that it plays."""
        if is_running(self._sound, "p"):
            return True
        for name in await names(self._session):
            if name.startswith(PLAYER):
                path, interface = "/org/mpris/MediaPlayer2", f"{PLAYER}Player"
                if await ask_property(self._session, name, path, interface, "PlaybackStatus") == "Playing":
                    return True
        return False


def is_running(sound: Path, way: str) -> bool:
    """Whether a sound card records (``way`` c) or plays (p): also for programs that go through PipeWire."""
    for status in sound.glob(f"card*/pcm*{way}/sub*/status"):
        try:
            if "state: RUNNING" in status.read_text():
                return True
        except OSError:  # the card was pulled out just now
            continue
    return False
