"""``python -m flows.guarded_server``: Prefect's server behind a check of Host and Origin.

Prefect has a password but lets any web page that knows an address ask, and any name resolve to it (DNS rebinding). The
guard stands before everything, WebSockets included: a request that names another host, or comes from another origin's
page, is answered 403 and reaches no route. Its own pages would ask a host of analytics for what to record of the
screen, whatever the settings say: a content security policy keeps them here.
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from neural_focus.addresses import HostGuard
from neural_focus.errors import ConfigurationError
from neural_focus.settings import read_settings
from neural_focus.tls import is_private

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

CONTENT_POLICY = (
    b"default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; worker-src 'self' blob:; "
    b"style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; frame-ancestors 'none'"
)


class OriginGuard:
    """ASGI middleware that lets in only requests to its own hosts, and only from its own pages or from no page."""

    def __init__(self, application: Application, guard: HostGuard) -> None:
        self._application, self._guard = application, guard

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes the request on, or refuses it."""
        reason = self._refusal(scope) if scope["type"] in ("http", "websocket") else None
        if reason is None:
            await self._application(scope, receive, _with_policy(send))
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008, "reason": reason})
        else:
            await _forbid(send, reason)

    def _refusal(self, scope: Scope) -> str | None:
        if not is_private(scope):
            return "what others could read on its way is not answered: ask https://"
        headers: dict[str, list[str]] = {}
        for name, value in scope["headers"]:
            headers.setdefault(name.decode("latin-1").lower(), []).append(value.decode("latin-1").lower())
        hosts, arrived_at = headers.get("host", []), str((scope.get("server") or ("",))[0])
        if len(hosts) != 1 or not self._guard.admits(hosts[0], arrived_at):
            return "this host name is not served here"
        if not all(self._is_own(origin, arrived_at, scope) for origin in headers.get("origin", [])):
            return "pages of another origin are not served here"
        site = headers.get("sec-fetch-site", ["none"])
        navigates = headers.get("sec-fetch-mode", [""]) == ["navigate"] and scope.get("method") == "GET"
        if site[0] in ("cross-site", "same-site") and not navigates:
            return "pages of another origin are not served here"
        return None

    def _is_own(self, origin: str, arrived_at: str, scope: Scope) -> bool:
        return self._guard.admits_origin(origin, arrived_at, encrypted=scope["scheme"] in ("https", "wss"))


def _with_policy(send: Send) -> Send:
    async def send_with_policy(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message.get("headers", []), (b"content-security-policy", CONTENT_POLICY)]
        await send(message)

    return send_with_policy


async def _forbid(send: Send, reason: str) -> None:
    body = f'{{"title": "Forbidden", "status": 403, "detail": "{reason}"}}'.encode()
    headers = [(b"content-type", b"application/problem+json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 403, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def main() -> None:
    """Serves until SIGINT or SIGTERM.

    Raises:
        ConfigurationError: started without the environment of ``flows.server.server_environment``.
    """
    try:
        host, port = os.environ["PREFECT_SERVER_API_HOST"], int(os.environ["PREFECT_SERVER_API_PORT"])
        os.environ["PREFECT_SERVER_API_AUTH_STRING"]
    except KeyError as error:
        raise ConfigurationError(
            f"{error.args[0]} is not set", hint="Start the server with `neural-focus up`"
        ) from error
    import uvicorn
    from prefect.server.api.server import create_app

    settings = read_settings()
    guard = HostGuard(host, port, settings.host_names)
    config = uvicorn.Config(
        OriginGuard(create_app(final=True), guard),
        host=host,
        port=port,
        log_level="warning",
        timeout_graceful_shutdown=5,
        ssl_certfile=settings.tls_certificate,
        ssl_keyfile=settings.tls_key,
    )
    uvicorn.Server(config).run(sockets=[config.bind_socket()])  # by itself it would keep IPv4 out of ::


if __name__ == "__main__":
    main()
