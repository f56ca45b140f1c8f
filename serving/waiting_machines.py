"""Machines that wait to be paired, after the device authorization grant (RFC 8628).

::

    machine ─► POST /machine/pair {name} ─► device code (kept), short code (on its screen)
    person  ─► types the short code on the page or at ``neural-focus machines approve``, sees whose it is, approves
    machine ─► POST /machine/token {device_code}, every 5 s ─► its token, once

Short codes have eight consonants (section 6.1: no words, nothing that looks alike), hold ten minutes, work once.
Somebody who is signed in would have to guess one of 2.6e10; after five wrong ones each costs them half a minute.
Nothing of this is stored: after a restart of the service whoever waits begins again.
"""

from __future__ import annotations

import secrets as random
import time
from collections.abc import Callable
from dataclasses import dataclass

from serving.auth import hash_token
from serving.problems import ProblemError
from serving.rate_limit import RateLimit

ALPHABET = "BCDFGHJKLMNPQRSTVWXZ"
CODE_LETTERS = 8
WAITING_SECONDS = 600
POLL_SECONDS = 5
MOST_WAITING = 1000
NEW_AT_ONCE, NEW_A_SECOND = 10, 1 / 30
"""Of one address. Whoever starts more has to wait."""
GUESSES_AT_ONCE, GUESSES_A_SECOND = 5, 1 / 30
"""Wrong ones, of one person."""


@dataclass(slots=True)
class PairingWait:
    """A machine that waits. ``person``: the users.id of who approved it, None before."""

    code: str
    name: str
    address: str
    until: float
    person: int | None = None


class WaitingMachines:
    """Lives on the event loop."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._waiting: dict[str, PairingWait] = {}
        """By the hash of the device code."""
        self._new = RateLimit(burst=NEW_AT_ONCE, a_second=NEW_A_SECOND, clock=clock)
        self._guesses = RateLimit(burst=GUESSES_AT_ONCE, a_second=GUESSES_A_SECOND, clock=clock)

    def add(self, name: str, address: str) -> tuple[str, str]:
        """A machine asks; returns its device code and the code for its screen.

        Raises:
            ProblemError: 422, the name; 429, too many from there; 503, too many in all.
        """
        if not name or len(name) > 100 or not name.isprintable():
            raise ProblemError(422, f"The machine's name is {name[:100]!r}", hint="Give 1 to 100 printable characters")
        _check(self._new, address, "Too many machines of this address ask to be paired")
        self._new.spend(address, 1)
        self._forget_old()
        if len(self._waiting) >= MOST_WAITING:
            raise ProblemError(503, f"{MOST_WAITING} machines wait to be paired", hint="Try again in ten minutes")
        device_code, code = random.token_urlsafe(32), "".join(random.choice(ALPHABET) for _ in range(CODE_LETTERS))
        self._waiting[hash_token(device_code)] = PairingWait(code, name, address, self._clock() + WAITING_SECONDS)
        return device_code, code

    def find(self, person: int, code: str) -> PairingWait:
        """The machine whose screen shows ``code``, also one that this person has approved and that has not asked since;
        spaces, dashes and small letters are as good.

        Raises:
            ProblemError: 404, none does (any more); 429, too many wrong codes of this person.
        """
        _check(self._guesses, person, "Too many wrong codes")
        self._forget_old()
        meant = "".join(letter for letter in code.upper() if letter not in " -")
        for waiting in self._waiting.values():
            if waiting.person in (None, person) and random.compare_digest(waiting.code.encode(), meant.encode()):
                return waiting
        self._guesses.spend(person, 1)
        raise ProblemError(
            404, "No machine shows this code", hint="Look again, or begin anew there: neural-focus pair --service URL"
        )

    def approve(self, person: int, code: str) -> PairingWait:
        """The machine gets its token when it asks next; approved again, nothing changes. Raises as ``find``."""
        waiting = self.find(person, code)
        waiting.person = person
        return waiting

    def take(self, device_code: str) -> PairingWait | None:
        """The machine asks: who approved it, once; None while nobody has.

        Raises:
            ProblemError: 410, the code was used, ran out, or is none.
        """
        self._forget_old()
        key = hash_token(device_code)
        waiting = self._waiting.get(key)
        if waiting is None:
            hint = "Begin anew: neural-focus pair --service URL"
            raise ProblemError(410, "Nobody approved this machine within ten minutes", hint=hint)
        if waiting.person is None:
            return None
        return self._waiting.pop(key)

    def _forget_old(self) -> None:
        now = self._clock()
        for key in [key for key, waiting in self._waiting.items() if waiting.until < now]:
            del self._waiting[key]


def _check(limit: RateLimit, sender: str | int, title: str) -> None:
    if seconds := limit.wait(sender):
        wait = str(int(seconds) + 1)
        raise ProblemError(429, title, hint=f"Wait {wait} s", headers={"Retry-After": wait})
