"""The REST API in all its parts, for the application and for the description that the page's types are made from."""

from __future__ import annotations

from fastapi import FastAPI

from serving import groups, history, machines, pairing, rest

ROUTERS = (rest.router, history.router, pairing.router, machines.router, groups.router, machines.doors)


def add_api(app: FastAPI) -> None:
    """Each endpoint that programs use."""
    for router in ROUTERS:
        app.include_router(router)
