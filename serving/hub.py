"""Who is connected, and how messages reach them. Lives on the event loop; not for other threads.

Each client has a queue and a task that empties it, so that one slow page never holds up another client. A client that
does not take its messages is cut off: a desktop then reconnects and goes on, a page reloads.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from starlette.websockets import WebSocket, WebSocketDisconnect

from neural_focus.messages import ServerMessage, encode
from serving.auth import Caller

QUEUED_MESSAGES = 256
REVOKED = 4401
"""The code that a socket is closed with when its token or pairing has ended: whoever has it need not come again."""


@dataclass(eq=False, slots=True)
class Client:
    """A socket of one person: their desktop (``machine_id`` set) or a page."""

    socket: WebSocket
    user_id: int
    machine_id: str | None
    caller: Caller | None = None
    """Whom the gate let in; None for browser extensions, which ``serving.browsers`` knows."""
    queue: asyncio.Queue[str | None] = field(default_factory=lambda: asyncio.Queue(QUEUED_MESSAGES))
    overrun: bool = False

    def send(self, message: ServerMessage) -> None:
        """Queue a message; a full queue marks the client to be cut off."""
        self.put(encode(message))

    def put(self, text: str) -> None:
        """Queue an encoded message."""
        try:
            self.queue.put_nowait(text)
        except asyncio.QueueFull:
            self.overrun = True

    async def pump(self) -> None:
        """Send what is queued until the socket closes or the client falls behind."""
        while not self.overrun and (text := await self.queue.get()) is not None:
            try:
                await self.socket.send_text(text)
            except (WebSocketDisconnect, RuntimeError):  # closed by the other side while we were sending
                return
        if self.overrun:
            await self.socket.close(1013, "Too slow")


class Hub:
    """Every connected client."""

    def __init__(self) -> None:
        self._clients: dict[int, set[Client]] = {}
        """By person."""

    def join(self, client: Client) -> None:
        """Add a client."""
        self._clients.setdefault(client.user_id, set()).add(client)

    def leave(self, client: Client) -> None:
        """Forget a client."""
        left = self._clients.get(client.user_id, set()) - {client}
        if left:
            self._clients[client.user_id] = left
        else:
            self._clients.pop(client.user_id, None)

    def of(self, user_id: int) -> tuple[Client, ...]:
        """The person's clients."""
        return tuple(self._clients.get(user_id, ()))

    def token_hashes(self, machine: int | None = None) -> set[str]:
        """The tokens that clients came by; only those of a paired machine where one is named."""
        callers = {client.caller for clients in self._clients.values() for client in clients if client.caller}
        return {one.token_hash for one in callers if one.token_hash and machine in (None, one.machine)}

    def people_without_machines(self) -> set[int]:
        """Those with a client that came by a cookie or by the local person's token."""
        callers = {client.caller for clients in self._clients.values() for client in clients if client.caller}
        return {one.user_id for one in callers if not one.token_hash}

    async def close(self, key: str | int) -> None:
        """Close the sockets of whoever came by this token's hash, or as this person without one: it is worth nothing
        any more."""
        clients = [client for clients in self._clients.values() for client in clients]
        for client in clients:
            if client.caller is not None and (client.caller.token_hash or client.caller.user_id) == key:
                with suppress(RuntimeError):  # it has left meanwhile
                    await client.socket.close(REVOKED, "This machine's token has ended")

    async def close_signed_out(self, before: Mapping[int, float]) -> None:
        """Close the sockets that came by a cookie from before the time (seconds since 1970) that the person has."""
        for client in [client for clients in self._clients.values() for client in clients]:
            caller = client.caller
            made = None if caller is None else caller.signed_in_at
            if made is not None and made < before.get(client.user_id, 0.0):
                with suppress(RuntimeError):  # it has left meanwhile
                    await client.socket.close(REVOKED, "This browser was signed out")

    def has_page(self, user_id: int) -> bool:
        """Whether a page of the person is open."""
        return any(client.machine_id is None for client in self.of(user_id))

    def publish(
        self, user_id: int, message: ServerMessage, *, pages_only: bool = False, machine_id: str | None = None
    ) -> None:
        """Send to all of a person's clients, to their pages, or to their pages and the desktop of one machine."""
        text = None
        for client in self.of(user_id):
            elsewhere = machine_id is not None and client.machine_id != machine_id
            if client.machine_id is None or not (pages_only or elsewhere):
                text = encode(message) if text is None else text
                client.put(text)

    def publish_to_desktop(self, user_id: int, machine_id: str, message: ServerMessage) -> None:
        """Send to the desktop of one machine alone, if it is connected."""
        for client in self.of(user_id):
            if client.machine_id == machine_id:
                client.send(message)

    def has_desktop(self, user_id: int, machine_id: str | None = None) -> bool:
        """Whether a desktop of the person is connected, or that of one machine."""
        return any(client.machine_id and machine_id in (None, client.machine_id) for client in self.of(user_id))
