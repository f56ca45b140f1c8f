"""Predictions on their way to the database: gathered for a quarter of a second, written in one go, in nobody's way."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from threading import Lock

from neural_focus.errors import StoreError
from neural_focus.store.predictions import LoggedPrediction, insert_predictions
from serving.database import Database

FLUSH_SECONDS = 0.25
"""A second's rows of a thousand desktops would hold up everybody's answers for 20 ms."""
MOST_WAITING = 20_000
_LOG = logging.getLogger("neural_focus.serving")


class PredictionWriter:
    """A bounded queue in front of ``model_predictions``. When the database is away the oldest rows go, counted."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: deque[LoggedPrediction] = deque()
        self._dropped = 0
        self._lock = Lock()
        self._writing = asyncio.Lock()
        """Held while a batch is being written: it is in neither the queue nor, for others, the database."""

    def add(self, row: LoggedPrediction) -> None:
        """Queue a row, from any thread."""
        with self._lock:
            if len(self._waiting) >= MOST_WAITING:
                self._waiting.popleft()
                self._dropped += 1
            self._waiting.append(row)

    async def flush(self, *, strict: bool = False) -> None:
        """Write what waits, once what is being written is there; when the database refuses, it goes on waiting.

        Raises:
            StoreError: with ``strict``, rows still wait for the database.
        """
        async with self._writing:
            await self._write(strict=strict)

    async def _write(self, *, strict: bool) -> None:
        with self._lock:
            batch = list(self._waiting)
            self._waiting.clear()
        if not batch:
            return
        try:
            await self._database.run_for_all(lambda connection: insert_predictions(connection, batch))
        except StoreError as error:
            with self._lock:
                self._waiting.extendleft(reversed(batch))
            _LOG.warning("%d predictions wait for the database: %s", len(self._waiting), error)
            if strict:
                raise
            return
        if self._dropped:
            _LOG.error("%d predictions were dropped while the database was away", self._dropped)
            self._dropped = 0
