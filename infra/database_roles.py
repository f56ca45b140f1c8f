"""Who may do what in the database, and whose rows they see: made anew, where it differs, after each migration.

::

    owner                      owns every table; migrate, erase, export and doctor work as it
    neural_focus_service       the service: one person's rows at a time, set by transaction (``store/row_scope.py``)
      ├─ neural_focus_everyone   what it takes on, within a transaction, for the work that is about everybody
      └─ neural_focus_forgetting   the same, to delete what a person has it forget
    neural_focus_flows         the flows: everybody's rows
    neural_focus_prefect       Prefect's server: its own database (``infra/prefect_login.py``), nothing here

None of them can log in; ``infra/database_logins.py`` makes the logins that are in them. A table in neither list is
closed to both.
"""

from __future__ import annotations

from psycopg import sql

from neural_focus.store.database import Connection
from neural_focus.store.row_scope import EVERYONE, FORGETTING, PERSON

SERVICE, FLOWS, PREFECT = "neural_focus_service", "neural_focus_flows", "neural_focus_prefect"
TAKEN = (EVERYONE, FORGETTING)
LEAST_VERSION = 16
POLICY = "own_rows"

SERVICE_MAY = {
    "arm_probabilities": "SELECT",
    "arm_stops": "SELECT",
    "category_stats": "SELECT",
    "consents": "SELECT INSERT UPDATE",
    "daily_stats": "SELECT",
    "events": "SELECT INSERT",
    "experiment_assignments": "SELECT INSERT",
    "experiments": "SELECT INSERT UPDATE",
    "exposures": "SELECT INSERT",
    "forgotten": "SELECT INSERT UPDATE",
    "idempotency_keys": "SELECT INSERT UPDATE",
    "identities": "SELECT UPDATE",
    "interventions": "SELECT INSERT UPDATE",
    "labels": "SELECT INSERT",
    "local_sessions": "SELECT",
    "model_predictions": "SELECT INSERT UPDATE",
    "paired_browsers": "SELECT INSERT UPDATE",
    "paired_machines": "SELECT INSERT UPDATE",
    "personal_models": "SELECT",
    "sessions": "SELECT INSERT UPDATE",
    "shipper_positions": "SELECT INSERT UPDATE",
    "unavailable_moments": "INSERT",
    "user_zones": "SELECT INSERT UPDATE",
    "users": "SELECT INSERT UPDATE",
    "warning_days": "SELECT",
}
FORGETTING_MAY = {
    "events": "UPDATE DELETE",
    "exposures": "DELETE",
    "hourly_activity": "SELECT DELETE",
    "idempotency_keys": "DELETE",
    "interventions": "DELETE",
    "labels": "UPDATE DELETE",
    "model_predictions": "DELETE",
    "personal_models": "DELETE",
    "sessions": "DELETE",
    "unavailable_moments": "SELECT DELETE",
    "warning_days": "DELETE",
}
"""What is besides, for a person who has it forget, and for answers that were kept long enough."""
FLOWS_MAY = {
    "arm_probabilities": "SELECT INSERT",
    "arm_stops": "SELECT INSERT",
    "events": "SELECT INSERT DELETE",
    "experiment_assignments": "SELECT",
    "experiments": "SELECT UPDATE",
    "exposures": "SELECT",
    "forgotten": "SELECT UPDATE",
    "hourly_activity": "SELECT INSERT UPDATE",
    "interventions": "SELECT INSERT",
    "labels": "SELECT INSERT DELETE",
    "model_predictions": "SELECT UPDATE",
    "personal_models": "SELECT INSERT UPDATE",
    "sessions": "SELECT INSERT UPDATE",
    "shipper_positions": "SELECT INSERT UPDATE",
    "unavailable_moments": "SELECT",
    "user_zones": "SELECT INSERT UPDATE",
    "users": "SELECT INSERT UPDATE",
    "warning_days": "SELECT INSERT DELETE",
}
MAY = {
    SERVICE: SERVICE_MAY,
    EVERYONE: SERVICE_MAY,
    FORGETTING: {
        table: f"{SERVICE_MAY.get(table, '')} {FORGETTING_MAY.get(table, '')}"
        for table in sorted(SERVICE_MAY | FORGETTING_MAY)
    },
    FLOWS: FLOWS_MAY,
}
_FUNCTIONS = {
    "make_day_partition(text, date)": (SERVICE, EVERYONE, FLOWS),
    "drop_event_days(timestamptz)": (FLOWS,),
}

MAKE_DAY_PARTITION = """
CREATE OR REPLACE FUNCTION make_day_partition(parent text, day date) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' AS $$
BEGIN
    IF parent NOT IN ('events', 'model_predictions') THEN
        RAISE EXCEPTION 'no table % is cut by days', parent;
    END IF;
    EXECUTE format('CREATE TABLE public.%I PARTITION OF public.%I FOR VALUES FROM (%L) TO (%L)',
        parent || '_part_' || to_char(day, 'YYYYMMDD'), parent, day::timestamptz, (day + 1)::timestamptz);
END $$"""
DROP_EVENT_DAYS = r"""
CREATE OR REPLACE FUNCTION drop_event_days(before timestamptz) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' AS $$
DECLARE part name;
BEGIN
    IF (SELECT relkind FROM pg_class WHERE oid = 'public.events'::regclass) = 'r' THEN
        EXECUTE format('SELECT %s.drop_chunks(''public.events'', older_than => $1)',
            (SELECT extnamespace::regnamespace FROM pg_extension WHERE extname = 'timescaledb')) USING before;
    ELSE
        FOR part IN SELECT relname FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
            WHERE inhparent = 'public.events'::regclass AND relname ~ '^events_part_\d{8}$'
                AND right(relname, 8) < to_char(before, 'YYYYMMDD')
        LOOP
            EXECUTE format('DROP TABLE public.%I', part);
        END LOOP;
    END IF;
END $$"""
_TABLES_OF_PEOPLE = """
SELECT c.relname, CASE c.relname WHEN 'users' THEN 'id' ELSE 'user_id' END FROM pg_class c
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
    AND (c.relname = 'users' OR EXISTS (SELECT FROM pg_attribute a
        WHERE a.attrelid = c.oid AND a.attname = 'user_id' AND NOT a.attisdropped))
    AND NOT EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid AND p.polname = %s AND c.relrowsecurity)"""
_VIEWS = """
SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'v' AND relname = ANY(%s)
    AND NOT COALESCE('security_invoker=true' = ANY(reloptions), false)"""
_GRANTED = """
SELECT r.rolname, c.relname, acl.privilege_type FROM pg_class c, aclexplode(c.relacl) acl, pg_roles r
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v') AND r.oid = acl.grantee
    AND r.rolname = ANY(%s)"""
_SEQUENCES = """
SELECT c.relname, t.relname FROM pg_class c JOIN pg_depend d ON d.objid = c.oid AND d.deptype = 'a'
JOIN pg_class t ON t.oid = d.refobjid WHERE c.relnamespace = 'public'::regnamespace
    AND CASE c.relkind WHEN 'S' THEN NOT has_sequence_privilege(%s, c.oid, 'USAGE') ELSE false END"""


def apply_roles(connection: Connection) -> str:
    """Makes the functions, and, where the owner may, the roles with what each may do and sees, in the caller's
    transaction; nothing is written where nothing differs.

    Returns why there are no roles, "" where there are: then everything works as the owner.
    """
    connection.execute(MAKE_DAY_PARTITION)
    connection.execute(DROP_EVENT_DAYS)
    for function in _FUNCTIONS:
        connection.execute(f"REVOKE EXECUTE ON FUNCTION {function} FROM PUBLIC")
    if why := obstacle(connection):
        return why
    _make_roles(connection)
    _grant_tables(connection)
    _keep_people_apart(connection)
    return ""


def obstacle(connection: Connection) -> str:
    """Why the connected owner cannot make the roles that are missing, "" where none is or it can."""
    version = connection.info.server_version // 10_000
    if version < LEAST_VERSION:
        return f"the server is PostgreSQL {version}, and the roles need {LEAST_VERSION}"
    if not _missing_roles(connection):
        return ""
    row = connection.execute(
        "SELECT rolsuper OR (rolcreaterole AND rolbypassrls), rolname FROM pg_roles WHERE rolname = current_user"
    ).fetchone()
    return "" if row and row[0] else f"the role {row[1] if row else ''} has not both CREATEROLE and BYPASSRLS"


def _missing_roles(connection: Connection) -> list[str]:
    known = {
        name for (name,) in connection.execute("SELECT rolname FROM pg_roles WHERE rolname = ANY(%s)", (list(MAY),))
    }
    return [name for name in MAY if name not in known]


def _make_roles(connection: Connection) -> None:
    """Roles are the whole server's: another database of it may just be making the same ones."""
    for name in _missing_roles(connection):
        connection.execute(
            f"DO $$ BEGIN CREATE ROLE {name} {'BYPASSRLS' if name in TAKEN else ''};"
            " EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$"
        )
    for taken in TAKEN:
        takes = connection.execute("SELECT pg_has_role(%s, %s, 'SET')", (SERVICE, taken)).fetchone()
        if takes is not None and not takes[0]:
            connection.execute(f"GRANT {taken} TO {SERVICE} WITH INHERIT FALSE, SET TRUE")
    for role, may in MAY.items():
        _let_in(connection, role)
        for sequence, table in connection.execute(_SEQUENCES, (role,)).fetchall():
            if "INSERT" in may.get(table, ""):
                connection.execute(
                    sql.SQL("GRANT USAGE ON SEQUENCE {} TO {}").format(sql.Identifier(sequence), sql.Identifier(role))
                )
    for function, roles in _FUNCTIONS.items():
        connection.execute(f"GRANT EXECUTE ON FUNCTION {function} TO {', '.join(roles)}")


def _let_in(connection: Connection, role: str) -> None:
    """Into the connected database, which may have been closed to PUBLIC, and its schema."""
    row = connection.execute(
        "SELECT current_database(), has_database_privilege(%s, current_database(), 'CONNECT')", (role,)
    ).fetchone()
    if row is not None and not row[1]:
        connection.execute(sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(sql.Identifier(row[0]), sql.SQL(role)))
    connection.execute(f"GRANT USAGE ON SCHEMA public TO {role}")


def _grant_tables(connection: Connection) -> None:
    wanted = {
        (role, table, verb) for role, may in MAY.items() for table, verbs in may.items() for verb in verbs.split()
    }
    granted = {(str(r), str(t), str(v)) for r, t, v in connection.execute(_GRANTED, (list(MAY),))}
    for words, rows in (("REVOKE {} ON {} FROM {}", granted - wanted), ("GRANT {} ON {} TO {}", wanted - granted)):
        for role, table, verb in sorted(rows):
            connection.execute(sql.SQL(words).format(sql.SQL(verb), sql.Identifier(table), sql.Identifier(role)))


def _keep_people_apart(connection: Connection) -> None:
    """A policy on each table that has a person's rows, taken from the catalogue: none that comes later is forgotten.

    Views look with the eyes of whoever asks.
    """
    for table, column in connection.execute(_TABLES_OF_PEOPLE, (POLICY,)).fetchall():
        name, policy, whose = sql.Identifier(table), sql.Identifier(POLICY), sql.Identifier(column)
        connection.execute(sql.SQL("ALTER TABLE {} ENABLE ROW LEVEL SECURITY").format(name))
        connection.execute(sql.SQL("DROP POLICY IF EXISTS {} ON {}").format(policy, name))
        connection.execute(
            sql.SQL("CREATE POLICY {} ON {} TO {} USING ({} = NULLIF(current_setting({}, true), '')::int)").format(
                policy, name, sql.Identifier(SERVICE), whose, sql.Literal(PERSON)
            )
        )
    for (view,) in connection.execute(_VIEWS, (list(SERVICE_MAY),)).fetchall():
        connection.execute(sql.SQL("ALTER VIEW {} SET (security_invoker = true)").format(sql.Identifier(view)))
