"""The team's OpenID Connect provider, asked by Authlib: authorization code flow with PKCE, state and nonce.

::

    begin   browser ─► authorization endpoint, with state, nonce and the challenge of a verifier that stays here
    redeem  code, verifier ─► token endpoint ─► ID token ─► signature (JWKS), issuer, audience, nonce, times ─► who

Only a service for which a provider is set imports this module: Authlib takes a quarter of a second.
The provider is asked when somebody signs in, never at the start, and each time within ``DEADLINE_SECONDS``.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
import time
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote_plus

import httpx2
from authlib.integrations.httpx_client import AsyncOAuth2Client, OAuthError
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import BadSignatureError, InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry

from neural_focus.identity_provider import IdentityProvider, is_safe
from neural_focus.store.identities import SUBJECT_CHARACTERS
from serving.problems import ProblemError

DEADLINE_SECONDS = 10.0
LEEWAY_SECONDS = 30
"""How far the provider's clock may differ from ours."""
KEEP_SECONDS = 3600.0
RETRY_SECONDS = 5.0
"""After a failure nobody waits for the provider again before this."""
NEW_KEYS_SECONDS = 10.0
"""Keys that are younger are not asked for again because of a signature that does not fit."""
SCOPE = "openid email"
ALGORITHMS = ("RS256", "PS256", "ES256", "EdDSA", "RS384", "PS384", "ES384", "RS512", "PS512", "ES512")
"""What may have signed an ID token: never the client's secret, never nothing."""
_NEEDED = ("authorization_endpoint", "token_endpoint", "jwks_uri")
_MALFORMED = (httpx2.HTTPError, httpx2.InvalidURL, TimeoutError, ValueError, KeyError, TypeError)
"""What asking a provider raises that is away, or answers what is none of its answers."""
_LOG = logging.getLogger("neural_focus.serving")


@dataclass(frozen=True, slots=True)
class SignInAttempt:
    """What a browser that began keeps until it is back; each is new and random."""

    state: str
    nonce: str
    verifier: str


@dataclass(frozen=True, slots=True)
class ProviderAccount:
    """Who signed in. ``email``: "" where the provider has verified none."""

    issuer: str
    subject: str
    email: str


class OpenIdClient:
    """Made in a thread, as reading the system's authorities takes 30 ms; then it lives on the event loop.

    ``redirect_address``: where the provider sends browsers back, exactly.
    """

    def __init__(
        self, provider: IdentityProvider, redirect_address: str, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.provider, self._redirect_address, self._clock = provider, redirect_address, clock
        self._secret = provider.read_secret()
        self._tls = ssl.create_default_context()
        self._lock = asyncio.Lock()
        self._found: dict[str, Any] | None = None
        self._found_at = self._failed_at = self._keys_at = -KEEP_SECONDS
        self._keys: KeySet | None = None

    async def begin(self, attempt: SignInAttempt) -> str:
        """Where the browser goes.

        Raises:
            ProblemError: 503, the provider does not answer, or not as it should.
        """
        found = await self._discovered()
        address = prepare_grant_uri(
            found["authorization_endpoint"],
            client_id=self.provider.client_id,
            response_type="code",
            redirect_uri=self._redirect_address,
            scope=SCOPE,
            state=attempt.state,
            nonce=attempt.nonce,
            code_challenge=create_s256_code_challenge(attempt.verifier),
            code_challenge_method="S256",
        )
        return str(address)

    async def redeem(self, attempt: SignInAttempt, code: str, issuer: str | None) -> ProviderAccount:
        """Who came back with ``code``; ``issuer`` is the ``iss`` beside it, None where there was none.

        Raises:
            ProblemError: 403, the code or what it brought is not to be trusted; 503 as ``begin``.
        """
        try:
            async with asyncio.timeout(DEADLINE_SECONDS):
                return await self._redeemed(attempt, code, issuer)
        except TimeoutError as error:
            raise self._down(_words(error)) from None

    async def _redeemed(self, attempt: SignInAttempt, code: str, issuer: str | None) -> ProviderAccount:
        found = await self._discovered()
        told = found.get("authorization_response_iss_parameter_supported") is True
        if issuer != self.provider.issuer and (issuer is not None or told):
            raise self._untrusted("the answer is of another provider")
        try:
            async with self._client(found) as client:
                token = await client.fetch_token(
                    found["token_endpoint"],
                    grant_type="authorization_code",
                    code=code,
                    code_verifier=attempt.verifier,
                )
                claims = await self._claims(found, token, attempt.nonce)
                email = await self._email(found, client, claims)
        except OAuthError as error:
            if error.error == "invalid_grant":
                raise self._untrusted("the code was used, is too old, or was another browser's") from None
            raise self._down(f"it refuses this installation: {error.error}") from None
        except JoseError as error:
            raise self._untrusted(str(error)) from None
        except _MALFORMED as error:
            raise self._down(_words(error)) from None
        return ProviderAccount(self.provider.issuer, claims["sub"], email)

    async def _claims(self, found: dict[str, Any], token: dict[str, Any], nonce: str) -> CodeIDToken:
        """The ID token, checked as OpenID Connect Core 3.1.3.7 asks."""
        written = str(token["id_token"])
        registry = JWSRegistry(algorithms=list(ALGORITHMS), strict_check_header=False)
        try:
            read = jwt.decode(written, await self._key_set(found), registry=registry)
        except (InvalidKeyIdError, BadSignatureError) as error:  # the provider may have new keys
            if isinstance(error, BadSignatureError) and self._clock() - self._keys_at <= NEW_KEYS_SECONDS:
                raise
            read = jwt.decode(written, await self._key_set(found, new=True), registry=registry)
        wanted = {"iss": self.provider.issuer, "aud": self.provider.client_id}
        claims = CodeIDToken(
            read.claims,
            read.header,
            {name: {"essential": True, "value": value} for name, value in wanted.items()},
            {"nonce": nonce, "client_id": self.provider.client_id, "access_token": token.get("access_token")},
        )
        claims.validate(leeway=LEEWAY_SECONDS)
        if not isinstance(claims["sub"], str) or not 0 < len(claims["sub"]) <= SUBJECT_CHARACTERS:
            raise ValueError("its subject is no text, too long, or empty")
        return claims

    async def _email(self, found: dict[str, Any], client: AsyncOAuth2Client, claims: CodeIDToken) -> str:
        """The verified address; some providers tell it only where they are asked for it beside the ID token."""
        told: dict[str, Any] = claims
        if "email" not in claims and (address := found.get("userinfo_endpoint")):
            answer = await client.get(address)
            answer.raise_for_status()
            told = answer.json()
            if not isinstance(told, dict):
                raise ValueError("what it tells of a person is no object")
            if told.get("sub") != claims["sub"]:
                raise self._untrusted("it told of somebody else")
        email = told.get("email")
        return email if isinstance(email, str) and told.get("email_verified") is True else ""

    async def _key_set(self, found: dict[str, Any], *, new: bool = False) -> KeySet:
        """The keys that sign; what are no keys is not kept, and asked for again."""
        now = self._clock()
        age = now - self._keys_at
        if self._keys is None or age > KEEP_SECONDS or new:
            async with self._client(found) as client:
                answer = await client.request("GET", found["jwks_uri"], withhold_token=True)
            answer.raise_for_status()
            self._keys, self._keys_at = _read_keys(answer.json()), now
        return self._keys

    async def _discovered(self) -> dict[str, Any]:
        """The provider's own description, asked for at most once an hour."""
        async with self._lock:
            now = self._clock()
            if self._found is not None and now - self._found_at < KEEP_SECONDS:
                return self._found
            if now - self._failed_at < RETRY_SECONDS:
                raise self._down("it did not answer a moment ago", log=False)
            try:
                async with asyncio.timeout(DEADLINE_SECONDS), self._client({}) as client:
                    where = f"{self.provider.issuer.rstrip('/')}/.well-known/openid-configuration"
                    answer = await client.request("GET", where, withhold_token=True)
                    answer.raise_for_status()
                    found = answer.json()
                self._check(found)
            except _MALFORMED as error:
                self._failed_at = self._clock()
                raise self._down(_words(error)) from None
            self._found, self._found_at = found, now
            return self._found

    def _check(self, found: object) -> None:
        if not isinstance(found, dict):
            raise TypeError("its description is no object")
        if found["issuer"] != self.provider.issuer:
            raise ValueError(f"it calls itself {str(found['issuer'])[:200]!r}, not {self.provider.issuer!r}")
        for name in (*_NEEDED, *(("userinfo_endpoint",) if "userinfo_endpoint" in found else ())):
            address = found[name]
            if not isinstance(address, str) or not is_safe(address) or not httpx2.URL(address).host:
                raise ValueError(f"its {name} is no encrypted address: {str(address)[:200]!r}")
        ways = found.get("token_endpoint_auth_methods_supported") or []
        if not isinstance(ways, list) or not all(isinstance(way, str) for way in ways):
            raise ValueError("its token_endpoint_auth_methods_supported is no list of words")

    def _client(self, found: dict[str, Any]) -> AsyncOAuth2Client:
        ways = found.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        client = AsyncOAuth2Client(
            self.provider.client_id,
            self._secret,
            scope=SCOPE,
            redirect_uri=self._redirect_address,
            token_endpoint_auth_method="client_secret_basic" if "client_secret_basic" in ways else "client_secret_post",
            timeout=DEADLINE_SECONDS / 2,
            verify=self._tls,
            trust_env=False,
            leeway=0,
        )
        client.register_client_auth_method(("client_secret_basic", _encode_basic))
        return client

    def _down(self, why: str, *, log: bool = True) -> ProblemError:
        if log:
            _LOG.warning("%s (%s): %s", self.provider.name, self.provider.issuer, why)
        title = f"{self.provider.name} does not answer as it should"
        hint = "Try again in a minute. Whoever runs this service finds the reason in its log"
        return ProblemError(503, title, hint=hint, headers={"Retry-After": "60"})

    def _untrusted(self, why: str) -> ProblemError:
        _LOG.warning("a sign-in with %s was refused: %s", self.provider.name, why)
        return ProblemError(403, f"What {self.provider.name} answered is not to be trusted", hint="Begin again")


def _read_keys(told: Any) -> KeySet:
    """The keys of a JWKS; those of kinds that nobody here knows are left out.

    Raises:
        ValueError: it is no JWKS, or has no key of use.
    """
    try:
        return KeySet.import_key_set(told)
    except (JoseError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"its keys cannot be read: {type(error).__name__} {error}") from None


def _encode_basic(client: Any, _: str, uri: str, headers: Any, body: Any) -> tuple[str, Any, Any]:
    """As RFC 6749 2.3.1 has it; Authlib's own leaves both as they are, and providers decode what was not encoded."""
    both = ":".join(quote_plus(part) for part in (client.client_id, client.client_secret))
    headers["Authorization"] = f"Basic {b64encode(both.encode()).decode()}"
    return uri, headers, body


def _words(error: BaseException) -> str:
    """An error without what was sent."""
    if isinstance(error, httpx2.HTTPStatusError):
        return f"{error.request.url.path} answered {error.response.status_code}"
    return f"{type(error).__name__} {error}".strip()[:300]
