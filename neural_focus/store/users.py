"""People: who they are, whether they are demo people, and which zone their days are in."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime

from psycopg.rows import class_row

from neural_focus.errors import InputError
from neural_focus.machine_zone import is_zone
from neural_focus.store.database import Connection
from neural_focus.time import microseconds

NAME_CHARACTERS = 50
ROLES = ("person", "analyst", "operator")
"""What each may do says ``serving.authorization``; all of them have affairs of their own."""


@dataclass(frozen=True, slots=True)
class User:
    """A row of ``users`` with the zone of now."""

    id: int
    username: str
    is_demo: bool
    zone: str
    created_at: datetime


def ensure_user(
    connection: Connection, username: str, *, email: str | None = None, is_demo: bool = False, zone: str = "UTC"
) -> int:
    """The id of ``username``, made if new. A known user's zone is updated from now on, the rest stays.

    Raises:
        InputError: no name or too long a name, an unknown zone, or a demo name for a real person (and back).
    """
    if not 0 < len(username) <= NAME_CHARACTERS:
        raise InputError(f"user name {username!r} has {len(username)} characters", hint="Give 1 to 50")
    connection.execute(
        "INSERT INTO users (username, email, is_demo) VALUES (%s, %s, %s) ON CONFLICT (username) DO NOTHING",
        (username, email or f"{username}@localhost", is_demo),
    )
    row = connection.execute("SELECT id, is_demo FROM users WHERE username = %s", (username,)).fetchone()
    if row is None:
        raise InputError(f"user {username!r} vanished while being made", hint="Try again")
    if row[1] != is_demo:
        kinds = ("a real person", "a demo person")
        raise InputError(f"user {username!r} is {kinds[row[1]]}", why=f"asked for {kinds[is_demo]}")
    set_zone(connection, row[0], zone)
    return int(row[0])


def set_zone(connection: Connection, user_id: int, zone: str, since: datetime | None = None) -> None:
    """From ``since`` (default: now; the very first: ever) the person's days are in ``zone``; saying so again changes
    nothing."""
    if not is_zone(zone):
        raise InputError(f"time zone {zone!r} is unknown", hint="Give an IANA name such as Europe/Berlin")
    known = zone_history(connection, user_id)
    if not known:
        statement = "INSERT INTO user_zones VALUES (%s, '-infinity', %s) ON CONFLICT DO NOTHING"
        connection.execute(statement, (user_id, zone))
    elif _zone_at(known, since) != zone:
        connection.execute(
            "INSERT INTO user_zones VALUES (%s, COALESCE(%s, now()), %s)"
            " ON CONFLICT (user_id, since) DO UPDATE SET zone = EXCLUDED.zone",
            (user_id, since, zone),
        )


def _zone_at(known: list[tuple[int, str]], since: datetime | None) -> str:
    """The zone of that time; the newest one without a time."""
    until = None if since is None else microseconds(since)
    return [zone for from_us, zone in known if until is None or from_us <= until][-1]


def zone_history(connection: Connection, user_id: int) -> list[tuple[int, str]]:
    """(valid from, µs UTC; IANA zone) in time order; the first is valid from 0, that is from ever."""
    rows = connection.execute(
        "SELECT CASE WHEN isfinite(since) THEN (EXTRACT(epoch FROM since) * 1000000)::bigint ELSE 0 END, zone"
        " FROM user_zones WHERE user_id = %s ORDER BY since",
        (user_id,),
    )
    return [(int(since), str(zone)) for since, zone in rows]


def read_user(connection: Connection, username: str) -> User | None:
    """The person called ``username``, None if there is none."""
    return next((user for user in list_users(connection) if user.username == username), None)


def roles_of(connection: Connection, user_ids: Collection[int]) -> dict[int, str]:
    """users.id → role, of those who are there."""
    rows = connection.execute("SELECT id, role FROM users WHERE id = ANY(%s)", (list(user_ids),))
    return {int(user_id): str(role) for user_id, role in rows}


def enabled_people(connection: Connection, user_ids: Collection[int]) -> dict[int, tuple[str, float]]:
    """users.id → role, and the time (seconds since 1970) from which on a cookie has to be; of those who may come in."""
    rows = connection.execute(
        "SELECT id, role, COALESCE(EXTRACT(epoch FROM signed_out_before), 0)::float8 FROM users"
        " WHERE id = ANY(%s) AND disabled_at IS NULL",
        (list(user_ids),),
    )
    return {int(user_id): (str(role), float(since)) for user_id, role, since in rows}


def disabled_people(connection: Connection) -> set[int]:
    """Those who may not come in, by any token, cookie or link."""
    return {int(user_id) for (user_id,) in connection.execute("SELECT id FROM users WHERE disabled_at IS NOT NULL")}


def sign_out(connection: Connection, user_id: int) -> None:
    """Ends the person's cookies of before. By this machine's clock, which signs them where the service runs here."""
    connection.execute("UPDATE users SET signed_out_before = %s WHERE id = %s", (datetime.now(UTC), user_id))


def set_disabled(connection: Connection, user_id: int, *, disabled: bool) -> bool:
    """Lets the person in no more, or again; whether that changed anything. Their rows and machines stay, their cookies
    end."""
    if disabled:
        sign_out(connection, user_id)
    cursor = connection.execute(
        "UPDATE users SET disabled_at = CASE WHEN %(disabled)s THEN now() END"
        " WHERE id = %(user)s AND (disabled_at IS NOT NULL) <> %(disabled)s",
        {"user": user_id, "disabled": disabled},
    )
    return cursor.rowcount > 0


def set_role(connection: Connection, user_id: int, role: str) -> None:
    """What they may do besides their own affairs (``serving.authorization``).

    Raises:
        InputError: there is no such role.
    """
    if role not in ROLES:
        raise InputError(f"the role is {role!r}", hint=f"Give one of: {', '.join(ROLES)}")
    connection.execute("UPDATE users SET role = %s WHERE id = %s", (role, user_id))


def list_users(connection: Connection, demo: bool | None = None) -> list[User]:
    """All people, or only the demo ones, or only the real ones, by id."""
    cursor = connection.cursor(row_factory=class_row(User)).execute(
        """SELECT u.id, u.username, u.is_demo, COALESCE(z.zone, 'UTC') AS zone, u.created_at FROM users u
        LEFT JOIN LATERAL (SELECT zone FROM user_zones WHERE user_id = u.id AND since <= now()
                           ORDER BY since DESC LIMIT 1) z ON true
        WHERE %(demo)s::boolean IS NULL OR u.is_demo = %(demo)s::boolean ORDER BY u.id""",
        {"demo": demo},
    )
    return cursor.fetchall()
