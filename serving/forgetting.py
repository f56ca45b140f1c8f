"""What a person has us forget goes out of every store here: deleted, then counted, until nothing is left.

::

    flows at rest? ──► database ──► feature store ──► models ──► count ──► all 0: done
         │ no              ▲                                       │
         └► tried again    └───────────────── else ────────────────┘
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from types import ModuleType
from typing import TYPE_CHECKING, Protocol, TypeVar

from feature_repo.lean_feast import load_feature_store
from neural_focus.errors import BusyError, StoreError
from neural_focus.settings import Settings
from neural_focus.store.database import Connection
from neural_focus.store.flow_locks import locked
from neural_focus.store.forget import REACH_US, count_forgotten, delete_forgotten
from neural_focus.store.forgotten import ForgetRequest, mark_done
from neural_focus.store.privacy import machines_of

if TYPE_CHECKING:
    from feature_repo.store import SnapshotStore

FLOWS = (
    *("features", "first-features", "labels", "first-labels", "consistency", "data-quality", "personal"),
    *("session-metrics", "training", "first-training", "sequence-training", "blending"),
)
"""They write what is made of records: what one had read before these went, it would write again."""
TRIES = 3
DAYS, ONLINE, MODELS = "feature store, days", "feature store, newest", "models"
RETRY_SECONDS = 5.0
Progress = Callable[[float], None]
T = TypeVar("T")


class Run(Protocol):
    """Does work in one transaction."""

    def __call__(self, work: Callable[[Connection], T], /) -> T:
        """What ``work`` returns, committed."""


def count_everywhere(connection: Connection, settings: Settings, request: ForgetRequest) -> dict[str, int]:
    """Store → how much of the request it has."""
    streams, until_us, bounds = _streams(connection, request), request.until_us(REACH_US), request.bounds()
    with _opened(settings) as store:
        return {
            **count_forgotten(connection, request),
            DAYS: sum(
                _days().count_days(settings.feast, one, first_us - REACH_US) for one, first_us in streams.items()
            ),
            ONLINE: sum(1 for t_us in _online(store, streams).values() if t_us < until_us),
            MODELS: len(_models().models_of_time(settings, request.user_id, *bounds)) if bounds else 0,
        }


def forget_everywhere(run: Run, settings: Settings, request: ForgetRequest, progress: Progress) -> None:
    """Takes a request out of every store and marks it as done once nothing is left; what was done before is no harm.

    ``run`` does its work on the person's rows with a connection of its own, and commits it.

    Raises:
        BusyError: one of ``FLOWS`` runs; nothing is changed.
        StoreError: something is left after some tries.
    """

    def work(connection: Connection) -> None:
        with locked(connection, FLOWS) as busy:
            if busy:
                raise BusyError(f"It waits until the flow {busy} has ended", RETRY_SECONDS)
            for _ in range(TRIES):
                _forget_once(run, settings, request, progress)
                left = run(partial(_left, settings=settings, request=request))
                if not left:
                    progress(1.0)
                    return
        raise StoreError("Not everything is forgotten yet", why=f"left: {left}", hint="It is tried again")

    run(work)


def _left(connection: Connection, settings: Settings, request: ForgetRequest) -> dict[str, int]:
    """What stores still have of it; nothing: it is done."""
    left = {name: count for name, count in count_everywhere(connection, settings, request).items() if count}
    if not left:
        mark_done(connection, request.id)
    return left


def _forget_once(run: Run, settings: Settings, request: ForgetRequest, progress: Progress) -> None:
    def work(connection: Connection) -> Mapping[str, int]:
        delete_forgotten(connection, request)
        return _streams(connection, request)

    streams, bounds = run(work), request.bounds()
    progress(0.5)
    for one, first_us in streams.items():
        _days().forget_days(settings.feast, one, first_us - REACH_US)
    with _opened(settings) as store:
        for one in _online(store, streams):
            load_feature_store().forget_online(store, one)
    progress(0.7)
    if bounds is not None:
        _models().forget_time(settings, request.user_id, *bounds)
    progress(0.9)


def _days() -> ModuleType:
    """Feast takes seconds to load, and what starts the service needs none of it."""
    load_feature_store()
    return importlib.import_module("feature_repo.forgetting")


def _models() -> ModuleType:
    """The same of the libraries of models."""
    return importlib.import_module("neural_focus.model_forgetting")


def _streams(connection: Connection, request: ForgetRequest) -> Mapping[str, int]:
    """The person's streams that have any of the time, and its first µs there."""
    spans = {machine: request.on(machine) for machine in machines_of(connection, request.user_id)}
    return {f"{request.user_id}:{one}": min(first for first, _ in found) for one, found in spans.items() if found}


def _online(store: SnapshotStore, streams: Mapping[str, int]) -> dict[str, int]:
    """The streams whose newest snapshot may have seen the time, and its µs. A live desktop writes one each second:
    those later than the request are deleted, but nobody waits until there is none."""
    rows = load_feature_store().read_online(store, list(streams))
    found = {one: row.t_us for one, row in zip(streams, rows, strict=True) if row is not None}
    return {one: t_us for one, t_us in found.items() if t_us >= streams[one]}


@contextmanager
def _opened(settings: Settings) -> Iterator[SnapshotStore]:
    store = load_feature_store().open_store(settings)
    try:
        yield store
    finally:
        store.close()
