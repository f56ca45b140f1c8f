"""The login with which Prefect's server reaches its own database; of ours it gets at nothing.

What is in that database belongs to one role, whichever home's login made it. What an earlier version of this program
made as the owner of ours is handed over.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import psycopg
from psycopg import sql
from sqlalchemy.engine import make_url

from flows.server import DATABASE
from infra.database_logins import OWNERS_RIGHTS, login_of, login_url, make_login, refused_at
from infra.database_roles import LEAST_VERSION, PREFECT
from neural_focus.secrets import Secrets
from neural_focus.settings import Settings
from neural_focus.store.database import Connection, connect, plain_url

_NOT_ITS_OWN = """
WITH made AS (
    SELECT tableoid, oid, 'TABLE' AS kind, oid::regclass::text AS name, relowner AS owner FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'S')
    UNION ALL SELECT tableoid, oid, 'TYPE', oid::regtype::text, typowner FROM pg_type
    WHERE typnamespace = 'public'::regnamespace AND typtype IN ('e', 'd')
    UNION ALL SELECT tableoid, oid, 'ROUTINE', oid::regprocedure::text, proowner FROM pg_proc
    WHERE pronamespace = 'public'::regnamespace)
SELECT kind, name FROM made WHERE owner <> %(group)s::regrole AND NOT EXISTS (SELECT FROM pg_depend d
    WHERE d.classid = made.tableoid AND d.objid = made.oid AND d.deptype IN ('e', 'a', 'i'))"""
"""But for what belongs to an extension, or to a table."""


def with_prefect_login(settings: Settings, secrets: Secrets, report: Callable[[str], None]) -> Settings:
    """The settings of Prefect's server, whose ``database_url`` is its login's, made first if the owner may; the owner's
    stays where the login is refused, which is reported with the next step. Its database is there.

    Raises:
        StoreError: the server is unreachable, or refuses for another reason.
    """
    owner = settings.database_url or ""
    theirs = make_url(plain_url(owner)).set(database=DATABASE).render_as_string(hide_password=False)
    name, _ = login_of(PREFECT, secrets)
    with connect(theirs) as connection:
        refused = _prepare(connection, secrets)
    refused = refused or refused_at(login_url(PREFECT, theirs, secrets), name, "pg_class")
    if refused:
        report(f"! Prefect's server works as the owner of our database, too: {refused[0]}. {refused[1]}")
        return settings
    return replace(settings, database_url=login_url(PREFECT, owner, secrets))


def _prepare(connection: Connection, secrets: Secrets) -> tuple[str, str] | None:
    """Makes what is missing, in one transaction; why the owner may not, and the next step."""
    version = connection.info.server_version // 10_000
    if version < LEAST_VERSION:
        return f"the server is PostgreSQL {version}, and the roles need {LEAST_VERSION}", OWNERS_RIGHTS
    try:
        _make_roles(connection, secrets)
        _hand_over(connection)
    except psycopg.errors.InsufficientPrivilege as error:
        connection.rollback()
        return str(error).strip().splitlines()[0], OWNERS_RIGHTS
    return None


def _make_roles(connection: Connection, secrets: Secrets) -> None:
    group = sql.Identifier(PREFECT)
    if connection.execute("SELECT FROM pg_roles WHERE rolname = %s", (PREFECT,)).fetchone() is None:
        connection.execute(sql.SQL("CREATE ROLE {}").format(group))
    may = "SELECT has_database_privilege(%(group)s, current_database(), 'CREATE')"
    may += " AND has_database_privilege(%(group)s, current_database(), 'CONNECT')"
    may += " AND has_schema_privilege(%(group)s, 'public', 'CREATE')"
    if connection.execute(may, {"group": PREFECT}).fetchone() != (True,):
        connection.execute(
            sql.SQL("GRANT CONNECT, CREATE ON DATABASE {} TO {}").format(sql.Identifier(DATABASE), group)
        )
        connection.execute(sql.SQL("GRANT ALL ON SCHEMA public TO {}").format(group))
    make_login(connection, PREFECT, secrets)
    name, _ = login_of(PREFECT, secrets)
    known = "SELECT FROM pg_db_role_setting WHERE setrole = %s::regrole"
    if connection.execute(known, (name,)).fetchone() is None:  # what it makes is the role's
        connection.execute(sql.SQL("ALTER ROLE {} SET role = {}").format(sql.Identifier(name), sql.Literal(PREFECT)))


def _hand_over(connection: Connection) -> None:
    found = connection.execute(_NOT_ITS_OWN, {"group": PREFECT}).fetchall()
    if found:
        connection.execute(sql.SQL("GRANT {} TO CURRENT_USER").format(sql.Identifier(PREFECT)))
    for kind, name in found:  # the catalogue's own spelling, quoted where need be
        connection.execute(sql.SQL(f"ALTER {kind} {name} OWNER TO {PREFECT}"))
