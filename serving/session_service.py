"""Sessions while they run: start, end, timers, and the summary that everybody of the person is told."""

from __future__ import annotations

import time
from functools import partial
from typing import Any

from neural_focus.messages import SessionEnded, SessionResponse, SessionStarted
from neural_focus.sessions import (
    LOOK_BACK_US,
    TAKEN_WITHIN_US,
    EndReason,
    SessionMetrics,
    SessionSummary,
    SessionType,
    length_minutes,
    measure,
)
from neural_focus.store import sessions
from neural_focus.store.database import Connection
from neural_focus.store.events import read_events
from neural_focus.store.sessions import StoredSession
from neural_focus.time import iso, wall_clock_us
from serving.actions import Actions
from serving.database import Database
from serving.hub import Hub
from serving.idempotency import NO_KEY, RequestKey
from serving.jail import Jail, holds, refuse_to_end
from serving.problems import ProblemError
from serving.streams import Streams

REFILL_SECONDS = 60
"""The shipper is seconds behind: metrics are filled again this long after the end."""
CRASHED_SECONDS = 60
"""A timer that ran out this long before anybody noticed: the service was not there."""


class SessionService:
    """Keeps the timers; every change goes to the database first, then to the person's clients."""

    def __init__(self, database: Database, hub: Hub, streams: Streams, jail: Jail, actions: Actions) -> None:
        self._database, self._hub, self._streams = database, hub, streams
        self._jail, self._actions = jail, actions
        self._deadlines: dict[int, tuple[int, int]] = {}
        self._refills: list[tuple[float, int, int]] = []

    async def restore(self) -> None:
        """Take up the timers of an earlier run; what ran out while nobody watched ends as a system error."""
        for session in await self._database.run_for_all(sessions.open_timed):
            deadline = session.deadline_us or session.start_us
            if deadline < (time.time() - CRASHED_SECONDS) * 1e6:
                await self._end(session.user_id, session.id, deadline, "system_error")
            else:
                self._deadlines[session.id] = (session.user_id, deadline)

    async def start(
        self,
        user_id: int,
        kind: SessionType,
        *,
        minutes: int | None = None,
        jail_enabled: bool = False,
        machine_id: str | None = None,
        start_us: int | None = None,
        key: RequestKey = NO_KEY,
    ) -> SessionResponse:
        """Start a session (or store a natural one) and tell the person's clients. Where ``key`` says that it is stored,
        no other one is, and the rest is done again while it runs.

        Raises:
            InputError: a length that makes no sense, another timed session is running, or a jail that cannot be.
            ProblemError: 422, the key was another request's.
        """
        length = length_minutes(kind, minutes)
        used = self._streams.in_use(user_id)
        machine = machine_id or (used.machine_id if used else None)
        begin = start_us if start_us is not None else wall_clock_us()
        planned = None if length is None else length * 60

        def begin_session(connection: Connection) -> SessionResponse:
            session = sessions.begin_session(
                connection, user_id, machine, kind, begin, planned_seconds=planned, jail_enabled=jail_enabled
            )
            if jail_enabled:
                self._jail.begin(connection, session)
            return described(session)

        def work(connection: Connection) -> tuple[SessionResponse, bool]:
            return key.once(connection, user_id, SessionResponse, partial(begin_session, connection), _times_of)

        answer, fresh = await self._database.run_for(user_id, work)
        if fresh:
            await self._begun(user_id, answer, None if planned is None else begin + planned * 1_000_000)
        elif (session := await self._running(user_id)) is not None and session.id == answer.id:
            # what failed behind the first try's COMMIT left it without a timer, or its clients without word of it
            await self._begun(user_id, described(session), session.deadline_us)
        return answer

    async def _begun(self, user_id: int, session: SessionResponse, deadline_us: int | None) -> None:
        """What follows a session that is stored. Clients that know of it already take no notice."""
        if deadline_us is not None:
            self._deadlines[session.id] = (user_id, deadline_us)
        await self._refresh_streams(user_id)
        self._hub.publish(user_id, SessionStarted(**_fields(session)))
        if session.jail_enabled:
            await self._actions.publish(user_id)

    async def running(self, user_id: int) -> SessionStarted | None:
        """The person's timed session, for a desktop that was not there when it began, or has started again since."""
        session = await self._running(user_id)
        return None if session is None else SessionStarted(**_fields(described(session)))

    async def _running(self, user_id: int) -> StoredSession | None:
        return await self._database.run_for(user_id, lambda connection: sessions.running_timed(connection, user_id))

    async def applied(self, user_id: int, session_id: int, start_us: int) -> SessionEnded | None:
        """The desktop's engine took the session at ``start_us``; the timer counts from there.

        Returns the end of one that has ended: a desktop says it again when it connects, and may have missed the end.

        Raises:
            ProblemError: 404, the person has no such session; 409, a jail would end by it.
        """

        def move(connection: Connection) -> StoredSession | None:
            session = sessions.read_session(connection, user_id, session_id)
            if session is not None and abs(start_us - session.start_us) > TAKEN_WITHIN_US:
                refuse_to_end(session)  # a start moved further would be a way out of a jail
            sessions.move_start(connection, user_id, session_id, start_us)
            return sessions.read_session(connection, user_id, session_id)

        session = await self._database.run_for(user_id, move)
        if session is None:
            raise ProblemError(404, f"There is no session {session_id}")
        if session.end_us is not None:
            summary = await self._database.run_for(user_id, lambda connection: _summary(connection, session))
            return SessionEnded(session_id, _reason(session, "system_error"), summary, session.end_us)
        if session.deadline_us is not None:
            self._deadlines[session_id] = (user_id, session.deadline_us)
        return None

    async def end(self, user_id: int, session_id: int, end_us: int | None = None) -> SessionEnded:
        """End one of the person's sessions because they say so. Ending it twice tells the same end again.

        Raises:
            ProblemError: 404, the person has no such session; 409, its jail holds.
            InputError: the end lies before the start.
        """
        refuse_to_end(await self._read(user_id, session_id))
        return await self._end(user_id, session_id, end_us or wall_clock_us(), "user_ended")

    async def current(self, user_id: int) -> SessionResponse | None:
        """What the person is in now."""
        session = await self._current(user_id)
        return described(session) if session else None

    async def _current(self, user_id: int) -> StoredSession | None:
        since = int((time.time() - 12 * 3600) * 1e6)
        return await self._database.run_for(
            user_id, lambda connection: sessions.current_session(connection, user_id, since)
        )

    async def get(self, user_id: int, session_id: int) -> SessionResponse:
        """One of the person's sessions.

        Raises:
            ProblemError: 404, the person has no such session.
        """
        session = await self._read(user_id, session_id)
        if session is None:
            raise ProblemError(404, f"There is no session {session_id}")
        return described(session)

    async def _read(self, user_id: int, session_id: int) -> StoredSession | None:
        return await self._database.run_for(
            user_id, lambda connection: sessions.read_session(connection, user_id, session_id)
        )

    async def tick(self) -> None:
        """End what ran out; fill metrics again where late events have come."""
        now_us = wall_clock_us()
        for session_id, (user_id, deadline) in list(self._deadlines.items()):
            if deadline <= now_us:
                await self._end(user_id, session_id, deadline, "timer_expired")
        due = [refill for refill in self._refills if refill[0] <= time.monotonic()]
        self._refills = [refill for refill in self._refills if refill[0] > time.monotonic()]
        for _, user_id, session_id in due:
            await self._database.run_for(user_id, partial(_fill, user_id=user_id, session_id=session_id))

    async def _end(self, user_id: int, session_id: int, end_us: int, reason: EndReason) -> SessionEnded:
        def work(connection: Connection) -> tuple[StoredSession, SessionSummary] | None:
            completed = reason == "timer_expired"
            session = sessions.finish_session(connection, user_id, session_id, end_us, reason, completed=completed)
            if session is None:
                return None
            self._jail.end(connection, session)
            return session, _summary(connection, session)

        ended = await self._database.run_for(user_id, work)
        self._deadlines.pop(session_id, None)
        if ended is None:
            raise ProblemError(404, f"There is no session {session_id}")
        session, summary = ended
        self._refills.append((time.monotonic() + REFILL_SECONDS, user_id, session_id))
        await self._refresh_streams(user_id)
        message = SessionEnded(session_id, _reason(session, reason), summary, session.end_us)
        self._hub.publish(user_id, message)
        if session.jail_enabled:
            await self._actions.publish(user_id)
        return message

    async def _refresh_streams(self, user_id: int) -> None:
        """Predictions from now on carry the session that the person is in now."""
        current = await self._current(user_id)
        for stream in self._streams.of(user_id):
            stream.session_id = current.id if current else None
            stream.jailed = current is not None and holds(current)


def described(session: StoredSession) -> SessionResponse:
    """A session in the words of the API."""
    return SessionResponse(
        id=session.id,
        user_id=session.user_id,
        start_time=iso(session.start_us),
        session_type=session.type,
        jail_enabled=session.jail_enabled,
        context_switches=session.context_switches,
        end_time=iso(session.end_us) if session.end_us else None,
        focus_score_avg=session.focus_score_avg,
        start_us=session.start_us,
        ends_at=iso(session.deadline_us) if session.deadline_us and not session.end_us else None,
        jail_leaving_us=session.jail_leaving_us,
    )


def _times_of(answer: SessionResponse) -> tuple[int, int]:
    start_us = answer.start_us or 0
    return start_us, start_us


def _fields(answer: SessionResponse) -> dict[str, Any]:
    return {name: getattr(answer, name) for name in SessionResponse.__dataclass_fields__}


def _reason(session: StoredSession, asked: EndReason) -> EndReason:
    return session.end_reason or asked  # type: ignore[return-value] # the table allows these words only


def _fill(connection: Connection, user_id: int, session_id: int) -> None:
    session = sessions.read_session(connection, user_id, session_id)
    if session is not None and session.end_us is not None:
        _summary(connection, session)


def _summary(connection: Connection, session: StoredSession) -> SessionSummary:
    """Fill the session's metrics from what is stored by now."""
    metrics = SessionMetrics()
    if session.machine_id is not None and session.end_us is not None:
        records, _ = read_events(
            connection, session.user_id, session.machine_id, session.start_us - LOOK_BACK_US, session.end_us + 1
        )
        metrics = measure(records, session.start_us, session.end_us)
    return sessions.fill_metrics(connection, session, metrics)
