"""Signing in with the team's OpenID Connect provider: two doors, and who it is that came through them.

::

    GET /signin/oidc            ─► a signed cookie for this browser (state, nonce, verifier) ─► the provider
    GET /signin/oidc/callback   ◄─ code and state ─► account ─► person, by (issuer, subject); the first time by the
                                   verified address that an operator invited ─► the cookie of every sign-in

What a browser began counts for that browser, once, for ten minutes. Nothing of the request says where it goes on.
"""

from __future__ import annotations

import hmac
import secrets as random
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from functools import partial
from typing import TYPE_CHECKING

from neural_focus.addresses import service_link
from neural_focus.identity_provider import CALLBACK_PATH, IdentityProvider
from neural_focus.secrets import Secrets
from neural_focus.settings import Settings
from neural_focus.store import identities
from neural_focus.store.database import Connection
from serving.auth import hash_token, read_signed, sign_text
from serving.callers import Callers
from serving.database import Database
from serving.problems import ProblemError
from serving.rate_limit import RateLimit

if TYPE_CHECKING:
    from serving.openid_client import OpenIdClient, ProviderAccount, SignInAttempt

COOKIE = "neural_focus_signin"
ATTEMPT_SECONDS = 600
BEGUN_AT_ONCE, BEGUN_A_SECOND = 30, 1 / 2
"""Of one address: a team may share one."""
REFUSED_AT_ONCE, REFUSED_A_SECOND = 5, 1 / 30
"""Refused ones of one address, as wrong codes of machines are."""


@dataclass(frozen=True, slots=True)
class ProviderAnswer:
    """What a browser brings back. ``error``: instead of the code; ``iss``: who says so, where the provider tells."""

    state: str
    code: str
    error: str
    iss: str | None


class TeamSignIn:
    """Lives on the event loop; there is one where a provider is set."""

    def __init__(
        self,
        settings: Settings,
        secrets: Secrets,
        database: Database,
        callers: Callers,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        assert settings.identity_provider is not None  # noqa: S101 - whoever makes one has looked
        self.provider: IdentityProvider = settings.identity_provider
        self._secrets, self._database, self._callers, self._clock = secrets, database, callers, clock
        self._redirect_address = f"{service_link(settings)}{CALLBACK_PATH}"
        self._client: OpenIdClient | None = None
        self._used: dict[str, float] = {}
        """States that came back, until nobody could bring them any more."""
        self._begun = RateLimit(burst=BEGUN_AT_ONCE, a_second=BEGUN_A_SECOND, clock=clock)
        self._refused = RateLimit(burst=REFUSED_AT_ONCE, a_second=REFUSED_A_SECOND, clock=clock)

    def load(self) -> None:
        """Import what asks the provider, in the caller's thread, before anybody waits.

        Raises:
            ConfigurationError: the file with the client's secret cannot be read.
        """
        from serving.openid_client import OpenIdClient

        self._client = OpenIdClient(self.provider, self._redirect_address, self._clock)

    async def begin(self, sender: str) -> tuple[str, str]:
        """A browser begins: where it goes, and the value of its cookie.

        Raises:
            ProblemError: 429, too many from there; 503, the provider does not answer.
        """
        from serving.openid_client import SignInAttempt

        _check(self._begun, sender)
        self._begun.spend(sender, 1)
        attempt = SignInAttempt(*(random.token_urlsafe(32) for _ in fields(SignInAttempt)))
        kept = sign_text(self._secrets, "team sign-in", asdict(attempt))
        return await self._known_client().begin(attempt), kept

    async def finish(self, sender: str, cookie: str | None, answer: ProviderAnswer) -> int:
        """The person whose browser came back.

        Raises:
            ProblemError: 403, why not; 429, too many refused ones from there; 503, provider or database.
            StoreError: the database refuses.
        """
        attempt = self._attempt(cookie, answer)
        if attempt is None:  # costs nothing, and any page can have a browser of the team ask for it: it is not slowed
            why = "It was not begun in this browser, or more than ten minutes ago"
            raise ProblemError(403, "This sign-in cannot go on", why=why, hint="Begin again")
        self._use_up(attempt.state)
        _check(self._refused, sender)
        try:
            return await self._finish(attempt, answer)
        except ProblemError as error:
            if error.status == 403:
                self._refused.spend(sender, 1)
            raise

    def is_of(self, cookie: str | None, answer: ProviderAnswer) -> bool:
        """Whether the browser with this cookie asked for this answer."""
        return self._attempt(cookie, answer) is not None

    def _attempt(self, cookie: str | None, answer: ProviderAnswer) -> SignInAttempt | None:
        from serving.openid_client import SignInAttempt

        kept = read_signed(self._secrets, "team sign-in", cookie or "", ATTEMPT_SECONDS)
        attempt = SignInAttempt(**kept) if kept else None
        if attempt is None or not hmac.compare_digest(attempt.state.encode(), answer.state.encode()):
            return None
        return attempt

    async def _finish(self, attempt: SignInAttempt, answer: ProviderAnswer) -> int:
        if answer.error or not answer.code:
            raise ProblemError(403, f"{self.provider.name} did not sign you in", hint="Begin again")
        account = await self._known_client().redeem(attempt, answer.code, answer.iss)
        person = await self._database.run_for_all(partial(_person_of, account=account))
        if person is None:
            raise self._unknown(account)
        if await self._callers.by_person(person) is None:
            hint = "Ask whoever runs this service: neural-focus people enable"
            raise ProblemError(403, "You are not let in any more", hint=hint)
        return person

    def _use_up(self, state: str) -> None:
        """Each comes back once: of a copied address and cookie the second is refused."""
        now = self._clock()
        for old in [known for known, until in self._used.items() if until < now]:
            del self._used[old]
        key = hash_token(state)
        if key in self._used:
            raise ProblemError(403, "This sign-in was used", hint="Begin again")
        self._used[key] = now + ATTEMPT_SECONDS

    def _known_client(self) -> OpenIdClient:
        if self._client is None:
            self.load()
        assert self._client is not None  # noqa: S101 - load made it
        return self._client

    def _unknown(self, account: ProviderAccount) -> ProblemError:
        if not account.email:
            why = f"{self.provider.name} does not say that your e-mail address is verified, so it shows nothing"
            return ProblemError(403, "Who you are is not known here", why=why, hint="Have it verified there")
        hint = (
            "Ask whoever runs this service to invite you: neural-focus people invite NAME --email, followed by the "
            "address; where the address has signed in by another account before: neural-focus people email"
        )
        return ProblemError(403, "You are not invited here", why=f"as {account.email}", hint=hint)


def _person_of(connection: Connection, account: ProviderAccount) -> int | None:
    """By the account, where it has been here; else by the verified address, which is this account's from then on."""
    known = identities.person_of(connection, account.issuer, account.subject)
    if known is not None or not account.email:
        return known
    return identities.bind(connection, account.issuer, account.subject, account.email)


def _check(limit: RateLimit, sender: str) -> None:
    if seconds := limit.wait(sender):
        wait = str(int(seconds) + 1)
        title = "Too many sign-ins from your address"
        raise ProblemError(429, title, hint=f"Wait {wait} s", headers={"Retry-After": wait})
