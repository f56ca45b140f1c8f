"""Requests that are done once, however often they come: draft-ietf-httpapi-idempotency-key-header.

An endpoint takes the key where a retry would do something twice; docs/api.md says why the others need none. An error is
not kept: nothing was done, and a retry is a new try.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from hashlib import sha256
from typing import TYPE_CHECKING, Annotated, TypeVar

import msgspec
from fastapi import Depends, Header
from fastapi.requests import Request

from neural_focus.store.database import Connection
from neural_focus.store.idempotency import KEPT_HOURS, KeptAnswer, find_answer, keep_answer
from serving.problems import ProblemError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

T = TypeVar("T")
HEADER = "Idempotency-Key"
_LETTERS = "[0-9A-Za-z._~:-]{1,64}"
PATTERN = f'^("{_LETTERS}"|{_LETTERS})$'
"""The draft's quoted string; without the quotes it is the same key."""
WORDS = (
    f"Makes a retry safe: for {KEPT_HOURS} hours the same person's same request with the same key is answered as the"
    " first time, and nothing is done again; one that comes meanwhile waits. With another body, or at another endpoint,"
    " it is refused with 422. Take a new UUID for each request that you mean."
)


@dataclass(frozen=True, slots=True)
class RequestKey:
    """The key that a request brought, None where it has none and is done as it comes; and what the request asks for."""

    key: str | None = None
    asks: str = ""

    def once(
        self,
        connection: Connection,
        user_id: int,
        shape: type[T],
        work: Callable[[], T],
        about: Callable[[T], tuple[int, int]] | None = None,
    ) -> tuple[T, bool]:
        """``work``, in the transaction that it is done in, or the answer of before; and whether it was done now.

        ``shape``: of the answer. ``about``: the times that an answer speaks of, as ``keep_answer`` takes them.

        Raises:
            ProblemError: 422, the key was another request's.
        """
        if self.key is None:
            return work(), True
        if (known := find_answer(connection, user_id, self.key)) is not None:
            if known.request_hash != self._hash():
                hint = "Take a new key for each request that you mean"
                raise ProblemError(422, f"This {HEADER} was another request's", hint=hint)
            return _read(known.answer, shape), False
        answer = work()
        kept = KeptAnswer(self._hash(), msgspec.json.encode(answer).decode())
        keep_answer(connection, user_id, self.key, kept, about(answer) if about else None)
        return answer, True

    def of(self, asked: DataclassInstance) -> RequestKey:
        """The key of a request with this body, a dataclass: what it leaves out is none of it, so that a field that a
        later version adds makes no other request of a retry."""
        said = {one.name: getattr(asked, one.name) for one in fields(asked) if getattr(asked, one.name) != one.default}
        return replace(self, asks=f"{self.asks}\n{msgspec.json.encode(said).decode()}")

    def _hash(self) -> str:
        """With the key as salt: who reads the table cannot look up which app was to be forgotten."""
        return sha256(f"{self.key}\n{self.asks}".encode()).hexdigest()


def _read(answer: str, shape: type[T]) -> T:
    try:
        return msgspec.json.decode(answer, type=shape)
    except msgspec.ValidationError:
        why = "It was answered by another version of the service, whose answer this one cannot give again"
        hint = "It was done: nothing is to be sent again. GET shows what there is now"
        raise ProblemError(422, "This request was done before", why=why, hint=hint) from None


NO_KEY = RequestKey()


def request_key(
    request: Request, key: Annotated[str | None, Header(alias=HEADER, pattern=PATTERN, description=WORDS)] = None
) -> RequestKey:
    """The key that a request brought, at this endpoint."""
    return RequestKey(None if key is None else key.strip('"'), f"{request.method} {request.url.path}")


Key = Annotated[RequestKey, Depends(request_key)]
