"""``/ws``: desktops send snapshots and get predictions and offers; pages listen, answer and run sessions.

A message that does not fit is answered by ERROR and the connection lives on.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from dataclasses import replace

from starlette.websockets import WebSocket, WebSocketDisconnect

from neural_focus.errors import NeuralFocusError
from neural_focus.messages import (
    ClientMessage,
    DesktopStatus,
    EndSession,
    InterventionApplied,
    InterventionFeedback,
    InterventionUndone,
    LeaveJail,
    RecordsForgotten,
    SessionApplied,
    Snapshot,
    StartSession,
    UndoIntervention,
    decode_client,
    encode,
)
from serving.authorization import check_message
from serving.gate import CALLER_KEY, PERSON_KEY
from serving.hub import Client
from serving.problems import MISTAKE, ProblemError, problem_of
from serving.runtime import Runtime
from serving.streams import LiveStream

_LOG = logging.getLogger("neural_focus.serving")


async def serve_socket(runtime: Runtime, socket: WebSocket) -> None:
    """Talk to one client until it leaves."""
    await socket.accept()
    try:
        user_id = await runtime.person_id(socket.scope[PERSON_KEY])
        await runtime.person(user_id)
        machine_id = None if socket.query_params.get("role") == "page" else socket.query_params.get("machine_id")
        stream = await runtime.stream(user_id, machine_id) if machine_id else None
    except NeuralFocusError as error:
        await socket.send_text(encode(problem_of(error)))
        await socket.close(1008, "Refused")
        return
    client = Client(socket, user_id, stream.machine_id if stream else None, socket.scope[CALLER_KEY])
    runtime.hub.join(client)
    if stream is None:  # a page: from here on it hears of every change
        client.send(runtime.streams.desktop_of(user_id) or DesktopStatus("gone", ""))
    pump = asyncio.create_task(client.pump())
    try:
        await _send_missed(runtime, client)
        await _listen(runtime, client, stream)
    finally:
        runtime.hub.leave(client)
        if stream is not None:
            with suppress(NeuralFocusError, RuntimeError):  # the service stops
                await runtime.answers.explain(stream)
        if stream is not None and stream.desktop is not None:
            gone, stream.desktop = (
                replace(stream.desktop, state="gone", paused_until=None, missing=(), lost=(), rounds=None),
                None,
            )
            runtime.hub.publish(user_id, runtime.streams.desktop_of(user_id) or gone, pages_only=True)
        pump.cancel()
        with suppress(asyncio.CancelledError):
            await pump


async def _send_missed(runtime: Runtime, client: Client) -> None:
    """Send what a desktop may have missed: the session that runs, and what it has not reported on.

    Where the database refuses, the loop of orders tells the latter later.
    """
    if client.machine_id is not None:
        try:
            if (session := await runtime.sessions.running(client.user_id)) is not None:
                client.send(session)
            await runtime.actions.connected(client.user_id, client.machine_id)
            await runtime.forget.connected(client.user_id, client.machine_id)
        except NeuralFocusError as error:
            client.send(problem_of(error))


async def _listen(runtime: Runtime, client: Client, stream: LiveStream | None) -> None:
    """Handle one message after the other; snapshots are answered while the next is read already."""
    asked: asyncio.Future[None] | None = None
    while True:
        frame = await client.socket.receive()
        if frame["type"] == "websocket.disconnect":
            return
        text = frame.get("text")
        try:
            message = decode_client(frame.get("bytes") or b"" if text is None else text)
            check_message("/ws", message.TYPE, client.caller.role if client.caller else "")
            if isinstance(message, Snapshot):
                asked = runtime.answers.predict(client, _desktop(stream, "sends snapshots"), message)
                continue
            if asked is not None:
                await asked
            await _handle(runtime, client, stream, message)
        except NeuralFocusError as error:
            client.send(problem_of(error))
        except WebSocketDisconnect:
            return
        except Exception:  # noqa: BLE001 - a mistake of ours must not cost the person their connection
            _LOG.exception("a message could not be handled")
            client.send(MISTAKE)


async def _handle(runtime: Runtime, client: Client, stream: LiveStream | None, message: ClientMessage) -> None:
    machine = stream.machine_id if stream else None
    match message:
        case InterventionFeedback(intervention_id, response, answered_us):
            await runtime.interventions.answer(client.user_id, intervention_id, response, answered_us=answered_us)
        case StartSession(kind, minutes, jail, start_us):
            await runtime.sessions.start(
                client.user_id, kind, minutes=minutes, jail_enabled=jail, machine_id=machine, start_us=start_us
            )
        case EndSession(session_id, end_us):
            await runtime.sessions.end(client.user_id, session_id, end_us)
        case DesktopStatus():
            _desktop(stream, "sends its status").desktop = message
            runtime.hub.publish(client.user_id, runtime.streams.desktop_of(client.user_id) or message, pages_only=True)
        case SessionApplied(session_id, start_us):
            ended = await runtime.sessions.applied(client.user_id, session_id, start_us)
            if ended is not None:
                client.send(ended)
        case LeaveJail(session_id, reason):
            await runtime.jail.leave(client.user_id, session_id, reason)
        case UndoIntervention(intervention_id):
            await runtime.actions.undo(client.user_id, intervention_id)
        case InterventionApplied():
            _desktop(stream, "reports what it did")
            await runtime.actions.applied(client.user_id, message)
        case InterventionUndone():
            _desktop(stream, "reports what it did")
            await runtime.actions.undone(client.user_id, message)
        case RecordsForgotten():
            await runtime.forget.reported(client.user_id, _desktop(stream, "forgets records").machine_id, message)
        case _:
            raise ProblemError(422, f"{message.TYPE} is not for this connection", hint="See docs/operations.md")


def _desktop(stream: LiveStream | None, does: str) -> LiveStream:
    if stream is None:
        raise ProblemError(422, f"Only a desktop {does}", hint="Connect with ?machine_id=")
    return stream
