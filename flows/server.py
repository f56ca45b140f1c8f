"""How Prefect's server and its clients are configured here: a password, a database of its own, no analytics.

Imports nothing of Prefect, so that whoever starts the server can ask cheaply.
"""

from __future__ import annotations

import sys
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

import psycopg
from psycopg import sql

from neural_focus.addresses import NO_PROXIES, prefect_address, prefect_link
from neural_focus.errors import ConfigurationError, StoreError
from neural_focus.secrets import Secrets
from neural_focus.settings import Settings, listening_environment

DATABASE = "prefect"
USER = "neural-focus"
RUN_DAYS = 30
"""Runs that ended longer ago are deleted, with their logs and artifacts, by Prefect's own service."""
_SSL = {"disable": "disable", "allow": "prefer", "prefer": "prefer", "require": "require"}


def login(secrets: Secrets) -> str:
    """What Prefect's sign-in page asks for, and what its API takes: ``user:password``."""
    return f"{USER}:{secrets.prefect_password}"


def server_command() -> list[str]:
    """The process that serves Prefect, to be run with ``server_environment``."""
    return [sys.executable, "-m", "flows.guarded_server"]


def client_environment(settings: Settings, secrets: Secrets) -> dict[str, str]:
    """PREFECT_* variables for a process that runs or serves flows; it calls no server but ours."""
    return {
        **NO_PROXIES,
        "PREFECT_API_URL": f"{prefect_address(settings)}/api",
        "PREFECT_API_AUTH_STRING": login(secrets),
        # Of this machine, by an address that the certificate need not name.
        "PREFECT_API_TLS_INSECURE_SKIP_VERIFY": "true" if settings.tls_certificate else "false",
        "PREFECT_HOME": str(settings.home / "prefect"),
        "PREFECT_PROFILES_PATH": str(settings.home / "prefect" / "profiles.toml"),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_CLOUD_ENABLE_ORCHESTRATION_TELEMETRY": "false",
        "PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW": "ignore",
        "PREFECT_SERVER_ALLOW_EPHEMERAL_MODE": "false",
        "PREFECT_CLI_PROMPT": "false",
        "DO_NOT_TRACK": "1",
    }


def server_environment(settings: Settings, secrets: Secrets) -> dict[str, str]:
    """PREFECT_* variables for the server and for every process that talks to it.

    Raises:
        ConfigurationError: the settings name no database.
    """
    return {
        **client_environment(settings, secrets),
        **listening_environment(settings),
        "PREFECT_API_DATABASE_CONNECTION_URL": prefect_database_url(settings),
        "PREFECT_SERVER_DATABASE_SQLALCHEMY_POOL_SIZE": "5",
        "PREFECT_SERVER_DATABASE_SQLALCHEMY_MAX_OVERFLOW": "10",
        "PREFECT_SERVER_API_HOST": settings.host,
        "PREFECT_SERVER_API_PORT": str(settings.prefect_port),
        "PREFECT_SERVER_API_AUTH_STRING": login(secrets),
        "PREFECT_SERVER_CORS_ALLOWED_ORIGINS": prefect_link(settings),
        "PREFECT_SERVER_EVENTS_RETENTION_PERIOD": "P2D",
        "PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED": "events,flow_runs,orphans",
        "PREFECT_SERVER_SERVICES_DB_VACUUM_RETENTION_PERIOD": f"P{RUN_DAYS}D",
        "PREFECT_UI_API_URL": "/api",  # by whatever name the browser came
        "PREFECT_SERVER_LOGGING_LEVEL": "WARNING",
    }


def prefect_database_url(settings: Settings) -> str:
    """The server's database on the same PostgreSQL, as SQLAlchemy and asyncpg want it.

    Raises:
        ConfigurationError: the settings name no database.
    """
    if not settings.database_url:
        raise ConfigurationError(
            "Prefect's server has no database",
            why="DATABASE_URL is not set",
            hint="Start it with `neural-focus up`, or set DATABASE_URL",
        )
    parts = urlsplit(settings.database_url)
    query = {name: value for name, value in parse_qsl(parts.query) if name in ("host", "port")}
    mode = dict(parse_qsl(parts.query)).get("sslmode")
    if mode is not None:
        query["ssl"] = _SSL.get(mode, mode)
    return urlunsplit(("postgresql+asyncpg", parts.netloc, f"/{quote(DATABASE)}", urlencode(query), ""))


def ensure_database(settings: Settings) -> None:
    """Makes the server's database if it is missing.

    Raises:
        ConfigurationError: the settings name no database.
        StoreError: the database server refuses.
    """
    prefect_database_url(settings)
    try:
        with psycopg.connect(settings.database_url or "", autocommit=True, connect_timeout=10) as connection:
            known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (DATABASE,)).fetchone()
            if known is None:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))
    except psycopg.errors.DuplicateDatabase:
        return  # another process made it between the look and the command
    except psycopg.Error as error:
        raise StoreError(
            f"The database {DATABASE!r} for Prefect cannot be made",
            why=str(error).strip().splitlines()[0],
            hint=f"Run CREATE DATABASE {DATABASE} on that server, owned by the user of DATABASE_URL",
        ) from error
