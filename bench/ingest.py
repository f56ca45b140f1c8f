"""Records through the gateway: a desktop's batches over HTTP into the database, beside a bare COPY of the same rows.

Both write into the same table with its indexes, in turns, for other machines. The bare COPY's bytes are made before
its time begins; the gateway's time has everything: compressing, HTTP, checks, COPY, position and commit.
"""

from __future__ import annotations

import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import numpy as np

from bench.figure import Figure, beside
from bench.processes import running
from bench.serving import START_SECONDS
from bench.stream import working_day
from collector.service_token import ServiceToken
from infra.database_logins import with_login
from infra.database_schema import make_database, migrate
from infra.embedded_database import EmbeddedServer
from infra.ports import free_port
from neural_focus.addresses import service_address
from neural_focus.batches import MAX_RECORDS, BatchHeader, Records, pack
from neural_focus.client.generated import ServiceApi
from neural_focus.errors import ServiceError
from neural_focus.events import EVENT_DTYPE
from neural_focus.secrets import load_secrets
from neural_focus.settings import Settings
from neural_focus.store.database import connect
from neural_focus.store.event_rows import COPY_IN, SharedColumns, encode_records
from neural_focus.store.partitions import days_of, ensure_partitions
from neural_focus.store.users import ensure_user
from neural_focus.time import wall_clock_us
from serving.launch import service_command, service_environment

ROWS = 400_000
ROUNDS = 5
NOTHING = np.zeros(0, EVENT_DTYPE)
BLOCK_BYTES = 1 << 20


def figures() -> Iterator[Figure]:
    """Rows a second through the service, beside those of the bare COPY: the median of some rounds."""
    records = working_day(ROWS)
    records["timestamp_us"] += np.uint64(wall_clock_us() - int(records["timestamp_us"].max()))  # as they are sent
    folder = Path(tempfile.mkdtemp(prefix="neural-focus-bench-"))
    folder.chmod(0o755)  # the database's own account has to reach it
    server = EmbeddedServer(folder / "database", free_port(), "bench")
    try:
        server.start()
        make_database(server.url("bench"))
        migrate(server.url("bench"))
        home = folder / "home"
        home.mkdir()
        settings = Settings(home=home, database_url=server.url("bench"), serving_port=free_port(), username="bench")
        its_own = with_login("service", settings, load_secrets(settings.secrets), print)
        with running(service_command(settings), service_environment(its_own, os.environ)):
            client = ServiceApi(service_address(settings), ServiceToken(load_secrets(settings.secrets).api_token))
            wait_until_ready(client)
            both = [(through_gateway(client, records), bare_copy(server.url("bench"), records)) for _ in range(ROUNDS)]
            client.close()
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)
    ours, bare = (statistics.median(values) for values in zip(*both[1:], strict=True))  # the first makes the tables
    yield beside("records through the gateway", ours, "rows/s", "a bare binary COPY of the same rows", bare)


def wait_until_ready(client: ServiceApi) -> None:
    """Raises ServiceError: it is not there in time."""
    until = time.monotonic() + START_SECONDS
    while True:
        try:
            client.ingest(pack(BatchHeader(uuid4(), uuid4(), 0, 0), NOTHING))
            return
        except ServiceError:
            if time.monotonic() > until:
                raise
            time.sleep(0.5)


def through_gateway(client: ServiceApi, records: Records) -> float:
    """Rows a second of one desktop that sends what waited in its spool."""
    machine_id, boot_id, began = uuid4(), uuid4(), time.perf_counter()
    for first in range(0, len(records), MAX_RECORDS):
        part = records[first : first + MAX_RECORDS]
        stored = client.ingest(pack(BatchHeader(machine_id, boot_id, first, len(part)), part))
        if stored.next_seq != first + len(part):
            raise RuntimeError(f"the service stored up to {stored.next_seq}")
    return len(records) / (time.perf_counter() - began)


def bare_copy(url: str, records: Records) -> float:
    """Rows a second of one COPY with all of them, and its commit."""
    with connect(url) as connection:
        user_id = ensure_user(connection, "bare")
        ensure_partitions(connection, "events", days_of(records["timestamp_us"]))
        connection.commit()
        rows = encode_records(records, 0, {}, SharedColumns(user_id, uuid4(), uuid4()))
        began = time.perf_counter()
        with connection.cursor().copy(COPY_IN) as copy:
            for start in range(0, len(rows), BLOCK_BYTES):
                copy.write(rows[start : start + BLOCK_BYTES])
        connection.commit()
        return len(records) / (time.perf_counter() - began)
