"""The jail of a timed session: the person's own lists hold from its start to its end.

::

    session starts ─► rows MANUAL_JAIL, ordered ──────────────► its timer ends it ─► lifted ("ended")
                                  └─ LEAVE_JAIL ─► 60 s ─► lifted ("emergency"), the session goes on

Everything is in the database: a service that starts in the middle takes it up.
"""

from __future__ import annotations

import time

from neural_focus.errors import InputError
from neural_focus.help_settings import LONGEST_MINUTES
from neural_focus.messages import JailLeaving
from neural_focus.store import sessions
from neural_focus.store.database import Connection
from neural_focus.store.jails import JailRow, ask_to_leave, insert_jail, leave_jail, lift_jail
from neural_focus.store.sessions import StoredSession
from neural_focus.time import iso, wall_clock_us
from serving.actions import Actions
from serving.database import Database
from serving.hub import Hub
from serving.people import read_person
from serving.problems import ProblemError
from serving.reach import Reach, block_action, program_action
from serving.responses import JailExit
from serving.streams import Streams

EXIT_SECONDS = 60
SHORTEST_REASON, LONGEST_REASON = 3, 200


class Jail:
    """Begins, opens and lifts jails. Lives on the event loop."""

    def __init__(
        self, database: Database, hub: Hub, streams: Streams, actions: Actions, hosts: tuple[str, ...] = ()
    ) -> None:
        self._database, self._hub, self._streams, self._actions = database, hub, streams, actions
        self._hosts = hosts
        self._leaving: dict[int, tuple[int, int, float]] = {}
        """(person, when it lifts in µs UTC, and by ``time.monotonic()``): a clock that is set back keeps nobody in."""

    async def restore(self) -> None:
        """Take up the emergency exits that an earlier run let people ask for."""
        for session in await self._database.run_for_all(sessions.open_timed):
            if session.jail_leaving_us is not None:
                self._remember(session.id, session.user_id, session.jail_leaving_us)

    def begin(self, connection: Connection, session: StoredSession) -> None:
        """Order what the person's lists say for the length of a session, in the transaction that starts it.

        Raises:
            InputError: a session without a timer or too long for a jail, or nothing is on the lists.
        """
        if session.deadline_us is None or session.planned_seconds is None:
            raise InputError("A natural session has no jail", hint="Start a pomodoro or deep_work session")
        if session.planned_seconds > LONGEST_MINUTES * 60:
            raise InputError(
                f"The session lasts {session.planned_seconds // 60} minutes",
                why=f"a jail lasts {LONGEST_MINUTES} at most",
                hint="Start a shorter one, or one without jail_enabled",
            )
        stream = self._streams.get(session.user_id, session.machine_id) if session.machine_id else None
        settings = read_person(connection, session.user_id, self._hosts).help
        desktop = stream.desktop if stream else None
        reach = Reach.of(settings, desktop, no_block=self._actions.browsers.can_block(session.user_id))
        blocked = reach.why_not("BLOCK")
        jail = [JailRow(block_action(site), site, blocked) for site in settings.block_sites]
        for verb, apps in (("MINIMIZE", settings.minimize_apps), ("KILL", settings.end_apps)):
            refused = reach.why_not(verb)
            jail += [JailRow(program_action(verb, app), app, refused) for app in apps]
        if not jail:
            raise InputError(
                "Your lists are empty",
                why="a jail does what they say",
                hint="Name sites or apps under Help on the page, or start without jail_enabled",
            )
        made = stream.prediction if stream else None
        why = f"You are in a {session.type.replace('_', ' ')} session until it ends"
        insert_jail(connection, session, session.deadline_us, jail, made.distraction_risk if made else 0.0, why)

    def end(self, connection: Connection, session: StoredSession) -> None:
        """Lift the jail of a session that has ended, in the transaction that ends it."""
        if session.jail_enabled:
            lift_jail(connection, session.id, wall_clock_us(), "ended")

    async def leave(self, user_id: int, session_id: int, reason: str) -> JailExit:
        """The emergency exit: lifts a minute after it was first asked for.

        Raises:
            ProblemError: 404, the person has no such session; 409, it has ended or has no jail.
            InputError: a reason that is too short or too long.
        """
        reason = " ".join(reason.split())
        if not SHORTEST_REASON <= len(reason) <= LONGEST_REASON:
            raise InputError(
                f"The reason has {len(reason)} characters", hint=f"Give {SHORTEST_REASON} to {LONGEST_REASON}"
            )

        def work(connection: Connection) -> StoredSession:
            session = _running(connection, user_id, session_id)
            ask_to_leave(connection, session.id, wall_clock_us() + EXIT_SECONDS * 1_000_000, reason)
            return _running(connection, user_id, session_id)

        session = await self._database.run_for(user_id, work)
        lifts_us = session.jail_leaving_us or wall_clock_us()
        if lifts_us > wall_clock_us():
            self._remember(session_id, user_id, lifts_us)
        self._hub.publish(user_id, JailLeaving(session_id, lifts_us))
        return JailExit(session_id, lifts_us)

    async def tick(self) -> None:
        """Lift the jails whose minute is over."""
        for session_id, (user_id, lifts_us, deadline) in list(self._leaving.items()):
            if lifts_us <= wall_clock_us() or deadline <= time.monotonic():
                await self._lift(session_id, user_id)

    def _remember(self, session_id: int, user_id: int, lifts_us: int) -> None:
        left_s = min((lifts_us - wall_clock_us()) / 1e6, EXIT_SECONDS)
        self._leaving.setdefault(session_id, (user_id, lifts_us, time.monotonic() + left_s))

    async def _lift(self, session_id: int, user_id: int) -> None:
        await self._database.run_for(user_id, lambda connection: leave_jail(connection, session_id, wall_clock_us()))
        del self._leaving[session_id]
        for stream in self._streams.of(user_id):
            stream.jailed = stream.jailed and stream.session_id != session_id
        await self._actions.publish(user_id)


def holds(session: StoredSession) -> bool:
    """Whether the session's jail is closed now."""
    left = session.jail_leaving_us is not None and session.jail_leaving_us <= wall_clock_us()
    return session.jail_enabled and session.end_us is None and not left


def refuse_to_end(session: StoredSession | None) -> None:
    """A jail is not left by ending its session.

    Raises:
        ProblemError: 409, its jail is closed.
    """
    if session is not None and holds(session):
        raise ProblemError(
            409,
            f"Session {session.id} has a jail",
            why=f"it runs until {iso(session.deadline_us)}" if session.deadline_us else "",
            hint="Use its emergency exit, which takes a minute and a reason; then the session can be ended",
        )


def _running(connection: Connection, user_id: int, session_id: int) -> StoredSession:
    session = sessions.read_session(connection, user_id, session_id)
    if session is None:
        raise ProblemError(404, f"There is no session {session_id}")
    if not session.jail_enabled or session.end_us is not None:
        why = "it was started without" if not session.jail_enabled else "it has ended"
        raise ProblemError(409, f"Session {session_id} has no jail to leave", why=why)
    return session
