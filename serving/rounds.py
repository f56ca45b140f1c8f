"""Rounds of sessions with breaks between them, asked for on the page or by the command.

The desktop's agent keeps them (``collector.timed_sessions``): it alone knows whether somebody is back after a break.
"""

from __future__ import annotations

from neural_focus.messages import AskRounds, Rounds
from serving.hub import Hub
from serving.problems import ProblemError
from serving.session_service import SessionService
from serving.streams import LiveStream, Streams

HOW = "Start the agent: neural-focus agent"


class RoundsService:
    """Asks the desktop in use; says nothing itself of what comes of it."""

    def __init__(self, hub: Hub, streams: Streams, sessions: SessionService) -> None:
        self._hub, self._streams, self._sessions = hub, streams, sessions

    def now(self, user_id: int) -> Rounds | None:
        """What the person's desktop last said of its rounds."""
        return next((rounds for _, rounds in self._kept(user_id)), None)

    async def ask(self, user_id: int, asked: AskRounds) -> None:
        """Tell the desktop.

        Raises:
            ProblemError: 409, no desktop is connected, a session with a timer runs, or nothing is to be skipped or
                stopped.
        """
        stream, rounds = next(iter(self._kept(user_id)), (None, None))
        connected = [one for one in self._streams.of(user_id) if self._hub.has_desktop(user_id, one.machine_id)]
        used = self._streams.in_use(user_id)
        stream = stream or (used if used in connected else next(iter(connected), None))
        if stream is None:
            raise ProblemError(409, "No desktop of yours is connected, and rounds are kept there", hint=HOW)
        if asked.command == "start":
            running = await self._sessions.current(user_id)
            if rounds is not None or (running is not None and running.session_type != "natural"):
                raise ProblemError(409, "A session with a timer or a round is on", hint="End it first")
        elif rounds is None:
            raise ProblemError(409, "No rounds are on", hint="Begin them: neural-focus session rounds pomodoro")
        elif asked.command == "skip" and rounds.rests_until is None:
            raise ProblemError(409, "There is no break now", hint="It can be skipped once it has begun")
        self._hub.publish_to_desktop(user_id, stream.machine_id, asked)

    def _kept(self, user_id: int) -> list[tuple[LiveStream, Rounds]]:
        return [(one, one.desktop.rounds) for one in self._streams.of(user_id) if one.desktop and one.desktop.rounds]
