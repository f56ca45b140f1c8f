"""How far a stream's snapshots are computed, and engines saved at the start of days to go on from.

    <feast folder>/engines/<stream>/progress.json      next sequence number by boot, code version
    <feast folder>/engines/<stream>/<day>.engine       the engine as it was before the first event of the day
    <feast folder>/engines/<stream>/<day>.changes       the engine that tells what happened, as it was then

Everything here can be deleted: the next run computes the stream from its first event.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from neural_focus._native import Engine
from neural_focus.atomic_write import atomic_write
from neural_focus.errors import FormatError
from neural_focus.features import FEATURE_NAMES, contract_hash
from neural_focus.snapshot_inputs import INPUT_HASH
from neural_focus.store.database import Connection
from neural_focus.store.events import Stream
from neural_focus.time import microseconds, utc_date

LAYOUT = 2
"""Goes up where the flows' files get another layout."""
KEPT_ENGINES = 3
"""Late events older than these days make the stream start anew."""


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
class Boots:
    """Stored records of a stream by boot: the next sequence number and the time of the last record, µs.

    ``until_us``: snapshots are computed up to here.
    """

    next_seq: dict[str, int] = field(default_factory=dict)
    last_us: dict[str, int] = field(default_factory=dict)
    until_us: int = 0

    @classmethod
    def of(cls, connection: Connection, stream: Stream) -> Boots:
        """What the database has now."""
        rows = connection.execute(
            """SELECT boot_id::text, next_seq, (EXTRACT(epoch FROM last_time) * 1000000)::bigint
            FROM shipper_positions WHERE user_id = %s AND machine_id = %s AND last_time IS NOT NULL""",
            (stream.user_id, stream.machine_id),
        ).fetchall()
        return cls({boot: seq for boot, seq, _ in rows}, {boot: last for boot, _, last in rows})


@dataclass(frozen=True, slots=True)
class StreamProgress:
    """The progress of one stream, kept in ``folder``."""

    folder: Path

    def done(self) -> Boots:
        """What was computed when the last run finished; nothing if another version of the code did it."""
        try:
            stored = json.loads((self.folder / "progress.json").read_text())
        except FileNotFoundError:
            return Boots()
        if stored["version"] != code_version():
            return Boots()
        return Boots(stored["next_seq"], stored["last_us"], stored["until_us"])

    def finish(self, boots: Boots, until_us: int) -> None:
        """Records that everything of ``boots`` is computed, up to ``until_us``."""
        done = {"next_seq": boots.next_seq, "last_us": boots.last_us, "until_us": until_us}
        text = json.dumps({"version": code_version(), **done})
        atomic_write(self.folder / "progress.json", text.encode(), sync=False)

    def save_engines(self, day_us: int, engine: Engine, changes: Engine) -> None:
        """Keeps the engines that have seen everything before ``day_us``, and only the newest few."""
        for saved, kind in ((changes, "changes"), (engine, "engine")):
            atomic_write(self.folder / f"{day_name(day_us)}.{kind}", saved.save(), sync=False)
            for old in sorted(self.folder.glob(f"*.{kind}"))[:-KEPT_ENGINES]:
                old.unlink()

    def load_engines(self, day_us: int) -> tuple[int, Engine, Engine] | None:
        """The newest saved engines from ``day_us`` or before, with their day, the one that tells what happened last;
        None if there are none that can be used."""
        if not self.done().next_seq:
            return None
        for path in sorted(self.folder.glob("*.engine"), reverse=True):
            start = day_of_name(path.stem)
            if start <= day_us:
                try:
                    return start, Engine.load(path.read_bytes()), Engine.load(path.with_suffix(".changes").read_bytes())
                except (FormatError, FileNotFoundError):
                    return None  # of another version: computed anew, as its message advises
        return None

    def forget_engines_after(self, day_us: int) -> None:
        """Deletes engines that have seen what is now computed again."""
        for kind in ("engine", "changes"):
            for path in self.folder.glob(f"*.{kind}"):
                if path.stem > day_name(day_us):
                    path.unlink()


def first_new_us(connection: Connection, stream: Stream, done: Boots, now: Boots) -> int | None:
    """The time of the earliest record that is not computed yet, µs; None if there is none."""
    earliest = None
    for boot, next_seq in now.next_seq.items():
        if next_seq <= done.next_seq.get(boot, 0):
            continue
        row = connection.execute(
            """SELECT (EXTRACT(epoch FROM min(time)) * 1000000)::bigint FROM events
            WHERE user_id = %s AND machine_id = %s AND boot_id = %s AND seq >= %s
            AND time >= to_timestamp(%s::bigint / 1000000)""",
            # Within a boot times never go back: nothing new lies before its last computed record.
            (stream.user_id, stream.machine_id, boot, done.next_seq.get(boot, 0), done.last_us.get(boot, 0)),
        ).fetchone()
        if row and row[0] is not None:
            earliest = row[0] if earliest is None else min(earliest, row[0])
    return earliest
