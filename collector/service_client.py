"""The service's REST endpoints that an agent needs, over one connection that is kept open. One thread at a time."""

from __future__ import annotations

from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from ssl import SSLContext
from urllib.parse import urlsplit

import msgspec

from collector.service_token import ServiceToken
from neural_focus.batches import CONTENT_ENCODING, BatchStored
from neural_focus.errors import BusyError, GapError, ServiceError

TIMEOUT_SECONDS = 30.0
MAX_ANSWER_BYTES = 64 << 10
RETRY_SECONDS = 2.0
"""Where the service is busy and names no time."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """What of a problem document (RFC 9457) the agent understands; ``next_seq`` is that of a gap."""

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


class ServiceClient:
    """What one person's token may do at ``address``, such as http://127.0.0.1:3000. No proxy is asked.

    ``encryption``: of an https address, as ``neural_focus.tls.client_context`` makes it.
    """

    def __init__(self, address: str, token: ServiceToken, encryption: SSLContext | None = None) -> None:
        parts = urlsplit(address)
        self._host, self._port, self._token = parts.hostname or "", parts.port, token
        self._encryption = encryption
        self._connection: HTTPConnection | None = None

    def send_batch(self, body: bytes) -> BatchStored:
        """Sends what ``neural_focus.batches.pack`` made; returns how far the boot is stored.

        Raises:
            GapError: records before it are missing there.
            BusyError: the service takes nothing more for some seconds.
            TokenError: it does not know this machine any more; it is not asked again until that changes.
            ServiceError: it does not answer, or refuses.
        """
        answer = self._ask("POST", "/api/v1/ingest", body, {"Content-Encoding": CONTENT_ENCODING})
        try:
            return msgspec.json.decode(answer.text, type=BatchStored)
        except msgspec.DecodeError as error:
            raise ServiceError("the service's answer is not understood", why=str(error), hint="Update both") from None

    def revoke_consent(self) -> None:
        """Takes back, at the service too, what the person agreed to. Raises what ``send_batch`` raises."""
        self._ask("DELETE", "/api/v1/consent", b"", {})

    def close(self) -> None:
        """Ends the connection; the next call makes another one."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _ask(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> _Answer:
        """A connection that was idle may be closed by now; nothing that is asked here does harm if asked twice."""
        token = self._token.read()
        headers = headers | {"Authorization": f"Bearer {token}"}
        kept = self._connection is not None
        try:
            answer = self._exchange(method, path, body, headers)
        except (HTTPException, OSError) as error:
            self.close()
            if not kept or isinstance(error, TimeoutError):
                raise _away(error) from error
            try:
                answer = self._exchange(method, path, body, headers)
            except (HTTPException, OSError) as again:
                self.close()
                raise _away(again) from again
        if answer.status == 401:
            self._token.refuse(token)
            self._token.read()
        if not 200 <= answer.status < 300:
            raise _refusal(answer)
        return answer

    def _exchange(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> _Answer:
        if self._connection is None:
            self._connection = (
                HTTPConnection(self._host, self._port, timeout=TIMEOUT_SECONDS)
                if self._encryption is None
                else HTTPSConnection(self._host, self._port, timeout=TIMEOUT_SECONDS, context=self._encryption)
            )
        self._connection.request(method, path, body, headers)
        response = self._connection.getresponse()
        text = response.read(MAX_ANSWER_BYTES)
        answer = _Answer(response.status, response.reason, text, response.headers.get("Retry-After", ""))
        if response.will_close or not response.isclosed():
            self.close()
        return answer


def _away(error: Exception) -> ServiceError:
    return ServiceError(
        "the service does not answer", why=str(error) or type(error).__name__, hint="Start it: neural-focus up"
    )


def _refusal(answer: _Answer) -> ServiceError | GapError:
    try:
        told = msgspec.json.decode(answer.text, type=Refusal)
    except msgspec.DecodeError:
        told = Refusal(answer.reason)
    if answer.status == 409 and told.next_seq is not None:
        return GapError(told.detail or told.title, told.next_seq, hint=told.hint)
    if answer.status in (429, 503):
        seconds = float(answer.retry_after) if answer.retry_after.isdecimal() else RETRY_SECONDS
        return BusyError(f"the service takes nothing more now: {told.title}", seconds, why=told.detail)
    what = f"the service refuses ({answer.status}): {told.title}"
    return ServiceError(what, why=told.detail, hint=told.hint)
