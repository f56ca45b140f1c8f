"""From the spool into the database, exactly once.

The store writes a batch and the position after it in one transaction; what was sent before the connection broke is
recognised by that position. So this side only has to try again, and may forget where it was.
"""

from __future__ import annotations

import random
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg

from collector.consent import Consent
from collector.desktop import Desktop
from collector.spool import Batch, SpoolReader
from neural_focus.errors import ContractError, InputError, StoreError
from neural_focus.store.boots import record_step
from neural_focus.store.consents import record_consent
from neural_focus.store.database import Connection, connect
from neural_focus.store.events import write_events
from neural_focus.store.lost_records import skip_lost
from neural_focus.store.users import ensure_user, set_zone
from neural_focus.time import moment

SHIP_SECONDS = 0.5
RETRY_SECONDS = (0.5, 30.0)
ROWS_AT_ONCE = 8192


@dataclass(frozen=True, slots=True)
class RowContext:
    """What goes onto every row: the session and the last prediction that the desktop knows of."""

    session_id: int | None = None
    focus_score: float | None = None
    distraction_risk: float | None = None
    features: dict[str, float] | None = None


class Shipper(threading.Thread):
    """A thread that follows the spool. ``known`` is asked once a batch, from this thread."""

    def __init__(
        self,
        url: str,
        desktop: Desktop,
        *,
        zone: str,
        boots: Sequence[str],
        clock_steps: Mapping[str, int],
        consent: Consent,
        known: Callable[[], RowContext],
    ) -> None:
        """``boots``: those of this run; it grows when a pause ends. What is of others was captured before.
        ``clock_steps``: how far the clock was moved before some of them, µs by id."""
        super().__init__(name="shipper", daemon=True)
        self._url, self._desktop, self._zone = url, desktop, zone
        self._moves: deque[tuple[int, str]] = deque()
        self._clock_steps = clock_steps
        self._boots, self._consent, self._known = boots, consent, known
        self._reader = SpoolReader(desktop.spool)
        self._connection: Connection | None = None
        self._user_id = 0
        self._stop_at: float | None = None
        self._wake = threading.Event()
        self.counters: Counter[str] = Counter(shipped=0, shipped_earlier=0, lost=0, retries=0)
        self.problem = ""
        """Why nothing is shipped at the moment; empty while all is well."""

    def move(self, t_us: int, zone: str) -> None:
        """The person is in another zone from ``t_us`` on; the database learns it before what was captured then."""
        self._moves.append((t_us, zone))

    def finish(self, seconds: float) -> None:
        """Ships what is left for at most ``seconds``, then ends the thread."""
        self._stop_at = time.monotonic() + seconds
        self._wake.set()
        if self.is_alive():
            self.join(seconds + 5)

    def run(self) -> None:
        """Ships until it is told to finish; a database that is down is tried again with growing pauses."""
        pause = RETRY_SECONDS[0]
        while True:
            finishing = self._stop_at is not None
            try:
                self._ship_all()
                self.problem, pause = "", RETRY_SECONDS[0]
                if finishing:
                    break
                self._wake.wait(SHIP_SECONDS)
            except (StoreError, InputError, ContractError) as error:
                failed_before, self.problem = bool(self.problem), str(error)
                self.counters["retries"] += 1
                self._disconnect()
                if finishing and (failed_before or time.monotonic() >= (self._stop_at or 0.0)):
                    break  # it waits in the spool for the next start
                if finishing:
                    time.sleep(RETRY_SECONDS[0])
                else:
                    self._wake.wait(pause * random.uniform(0.5, 1.5))  # noqa: S311 - jitter
                pause = min(pause * 2, RETRY_SECONDS[1])
        self._disconnect()

    def _ship_all(self) -> None:
        connection = self._connected()
        self._ship_moves(connection)
        while (batch := self._reader.peek()) is not None:
            self._ship_moves(connection)  # a move is known before anything after it lies in the spool
            self._ship(connection, batch)
            self._reader.advance()
            if self._stop_at is not None and time.monotonic() >= self._stop_at:
                return

    def _ship_moves(self, connection: Connection) -> None:
        while self._moves:
            t_us, zone = self._moves[0]
            try:
                set_zone(connection, self._user_id, zone, moment(t_us))
                connection.commit()
            except psycopg.Error as error:
                raise StoreError("the database does not take a new zone", why=str(error).splitlines()[0]) from error
            self._zone = zone
            self._moves.popleft()

    def _ship(self, connection: Connection, batch: Batch) -> None:
        try:
            self._write(connection, batch)
        except psycopg.Error as error:
            raise StoreError("the database refuses the shipper", why=str(error).splitlines()[0]) from error

    def _write(self, connection: Connection, batch: Batch) -> None:
        known = self._known()
        self.counters["lost"] += skip_lost(
            connection,
            user_id=self._user_id,
            machine_id=batch.machine_id,
            boot_id=batch.boot_id,
            next_seq=batch.first_seq,
        )
        for start in range(0, len(batch.records), ROWS_AT_ONCE):
            new = write_events(
                connection,
                user_id=self._user_id,
                machine_id=batch.machine_id,
                boot_id=batch.boot_id,
                first_seq=batch.first_seq + start,
                records=batch.records[start : start + ROWS_AT_ONCE],
                titles=batch.titles,
                session_id=known.session_id,
                focus_score=known.focus_score,
                distraction_risk=known.distraction_risk,
                features=known.features,
            )
            self.counters["shipped" if batch.boot_id in self._boots else "shipped_earlier"] += new
        if batch.first_seq == 0 and batch.boot_id in self._clock_steps:
            record_step(connection, batch.machine_id, batch.boot_id, self._clock_steps[batch.boot_id])
            connection.commit()

    def _connected(self) -> Connection:
        if self._connection is None:
            connection = connect(self._url)
            try:
                self._introduce(connection)
            except BaseException:
                connection.close()
                raise
            self._connection = connection
        return self._connection

    def _introduce(self, connection: Connection) -> None:
        """Who ships, and what they agreed to."""
        desktop, consent = self._desktop, self._consent
        try:
            self._user_id = ensure_user(connection, desktop.username, is_demo=desktop.is_demo, zone=self._zone)
            record_consent(connection, self._user_id, desktop.machine_id(), consent.version, titles=consent.titles)
            connection.commit()
        except psycopg.Error as error:
            why = str(error).strip().splitlines()[0]
            raise StoreError("the database does not take this desktop", why=why) from error

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()


def describe(shipper: Shipper | None) -> dict[str, Any]:
    """Counters and the present problem, for agent.json."""
    if shipper is None:
        return {"shipped": 0, "shipping": "off"}
    return dict(shipper.counters) | {"shipping": shipper.problem or "well"}
