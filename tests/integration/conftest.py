"""The servers that several files need: Prefect's, started once, and the service, started once a file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from prefect_server import PrefectServer, running_prefect
from serving_process import Service, running_service
from trained_person import TrainedPerson, train_person

from infra.embedded_database import EmbeddedServer
from infra.ports import free_port
from neural_focus.settings import Settings
from neural_focus.store.database import connect as connect_database
from neural_focus.store.users import ensure_user


@pytest.fixture(scope="session")
def prefect_server(
    database_server: EmbeddedServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[PrefectServer]:
    """The guarded server as `up` starts it, and this process as its client."""
    home = tmp_path_factory.mktemp("home of prefect")
    settings = Settings(home=home, database_url=database_server.url("postgres"), prefect_port=free_port())
    with running_prefect(settings) as running:
        yield running


@pytest.fixture(scope="session")
def prefect_client(prefect_server: PrefectServer) -> Iterator[PrefectServer]:
    """Inside, flows that are called in this process run on the test's server."""
    from prefect.settings import (
        PREFECT_API_AUTH_STRING,
        PREFECT_API_URL,
        PREFECT_HOME,
        PREFECT_LOGGING_TO_API_ENABLED,
        temporary_settings,
    )

    environment = prefect_server.environment
    updates = {
        PREFECT_API_URL: environment["PREFECT_API_URL"],
        PREFECT_API_AUTH_STRING: environment["PREFECT_API_AUTH_STRING"],
        PREFECT_HOME: Path(environment["PREFECT_HOME"]),
        PREFECT_LOGGING_TO_API_ENABLED: False,  # the last lines would find no server
    }
    with temporary_settings(updates=updates):
        yield prefect_server


@pytest.fixture(scope="module")
def service(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """One service for the module: snoozes end after 1 s, demo people start at once.

    Offers time out after 6 s: a slow machine has to answer one before.
    """
    home = tmp_path_factory.mktemp("home of the service")
    quick = {"OPPORTUNITY_SECONDS": "1", "TIMEOUT_SECONDS": "6", "SNOOZE_SECONDS": "1"}
    with running_service(
        module_database_url, home, **{f"NEURAL_FOCUS_{name}": value for name, value in quick.items()}
    ) as running:
        yield running


@pytest.fixture
def demo_person(module_database_url: str) -> int:
    """A new demo person: their first opportunity comes a second after their first snapshot."""
    with connect_database(module_database_url) as connection:
        return ensure_user(connection, f"demo-{uuid4().hex[:8]}", is_demo=True)


@pytest.fixture
def real_person(module_database_url: str) -> int:
    """A new real person."""
    with connect_database(module_database_url) as connection:
        return ensure_user(connection, f"real-{uuid4().hex[:8]}", zone="Pacific/Auckland")


@pytest.fixture(scope="session")
def trained_person() -> TrainedPerson:
    """Trained once for all files of a worker: nobody changes it."""
    return train_person()
