"""Snapshots that come within a few milliseconds are answered together: a thousand desktops cost little more than ten.

::

    sockets ──► waiting, by stream ──► a tick: the oldest of each stream ──► answers
                   ▲                                    │
                   └── what comes meanwhile waits ◄── while it is answered

Company is waited for where the tick before had some: whoever is alone is answered at once. Where more comes than can be
answered, a snapshot that has waited for so long that the next one of its stream is there gives way to it: the queue
does not grow, and each that gave way is counted (``/metrics``) and told to its desktop.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from typing import Any

from neural_focus.messages import Problem, Snapshot
from neural_focus.snapshot_inputs import SnapshotInputs
from serving.hub import Client
from serving.problems import MISTAKE
from serving.streams import LiveStream

GATHER_SECONDS = 0.003
"""How long company is waited for."""
LATE_SECONDS = 1.0
"""A snapshot that has waited for so long gives way to the next: a desktop sends one a second."""
MOST_WAITING = 20
"""Of one stream, however quickly they came."""
MOST_TOGETHER = 128
"""In one tick, so that none takes long."""
_LOG = logging.getLogger("neural_focus.serving")


@dataclass(eq=False, slots=True)
class Waiting:
    """A snapshot that is to be answered. ``done`` ends when it was, one way or another; ``rest`` is what of its answer
    takes longer than the tick: until then the stream's next one waits. ``again``: after it the snapshot is answered
    once more."""

    client: Client
    stream: LiveStream
    snapshot: Snapshot
    inputs: SnapshotInputs
    done: asyncio.Future[None]
    rest: asyncio.Task[None] | None = None
    again: bool = False
    since: float = field(default_factory=time.monotonic)


class Ticks:
    """The snapshots that wait, and the loop that has them answered. Lives on the event loop."""

    def __init__(self, answer: Callable[[Sequence[Waiting]], Awaitable[None]]) -> None:
        self._answer = answer
        self._waiting: dict[str, deque[Waiting]] = {}
        self._busy: set[str] = set()
        self._some = asyncio.Event()
        self.gave_way = 0
        """How many snapshots gave way to a newer one of their stream since the start."""

    def put(self, client: Client, stream: LiveStream, snapshot: Snapshot, inputs: SnapshotInputs) -> Waiting:
        """Have a snapshot answered, after those of its stream that wait already unless they are late."""
        one = Waiting(client, stream, snapshot, inputs, asyncio.get_running_loop().create_future())
        before = self._waiting.setdefault(stream.stream_id, deque())
        while before and (len(before) >= MOST_WAITING or one.since - before[0].since >= LATE_SECONDS):
            self._give_way(before.popleft())
        before.append(one)
        self._some.set()
        return one

    def _give_way(self, late: Waiting) -> None:
        self.gave_way += 1
        _gave_way().inc()
        why = "this snapshot gave way to the next one"
        late.client.send(Problem("The service is overloaded", 503, detail=why, hint="It goes on by itself"))
        _finish(late)

    async def run(self) -> None:
        """Answer what comes, for good."""
        told, together = 0, False
        while True:
            await self._some.wait()
            if together:
                await asyncio.sleep(GATHER_SECONDS)
            taken = self._take()
            together = len(taken) > 1
            try:
                await self._answer(taken)
            except Exception:  # noqa: BLE001 - a mistake of ours in one tick must not end the loop for good
                _LOG.exception("%d snapshots could not be answered", len(taken))
                for one in taken:
                    one.client.send(MISTAKE)
            for one in taken:
                if one.rest is None:
                    _finish(one)
                else:
                    self._busy.add(one.stream.stream_id)
                    one.rest.add_done_callback(partial(self._rested, one))
            if self.gave_way > told:
                _LOG.warning("overloaded: %d snapshots gave way to newer ones", self.gave_way - told)
                told = self.gave_way

    def _take(self) -> list[Waiting]:
        """The oldest of each stream, of those that wait longest."""
        ready = [stream_id for stream_id in self._waiting if stream_id not in self._busy]
        taken = []
        for stream_id in ready[:MOST_TOGETHER]:
            queue = self._waiting.pop(stream_id)
            taken.append(queue.popleft())
            if queue:  # the others' turn comes first
                self._waiting[stream_id] = queue
        if len(ready) == len(taken) and self._waiting.keys() <= self._busy:
            self._some.clear()
        return taken

    def _rested(self, one: Waiting, _: asyncio.Task[None]) -> None:
        self._busy.discard(one.stream.stream_id)
        self._some.set()
        if one.again:
            one.rest, one.again = None, False
            self._waiting.setdefault(one.stream.stream_id, deque()).appendleft(one)
        else:
            _finish(one)


def _finish(one: Waiting) -> None:
    if not one.done.done():  # nobody may wait for it any more
        one.done.set_result(None)


@cache
def _gave_way() -> Any:
    """Imported when the first one does: BentoML says where counts lie only then."""
    from prometheus_client import Counter

    return Counter("neural_focus_snapshots_gave_way", "Snapshots that waited until the next of their stream was there")
