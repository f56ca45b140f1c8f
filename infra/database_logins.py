"""The logins with which the service and the flows of one installation reach its database; the owner's stays with us.
(``infra/prefect_login.py`` has that of Prefect's server.)

Name and password follow from the installation's ``database_password``: nothing more has to be kept. Only a login that
the server refuses, because it could not be made or ``pg_hba.conf`` does not let it in, has the owner in its place.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import replace
from typing import Literal

import psycopg
from psycopg import sql
from sqlalchemy.engine import make_url

from infra.database_roles import FLOWS, LEAST_VERSION, PREFECT, SERVICE, obstacle
from neural_focus.errors import StoreError
from neural_focus.secrets import Secrets
from neural_focus.settings import Settings
from neural_focus.store.database import Connection, connect, plain_url

Part = Literal["service", "flows"]
GROUPS: dict[Part, str] = {"service": SERVICE, "flows": FLOWS}
RIGHTS: dict[str, str] = {FLOWS: "BYPASSRLS"}
"""Everybody's rows are what flows work on."""
OWNERS_RIGHTS = (
    f"Use PostgreSQL {LEAST_VERSION} or newer, and let a superuser run, with the role of DATABASE_URL: ALTER ROLE …"
    f" CREATEROLE BYPASSRLS; and, where another role made these: GRANT {SERVICE}, {FLOWS}, {PREFECT} TO … WITH ADMIN"
    " OPTION. Then start again"
)
_MAY_MAKE = """
SELECT rolsuper OR (rolcreaterole AND rolbypassrls AND pg_has_role(%s, 'MEMBER WITH ADMIN OPTION')
    AND pg_has_role(%s, 'MEMBER WITH ADMIN OPTION')) FROM pg_roles WHERE rolname = current_user"""
_LOGIN_REFUSED = ("pg_hba.conf", "authentication failed", "no such user", "permission denied for database")


def login_of(group: str, secrets: Secrets) -> tuple[str, str]:
    """Name and password of an installation's login in a role."""
    return f"{group}_{_derived(secrets, f'{group} name')[:12]}", _derived(secrets, f"{group} password")


def login_url(group: str, url: str, secrets: Secrets) -> str:
    """The owner's ``url`` with the login in the owner's place."""
    name, password = login_of(group, secrets)
    target = make_url(plain_url(url)).difference_update_query(["user", "password"])
    return target.set(username=name, password=password).render_as_string(hide_password=False)


def with_login(part: Part, settings: Settings, secrets: Secrets, report: Callable[[str], None]) -> Settings:
    """The settings of ``part``, whose ``database_url`` is its login's, made first if the owner may; the owner's stays
    where the login is refused, which is reported with the next step. The database is migrated.

    Raises:
        StoreError: the server is unreachable, or refuses for another reason.
    """
    owner = settings.database_url or ""
    with connect(owner) as connection:
        if not obstacle(connection):
            try:
                make_login(connection, GROUPS[part], secrets)
            except psycopg.errors.InsufficientPrivilege:
                connection.rollback()  # another owner made the roles, and gave ours no right to give them away
    if refused := refusal(part, owner, secrets):
        report(f"! The {part} works as the owner of the database: {refused[0]}. {refused[1]}")
        return settings
    return replace(settings, database_url=login_url(GROUPS[part], owner, secrets))


def refusal(part: Part, url: str, secrets: Secrets) -> tuple[str, str] | None:
    """Why the login of ``part`` is of no use, and the next step; None where it works. ``url`` is the owner's.

    Raises:
        StoreError: the server is unreachable, or refuses for another reason.
    """
    name, _ = login_of(GROUPS[part], secrets)
    with connect(url) as connection:
        if why := obstacle(connection):
            return why, OWNERS_RIGHTS
        if not _exists(connection, name):
            may = connection.execute(_MAY_MAKE, (SERVICE, FLOWS)).fetchone()
            hint = "`neural-focus up` makes it" if may and may[0] else OWNERS_RIGHTS
            return f"there is no role {name}", hint
    return refused_at(login_url(GROUPS[part], url, secrets), name, "users")


def refused_at(url: str, name: str, table: str) -> tuple[str, str] | None:
    """Why a login may not read a table, and the next step; None where it may. Raises as ``refusal``."""
    try:
        with connect(url) as connection:
            connection.execute(sql.SQL("SELECT FROM {} LIMIT 0").format(sql.Identifier(table)))
    except StoreError as error:
        if not any(words in error.why for words in _LOGIN_REFUSED):
            raise
        return error.why, f"Let pg_hba.conf, or the pooler in between, admit {name}"
    except (psycopg.errors.InsufficientPrivilege, psycopg.errors.UndefinedTable) as error:
        return str(error).strip().splitlines()[0], "Run: neural-focus database migrate"
    return None


def make_login(connection: Connection, group: str, secrets: Secrets) -> None:
    """Makes the installation's login in a role, if it is missing; the server is not told the password itself.

    Raises:
        psycopg.errors.InsufficientPrivilege: the connected owner may not.
    """
    name, password = login_of(group, secrets)
    if _exists(connection, name):
        return
    kept = connection.pgconn.encrypt_password(password.encode(), name.encode(), b"scram-sha-256").decode()
    connection.execute(
        sql.SQL("CREATE ROLE {} LOGIN {} PASSWORD {} IN ROLE {}").format(
            sql.Identifier(name), sql.SQL(RIGHTS.get(group, "")), sql.Literal(kept), sql.Identifier(group)
        )
    )


def _exists(connection: Connection, name: str) -> bool:
    return connection.execute("SELECT FROM pg_roles WHERE rolname = %s", (name,)).fetchone() is not None


def _derived(secrets: Secrets, purpose: str) -> str:
    return hmac.new(secrets.database_password.encode(), f"database login {purpose}".encode(), "sha256").hexdigest()
