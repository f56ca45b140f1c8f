"""The live engine: records in, one snapshot a second out, the same bits that a replay of the stored events gives.

A second t is closed by the first record later than t, or 100 ms after t on the clock of the stamps. What the engine
needs besides records (sessions, answers, scores) is applied here at the microsecond that is then logged.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from neural_focus._native import Engine, read_segment, spool_segments
from neural_focus.atomic_write import atomic_write
from neural_focus.categories import category_label
from neural_focus.errors import FormatError
from neural_focus.events import INPUT, PRODUCTIVITY_SHIFT, EventType, decode_app_name
from neural_focus.features import FEATURE_INDEX, FEATURE_NAMES
from neural_focus.forgetting import blank
from neural_focus.messages import Snapshot
from neural_focus.replay import take_inputs
from neural_focus.sessions import TAKEN_WITHIN_US
from neural_focus.snapshot_inputs import inputs_of
from neural_focus.time import zone_history_table, zone_table

CLOSE_AFTER_US = 100_000
SAVE_SECONDS = 60.0
_INPUTS_EVERY_S = 1
"""Each snapshot has the inputs of a model with it."""
_TITLE = int(EventType.WINDOW_TITLE_CHANGE)
_CATEGORY = FEATURE_INDEX["productivity_category"]
Records = np.ndarray[Any, np.dtype[np.void]]


@dataclass(frozen=True, slots=True)
class TimedSession:
    """The session with a timer that the engine is in, by the service's id, and the µs at which both say it began."""

    id: int
    start_us: int


@dataclass(frozen=True, slots=True)
class SavedState:
    """An engine as it was saved, and the record that it expects next."""

    boot_id: str
    next_seq: int
    last_us: int
    engine: bytes
    timed: TimedSession | None = None


class LiveEngine:
    """Features of this desktop as its records come."""

    def __init__(self, engine: Engine, boot_id: str, zone: str = "UTC") -> None:
        self._engine, self._boot_id = engine, boot_id
        self._zones = [(0, zone)]
        self._next_seq = 0
        self.last_us = 0
        self.timed: TimedSession | None = None
        self._app_name = self._title = ""
        self._input_us: int | None = None
        self.snapshots = 0

    @classmethod
    def restore(cls, path: Path, spool: Path, boot_id: str, zone: str) -> LiveEngine:
        """The engine as it was when the agent last stopped, brought up to the last record in the spool."""
        saved, table = read_state(path), zone_table(zone)
        if saved is None:
            engine = Engine(*table, _INPUTS_EVERY_S)
        else:
            engine = Engine.load(saved.engine)
            engine.set_zone(*table)
        live = cls(engine, boot_id, zone)
        if saved is not None:
            live.last_us, live.timed = saved.last_us, saved.timed
        for first_of_boot, records in _records_after(spool, saved):
            live._take(records, restart=first_of_boot)
            engine.inputs()
        engine.sessions()  # what began or ended before is not news
        return live

    def push(self, records: Records, titles: dict[int, str]) -> list[Snapshot]:
        """The seconds that these records close. They have to be in the spool already: replay sees the same ones."""
        if not len(records):
            return []
        closed = self._take(records, restart=self._next_seq == 0)
        self._next_seq += len(records)
        seconds = self._describe(closed)  # they end before these records' last app and title begin
        self._app_name = decode_app_name(records[-1]["app_name"])
        shown = np.flatnonzero(records["event_type"] == _TITLE)
        if len(shown):
            self._title = titles.get(int(records["data"][shown[-1], 0]), "")
        return seconds

    def close_until(self, now_us: int) -> list[Snapshot]:
        """The seconds that are over: ``now_us`` is when the last drain began, on the clock of the stamps."""
        return self._describe(self._engine.close_until(now_us - CLOSE_AFTER_US))

    def predicted(self, t_us: int, focus_score: float) -> None:
        """The prediction for the snapshot at ``t_us``: later snapshots have its momentum."""
        self._engine.focus_score(t_us, focus_score)

    def start_session(self, number: int, t_us: int) -> TimedSession:
        """A timed session begins. It keeps its start where the engine takes it late: nobody was here when it began."""
        used_us = self._engine.start_session(t_us)
        self.timed = TimedSession(number, used_us if used_us - t_us <= TAKEN_WITHIN_US else t_us)
        return self.timed

    def end_session(self, t_us: int) -> int:
        """It ends; returns the µs that the engine used."""
        self.timed = None
        return self._engine.end_session(t_us)

    def break_accepted(self, t_us: int) -> int:
        """The person really rested until now; returns the µs that the engine used."""
        return self._engine.break_accepted(t_us)

    def move(self, t_us: int, zone: str) -> None:
        """The person's clock shows another zone from ``t_us`` on."""
        self._zones.append((t_us, zone))
        self._engine.set_zone(*zone_history_table(self._zones))

    def sessions(self) -> list[tuple[int, int, bool]]:
        """(start µs, end µs or -1, natural) of sessions that began or ended since the last call."""
        return self._engine.sessions()

    @property
    def input_us(self) -> int | None:
        """When the newest input came, None if there was none since the agent started."""
        return self._input_us

    def counters(self) -> dict[str, int]:
        """The engine's own counts: late, clamped, rejected by reason."""
        return self._engine.counters()

    @property
    def has_begun(self) -> bool:
        """Whether this boot has a record."""
        return self._next_seq > 0

    def new_boot(self, boot_id: str) -> None:
        """The next record begins another boot: a pause is over."""
        self._boot_id, self._next_seq = boot_id, 0

    def begin_anew(self) -> None:
        """Forgets every record: features warm up again. A timed session goes on, from its start."""
        self._engine = Engine(*zone_history_table(self._zones), _INPUTS_EVERY_S)
        self._app_name = self._title = ""
        if self.timed is not None:
            self._engine.start_session(self.timed.start_us)

    def save(self, path: Path) -> None:
        """Keeps the whole state for the next start."""
        timed = None if self.timed is None else asdict(self.timed)
        head = {"boot_id": self._boot_id, "next_seq": self._next_seq, "last_us": self.last_us, "timed": timed}
        atomic_write(path, json.dumps(head).encode() + b"\n" + self._engine.save())

    def _take(self, records: Records, *, restart: bool) -> tuple[Any, Any, Any]:
        if restart:  # at the boot's first record, where replay puts it too
            self._begin_boot(int(records["timestamp_us"][0]))
        self.last_us = max(self.last_us, int(records["timestamp_us"][-1]))
        given = records["timestamp_us"][np.isin(records["event_type"], INPUT)]
        if len(given):
            self._input_us = max(self._input_us or 0, int(given.max()))
        return self._engine.push(np.ascontiguousarray(records))

    def _begin_boot(self, first_us: int) -> None:
        """A start of the agent ends what was idle. One before an earlier boot's end: the clock was set back."""
        if first_us >= self.last_us:
            self._engine.restart(first_us)
        else:
            self._engine.set_back(first_us)
            self.last_us, self._input_us = 0, None

    def _describe(self, closed: tuple[Any, Any, Any]) -> list[Snapshot]:
        rows = zip(*closed, inputs_of(take_inputs(self._engine)), strict=True)
        self.snapshots += len(closed[0])
        return [
            Snapshot(
                int(time),
                dict(zip(FEATURE_NAMES, row.tolist(), strict=True)),
                tuple(last.tolist()),
                self._app_name,
                category_label(int(row[_CATEGORY]) << PRODUCTIVITY_SHIFT),
                self._title,
                self._input_us,
                inputs=inputs.to_text(),
            )
            for time, row, last, inputs in rows
        ]


def read_state(path: Path) -> SavedState | None:
    """What ``LiveEngine.save`` wrote; None where there is none, or one of another version: features then warm up."""
    if not path.exists():
        return None
    head, _, body = path.read_bytes().partition(b"\n")
    try:
        given = json.loads(head)
        timed = given.pop("timed", None)
        saved = SavedState(engine=body, timed=None if timed is None else TimedSession(**timed), **given)
        Engine.load(body)
    except (ValueError, TypeError, FormatError):
        path.replace(path.with_name(path.name + ".unreadable"))
        return None
    return saved


def _records_after(spool: Path, saved: SavedState | None) -> Iterator[tuple[bool, Records]]:
    """Records in the spool that the saved engine has not seen, and whether they begin a boot."""
    found = [read for path in spool_segments(spool) if (read := read_segment(path)) is not None and len(read[3])]
    skipping = saved is not None
    boot = b"" if saved is None else bytes.fromhex(saved.boot_id.replace("-", ""))
    last_boot = boot
    for _, boot_id, first_seq, records, *_ in found:
        if skipping and boot_id != boot:
            continue
        skipping = False
        fresh = records
        if saved is not None and boot_id == boot:
            fresh = records[max(0, saved.next_seq - first_seq) :]
        fresh = fresh[~blank(fresh)]
        if len(fresh):
            yield boot_id != last_boot, fresh
        last_boot = boot_id
