"""One HTTP connection to the service, kept open; what it answers is decoded, what it refuses is raised.

Of the standard library: httpx would cost the agent half of its memory again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from ssl import SSLContext
from typing import Any, Protocol, TypeVar
from urllib.parse import urlencode, urlsplit

import msgspec

from neural_focus.errors import BusyError, GapError, NeuralFocusError, RefusalError, ServiceError

T = TypeVar("T")
TIMEOUT_SECONDS = 30.0
MAX_ANSWER_BYTES = 16 << 20
RETRY_SECONDS = 2.0
"""Where the service is busy and names no time."""
AWAY = "Start it: neural-focus up"


class TokenSource(Protocol):
    """Where a token comes from that may change while a program runs."""

    def read(self) -> str:
        """The token to ask with now. Raises TokenError: it was refused, and nothing has changed since."""

    def refuse(self, text: str) -> None:
        """The service does not know ``text`` (any more)."""


@dataclass(frozen=True, slots=True)
class RefusalDocument:
    """What of a problem document (RFC 9457) a program understands; ``next_seq`` is that of a gap."""

    title: str
    detail: str = ""
    hint: str = ""
    next_seq: int | None = None


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    reason: str
    text: bytes
    retry_after: str


class ServiceConnection:
    """One thread at a time. No proxy is asked.

    Every request raises:
        ServiceError: the service does not answer, or with what nobody understands.
        BusyError: it takes nothing more for some seconds.
        TokenError: it does not know the token any more; it is not asked again until that changes.
        GapError: records before those that were sent are missing there.
        RefusalError: it refuses, with its reason.
    """

    def __init__(
        self,
        address: str,
        token: TokenSource | str | None = None,
        encryption: SSLContext | None = None,
        *,
        seconds: float = TIMEOUT_SECONDS,
        keep_open: bool = True,
        host: str | None = None,
        hint: str = AWAY,
    ) -> None:
        """``address``: such as http://127.0.0.1:3000; ``encryption``: of an https one, as
        ``neural_focus.tls.client_context`` makes it; ``seconds``: how long an answer may take; ``keep_open``: False
        where nobody will ``close``; ``host``: the name to ask by, if it is not the address's; ``hint``: what to do
        where nobody answers."""
        parts = urlsplit(address)
        self._address, self._host, self._port = address, parts.hostname or "", parts.port
        self._token, self._encryption, self._seconds = token, encryption, seconds
        self._keep_open, self._name, self._hint = keep_open, host, hint
        self._connection: HTTPConnection | None = None

    def close(self) -> None:
        """Ends the connection; the next request makes another one."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _ask(
        self,
        method: str,
        path: str,
        shape: type[T],
        *,
        query: Mapping[str, object] | None = None,
        body: object = None,
        headers: Mapping[str, str] | None = None,
    ) -> T:
        """The answer as a ``shape``. ``body``: bytes as they are, else as JSON."""
        found = self._ask_for(method, path, shape, query=query, body=body, headers=headers)
        if found is None:
            raise ServiceError("the service's answer is not understood", why="it is empty", hint="Update both")
        return found

    def _ask_for(
        self,
        method: str,
        path: str,
        shape: type[T],
        *,
        query: Mapping[str, object] | None = None,
        body: object = None,
        headers: Mapping[str, str] | None = None,
    ) -> T | None:
        """As ``_ask``; None where the answer is empty."""
        sent, heads = body, dict(headers or {})
        if body is not None and not isinstance(body, bytes):
            sent, heads["Content-Type"] = msgspec.json.encode(body), "application/json"
        asked = {name: value for name, value in (query or {}).items() if value is not None}
        answer = self._answered(method, f"{path}?{urlencode(asked)}" if asked else path, sent, heads)
        if not answer.text:
            return None
        try:
            return msgspec.json.decode(answer.text, type=shape)
        except msgspec.DecodeError as error:
            raise ServiceError("the service's answer is not understood", why=str(error), hint="Update both") from None

    def _answered(self, method: str, path: str, body: Any, headers: dict[str, str]) -> _Answer:
        """A connection that was idle may be closed by now, one that is new may be cut by a service that restarts: what
        is asked once more then does harm nowhere, by its key or by nature (docs/api.md)."""
        token = self._token if isinstance(self._token, str | None) else self._token.read()
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        kept = self._connection is not None
        try:
            answer = self._exchange(method, path, body, headers)
        except (HTTPException, OSError) as error:
            self.close()
            cut = kept or isinstance(error, ConnectionResetError | BrokenPipeError)
            if not cut or isinstance(error, TimeoutError):
                raise self._away(error) from error
            try:
                answer = self._exchange(method, path, body, headers)
            except (HTTPException, OSError) as again:
                self.close()
                raise self._away(again) from again
        if answer.status == 401 and token is not None and not isinstance(self._token, str | None):
            self._token.refuse(token)
            self._token.read()
        if not 200 <= answer.status < 300:
            raise _refusal(answer)
        return answer

    def _exchange(self, method: str, path: str, body: Any, headers: dict[str, str]) -> _Answer:
        if self._connection is None:
            self._connection = (
                HTTPConnection(self._host, self._port, timeout=self._seconds)
                if self._encryption is None
                else HTTPSConnection(self._host, self._port, timeout=self._seconds, context=self._encryption)
            )
        named = {} if self._name is None else {"Host": self._name}
        self._connection.request(method, path, body, headers | named)
        response: HTTPResponse = self._connection.getresponse()
        text = response.read(MAX_ANSWER_BYTES)
        answer = _Answer(response.status, response.reason, text, response.headers.get("Retry-After", ""))
        if not self._keep_open or response.will_close or not response.isclosed():
            self.close()
        return answer

    def _away(self, error: Exception) -> ServiceError:
        why = str(error) or type(error).__name__
        return ServiceError(f"the service does not answer at {self._address}", why=why, hint=self._hint)


def _refusal(answer: _Answer) -> NeuralFocusError:
    try:
        told = msgspec.json.decode(answer.text, type=RefusalDocument)
    except msgspec.DecodeError:
        if answer.status not in (429, 503):
            return ServiceError(f"the service answers {answer.status}", hint="See its log: neural-focus doctor")
        told = RefusalDocument(answer.reason)
    if answer.status == 409 and told.next_seq is not None:
        return GapError(told.detail or told.title, told.next_seq, hint=told.hint)
    if answer.status in (429, 503):
        seconds = float(answer.retry_after) if answer.retry_after.isdecimal() else RETRY_SECONDS
        return BusyError(f"the service takes nothing more now: {told.title}", seconds, why=told.detail)
    return RefusalError(
        told.title, answer.status, why=told.detail.removeprefix(told.title).lstrip(": "), hint=told.hint
    )
