"""The UTC days of a stream: what each depends on, and engines saved at the start of days to go on from.

    <feast folder>/engines/<stream>/<day>.engine       the engine as it was before the first event of the day
    <feast folder>/engines/<stream>/<day>.changes      the engine that tells what happened, as it was then

Everything here can be deleted: the next run computes the stream from its first event.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

from neural_focus._native import Engine
from neural_focus.atomic_write import atomic_write
from neural_focus.errors import FormatError
from neural_focus.features import FEATURE_NAMES, contract_hash
from neural_focus.snapshot_inputs import INPUT_HASH
from neural_focus.store.boots import read_boots
from neural_focus.store.database import Connection
from neural_focus.store.events import Stream
from neural_focus.store.forgotten import read_requests
from neural_focus.time import DAY_US, day_start, microseconds, utc_date

LAYOUT = 3
"""Goes up where the flows' files get another layout."""
KEPT_ENGINES = 3
"""Late events older than these days make the stream start anew."""


@cache
def code_version() -> str:
    """Names what computes: another version computes everything again."""
    return f"{version('neural-focus')}:{contract_hash(FEATURE_NAMES, 1)}:{INPUT_HASH}:{LAYOUT}"


def day_name(t_us: int) -> str:
    """The UTC date of a time in µs, as in file names."""
    return utc_date(t_us).isoformat()


def day_of_name(name: str) -> int:
    """When the UTC day of a file's name begins, µs."""
    return microseconds(datetime.fromisoformat(name).replace(tzinfo=UTC))


@dataclass(frozen=True, slots=True)
class SavedEngines:
    """The engines of one stream, kept in ``folder``."""

    folder: Path

    def save(self, day_us: int, engine: Engine, changes: Engine) -> None:
        """Keeps the engines that have seen everything before ``day_us``, and only the newest few."""
        for saved, kind in ((changes, "changes"), (engine, "engine")):
            atomic_write(self.folder / f"{day_name(day_us)}.{kind}", saved.save(), sync=False)
            for old in sorted(self.folder.glob(f"*.{kind}"))[:-KEPT_ENGINES]:
                old.unlink()

    def at(self, day_us: int) -> tuple[Engine, Engine]:
        """The engines saved at ``day_us``, the one that tells what happened last.

        Raises:
            FileNotFoundError: there are none.
            FormatError: they are of another version.
        """
        path = self.folder / f"{day_name(day_us)}.engine"
        return Engine.load(path.read_bytes()), Engine.load(path.with_suffix(".changes").read_bytes())

    def newest(self, day_us: int) -> int | None:
        """The newest day up to ``day_us`` at whose start engines are saved; None if none can be used."""
        for path in sorted(self.folder.glob("*.engine"), reverse=True):
            start = day_of_name(path.stem)
            if start <= day_us:
                try:
                    self.at(start)
                except (FormatError, FileNotFoundError):
                    return None  # of another version: computed anew, as its message advises
                return start
        return None

    def forget_after(self, day_us: int) -> None:
        """Deletes engines that have seen what is now computed again."""
        for kind in ("engine", "changes"):
            for path in self.folder.glob(f"*.{kind}"):
                if path.stem > day_name(day_us):
                    path.unlink()


def day_keys(connection: Connection, stream: Stream, until_us: int) -> dict[int, str]:
    """Cache keys of a stream's days in order, of the days that snapshots up to ``until_us`` lie in.

    A key names the records of the day, as how far its boots are stored and what of them was forgotten, and with the key
    before it those of all earlier days: the engine remembers. So it costs a row a boot, and no event is read.
    """
    asked = "SELECT boot_number, next_seq FROM shipper_positions WHERE user_id = %s AND machine_id = %s"
    stored: dict[int, int] = dict(connection.execute(asked, (stream.user_id, stream.machine_id)).fetchall())
    boots: dict[int, list[tuple[object, ...]]] = defaultdict(list)
    for boot in read_boots(connection, stream.user_id, stream.machine_id):
        for day_us in range(day_start(boot.first_us), boot.last_us + 1, DAY_US):
            end_us = day_us + DAY_US
            # Within a boot times never go back: once it has a record of a later day, all of this one are there.
            known = stored[boot.number] if boot.last_us < end_us else None
            boots[day_us].append((boot.number, boot.first_us, boot.anew, known, min(boot.until_us, end_us)))
    forgotten: dict[int, list[int]] = defaultdict(list)
    for request in read_requests(connection, stream.user_id):
        days = {day for first, end in request.on(stream.machine_id) for day in (day_start(first), day_start(end))}
        for day_us in range(min(days), max(days) + 1, DAY_US) if days else ():
            forgotten[day_us].append(request.id)
    keys, key = {}, ""
    for day_us in range(day_start(stream.first_us), until_us + 1, DAY_US):
        made = key, boots[day_us], min(until_us, day_us + DAY_US), *forgotten[day_us]
        key = sha256(repr(made).encode()).hexdigest()[:32]
        keys[day_us] = key
    return keys
