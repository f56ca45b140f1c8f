"""Who a token speaks for, and what of their settings the service needs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from psycopg.types.json import Jsonb

from neural_focus.help_settings import KEY, HelpSettings, as_stored, check_help, read_help
from neural_focus.settings import Settings
from neural_focus.store.database import Connection
from serving.problems import ProblemError


@dataclass(frozen=True, slots=True)
class UserProfile:
    """A person with the zone of now, and what they allow help to do."""

    id: int
    username: str
    is_demo: bool
    zone: str
    created_at: datetime
    help: HelpSettings


def own_hosts(settings: Settings) -> tuple[str, ...]:
    """Names under which the service itself is reached: no list may name them."""
    return (settings.host, *settings.host_names)


def read_person(connection: Connection, user_id: int, hosts: Iterable[str] = ()) -> UserProfile:
    """The person of a token; ``hosts`` as ``own_hosts`` gives them.

    Raises:
        ProblemError: 401, they were erased, or the token is for another database.
    """
    row = connection.execute(
        "SELECT u.username, u.is_demo, u.created_at, u.settings,"
        " COALESCE((SELECT zone FROM user_zones WHERE user_id = u.id AND since <= now()"
        " ORDER BY since DESC LIMIT 1), 'UTC') FROM users u WHERE u.id = %s",
        (user_id,),
    ).fetchone()
    if row is None:
        raise ProblemError(401, "This person is not here", why=f"no user {user_id}", hint="Sign in again")
    username, is_demo, created_at, settings, zone = row
    return UserProfile(user_id, username, is_demo, zone, created_at, read_help(settings, hosts))


def store_help(
    connection: Connection, user_id: int, asked: HelpSettings, hosts: Iterable[str] = (), *, keep: bool = False
) -> HelpSettings:
    """Store what the person allows help to do, checked; returns it as checked. ``keep``: unless they have chosen.

    Raises:
        InputError: an entry that no list may have, or a length out of bounds; nothing is stored then.
    """
    checked = check_help(asked, hosts)
    connection.execute(
        "UPDATE users SET settings = CASE jsonb_typeof(settings) WHEN 'object' THEN settings ELSE '{}'::jsonb END"
        " || jsonb_build_object(%(key)s::text, %(help)s::jsonb)"
        " WHERE id = %(user)s AND NOT (%(keep)s AND settings IS NOT NULL AND settings ? %(key)s)",
        {"key": KEY, "help": Jsonb(as_stored(checked)), "user": user_id, "keep": keep},
    )
    return checked
