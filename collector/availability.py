"""Why nobody could see an offer now: then none is made, and the moment is no chance missed.

locked            the session says so (``collector.screen_lock``)
screen_sharing    a program takes pictures of the screen (``collector.pipewire_streams``)
call              a microphone or a camera is in use
presentation      full screen, and a program keeps the session from becoming idle, while nothing plays; or Xfce's own
                  presentation mode
do_not_disturb    the person holds notifications back (``collector.do_not_disturb``)
full_screen       the window in focus fills the screen

The first that holds is told. All are asked as often as the session watch looks; a lock is told at once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from dbus_fast import Variant
from dbus_fast.aio import MessageBus

from collector.bus_calls import ask, names
from collector.do_not_disturb import XFCONF, DoNotDisturb
from collector.engagement import Engagement
from collector.pipewire_streams import PipewireStreams
from neural_focus.messages import Unavailable

PRESENTATION_MODE = ("xfce4-power-manager", "/xfce4-power-manager/presentation-mode")


class OfferVisibility:
    """On the thread of the session's buses. ``full_screen``: whether the window in focus fills the screen."""

    def __init__(
        self,
        session: MessageBus | None,
        engagement: Engagement,
        streams: PipewireStreams,
        *,
        full_screen: Callable[[], bool],
    ) -> None:
        self._session, self._engagement, self._streams = session, engagement, streams
        self._full_screen = full_screen
        self._quiet = DoNotDisturb(session)

    async def join(self) -> None:
        """Hears of changes from now on."""
        await self._quiet.join()

    async def reason(self) -> Unavailable:
        """Why an offer would not be seen, locks aside; empty where nothing says so."""
        recorded, there = await self._streams.look(), await names(self._session)
        full = self._full_screen()
        if recorded.screen:
            return "screen_sharing"
        if recorded.call or self._engagement.microphone():
            return "call"
        if await self._presents(there, full=full):
            return "presentation"
        if await self._quiet.is_on(there):
            return "do_not_disturb"
        return "full_screen" if full else ""

    async def _presents(self, there: Sequence[str], *, full: bool) -> bool:
        if XFCONF in there:
            path = "/" + XFCONF.replace(".", "/")
            answer = await ask(self._session, XFCONF, path, XFCONF, "GetProperty", "ss", *PRESENTATION_MODE)
            if isinstance(answer, Variant) and answer.value is True:
                return True
        return full and await self._engagement.inhibited() and not await self._engagement.plays()
