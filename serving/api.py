"""The REST API in all its parts, for the application and for the description that clients and types are made from."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute

import neural_focus
from serving import groups, history, machines, pairing, rest, signin_pages

ROUTERS = (
    rest.router,
    history.router,
    pairing.router,
    machines.router,
    groups.router,
    machines.doors,
    signin_pages.router,
)
PROMISE = """\
What `/api/v1` promises: an endpoint, a field of an answer and a field or parameter that is taken stay as they are.
Added may be: endpoints, parameters and fields that may be left out, fields of answers, words where an answer has one of
several, problems. So a client takes no notice of fields and words that it does not know. What has to change otherwise
becomes `/api/v2`, beside which v1 goes on for at least six months. What is to go is marked `deprecated` here, and its
answers say since when (`Deprecation`, RFC 9745), until when (`Sunset`, RFC 8594), and with `Link` what to use instead.
"""


def operation_id(route: APIRoute) -> str:
    """The function's name: clients that are made from the description have it."""
    return route.name


DESCRIBED: dict[str, Any] = {
    "title": "Neural Focus",
    "version": neural_focus.__version__,
    "description": PROMISE,
    "generate_unique_id_function": operation_id,
}
"""What an application says of the API."""


def add_api(app: FastAPI) -> None:
    """Each endpoint that programs use."""
    for router in ROUTERS:
        app.include_router(router)
