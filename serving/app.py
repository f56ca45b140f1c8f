"""The FastAPI application that BentoML mounts: REST, the socket, signing in, the page."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from fastapi import FastAPI, WebSocket

from serving import pairing, problems, rest
from serving.api import DESCRIBED, add_api
from serving.browser_socket import serve_browser
from serving.files import DASHBOARD, add_files
from serving.problems import ProblemError
from serving.runtime import Runtime
from serving.signin_pages import add_signin
from serving.socket import serve_socket


def make_app(runtime: Callable[[], Runtime], dashboard: Path = DASHBOARD) -> FastAPI:
    """The application. ``runtime`` is asked for at each request: it is made when the service starts."""
    app = FastAPI(**DESCRIBED, openapi_url="/api/v1/openapi.json", docs_url=None, redoc_url=None)
    app.state.runtime = runtime
    problems.install(app)
    add_api(app)
    app.add_api_websocket_route("/ws", _socket)
    app.add_api_websocket_route("/ws/browser", _browser_socket)
    app.add_api_route("/api/{path:path}", _unknown, methods=["GET", "POST", "PUT", "DELETE"], include_in_schema=False)
    add_signin(app, runtime)
    pairing.add_pairing(app, runtime)
    add_files(app, runtime, dashboard)
    return app


async def _socket(websocket: WebSocket) -> None:
    await serve_socket(rest.runtime_of(websocket), websocket)


async def _browser_socket(websocket: WebSocket) -> None:
    await serve_browser(rest.runtime_of(websocket), websocket)


async def _unknown(path: str) -> None:
    raise ProblemError(404, f"There is no /api/{path}", hint="See /api/v1/openapi.json")
