"""Who asks: the person and role behind a token or cookie, kept for some seconds so that a request costs no query.

::

    token ─► SHA-256 ─► held, confirmed within FRESH_SECONDS? ─► Caller
                          no ─► one query ─► held
    every CONFIRM_SECONDS: one query for all that are held; whoever is revoked, disabled or erased is let go, their
    sockets closed

A token that this process revokes ends at once; one that another process revokes (a command beside the service, a second
service) at the next confirmation. While the database does not answer, nobody is known for longer than FRESH_SECONDS.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from neural_focus.store import machines as store
from neural_focus.store.database import Connection
from neural_focus.store.users import enabled_people
from serving.auth import Caller, hash_token, is_machine_token
from serving.database import Database
from serving.hub import Hub
from serving.problems import ProblemError

CONFIRM_SECONDS = 3.0
FRESH_SECONDS = 10.0
IDLE_SECONDS = 600.0
"""Who has not asked for so long is let go."""
SEEN_SECONDS = 60.0
"""A machine's last use is written at most this often."""
MOST_HELD = 100_000


@dataclass(slots=True)
class _Held:
    caller: Caller
    confirmed: float
    used: float


class Callers:
    """Lives on the event loop."""

    def __init__(self, database: Database, hub: Hub, clock: Callable[[], float] = time.monotonic) -> None:
        self._database, self._hub, self._clock = database, hub, clock
        self._held: dict[str | int, _Held] = {}
        """By the token's hash, or the person's id where a cookie or the local token said who it is."""
        self._ended = 0
        """How often somebody was let go: what a query found before that is not held."""
        self._used: set[int] = set()
        """Machines whose last use is not written yet."""
        self._written = -math.inf

    async def by_token(self, token: str) -> Caller | None:
        """Whom a machine's token speaks for, None if it is none or was revoked.

        Raises:
            StoreError: it has to be looked up, and the database refuses.
        """
        if not is_machine_token(token):
            return None
        return await self._find(hash_token(token))

    async def by_person(self, user_id: int) -> Caller | None:
        """The person with their role, None if they were erased or disabled. Raises as ``by_token``."""
        return await self._find(user_id)

    async def by_cookie(self, user_id: int, signed_in_at: float) -> Caller | None:
        """The person whose cookie was made then, None if they were signed out since. Raises as ``by_token``."""
        caller = await self._find(user_id)
        if caller is None or signed_in_at < caller.signed_out_before:
            return None
        return replace(caller, signed_in_at=signed_in_at)

    async def machines(self, user_id: int) -> list[store.MachineRow]:
        """The person's machines, oldest first."""
        return await self._database.run_for(user_id, partial(store.list_machines, user_id=user_id))

    async def revoke(self, user_id: int, machine: int) -> None:
        """End a machine's token and close its sockets.

        Raises:
            ProblemError: 404, the person has no such machine.
        """
        revoke = partial(store.revoke_machine, user_id=user_id, machine=machine)
        if not await self._database.run_for(user_id, revoke):
            raise _unknown(machine)
        await self._end(machine)

    async def rotate(self, user_id: int, machine: int, token_hash: str) -> None:
        """Another token instead of the present one, whose sockets are closed. Raises as ``revoke``."""
        work = partial(store.rotate_machine, user_id=user_id, machine=machine, token_hash=token_hash)
        if not await self._database.run_for(user_id, work):
            raise _unknown(machine)
        await self._end(machine)

    async def confirm(self) -> None:
        """Ask anew for everybody who is held or connected; let those go who are known no more."""
        now = self._clock()
        for key in [key for key, held in self._held.items() if now - held.used > IDLE_SECONDS]:
            del self._held[key]
        connected: set[str | int] = {*self._hub.token_hashes(), *self._hub.people_without_machines()}
        keys, ended = {*self._held, *connected}, self._ended
        if not keys:
            return
        found = await self._database.run_for_all(partial(_look_up, keys=keys))
        if ended == self._ended:
            for key in found.keys() & self._held.keys():
                self._held[key].caller, self._held[key].confirmed = found[key], now
        for key in keys - found.keys():
            await self._let_go(key)
        await self._hub.close_signed_out(
            {one.user_id: one.signed_out_before for one in found.values() if not one.token_hash}
        )
        for token_hash in connected & found.keys():
            self._use(found[token_hash])
        if self._used and now - self._written >= SEEN_SECONDS:
            used, self._used, self._written = self._used, set(), now
            await self._database.run_for_all(partial(store.mark_seen, machines=used))

    async def _find(self, key: str | int) -> Caller | None:
        now = self._clock()
        held = self._held.get(key)
        if held is None or now - held.confirmed > FRESH_SECONDS:
            ended = self._ended
            caller = (await self._database.run_for_all(partial(_look_up, keys={key}))).get(key)
            if caller is None:
                return None
            self._use(caller)
            if ended != self._ended:
                return caller
            if len(self._held) >= MOST_HELD:
                self._held.clear()
            held = self._held[key] = _Held(caller, now, now)
        held.used = now
        self._use(held.caller)
        return held.caller

    def _use(self, caller: Caller) -> None:
        if caller.machine is not None:
            self._used.add(caller.machine)

    async def _end(self, machine: int) -> None:
        held = {key for key, held in self._held.items() if held.caller.machine == machine}
        for key in held | self._hub.token_hashes(machine):
            await self._let_go(key)
        self._ended += 1

    async def _let_go(self, key: str | int) -> None:
        self._ended += 1
        self._held.pop(key, None)
        await self._hub.close(key)


def _look_up(connection: Connection, keys: set[str | int]) -> dict[str | int, Caller]:
    """Whoever of these is known."""
    found: dict[str | int, Caller] = {}
    if hashes := [key for key in keys if isinstance(key, str)]:
        tokens = store.find_tokens(connection, hashes)
        found |= {one.token_hash: Caller(one.user_id, one.role, one.machine, one.token_hash) for one in tokens}
    if people := [key for key in keys if isinstance(key, int)]:
        known = enabled_people(connection, people)
        found |= {one: Caller(one, role, signed_out_before=since) for one, (role, since) in known.items()}
    return found


def _unknown(machine: int) -> ProblemError:
    return ProblemError(404, f"There is no paired machine {machine}", hint="See GET /api/v1/machines")
