"""``/ws/browser``: an extension hears what is to be blocked and says what was done.

The token comes as a subprotocol, ``neural-focus.1, token.<token>``: a browser's WebSocket can send no Authorization. An
unknown one is never accepted, and what is answered is the other protocol, never the token.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress

from starlette.websockets import WebSocket, WebSocketDisconnect

from neural_focus.errors import NeuralFocusError
from neural_focus.messages import (
    BrowserHello,
    ClientMessage,
    InterventionApplied,
    InterventionUndone,
    Problem,
    ReportStored,
    SiteInFront,
    decode_client,
)
from serving.authorization import check_message
from serving.browsers import Browser
from serving.gate import respond_to_upgrade
from serving.hub import Client
from serving.problems import ProblemError, problem_of
from serving.runtime import Runtime

PROTOCOL = "neural-focus.1"
_LOG = logging.getLogger("neural_focus.serving")


async def serve_browser(runtime: Runtime, socket: WebSocket) -> None:
    """Talk to one extension until it leaves. The gate has seen that it is one."""
    offered = socket.scope.get("subprotocols", [])
    token = next((name.removeprefix("token.") for name in offered if name.startswith("token.")), "")
    paired = await runtime.browsers.admit(token, socket.headers["origin"]) if PROTOCOL in offered else None
    if paired is None:
        hint = "Pair the browser: open /pair in it while you are signed in"
        await respond_to_upgrade(Problem("Not paired", 401, hint=hint), socket.scope, socket.receive, socket.send)
        return
    await socket.accept(PROTOCOL)
    client = Client(socket, paired.user_id, None)
    browser = Browser(client, paired.id, paired.browser)
    pump = asyncio.create_task(client.pump())
    runtime.browsers.join(browser)
    try:
        await _listen(runtime, browser)
    finally:
        runtime.browsers.leave(browser)
        pump.cancel()
        with suppress(asyncio.CancelledError):
            await pump


async def _listen(runtime: Runtime, browser: Browser) -> None:
    while True:
        frame = await browser.client.socket.receive()
        if frame["type"] == "websocket.disconnect":
            return
        text = frame.get("text")
        try:
            message = decode_client(frame.get("bytes") or b"" if text is None else text)
            check_message("/ws/browser", message.TYPE)
            try:
                await _handle(runtime, browser, message)
            except ProblemError as error:  # it would be the same again: the extension need not repeat it
                _LOG.warning("a report of %s is not taken: %s", browser.name, error)
            if isinstance(message, InterventionApplied | InterventionUndone):
                browser.client.send(ReportStored(message.intervention_id, message.TYPE))
        except NeuralFocusError as error:
            browser.client.send(problem_of(error))
        except WebSocketDisconnect:
            return
        except Exception:  # noqa: BLE001 - a mistake of ours must not cost the person their connection
            _LOG.exception("a message of an extension could not be handled")
            browser.client.send(Problem("The service made a mistake", 500, hint="See its log; the connection goes on"))


async def _handle(runtime: Runtime, browser: Browser, message: ClientMessage) -> None:
    match message:
        case BrowserHello():
            await runtime.browsers.hello(browser, message)
        case InterventionApplied():
            runtime.browsers.applied(browser, message)
            await runtime.actions.applied(browser.client.user_id, message)
        case InterventionUndone():
            if runtime.browsers.undone(browser, message):
                await runtime.actions.undone(browser.client.user_id, message)
            runtime.browsers.publish(browser.client.user_id)
        case SiteInFront():
            runtime.browsers.in_front(browser, message)
        case _:
            raise ProblemError(422, f"An extension does not send {message.TYPE}")
