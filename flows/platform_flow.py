"""How every flow runs here: with the settings of the process, one at a time, and not when its moment has passed.

    a run starts ──► is it stale? ──► is the lock free? ──► open the database ──► the flow's own work
                       │ yes            │ no
                       └────────────────┴──► Completed, named "Skipped", with the reason

The lock is one of ``neural_focus.store.flow_locks``.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property, update_wrapper
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

import prefect
from prefect import Flow, flow
from prefect.client.schemas.objects import State
from prefect.states import Completed

from flows.catch_up import go_to_background, reason_of_run
from neural_focus.errors import ConfigurationError
from neural_focus.settings import Settings, read_settings
from neural_focus.store.database import Connection, connect
from neural_focus.store.flow_locks import locked

if TYPE_CHECKING:
    from feature_repo.store import SnapshotStore

P = ParamSpec("P")
R = TypeVar("R")


@dataclass
class Platform:
    """What a flow works with: settings, a database connection, the feature store once it is asked for."""

    settings: Settings
    connection: Connection

    def reconnect(self) -> None:
        """A new connection, if the database has ended this one.

        Raises:
            StoreError: the database refuses.
        """
        if self.connection.closed:
            self.connection = connect(self.settings.database_url or "")

    @cached_property
    def store(self) -> SnapshotStore:
        """The feature store; opening it imports Feast, which takes seconds."""
        from feature_repo.store import open_store

        return open_store(self.settings)

    def close(self) -> None:
        """Closes what was opened."""
        if "store" in self.__dict__:
            self.store.close()
        self.connection.close()


@contextmanager
def open_platform(settings: Settings) -> Iterator[Platform]:
    """The platform of an installation.

    Raises:
        ConfigurationError: the settings name no database.
        StoreError: the database refuses.
    """
    if not settings.database_url:
        raise ConfigurationError(
            "A flow needs the database", why="DATABASE_URL is not set", hint="Start it with `neural-focus up`"
        )
    platform = Platform(settings, connect(settings.database_url))
    try:
        yield platform
    finally:
        platform.close()


@contextmanager
def exclusive(settings: Settings, name: str) -> Iterator[bool]:
    """Holds the lock of ``name`` inside; False if another run holds it."""
    with connect(settings.database_url or "") as connection:
        connection.autocommit = True
        with locked(connection, [name]) as busy:
            yield not busy


def skip_reason(scheduled: datetime | None, now: datetime, stale_after: timedelta) -> str | None:
    """Why a run that was due at ``scheduled`` should not run any more; None if it should."""
    if scheduled is None or now - scheduled <= stale_after:
        return None
    return f"due at {scheduled:%Y-%m-%d %H:%M} UTC, {(now - scheduled).total_seconds() / 60:.0f} min ago"


def platform_flow(
    *, name: str, description: str, stale_after: timedelta
) -> Callable[[Callable[Concatenate[Platform, P], R]], Flow[P, R | State[Any]]]:
    """A Prefect flow from a function whose first parameter is the platform.

    A run that starts later than ``stale_after`` after its time, or while another holds the lock, is skipped.
    """

    def wrap(body: Callable[Concatenate[Platform, P], R]) -> Flow[P, R | State[Any]]:
        def run(*args: P.args, **kwargs: P.kwargs) -> R | State[Any]:
            reason = skip_reason(_scheduled(), datetime.now(UTC), stale_after)
            if reason:
                return Completed(name="Skipped", message=reason)
            if behind := reason_of_run():
                go_to_background()
                log(behind)
            settings = read_settings()
            with exclusive(settings, name) as mine:
                if not mine:
                    return Completed(name="Skipped", message="another run is at work")
                with open_platform(settings) as platform:
                    return body(platform, *args, **kwargs)

        update_wrapper(run, body)
        parameters = list(inspect.signature(body).parameters.values())[1:]
        run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
        del run.__dict__["__wrapped__"]  # Prefect would look through it and see the platform as a parameter
        return flow(name=name, description=description, version=prefect.__version__, log_prints=False)(run)

    return wrap


def log(text: str) -> None:
    """A line in the run's log in Prefect's pages; on stderr where no flow runs."""
    context = prefect.context.FlowRunContext.get()
    if context is None:
        sys.stderr.write(text + "\n")
    else:
        prefect.get_run_logger().info(text)


def _scheduled() -> datetime | None:
    """When Prefect wanted this run; None for a run that a person or another flow started."""
    context = prefect.context.FlowRunContext.get()
    run = context.flow_run if context else None
    return run.expected_start_time if run is not None and run.auto_scheduled else None
