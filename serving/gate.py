"""The door: nothing reaches the service without the right Host, Origin and a token or cookie.

Host keeps DNS rebinding out, Origin keeps other web pages out, the token keeps other programs out, and what could be
read on its way is not answered. It stands in front of everything the port serves, BentoML's own pages included; only
health, signing in and the two doors for machines that are being paired are open.
Browser extensions have two doors of their own, which nobody else may use and whose tokens open nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from http.cookies import CookieError, SimpleCookie
from typing import TYPE_CHECKING

from starlette.datastructures import Headers
from starlette.responses import HTMLResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from neural_focus.addresses import HostGuard, service_link
from neural_focus.errors import StoreError
from neural_focus.identity_provider import TEAM_PATH
from neural_focus.messages import Problem
from neural_focus.pages import render
from neural_focus.settings import PREFIX, Settings
from neural_focus.tls import is_private
from serving.auth import COOKIE_NAME, LOCAL_PERSON, Caller, is_local, read_cookie
from serving.authorization import ENDPOINTS, SOCKET, Rule, methods_of, rule_of
from serving.problems import STORE_RETRY_SECONDS, problem_of, respond

if TYPE_CHECKING:
    from serving.runtime import Runtime

OPEN_PATHS = frozenset(path for (_, path), rule in ENDPOINTS.items() if rule.door == "anybody")
EXTENSION_PATHS = frozenset(path for (_, path), rule in ENDPOINTS.items() if rule.door == "extension")
"""For extensions alone. Whom they speak for they show there: by a one-time code, or by the token they got for it."""
_EXTENSION = re.compile(r"chrome-extension://flamlnonjfofhcmlbboenbpejobjpflp|moz-extension://[0-9a-f-]{36}")
"""Our extension in Chromium, by the key in its manifest. In Firefox an origin is random for each profile."""
MOST_OPEN_BYTES = 1000
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
SECURITY_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (
        b"content-security-policy",
        b"default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'",
    ),
)
HOW_TO_SIGN_IN = "Open the sign-in link that make run printed, or make a new one: neural-focus signin"
HOW_TO_PAIR = (
    "The token is none, was revoked or was replaced, or its person was disabled. Ask whoever runs this service: "
    "neural-focus people enable; or pair the machine again: neural-focus pair --service followed by this address"
)
PERSON_KEY = "neural_focus.user_id"
"""Where the person's id stands in the ASGI scope behind the gate."""
CALLER_KEY = "neural_focus.caller"
"""Where the ``Caller`` stands: with the role, and the machine whose token it was."""


class AccessGate:
    """ASGI middleware. A refused request gets a problem document, a refused socket is never accepted."""

    def __init__(self, app: ASGIApp, *, runtime: Callable[[], Runtime]) -> None:
        self.app, self._runtime = app, runtime

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        headers: dict[str, str] | None = None
        try:
            refusal = await self._refusal(scope)
        except StoreError as error:
            refusal, headers = problem_of(error), {"Retry-After": STORE_RETRY_SECONDS}
        if refusal is None:
            await self.app(scope, receive, _with_headers(send))
        elif scope["type"] == "http" and refusal.status == 401 and _shows_pages(scope):
            page = HTMLResponse(signed_out_page(self._runtime().settings), 401)
            await page(scope, receive, _with_headers(send))
        elif scope["type"] == "http":
            headers = _headers_of(refusal, scope) or headers
            await respond(refusal, headers)(scope, receive, _with_headers(send))
        else:
            await respond_to_upgrade(refusal, scope, receive, send)

    async def _refusal(self, scope: Scope) -> Problem | None:
        if not scope["path"].isprintable():  # routes of many lines are nobody's
            return Problem("Not Found", 404, "There is no such path", hint="See /api/v1/openapi.json")
        headers = Headers(scope=scope)
        settings, arrived_at = self._runtime().settings, str((scope.get("server") or ("",))[0])
        if not is_private(scope):
            hint = f"Ask https://, through a proxy that {PREFIX}PROXIES names or of the server's certificate"
            return Problem("Not encrypted", 403, "What others could read on its way is not answered", hint=hint)
        proxied, encrypted = bool(settings.proxies), scope["scheme"] in ("https", "wss")
        guard = HostGuard(settings.host, settings.serving_port, settings.host_names, proxied=proxied)
        if not guard.admits(headers.get("host", ""), arrived_at):
            hint = f"Ask {guard.example()}, or name the host in {PREFIX}HOST_NAMES"
            return Problem("Unknown Host", 421, "Host names another server", hint=hint)
        origin = headers.get("origin")
        if scope["path"] in EXTENSION_PATHS:
            if _EXTENSION.fullmatch(origin or ""):
                return None
            return Problem("Not our extension", 403, "Only Neural Focus's browser extension has access here")
        if origin is not None and not guard.admits_origin(origin, arrived_at, encrypted=encrypted):
            return Problem("Foreign Origin", 403, "Pages of other sites have no access")
        if scope["path"] in OPEN_PATHS:
            return _unlisted(scope) or _too_long(scope, headers)
        caller = await self._caller(scope, headers, origin)
        if caller is None:
            hint = "Send 'Authorization: Bearer <token>', or open the sign-in link"
            return Problem("Not signed in", 401, hint=HOW_TO_PAIR if "authorization" in headers else hint)
        scope[CALLER_KEY], scope[PERSON_KEY] = caller, caller.user_id
        return _not_allowed(scope, caller)

    async def _caller(self, scope: Scope, headers: Headers, origin: str | None) -> Caller | None:
        runtime = self._runtime()
        scheme, _, token = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            if is_local(runtime.secrets, token.strip()):
                return await runtime.callers.by_person(await runtime.person_id(LOCAL_PERSON))
            return await runtime.callers.by_token(token.strip())
        changes = scope["type"] == "websocket" or scope["method"] not in SAFE_METHODS
        if changes and origin is None:
            return None  # a browser names its page; whoever else has the cookie may not act with it
        try:
            cookies = SimpleCookie(headers.get("cookie", ""))
        except CookieError:
            return None
        cookie = cookies.get(COOKIE_NAME)
        signed_in = None if cookie is None else read_cookie(runtime.secrets, cookie.value)
        return None if signed_in is None else await runtime.callers.by_cookie(*signed_in)


def _too_long(scope: Scope, headers: Headers) -> Problem | None:
    """Whoever has shown nothing may send little: a body is in memory before anybody looks at it."""
    length = headers.get("content-length", "0" if "transfer-encoding" not in headers else "")
    if length.isdecimal() and int(length) <= MOST_OPEN_BYTES:
        return None
    return Problem("Too long", 413, f"{scope['path']} takes at most {MOST_OPEN_BYTES} bytes", instance=scope["path"])


def _rule(scope: Scope) -> Rule | None:
    return rule_of(SOCKET if scope["type"] == "websocket" else scope["method"], scope["path"])


def _unlisted(scope: Scope) -> Problem | None:
    """What the table of authorisation has no line for is nobody's, whatever was shown."""
    if _rule(scope) is not None:
        return None
    path = scope["path"]
    if methods := ", ".join(methods_of(path)):
        return Problem("Method Not Allowed", 405, f"{path} takes {methods}", instance=path)
    return Problem("Not Found", 404, f"There is no {path}", instance=path, hint="See /api/v1/openapi.json")


def _not_allowed(scope: Scope, caller: Caller) -> Problem | None:
    """Why the table of authorisation does not let the caller do this."""
    path, rule = scope["path"], _rule(scope)
    if rule is None:
        return _unlisted(scope)
    if caller.role not in rule.roles:
        hint = (
            f"It is for: {', '.join(rule.roles)}. Whoever runs the service can make you one: neural-focus people role"
        )
        return Problem("Not for your role", 403, f"Your role is {caller.role}", instance=path, hint=hint)
    return None


def _headers_of(refusal: Problem, scope: Scope) -> dict[str, str]:
    """What HTTP wants beside a status."""
    if refusal.status == 401:
        return {"WWW-Authenticate": "Bearer"}
    return {"Allow": ", ".join(methods_of(scope["path"]))} if refusal.status == 405 else {}


def _shows_pages(scope: Scope) -> bool:
    """Whether a person looks at the answer: a browser that navigates asks for HTML first."""
    return "text/html" in Headers(scope=scope).get("accept", "")


async def respond_to_upgrade(refusal: Problem, scope: Scope, receive: Receive, send: Send) -> None:
    """Refuse a WebSocket with the problem document where the server can send one, else by closing it."""
    if "websocket.http.response" not in scope.get("extensions", {}):
        await send({"type": "websocket.close", "code": 1008, "reason": refusal.title})
        return

    async def as_denial(message: Message) -> None:
        await send({**message, "type": message["type"].replace("http.", "websocket.http.", 1)})

    await respond(refusal)({**scope, "type": "http", "method": "GET"}, receive, as_denial)


def signed_out_page(settings: Settings) -> str:
    """How to sign in here, as HTML."""
    provider = settings.identity_provider
    title, links = "This browser is not signed in", []
    if provider is not None:
        links = [(f"Sign in with {provider.name}", f"{service_link(settings)}{TEAM_PATH}")]
    return render("plain", title=title, text=HOW_TO_SIGN_IN, links=links)


def _with_headers(send: Send) -> Send:
    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message.get("headers", []), *SECURITY_HEADERS]
        await send(message)

    return send_with_headers
