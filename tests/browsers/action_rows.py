"""The rows of what help does: ordered as the service orders them, locked, and read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import httpx
import psycopg
from blocking_bench import eventually


@dataclass(frozen=True)
class Row:
    """What the database says of one action."""

    action: str
    applied_s: float | None
    where: str | None
    refused: str | None
    undone_s: float | None
    reason: str | None
    ends_s: float

    @property
    def settled(self) -> bool:
        """Whether it says that nothing is done any more."""
        return self.refused is not None or (self.applied_s is not None and self.undone_s is not None)


class ActionRows:
    """Those of one database."""

    def __init__(self, database_url: str) -> None:
        self._url = database_url

    def order_all(self, client: httpx.Client, user_id: int, machine_id: str, minutes: int = 1) -> list[int]:
        """A jail with one of each of its actions, and a break; their rows' ids. Returns once they are ordered."""
        row = self.query(
            "INSERT INTO interventions (user_id, machine_id, triggered_at, type, action, predicted_risk, arm,"
            " probability, contributing_factors, ordered_at, ends_at)"
            " VALUES (%s, %s, now(), 'SUGGEST_BREAK', 'SUGGEST_BREAK', 0.7, 'SUGGEST_BREAK', 0.5, '[]',"
            " now(), now() + make_interval(mins => %s)) RETURNING id",
            *(user_id, machine_id, minutes),
        )[0][0]
        asked = {"type": "pomodoro", "duration_minutes": minutes, "jail_enabled": True}
        answer = client.post("/api/v1/sessions", json=asked)
        assert answer.status_code == 201, answer.text
        jail = self.query("SELECT id FROM interventions WHERE session_id = %s", answer.json()["id"])
        return [int(row), *(int(number) for (number,) in jail)]

    @contextmanager
    def reports_wait(self, numbers: list[int]) -> Iterator[None]:
        """Nothing that is reported of these rows is stored meanwhile: the rows are locked."""
        with psycopg.connect(self._url) as connection:
            connection.execute("SELECT id FROM interventions WHERE id = ANY(%s) FOR UPDATE", (numbers,))
            yield
            with suppress(psycopg.OperationalError):  # it may have been killed, and the lock with it
                connection.rollback()

    def query(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """Rows, as soon as the database answers: it is killed, too."""

        def ask() -> list[list[tuple[Any, ...]]]:
            with suppress(psycopg.OperationalError), psycopg.connect(self._url, autocommit=True) as connection:
                cursor = connection.execute(statement, values)
                return [cursor.fetchall() if cursor.description else []]
            return []

        return list(eventually(ask, 120)[0])

    def read(self, numbers: list[int]) -> list[Row]:
        """What the database says of rows, by action."""
        found = self.query(
            "SELECT action, EXTRACT(epoch FROM applied_at)::float, applied_where, refused_reason,"
            " EXTRACT(epoch FROM undone_at)::float, undone_reason, EXTRACT(epoch FROM ends_at)::float"
            " FROM interventions WHERE id = ANY(%s) ORDER BY action",
            numbers,
        )
        return [Row(*one) for one in found]
