"""Errors as RFC 9457 problem documents, over HTTP and (the same fields) over the WebSocket."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import msgspec
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from neural_focus.errors import GapError, InputError, NeuralFocusError, SizeError, StoreError
from neural_focus.messages import Problem

MISTAKE = Problem("The service made a mistake", 500, hint="See its log; it goes on")
"""Of ours, told to whoever met it."""
MEDIA_TYPE = "application/problem+json"
STORE_RETRY_SECONDS = "5"
"""Whoever was refused for the database's sake asks again after so long."""


class ProblemError(NeuralFocusError):
    """A request that cannot be answered, with the HTTP status that says so, and headers that go with it."""

    def __init__(
        self, status: int, what: str, *, why: str = "", hint: str = "", headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(what, why=why, hint=hint)
        self.status, self.why, self.hint, self.headers = status, why, hint, headers


@dataclass(frozen=True, slots=True)
class GapProblem(Problem):
    """409: records before those that were sent are missing. ``next_seq`` is the number that is expected."""

    next_seq: int = 0


def problem_of(error: NeuralFocusError, instance: str | None = None) -> Problem:
    """The document for an error of ours: input is 422, the database 503, what is unknown 500."""
    if isinstance(error, ProblemError):
        return Problem(error.what, error.status, error.why, instance=instance, hint=error.hint)
    if isinstance(error, GapError):
        return GapProblem(
            "Records are missing", 409, error.what, instance=instance, hint=error.hint, next_seq=error.next_seq
        )
    if isinstance(error, SizeError):
        return Problem(error.what, 413, error.why, instance=instance, hint=error.hint)
    status = 422 if isinstance(error, InputError) else 503 if isinstance(error, StoreError) else 500
    return Problem(error.what, status, str(error), instance=instance)


def respond(problem: Problem, headers: dict[str, str] | None = None) -> JSONResponse:
    """The document as an HTTP response."""
    return JSONResponse(msgspec.to_builtins(problem), problem.status, headers=headers, media_type=MEDIA_TYPE)


def install(app: FastAPI) -> None:
    """Make every error of ``app`` a problem document."""
    app.add_exception_handler(NeuralFocusError, _ours)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)


async def _ours(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, NeuralFocusError)  # noqa: S101 - registered for it
    headers = error.headers if isinstance(error, ProblemError) else None
    if isinstance(error, StoreError):
        headers = {"Retry-After": STORE_RETRY_SECONDS}
    return respond(problem_of(error, request.url.path), headers)


async def _invalid(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for it
    first: dict[str, Any] = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    return respond(Problem("The request does not fit", 422, f"{where}: {first['msg']}", instance=request.url.path))


async def _http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for it
    if error.status_code == 400 and isinstance(
        error.__cause__, ValueError
    ):  # FastAPI's word for bytes that are no text
        return respond(Problem("The request does not fit", 422, "body: no JSON", instance=request.url.path))
    phrase = HTTPStatus(error.status_code).phrase
    detail = error.detail if error.detail != phrase else ""
    headers = dict(error.headers) if error.headers else None
    return respond(Problem(phrase, error.status_code, detail, instance=request.url.path), headers)
