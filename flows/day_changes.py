"""What happened in a stream, day by day, as the flow `features` meets it; and what the labels of a day depend on.

    <feast folder>/changes/<stream>/<UTC day>.parquet   who held the focus from when on, idle (CHANGE_DTYPE)
    <feast folder>/engines/<stream>/days.json           of each day what goes on at its end, digests, its cache key

It has an engine of its own: where the clock was set back, features begin anew, and what happened does not.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from flows.stream_days import code_version, day_name
from neural_focus._native import Engine
from neural_focus.atomic_write import atomic_write
from neural_focus.labelling.days import NO_CHANGES, Changes, first_switch, going_on
from neural_focus.labelling.labels import MARGIN_US
from neural_focus.replay import CHANGE_DTYPE, CONTROL_DTYPE, ControlKind
from neural_focus.time import DAY_US, zone_table
from neural_focus.timeline import Times

_SCHEMA = pa.schema(
    [
        ("time_us", pa.int64()),
        ("since_us", pa.int64()),
        ("app", pa.binary()),
        ("hint", pa.uint32()),
        ("kind", pa.uint32()),
    ]
)


@dataclass(frozen=True, slots=True)
class DayRecord:
    """What is known of a day: digests of all that its own labels see of it, and of what its neighbours' do, at its
    begin and its end; rows (hexadecimal) of what goes on at its end and of its first switch; whether apps have kinds.
    """

    digest: str
    head: str
    tail: str
    going_on: str
    switch: str
    categories: bool


@dataclass(slots=True)
class DayRecords:
    """The records of a stream's days by name, as this version of the code wrote them, and what all days that it ever
    computed were made from (``stream_days.day_keys``)."""

    path: Path
    days: dict[str, DayRecord] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, engines: Path) -> DayRecords:
        """Those that are kept beside the stream's engines."""
        path = engines / "days.json"
        stored = json.loads(path.read_text()) if path.exists() else {}
        if stored.get("version") != code_version():
            return cls(path)
        return cls(path, {name: DayRecord(**record) for name, record in stored["days"].items()}, stored["keys"])

    def write(self) -> None:
        """Keeps them."""
        days = {name: asdict(record) for name, record in sorted(self.days.items())}
        text = json.dumps({"version": code_version(), "days": days, "keys": self.keys})
        atomic_write(self.path, text.encode(), sync=False)

    def forget_from(self, day_us: int) -> None:
        """Leaves the days before ``day_us``."""
        self.days = {name: record for name, record in self.days.items() if name < day_name(day_us)}
        self.keys = {name: key for name, key in self.keys.items() if name < day_name(day_us)}

    def forget_before(self, day_us: int) -> None:
        """Leaves the days from ``day_us`` on, of the one before what goes on at its end, and all keys: what is past its
        retention was computed."""
        self.days = {name: record for name, record in self.days.items() if name >= day_name(day_us - DAY_US)}

    def before(self, day_us: int) -> Changes:
        """What goes on when a day begins."""
        record = self.days.get(day_name(day_us - DAY_US))
        return NO_CHANGES if record is None else _rows(record.going_on)

    def switch_after(self, day_us: int) -> Changes:
        """The first switch of the days after ``day_us``, at most one row."""
        name = day_name(day_us)
        later = min((other for other, record in self.days.items() if other > name and record.switch), default=None)
        return NO_CHANGES if later is None else _rows(self.days[later].switch)


@dataclass(frozen=True, slots=True)
class ChangesWriter:
    """Writes what happened, one day after the other."""

    folder: Path
    engine: Engine
    covered: Times
    records: DayRecords

    def write_day(
        self,
        day_us: int,
        events: npt.NDArray[np.void],
        tick_us: Times,
        app_age_s: npt.NDArray[np.float32],
    ) -> None:
        """The day's events (EVENT_DTYPE[n]), with the ticks that have a snapshot and their ``time_in_current_app``."""
        begins = self.covered[:, 0]
        begins = begins[(begins >= day_us) & (begins < day_us + DAY_US)]
        starts = np.zeros(len(begins), CONTROL_DTYPE)
        starts["timestamp_us"], starts["kind"] = begins, ControlKind.RESTART
        self.engine.push(np.ascontiguousarray(events), starts)
        told = self.engine.changes()
        stamps, last = events["timestamp_us"].astype(np.int64), day_us + DAY_US - MARGIN_US
        self.records.days[day_name(day_us)] = DayRecord(
            digest=_digest(stamps, tick_us, app_age_s, told),
            head=_digest(told[told["time_us"] < day_us + MARGIN_US]),
            tail=_digest(stamps[stamps >= last], told[told["time_us"] >= last]),
            going_on=going_on(self.records.before(day_us), told).tobytes().hex(),
            switch=first_switch(told).tobytes().hex(),
            categories=bool(told["hint"].any()),
        )
        write_changes(self.folder / f"{day_name(day_us)}.parquet", told)


def changes_folder(feast_folder: Path, stream_folder_name: str) -> Path:
    """The folder of a stream's days."""
    return feast_folder / "changes" / stream_folder_name


def new_changes_engine() -> Engine:
    """An engine that has seen nothing and tells what happens."""
    return Engine(*zone_table("UTC"), reports_changes=True)


def write_changes(path: Path, told: Changes) -> None:
    """One day, renamed into place when complete; a day without any has no file."""
    if not len(told):
        path.unlink(missing_ok=True)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(f".{os.getpid()}")
    columns = {name: pa.array(told[name].tolist(), _SCHEMA.field(name).type) for name in _SCHEMA.names}
    pq.write_table(pa.table(columns, schema=_SCHEMA), temporary, compression="zstd")
    temporary.replace(path)


def read_changes(folder: Path, first_us: int | None = None, last_us: int | None = None) -> Changes:
    """A stream's rows of the days from ``first_us`` to ``last_us``, both in it; by default of all its days."""
    paths = sorted(folder.glob("*.parquet"))
    if first_us is not None and last_us is not None:
        paths = [folder / f"{day_name(day)}.parquet" for day in range(first_us, last_us + 1, DAY_US)]
    tables = [pq.read_table(path, schema=_SCHEMA) for path in paths if path.exists()]
    table = pa.concat_tables(tables or [_SCHEMA.empty_table()])
    told = np.zeros(len(table), CHANGE_DTYPE)
    for name in _SCHEMA.names:
        told[name] = table[name].to_pylist() if name == "app" else table[name].to_numpy()
    return told


def _digest(*parts: npt.NDArray[np.generic]) -> str:
    found = sha256()
    for part in parts:
        found.update(len(part).to_bytes(8, "little"))
        found.update(np.ascontiguousarray(part).tobytes())
    return found.hexdigest()[:32]


def _rows(text: str) -> Changes:
    return np.frombuffer(bytes.fromhex(text), CHANGE_DTYPE)
