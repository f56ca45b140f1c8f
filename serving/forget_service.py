"""What people have us forget: counted, asked, told to their desktops, done; what a kill stopped in the middle goes on.

::

    ask ──► row of `forgotten`: late records are refused from here on
              ├──► desktops: FORGET_RECORDS, on each connection until RECORDS_FORGOTTEN
              └──► one request after the other: ``serving.forgetting``
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection
from functools import partial
from typing import TypeVar

from starlette.concurrency import run_in_threadpool

from neural_focus.errors import BusyError, InputError, NeuralFocusError
from neural_focus.forgetting import ForgottenTime, app_key, recorded_name
from neural_focus.messages import ForgetRecords, RecordsForgotten
from neural_focus.settings import Settings
from neural_focus.storable import OLDEST_US
from neural_focus.store.database import Connection
from neural_focus.store.forget import delete_until_reset, open_offers, spans_of
from neural_focus.store.forgotten import (
    ForgetRequest,
    Spans,
    add_request,
    hold_arrivals,
    mark_desktop,
    read_pending,
    read_request,
    read_requests,
)
from neural_focus.time import SECOND_US, wall_clock_us
from serving.database import Database
from serving.forgetting import RETRY_SECONDS, count_everywhere, forget_everywhere
from serving.hub import Hub
from serving.idempotency import NO_KEY, RequestKey
from serving.prediction_writer import PredictionWriter
from serving.problems import ProblemError
from serving.responses import ForgetAsked, ForgetCount, ForgetState, StoreCount
from serving.stream_state import restore_stream
from serving.streams import Streams

T = TypeVar("T")
TICK_SECONDS = 1.0
SETTLE_US = 3 * SECOND_US
"""Predictions of before the request that are on their way, a shadow's among them, are stored by then."""
FIRST_US = 946_684_800 * SECOND_US
"""2000: no record is older."""
MOST_MINUTES = 366 * 24 * 60
LISTED = 20
_LOG = logging.getLogger("neural_focus.serving")


class ForgetService:
    """Lives on the event loop; the work is done in a worker thread, one request after the other."""

    def __init__(
        self, settings: Settings, database: Database, hub: Hub, streams: Streams, writer: PredictionWriter
    ) -> None:
        self._settings, self._database, self._hub = settings, database, hub
        self._streams, self._writer = streams, writer
        self._share: dict[int, float] = {}
        self._waits: dict[int, str] = {}
        self._not_before: dict[int, float] = {}
        """``time.monotonic()`` of the next try."""
        self._anew: set[tuple[int, str]] = set()
        """Streams, by person and machine, that are still to begin anew."""
        self._more = True
        """There may be a request that is not done."""

    async def count(self, user_id: int, asked: ForgetAsked) -> ForgetCount:
        """What would go.

        Raises:
            InputError: no time, or one that ends before it begins.
            StoreError: the database refuses.
        """
        await self._writer.flush(strict=True)
        found, offers = await self._forget(partial(self._counted, user_id=user_id, asked=asked))
        return ForgetCount(found.what.first_us, found.what.end_us, _counts(found), offers)

    async def ask(self, user_id: int, asked: ForgetAsked, key: RequestKey = NO_KEY) -> ForgetState:
        """Store the request and tell the desktops; the work follows. Where ``key`` says that it is stored, no other one
        is, and desktops that have not answered yet are told again.

        Raises as ``count``, and as ``RequestKey.once``.
        """
        await self._writer.flush(strict=True)
        counted, _ = await self._forget(partial(self._counted, user_id=user_id, asked=asked))

        connected = self._connected(user_id)

        def add(connection: Connection) -> ForgetState:
            spans = _spans(connection, user_id, counted.what, asked)
            return self._state(add_request(connection, user_id, counted.what, spans, counted.counts), connected)

        def work(connection: Connection) -> tuple[ForgetState, bool]:
            hold_arrivals(connection, user_id)
            return key.once(connection, user_id, ForgetState, partial(add, connection))

        answer, fresh = await self._forget(work)
        self._more = True  # a replay's first try may have failed behind its COMMIT
        if not fresh:
            for machine in self._connected(user_id):
                await self.connected(user_id, machine)
        else:
            message = ForgetRecords(answer.id, counted.what.first_us, counted.what.end_us, counted.what.app_key)
            for machine in self._connected(user_id):
                self._hub.publish_to_desktop(user_id, machine, message)
        return answer

    async def requests(self, user_id: int) -> tuple[ForgetState, ...]:
        """The last ones, newest first."""
        found = await self._database.run_for(user_id, lambda connection: read_requests(connection, user_id))
        connected = self._connected(user_id)
        return tuple(self._state(one, connected) for one in found[: -LISTED - 1 : -1])

    async def connected(self, user_id: int, machine_id: str) -> None:
        """A desktop is (again) there: it hears of what it may still have in its spool."""
        now_us = wall_clock_us()
        for one in await self._database.run_for(user_id, lambda connection: read_requests(connection, user_id)):
            if machine_id not in one.desktops and now_us - one.asked_us < OLDEST_US:
                self._hub.publish_to_desktop(user_id, machine_id, _message(one))

    async def reported(self, user_id: int, machine_id: str, report: RecordsForgotten) -> None:
        """A desktop has nothing left of it. What its engine had predicted until now had still seen the time.

        Raises:
            ProblemError: 404, the person has no such request.
            StoreError: the database refuses.
        """
        await self._writer.flush(strict=True)

        def work(connection: Connection) -> ForgetRequest | None:
            request = read_request(connection, user_id, report.id)
            if request is not None and machine_id not in request.desktops:
                delete_until_reset(connection, request, machine_id, wall_clock_us())
                mark_desktop(connection, user_id, report.id, machine_id, report.records)
            return request

        if await self._forget(work) is None:
            raise ProblemError(404, f"There is no request {report.id} to forget")
        await self._begin_anew(user_id, machine_id)

    async def tick(self) -> None:
        """Work on what is not done, also on what an earlier run of the service left."""
        if not self._more:
            return
        self._more = False
        try:
            for stream in tuple(self._anew):
                await self._begin_anew(*stream)
            for request in await self._database.run_for_all(read_pending):
                settled = wall_clock_us() - request.asked_us >= SETTLE_US
                if settled and time.monotonic() >= self._not_before.get(request.id, 0.0):
                    await self._work(request)
                else:
                    self._more = True
        except Exception:
            self._more = True
            raise

    async def _work(self, request: ForgetRequest) -> None:
        """What fails is tried again; meanwhile others go on."""
        progress = partial(self._share.__setitem__, request.id)

        try:
            await self._writer.flush(strict=True)
            await run_in_threadpool(forget_everywhere, self._database.work_to_forget, self._settings, request, progress)
            self._waits.pop(request.id, None)
            self._not_before.pop(request.id, None)
        except (NeuralFocusError, OSError, ValueError) as error:
            self._more = True
            self._waits[request.id] = str(error)
            self._not_before[request.id] = time.monotonic() + RETRY_SECONDS
            if not isinstance(error, BusyError):
                _LOG.warning("forgetting %d: %s", request.id, error)
            return
        for stream in self._streams.of(request.user_id):
            if stream.snapshot is None or stream.snapshot.t_us >= request.what.first_us:
                await self._begin_anew(request.user_id, stream.machine_id)

    async def _forget(self, work: Callable[[Connection], T]) -> T:
        return await run_in_threadpool(self._database.work_to_forget, work)

    async def _begin_anew(self, user_id: int, machine_id: str) -> None:
        """A stream goes on from what is stored, not from what this process had kept of the time; at the next tick, if
        it cannot now."""
        stream = self._streams.get(user_id, machine_id)
        if stream is not None:
            restored = partial(restore_stream, settings=self._settings, user_id=user_id, machine_id=machine_id)
            try:
                self._streams.begin_anew(stream, await self._database.run_for(user_id, restored))
            except ProblemError:
                _LOG.info("person %d is not there any more", user_id)
            except (NeuralFocusError, OSError, ValueError) as error:
                self._anew.add((user_id, machine_id))
                self._more = True
                _LOG.warning("a stream of person %d begins anew later: %s", user_id, error)
                return
        self._anew.discard((user_id, machine_id))

    def _counted(self, connection: Connection, user_id: int, asked: ForgetAsked) -> tuple[ForgetRequest, int]:
        """The request as it would be, with what there is of it, and how much help of then is not over."""
        what = forgotten_time(asked, wall_clock_us())
        spans = _spans(connection, user_id, what, asked)
        now_us = wall_clock_us()
        request = ForgetRequest(0, user_id, what, spans, now_us, None, {}, {})
        counts = count_everywhere(connection, self._settings, request)
        return ForgetRequest(0, user_id, what, spans, now_us, None, counts, {}), open_offers(connection, request)

    def _connected(self, user_id: int) -> list[str]:
        return [one.machine_id for one in self._hub.of(user_id) if one.machine_id is not None]

    def _state(self, request: ForgetRequest, connected: Collection[str]) -> ForgetState:
        told = set(connected) - set(request.desktops)
        done = request.done_us is not None
        return ForgetState(
            id=request.id,
            first_us=request.what.first_us,
            end_us=request.what.end_us,
            of_app=request.what.app_key is not None,
            asked_us=request.asked_us,
            done_us=request.done_us,
            counts=_counts(request),
            share=1.0 if done else self._share.get(request.id, 0.0),
            waits="" if done else self._waits.get(request.id, ""),
            spools=dict(request.desktops),
            told=len(told),
        )


def forgotten_time(asked: ForgetAsked, now_us: int) -> ForgottenTime:
    """The time that is asked for.

    Raises:
        InputError: no time, or one that ends before it begins.
    """
    key = None if asked.app is None else app_key(recorded_name(asked.app))
    if asked.app is not None and not asked.app.strip():
        raise InputError("The app has no name", hint="Give the name that the page shows")
    if asked.minutes is not None:
        if asked.first_us is not None or asked.end_us is not None or not 0 < asked.minutes <= MOST_MINUTES:
            raise InputError(f"minutes is {asked.minutes}", hint=f"Give 1 to {MOST_MINUTES} alone, or two times")
        return ForgottenTime(now_us - asked.minutes * 60 * SECOND_US, now_us, key)
    if asked.first_us is None and asked.app is None:
        raise InputError("There is no time to forget", hint="Give minutes, first_us, or an app")
    first_us = max(asked.first_us or FIRST_US, FIRST_US)
    end_us = min(asked.end_us if asked.end_us is not None else now_us, now_us)
    if end_us <= first_us:
        raise InputError(f"It ends at {end_us} and begins at {first_us}", hint="Give a time that is past")
    return ForgottenTime(first_us, end_us, key)


def _spans(connection: Connection, user_id: int, what: ForgottenTime, asked: ForgetAsked) -> dict[str, Spans]:
    return {} if asked.app is None else spans_of(connection, user_id, what, recorded_name(asked.app))


def _counts(request: ForgetRequest) -> tuple[StoreCount, ...]:
    return tuple(StoreCount(store, count) for store, count in request.counts.items())


def _message(request: ForgetRequest) -> ForgetRecords:
    return ForgetRecords(request.id, request.what.first_us, request.what.end_us, request.what.app_key)
