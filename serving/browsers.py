"""The browser extensions that are connected: what they have to block, and what they say was done.

::

    row ordered ─► publish ─► SITE_BLOCKS ─► extension ─► INTERVENTION_APPLIED | _UNDONE ─► row
                     every 25 s: the whole wanted state; an extension that hears nothing for 90 s lifts everything

Lives on the event loop. While the database cannot be read nothing is sent, so nothing stays blocked by mistake.
"""

from __future__ import annotations

import asyncio
import logging
import secrets as random
import time
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial

from neural_focus.errors import NeuralFocusError
from neural_focus.messages import (
    BrowserHello,
    InterventionApplied,
    InterventionUndone,
    SiteBlocks,
    SiteInFront,
)
from neural_focus.store import browsers as store
from neural_focus.store.actions import site_blocks
from neural_focus.store.browsers import PairedRow
from neural_focus.time import wall_clock_us
from serving.auth import hash_token
from serving.database import Database
from serving.hub import REVOKED, Client, Hub
from serving.problems import ProblemError
from serving.streams import Streams

PING_SECONDS = 25.0
RECENT_SECONDS = 180.0
"""A browser that was connected so short a while ago is most likely back in a moment: what is ordered waits for it."""
LIFT_SECONDS = 2.0
HOW_TO_PAIR = "Open /pair of this page in the browser that has the extension; docs/desktop.md says how it gets it"
_LOG = logging.getLogger("neural_focus.serving")


@dataclass(eq=False, slots=True)
class Browser:
    """A connected extension. ``blocking``: the rows that it said are applied, and not that they have ended."""

    client: Client
    paired_id: int
    name: str
    allowed: bool = False
    site: SiteInFront | None = None
    blocking: set[int] = field(default_factory=set)
    revoked: bool = False


class Browsers:
    """All connected extensions, and who has paired one."""

    def __init__(self, database: Database, hub: Hub, streams: Streams) -> None:
        self._database, self._hub, self._streams = database, hub, streams
        self._connected: set[Browser] = set()
        self._allowed_at: dict[int, float] = {}
        self._paired: dict[int, set[int]] = {}
        self._sending: dict[int, asyncio.Lock] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def restore(self) -> None:
        """Who has paired a browser, and whose was connected just before this service started."""
        for row in await self._database.run_for_all(store.list_pairings):
            self._paired.setdefault(row.user_id, set()).add(row.id)
            if row.seen_at is not None:
                self._allowed_at[row.user_id] = max(self._allowed_at.get(row.user_id, 0.0), row.seen_at.timestamp())

    async def pair(self, user_id: int, origin: str, name: str) -> str:
        """A token for the extension at ``origin``, which works from there alone."""
        token = random.token_urlsafe(32)
        added = await self._database.run_for(
            user_id, lambda connection: store.add_pairing(connection, user_id, origin, name, hash_token(token))
        )
        self._paired.setdefault(user_id, set()).add(added)
        return token

    async def admit(self, token: str, origin: str) -> PairedRow | None:
        """Whose browser a token from ``origin`` is, None if it is nobody's."""
        find = partial(store.find_pairing, token_hash=hash_token(token), origin=origin)
        return await self._database.run_for_all(find)

    async def paired(self, user_id: int) -> list[tuple[PairedRow, Browser | None]]:
        """The person's paired browsers, each with its connection where it has one."""
        rows = await self._database.run_for(user_id, partial(store.list_pairings, user_id=user_id))
        connected = {browser.paired_id: browser for browser in self._of(user_id)}
        return [(row, connected.get(row.id)) for row in rows]

    async def revoke(self, user_id: int, browser_id: int) -> None:
        """End a pairing: its blocks are lifted, its socket is closed, its token is worth nothing.

        Raises:
            ProblemError: 404, the person has no such browser.
        """
        revoke = partial(store.revoke_pairing, user_id=user_id, browser_id=browser_id)
        if not await self._database.run_for(user_id, revoke):
            raise ProblemError(404, f"There is no paired browser {browser_id}", hint="See GET /api/v1/browsers")
        self._paired.get(user_id, set()).discard(browser_id)
        await asyncio.gather(*(self._cut(browser) for browser in self._of(user_id) if browser.paired_id == browser_id))

    def join(self, browser: Browser) -> None:
        """It is connected; it hears at once what is to be blocked."""
        self._connected.add(browser)
        self.publish(browser.client.user_id)

    def leave(self, browser: Browser) -> None:
        """It is not connected any more."""
        self._connected.discard(browser)

    def publish(self, user_id: int) -> None:
        """What the person's browsers have to block has changed: tell them."""
        if any(self._of(user_id)):
            task = asyncio.create_task(self._send(user_id))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def can_block(self, user_id: int) -> str:
        """Why no site can be blocked for the person now, and what to do; empty where one can."""
        connected = list(self._of(user_id))
        if any(browser.allowed for browser in connected):
            return ""
        if connected:
            return (
                f"The extension in {connected[0].name} may not act on sites. Allow it on the extension's own page, "
                "which its button in the browser's bar opens"
            )
        if not self._paired.get(user_id):
            return f"No browser is paired. {HOW_TO_PAIR}"
        if time.time() - self._allowed_at.get(user_id, 0.0) <= RECENT_SECONDS:
            return ""
        return "No paired browser is running. Start one, or pair the one that is running"

    async def confirm(self) -> None:
        """Every ``CONFIRM_SECONDS`` of ``serving.callers``: an end for those that another process has revoked, or whose
        person is disabled."""
        browsers = [browser for browser in self._connected if not browser.revoked]
        if not browsers:
            return
        ids = [browser.paired_id for browser in browsers]
        paired = await self._database.run_for_all(partial(store.still_paired, ids=ids))
        await asyncio.gather(*(self._cut(browser) for browser in browsers if browser.paired_id not in paired))

    async def tick(self) -> None:
        """Every ``PING_SECONDS``: the whole state to everybody."""
        await self.confirm()
        browsers = list(self._connected)
        if not browsers:
            return
        await self._database.run_for_all(partial(store.mark_seen, ids=[browser.paired_id for browser in browsers]))
        for browser in self._connected:
            if browser.allowed:
                self._allowed_at[browser.client.user_id] = time.time()
            if browser.site is not None and browser.site.site is not None:
                self._publish_to_desktop(browser, browser.site)  # for a desktop that was not connected then
        for user_id in {browser.client.user_id for browser in self._connected}:
            await self._send(user_id)

    async def hello(self, browser: Browser, message: BrowserHello) -> None:
        """Who it is, and whether it may act on sites."""
        browser.name, browser.allowed = f"{message.browser} {message.version}".strip()[:100], message.allowed
        if browser.allowed:
            self._allowed_at[browser.client.user_id] = time.time()
        await self._database.run_for(browser.client.user_id, partial(store.mark_seen, ids=[browser.paired_id]))

    def applied(self, browser: Browser, message: InterventionApplied) -> None:
        """It blocks a site, or cannot."""
        if not message.refused_reason:
            browser.blocking.add(message.intervention_id)

    def undone(self, browser: Browser, message: InterventionUndone) -> bool:
        """It blocks a site no more. Whether that ends the row: where it is its own affair, another browser of the
        person may block on."""
        browser.blocking.discard(message.intervention_id)
        its_own = browser.revoked or message.reason in ("quit", "failed", "clock", "service_gone")
        others = (other for other in self._of(browser.client.user_id) if other is not browser)
        return not (its_own and any(message.intervention_id in other.blocking for other in others))

    def in_front(self, browser: Browser, message: SiteInFront) -> None:
        """Which site its person looks at: for the desktop that they use, and nobody else."""
        browser.site = message
        self._publish_to_desktop(browser, message)

    def _publish_to_desktop(self, browser: Browser, message: SiteInFront) -> None:
        used = self._streams.in_use(browser.client.user_id)
        if used is not None:
            self._hub.publish_to_desktop(browser.client.user_id, used.machine_id, message)

    async def _send(self, user_id: int) -> None:
        """One at a time for a person, so that no older state comes after a newer one."""
        async with self._sending.setdefault(user_id, asyncio.Lock()):
            t_us = wall_clock_us()
            try:
                blocks = await self._database.run_for(user_id, partial(site_blocks, user_id=user_id, now_us=t_us))
            except NeuralFocusError as error:
                _LOG.warning("the browsers of person %d hear nothing: %s", user_id, error)
                return
            for browser in self._of(user_id):
                if not browser.revoked:
                    browser.client.send(SiteBlocks(tuple(blocks), t_us))

    async def _cut(self, browser: Browser) -> None:
        """Let it lift its blocks and report that, then close its socket."""
        browser.revoked = True
        browser.client.send(SiteBlocks((), wall_clock_us()))
        until = time.monotonic() + LIFT_SECONDS
        while browser.blocking and time.monotonic() < until:
            await asyncio.sleep(0.05)
        with suppress(RuntimeError):  # it has left meanwhile
            await browser.client.socket.close(REVOKED, "The pairing has ended")

    def _of(self, user_id: int) -> list[Browser]:
        return [browser for browser in self._connected if browser.client.user_id == user_id]
