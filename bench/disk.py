"""What a day of 500,000 events takes in the database, indexes included, by the database's own word.

A prediction a second goes with it: its features stand on the first row after it. Beside it: the limit, and the same day
with the features on every row, as it was.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import numpy as np

from bench.figure import Figure, beside
from bench.stream import working_day
from infra.database_schema import make_database, migrate
from infra.embedded_database import EmbeddedServer
from infra.ports import free_port
from neural_focus.batches import Records
from neural_focus.features import FEATURE_NAMES
from neural_focus.replay import replay
from neural_focus.store.database import connect
from neural_focus.store.event_rows import COPY_END, COPY_IN, COPY_SIGNATURE, SharedColumns, encode_records
from neural_focus.store.partitions import days_of, ensure_partitions
from neural_focus.store.sizes import table_sizes
from neural_focus.store.users import ensure_user
from neural_focus.time import DAY_US, SECOND_US

ROWS = 500_000
LIMIT_MB = 80.0


def figures() -> Iterator[Figure]:
    """Megabytes of the day, and bytes of an event."""
    records = working_day(ROWS)
    records["timestamp_us"] -= records["timestamp_us"].min() % DAY_US  # all of it lies in one day
    folder = Path(tempfile.mkdtemp(prefix="neural-focus-bench-"))
    folder.chmod(0o755)  # the database's own account has to reach it
    server = EmbeddedServer(folder / "database", free_port(), "bench", durable=False)
    try:
        server.start()
        bare, first, every = (
            _megabytes(server, name, records) for name in ("no_features", "on_the_first_row", "on_every_row")
        )
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)
    yield beside("a day of 500,000 events", first, "MB", "limit", LIMIT_MB, less_is_better=True)
    yield beside("a day of 500,000 events", first, "MB", "features on every row", every, less_is_better=True)
    yield Figure("an event without features", bare * 1e6 / ROWS, "bytes")


def _megabytes(server: EmbeddedServer, features: str, records: Records) -> float:
    url = server.url(features)
    make_database(url)
    migrate(url)
    with connect(url) as connection:
        person = (ensure_user(connection, "bench"), uuid4(), uuid4())
        ensure_partitions(connection, "events", days_of(records["timestamp_us"]))
        with connection.cursor().copy(COPY_IN) as copy:
            copy.write(COPY_SIGNATURE)
            for position, seconds_records, text in _seconds(records):
                parts = [seconds_records]
                if features == "on_every_row":
                    parts = [seconds_records[at : at + 1] for at in range(len(seconds_records))]
                for number, part in enumerate(parts):
                    shared = SharedColumns(*person, None, None if features == "no_features" else text, 61.5, 0.25)
                    rows = encode_records(part, position + number, {}, shared)
                    copy.write(rows[len(COPY_SIGNATURE) : -len(COPY_END)])
            copy.write(COPY_END)
        connection.commit()
        return table_sizes(connection)["events"].bytes / 1e6


def _seconds(records: Records) -> Iterator[tuple[int, Records, str]]:
    """Batches of a second: the number of its first record, its records, and the features before it as JSON."""
    seen = replay(records)
    starts = np.flatnonzero(np.diff(records["timestamp_us"] // SECOND_US, prepend=0))
    known = np.maximum(np.searchsorted(seen.timestamps_us, records["timestamp_us"][starts], "right") - 1, 0)
    for first, end, at in zip(starts, np.append(starts[1:], len(records)), known, strict=True):
        values = dict(zip(FEATURE_NAMES, seen.features[at].tolist(), strict=True))
        yield int(first), records[first:end], json.dumps(values)
