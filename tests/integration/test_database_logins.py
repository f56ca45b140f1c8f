"""The logins of an installation on a server of its person's own: what the owner needs, and what happens without."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from logged_answers import logged

from flows.server import DATABASE, ensure_database, prefect_database_url
from infra.database_diagnosis import check_logins
from infra.database_logins import GROUPS, login_url, with_login
from infra.database_roles import MAY, SERVICE
from infra.database_schema import migrate
from infra.embedded_database import EmbeddedServer
from infra.finding import Grade
from infra.ports import free_port
from infra.prefect_login import with_prefect_login
from neural_focus.errors import StoreError
from neural_focus.secrets import load_secrets
from neural_focus.settings import Settings
from neural_focus.store.database import connect
from neural_focus.store.predictions import insert_predictions
from neural_focus.store.users import ensure_user
from neural_focus.time import wall_clock_us
from serving.database import Database


@contextmanager
def bare() -> Iterator[EmbeddedServer]:
    """Plain PostgreSQL on which nobody has made our roles."""
    folder = Path(tempfile.mkdtemp(prefix="neural focus test "))
    folder.chmod(0o755)
    server = EmbeddedServer(folder / "database", free_port(), "test-password", flavour="postgresql", durable=False)
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def bare_server() -> Iterator[EmbeddedServer]:
    """One for the module."""
    with bare() as server:
        yield server


def make_owner(server: EmbeddedServer, name: str, rights: str = "") -> str:
    """The URL of a migrated database whose owner is no superuser."""
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE ROLE {name} LOGIN PASSWORD 'theirs' {rights}")
        connection.execute(f"CREATE DATABASE {name} OWNER {name}")
    url = server.url(name).replace("neural_focus:test-password", f"{name}:theirs")
    migrate(url)
    return url


def works(url: str) -> bool:
    """Whether the service could do its work there."""
    database, row_us = Database(url), wall_clock_us() - 5 * 86_400_000_000

    async def work() -> None:
        ann = await database.run_for_all(lambda connection: ensure_user(connection, "ann"))
        rows = [logged(ann, str(uuid4()), row_us)]
        await database.run_for_all(lambda connection: insert_predictions(connection, rows))
        found = await database.run_for(
            ann, lambda connection: connection.execute("SELECT FROM model_predictions").rowcount
        )
        assert found > 0

    database.open()
    try:
        asyncio.run(work())
    finally:
        database.close()
    return True


def test_an_owner_without_the_right_to_make_roles_does_the_work_and_is_told_so(
    bare_server: EmbeddedServer, tmp_path: Path
) -> None:
    url = make_owner(bare_server, "managed")
    settings, told = Settings(home=tmp_path, database_url=url), []
    secrets = load_secrets(settings.secrets)
    for part in GROUPS:
        assert with_login(part, settings, secrets, told.append) == settings
    assert len(told) == 2
    assert "The service works as the owner of the database: the role managed has not both CREATEROLE" in told[0]
    assert "let a superuser run, with the role of DATABASE_URL: ALTER ROLE" in told[0]
    assert works(url)
    found = check_logins(settings)
    assert (
        found.state is Grade.LIMITED
        and "the service works as the owner of the database: the role managed" in found.description
    )
    with psycopg.connect(bare_server.url("postgres"), autocommit=True) as connection:
        connection.execute("ALTER ROLE managed CREATEROLE BYPASSRLS")
    migrate(url)
    assert "`neural-focus up` makes it" in check_logins(settings).hint
    for part in GROUPS:
        own = with_login(part, settings, secrets, pytest.fail)
        assert own == replace(settings, database_url=login_url(GROUPS[part], url, secrets)) != settings
    assert works(login_url(SERVICE, url, secrets))
    assert check_logins(settings).state is Grade.WELL

    another = make_owner(bare_server, "another", "CREATEROLE BYPASSRLS")
    settings = Settings(home=tmp_path, database_url=another)
    secrets = replace(secrets, database_password="of another home")
    told.clear()
    assert with_login("service", settings, secrets, told.append) == settings
    assert "where another role made these: GRANT neural_focus_service" in told[0]
    with psycopg.connect(bare_server.url("postgres"), autocommit=True) as connection:
        connection.execute("GRANT neural_focus_service, neural_focus_flows TO another WITH ADMIN OPTION")
    assert works(with_login("service", settings, secrets, pytest.fail).database_url or "")


def test_only_a_refused_login_has_the_owner_in_its_place(bare_server: EmbeddedServer, tmp_path: Path) -> None:
    url, name = make_owner(bare_server, "refusing", "SUPERUSER"), ""
    settings, told = Settings(home=tmp_path, database_url=url), []
    secrets = load_secrets(settings.secrets)
    with_login("service", settings, secrets, pytest.fail)
    with psycopg.connect(login_url(SERVICE, url, secrets)) as connection:
        name = connection.info.user
    with connect(url) as owner:
        owner.execute(f"ALTER ROLE {name} PASSWORD 'changed'")
        owner.commit()
        assert with_login("service", settings, secrets, told.append) == settings
        assert "password authentication failed" in told[0] and f"the pooler in between, admit {name}" in told[0]
        owner.execute(f"ALTER ROLE {name} CONNECTION LIMIT 0")
        kept = owner.pgconn.encrypt_password(
            login_url(SERVICE, url, secrets).split(":")[2].split("@")[0].encode(), name.encode(), b"scram-sha-256"
        )
        owner.execute(f"ALTER ROLE {name} PASSWORD '{kept.decode()}'")
        owner.commit()
    with pytest.raises(StoreError, match="too many connections for role"):
        with_login("service", settings, secrets, pytest.fail)


def test_a_database_that_is_closed_to_everybody_lets_the_logins_in(bare_server: EmbeddedServer, tmp_path: Path) -> None:
    url = make_owner(bare_server, "closed", "SUPERUSER")
    settings, told = Settings(home=tmp_path, database_url=url), []
    secrets = load_secrets(settings.secrets)
    with connect(url) as owner:
        owner.execute(f"REVOKE CONNECT ON DATABASE closed FROM PUBLIC, {', '.join(MAY)}")
        owner.commit()
    assert with_login("service", settings, secrets, told.append) == settings
    assert "permission denied for database" in told[0]
    migrate(url)
    assert works(with_login("service", settings, secrets, pytest.fail).database_url or "")
    with connect(with_login("flows", settings, secrets, pytest.fail).database_url or "") as flows:
        assert flows.execute("SELECT count(*) FROM users").fetchone() == (1,)


def test_what_the_server_refuses_in_the_middle_of_a_command_is_told_without_a_traceback(
    bare_server: EmbeddedServer, tmp_path: Path
) -> None:
    url = make_owner(bare_server, "torn", "SUPERUSER")
    with connect(url) as owner:
        owner.execute("ALTER TABLE users RENAME TO once_users")
        owner.commit()
    environment = os.environ | {"NEURAL_FOCUS_HOME": str(tmp_path), "DATABASE_URL": url}
    command = [sys.executable, "-m", "infra.cli", "people", "list"]
    told = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert told.returncode == 1 and "Traceback" not in told.stderr
    assert told.stderr.startswith("neural-focus: the database refuses: relation") and "doctor" in told.stderr


def test_logins_of_two_homes_are_not_the_same(tmp_path: Path) -> None:
    one, other = (load_secrets(tmp_path / name / "secrets.json") for name in ("one", "other"))
    url = "postgresql://me:mine@db.example:6432/focus?sslmode=require"
    urls = [login_url(group, url, secrets) for secrets in (one, other) for group in GROUPS.values()]
    assert len(set(urls)) == 4
    assert all(found.endswith("@db.example:6432/focus?sslmode=require") and "mine" not in found for found in urls)
    assert login_url(SERVICE, url, one) == urls[0]


def test_what_prefect_had_as_the_owner_is_handed_over_to_its_own_login(
    bare_server: EmbeddedServer, tmp_path: Path
) -> None:
    url = make_owner(bare_server, "earlier", "CREATEDB")
    settings, told = Settings(home=tmp_path, database_url=url), []
    secrets = load_secrets(settings.secrets)
    ensure_database(settings)
    with psycopg.connect(url.rsplit("/", 1)[0] + f"/{DATABASE}") as earlier:
        earlier.execute("CREATE EXTENSION pg_trgm")
        earlier.execute("CREATE TYPE state AS ENUM ('RUNNING')")
        earlier.execute('CREATE TABLE "a run" (id serial, state state)')
        earlier.execute("CREATE FUNCTION one() RETURNS int LANGUAGE sql AS 'SELECT 1'")
    assert with_prefect_login(settings, secrets, told.append) == settings
    assert "Prefect's server works as the owner of our database, too: permission denied to create role" in told[0]
    with psycopg.connect(bare_server.url("postgres"), autocommit=True) as connection:
        connection.execute("ALTER ROLE earlier CREATEROLE")
    own = with_prefect_login(settings, secrets, pytest.fail)
    other = replace(secrets, database_password="of another home")
    for later in (own, with_prefect_login(settings, other, pytest.fail), own):
        with psycopg.connect(prefect_database_url(later).replace("+asyncpg", "")) as theirs:
            assert theirs.info.user.startswith("neural_focus_prefect_")
            theirs.execute('ALTER TABLE "a run" ALTER COLUMN id SET NOT NULL')
            theirs.execute("ALTER TYPE state ADD VALUE IF NOT EXISTS 'COMPLETED'")
            theirs.execute("CREATE OR REPLACE FUNCTION one() RETURNS int LANGUAGE sql AS 'SELECT 1'")
            theirs.execute("CREATE TABLE IF NOT EXISTS later (n int)")
            theirs.execute("ALTER TABLE later ADD COLUMN IF NOT EXISTS m int")
    with connect(own.database_url or "") as ours, pytest.raises(psycopg.errors.InsufficientPrivilege):
        ours.execute("SELECT FROM users")


def test_prefects_login_is_let_into_a_database_that_is_closed_to_everybody(tmp_path: Path) -> None:
    with bare() as server:
        settings = Settings(home=tmp_path, database_url=make_owner(server, "own", "SUPERUSER"))
        ensure_database(settings)
        with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
            connection.execute(f"REVOKE CONNECT ON DATABASE {DATABASE} FROM PUBLIC")
        theirs = with_prefect_login(settings, load_secrets(settings.secrets), pytest.fail)
        with psycopg.connect(prefect_database_url(theirs).replace("+asyncpg", "")) as connection:
            assert connection.info.user.startswith("neural_focus_prefect_")
