"""Fixtures that several kinds of tests share."""

from __future__ import annotations

import gc
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from fresh_caches import FreshCaches
from hypothesis import HealthCheck, settings

from infra.database_schema import make_database, migrate
from infra.embedded_database import EmbeddedServer
from infra.ports import free_port

# Tests ask servers on this machine, whatever proxy is set; what needs the network to be made may still use it.
os.environ |= {"NO_PROXY": "localhost,127.0.0.1,127.0.0.2,::1", "no_proxy": "localhost,127.0.0.1,127.0.0.2,::1"}
for _name in ("ALL_PROXY", "all_proxy"):  # httpx starts with no SOCKS proxy at all
    os.environ.pop(_name, None)

settings.register_profile("a machine may be busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("a machine may be busy")

TEMPLATE = "neural_focus_template"
GROUPS = {
    "the platform": ("test_up", "test_platform", "test_canary"),
    "Prefect": (
        "test_deployments",
        "test_experiments_flow",
        "test_flows",
        "test_input_drift",
        "test_model_life",
        "test_old_home",
        "test_prefect_server",
        "test_schedules",
    ),
    "synthetic moments": ("test_blend", "test_model_report", "test_model_training", "test_sequence_model"),
}
"""Files that share what is expensive to start."""
FIRST = (
    *("the platform", "Prefect", "test_evaluate_command", "test_catch_up", "test_jail", "test_ordered_actions"),
    "test_backup",
    *("test_experiment_service", "test_moved_clock", "test_agent", "test_demo_person"),
)
"""What takes longest, in that order; then come the files in folders' order, and at last those of ``LAST``."""
LAST = {"parity", "unit"}
"""Folders of short files: with what is long begun first, no worker waits for the other at the end."""


def pytest_configure(config: pytest.Config) -> None:
    """Before the workers start.

    A worker that finds its files torn apart can only die of it, which xdist calls an internal error.
    """
    if getattr(config.option, "numprocesses", None) and config.getoption("dist") != "loadgroup":
        raise pytest.UsageError("files share servers: with -n give --dist loadgroup, too")
    if os.environ.get("CI") and not hasattr(config, "workerinput"):
        config.add_cleanup(FreshCaches().remove)


def pytest_collectstart() -> None:
    """What all imports make stays: no garbage is looked for in it, now or later."""
    gc.disable()


@pytest.hookimpl(tryfirst=True)  # the workers' own hook reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """With two workers (``-n 2 --dist loadgroup``) a file's tests stay together, and so do those on one server."""
    first = [name for group in FIRST for name in GROUPS.get(group, (group,))]
    for item in items:
        name = item.path.stem
        shared = next((group for group, names in GROUPS.items() if name in names), name)
        item.add_marker(pytest.mark.xdist_group(shared))
    items.sort(
        key=lambda item: (
            first.index(item.path.stem) if item.path.stem in first else len(first),
            not LAST.isdisjoint(item.path.parts),
        )
    )


def pytest_collection_finish(session: pytest.Session) -> None:
    """Files that share a server must not be torn apart in silence: a group's name ends the ids of its tests."""
    gc.collect()
    gc.freeze()  # statsmodels collects at each call: half a second with all of it
    gc.enable()
    apart = [item.nodeid for item in session.items if "@" not in item.nodeid]
    if hasattr(session.config, "workerinput") and apart:
        raise pytest.UsageError(f"this pytest-xdist ignores groups: {apart[0]} has none. Run: make setup")


def _fresh(server: EmbeddedServer) -> Iterator[str]:
    name = f"test_{uuid4().hex[:12]}"
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
        yield server.url(name)
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def _close(server: EmbeddedServer, database: str) -> None:
    """A template must have no visitors, and TimescaleDB's background workers visit every database."""
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute(f"ALTER DATABASE {database} ALLOW_CONNECTIONS false")
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (database,))


def _running(flavour: str | None) -> Iterator[EmbeddedServer]:
    """A server in a folder of its own, with spaces in its path: pytest's are closed to root's database account.

    All of it is made as ``up`` makes it, for its owner alone.
    """
    folder = Path(tempfile.mkdtemp(prefix="neural focus test "))
    folder.chmod(0o755)
    server = EmbeddedServer(folder / "database", free_port(), "test-password", flavour=flavour, durable=False)
    before = os.umask(0o077)
    try:
        server.start()
        os.umask(before)
        make_database(server.url(TEMPLATE))
        migrate(server.url(TEMPLATE))
        _close(server, TEMPLATE)
        yield server
    finally:
        os.umask(before)
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def database_server() -> Iterator[EmbeddedServer]:
    """One embedded server for the whole test session; TimescaleDB where it can be had."""
    yield from _running(None)


@pytest.fixture(scope="session")
def database_url(database_server: EmbeddedServer) -> Iterator[str]:
    """A migrated database for the whole test session: what one test leaves there, the next one finds."""
    yield from _fresh(database_server)


@pytest.fixture
def fresh_database_url(database_server: EmbeddedServer) -> Iterator[str]:
    """A migrated, empty database for one test (about 0.1 s)."""
    yield from _fresh(database_server)


@pytest.fixture(scope="module")
def module_database_url(database_server: EmbeddedServer) -> Iterator[str]:
    """A migrated, empty database for one module."""
    yield from _fresh(database_server)


@pytest.fixture(scope="module")
def second_database_url(database_server: EmbeddedServer) -> Iterator[str]:
    """Another one for the same module."""
    yield from _fresh(database_server)


@pytest.fixture(scope="session")
def plain_server() -> Iterator[EmbeddedServer]:
    """Plain PostgreSQL from the wheel."""
    yield from _running("postgresql")


@pytest.fixture(params=["timescaledb", "postgresql"])
def any_database_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """A migrated, empty database on each kind of server in turn."""
    name = "plain_server" if request.param == "postgresql" else "database_server"
    yield from _fresh(request.getfixturevalue(name))
