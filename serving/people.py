"""Who a token speaks for, and what of their settings the service needs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from neural_focus.store.database import Connection
from serving.problems import ProblemError

MOST_SITES = 20


@dataclass(frozen=True, slots=True)
class Someone:
    """A person with the zone of now. ``blocked_sites`` is empty where they have not chosen any."""

    id: int
    username: str
    is_demo: bool
    zone: str
    created_at: datetime
    blocked_sites: tuple[str, ...]


def read_person(connection: Connection, user_id: int) -> Someone:
    """The person of a token.

    Raises:
        ProblemError: 401, they were erased, or the token is for another database.
    """
    row = connection.execute(
        "SELECT u.username, u.is_demo, u.created_at, u.settings->'block_sites',"
        " COALESCE((SELECT zone FROM user_zones WHERE user_id = u.id AND since <= now()"
        " ORDER BY since DESC LIMIT 1), 'UTC') FROM users u WHERE u.id = %s",
        (user_id,),
    ).fetchone()
    if row is None:
        raise ProblemError(401, "This person is not here", why=f"no user {user_id}", todo="Sign in again")
    username, is_demo, created_at, chosen, zone = row
    sites = [site for site in chosen if isinstance(site, str) and site] if isinstance(chosen, list) else []
    return Someone(user_id, username, is_demo, zone, created_at, tuple(sites[:MOST_SITES]))
