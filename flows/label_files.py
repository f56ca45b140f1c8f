"""Labelled moments on disk, and back joined with their snapshots as of the time.

    <feast folder>/labels/<stream>/<UTC day>.parquet   a row every 10 s of activity: labels (-1 for none), what the
                                                       baselines know
    <feast folder>/labels/<stream>/keys.json           what each of these files was made from

What a model reads is not in here: it comes out of the feature store, as it was at the time. So a day goes out of all of
them at once (``drop_days_before``).
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from flows.day_changes import DayRecords, read_changes
from flows.platform_flow import Platform
from flows.stream_days import code_version, day_of_name
from neural_focus.atomic_write import atomic_write
from neural_focus.errors import InputError
from neural_focus.features import FEATURE_NAMES, SEQUENCE_LENGTH, SEQUENCE_NAME
from neural_focus.labelling.days import Changes
from neural_focus.labelling.labels import NO_LABEL
from neural_focus.labelling.tick_labels import TickLabels
from neural_focus.models.contracts import CONTRACTS, V1
from neural_focus.models.datasets import Moments, Stays, stays_of
from neural_focus.models.sequences import CHANNELS, STEP_SECONDS, STEPS, Recent, no_steps, recent_steps
from neural_focus.quarantine import drop_verdicts_before, held_names
from neural_focus.replay import INPUT_NAMES, ChangeKind
from neural_focus.store.events import Stream
from neural_focus.time import DAY_US, SECOND_US
from neural_focus.timeline import timeline_of

LABELS = ("switch", "settled_break", "outcome", "outcome_source")
BASELINES = ("recency_s", "switches_5min", "lead_s")
SCHEMA = pa.schema(
    [
        pa.field("stream_id", pa.string()),
        pa.field("user_id", pa.int64()),
        pa.field("is_demo", pa.bool_()),
        pa.field("event_timestamp", pa.timestamp("us", tz="UTC")),
        *(pa.field(name, pa.int8()) for name in LABELS),
        *(pa.field(name, pa.float64()) for name in BASELINES),
    ],
)
CODE = b"code"
MOST_MOMENTS = 75_000
"""Training takes every k-th moment beyond this many: neighbours tell nearly the same."""
ENOUGH_MOMENTS = 5_000
ENOUGH_DAYS = 3
"""Labelled moments and active days from which real people's own data train their own model."""


def label_path(feast_folder: Path, folder_name: str, day: str) -> Path:
    """The file of a stream's day, in a folder named like the one in the offline store."""
    return feast_folder / "labels" / folder_name / f"{day}.parquet"


def forget_whole_streams(feast_folder: Path, folder_name: str) -> None:
    """Deletes a stream's files of versions that kept all its days in one."""
    for kind in ("labels", "stays"):
        (feast_folder / kind / f"{folder_name}.parquet").unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class LabelKeys:
    """What a stream's files of labels were made from, all in one file: a run looks at each day. A file is known by when
    it was written, so that one that was put in its place counts as unknown."""

    path: Path
    known: dict[str, tuple[str, int]]

    @classmethod
    def read(cls, feast_folder: Path, folder_name: str) -> LabelKeys:
        """Those that ``put`` wrote."""
        path = label_path(feast_folder, folder_name, "").with_name("keys.json")
        stored = json.loads(path.read_text()) if path.exists() else {}
        return cls(path, {day: (key, written_ns) for day, (key, written_ns) in stored.items()})

    def made_from(self, labels: Path) -> str | None:
        """What a day's file was made from; None if there is no such file, or it is not known."""
        key, written_ns = self.known.get(labels.stem, (None, 0))
        try:
            return key if labels.stat().st_mtime_ns == written_ns else None
        except FileNotFoundError:
            return None

    def put(self, labels: Path, key: str) -> None:
        """Keeps what a day's file, as it is now, was made from; days that have no file are forgotten."""
        self.known[labels.stem] = (key, labels.stat().st_mtime_ns)
        there = {path.stem for path in labels.parent.glob("*.parquet")}
        text = json.dumps({day: told for day, told in self.known.items() if day in there})
        atomic_write(self.path, text.encode(), sync=False)


def write_labels(path: Path, stream: Stream, found: TickLabels) -> None:
    """The labels of a stream's day, renamed into place when complete."""
    count = len(found)
    columns = {
        "stream_id": pa.array([stream.stream_id] * count, pa.string()),
        "user_id": pa.array([stream.user_id] * count, pa.int64()),
        "is_demo": pa.array([stream.is_demo] * count, pa.bool_()),
        "event_timestamp": pa.array(found.times_us).cast(pa.timestamp("us", tz="UTC")),
        **{name: pa.array(getattr(found, name)) for name in (*LABELS, *BASELINES)},
    }
    told = {CODE: code_version().encode()}
    _replace(path, pa.table(columns, schema=SCHEMA).replace_schema_metadata(told))


def read_labels(
    feast_folder: Path,
    is_demo: bool,
    most: int | None = None,
    *,
    user_id: int | None = None,
    held_too: bool = False,
) -> pd.DataFrame:
    """Labelled moments of demo people or of real ones, or of one of them, by stream and time; every k-th if there are
    over ``most``.

    Files of another version of the code are left out: the flow writes them anew, or their events are gone. So are days
    that a gate holds back (``neural_focus.quarantine``), but for ``held_too``.
    """
    folders = "*" if user_id is None else f"{user_id}_*"
    held = set() if held_too else held_names(feast_folder)
    files = [
        path
        for path in sorted((feast_folder / "labels").glob(f"{folders}/*.parquet"))
        if (path.parent.name, path.stem) not in held and is_ours(path)
    ]
    tables = [pq.read_table(path, schema=SCHEMA, filters=[("is_demo", "=", is_demo)]) for path in files]
    frame: pd.DataFrame = pa.concat_tables(tables or [SCHEMA.empty_table()]).to_pandas()
    step = -(-len(frame) // most) if most else 1
    return frame.iloc[:: max(step, 1)].reset_index(drop=True)


def is_enough(people: pd.DataFrame) -> bool:
    """Whether real people's labels are enough for a model of their own."""
    known = people[people["switch"] != NO_LABEL]
    return len(known) >= ENOUGH_MOMENTS and known["event_timestamp"].dt.date.nunique() >= ENOUGH_DAYS


def drop_days_before(feast_folder: Path, day: date) -> int:
    """Deletes the UTC days before ``day``: labels, snapshots, inputs, changes, what was compared with them and what
    gates found; returns how many days' snapshots went.

    Labels first: one without its snapshot fails the quality check, and nothing is trained.
    """
    gone = {
        kind: [path for path in (feast_folder / kind).glob("*/*.*") if path.stem < day.isoformat()]
        for kind in ("labels", "offline", "inputs", "changes", "consistency")
    }
    for path in (path for paths in gone.values() for path in paths):
        path.unlink()
    drop_verdicts_before(feast_folder, day.isoformat())
    for engines in (feast_folder / "engines").glob("*"):
        records = DayRecords.read(engines)
        records.forget_before(day_of_name(day.isoformat()))
        records.write()
    return len(gone["offline"])


def join_moments(platform: Platform, labels: pd.DataFrame, input_version: int, *, sequences: bool = False) -> Moments:
    """Labelled moments with the model's inputs as they were at each time, from the service of their version.

    ``sequences``: with the two minutes before each moment too, for models that read them; twelve times the reading.

    Raises:
        InputError: there are no labels.
        StoreError: there are no snapshots.
    """
    from feature_repo.definitions import APPS
    from feature_repo.store import training_frame

    if labels.empty:
        raise InputError("There are no labelled moments", hint="Run the flows 'features' and 'labels' first")
    frame = training_frame(platform.store, labels, input_version)
    known = frame[[FEATURE_NAMES[0], APPS[0]]].notna().all(axis=1)  # one of each view
    frame = frame[known].reset_index(drop=True)
    features = frame[list(FEATURE_NAMES)].to_numpy(np.float32)
    past = frame[list(INPUT_NAMES)].to_numpy(np.float32) if input_version > 1 else None
    return Moments(
        own=CONTRACTS[input_version].own(features, past),
        times_us=frame["event_timestamp"].dt.as_unit("us").astype("int64").to_numpy(np.int64),
        person=frame["user_id"].to_numpy(np.int64),
        **{name: frame[name].to_numpy().astype(str) for name in APPS},
        **{name: frame[name].to_numpy(np.int8) for name in LABELS},
        **{name: frame[name].to_numpy(np.float64) for name in BASELINES},
        recent=_sequences(platform, frame) if sequences else no_steps(len(frame)),
    )


def _sequences(platform: Platform, frame: pd.DataFrame) -> Recent:
    """The sequences that end at the moments of ``frame``, from snapshots of the feature store as of each step."""
    from feature_repo.store import training_frame

    seconds = frame["event_timestamp"].dt.as_unit("us").astype("int64").to_numpy(np.int64) // SECOND_US
    found = np.zeros((len(frame), STEPS, CHANNELS), np.float16)
    stream = frame["stream_id"].to_numpy()
    for one in np.unique(stream):
        mine = np.flatnonzero(stream == one)
        wanted = np.unique(seconds[mine][:, None] - STEP_SECONDS * np.arange(STEPS))
        asked = pd.DataFrame({"stream_id": one, "event_timestamp": pd.to_datetime(wanted, unit="s", utc=True)})
        steps = training_frame(platform.store, asked, V1.version)
        steps = steps[steps[FEATURE_NAMES[0]].notna()].sort_values("event_timestamp")
        at = steps["event_timestamp"].dt.as_unit("us").astype("int64").to_numpy(np.int64) // SECOND_US
        types = np.frombuffer(b"".join(steps[SEQUENCE_NAME]), np.uint8).reshape(len(steps), SEQUENCE_LENGTH)
        features = steps[list(FEATURE_NAMES)].to_numpy(np.float32)
        found[mine] = recent_steps(at, features, types, np.searchsorted(at, seconds[mine]))
    return found


def read_stays(feast_folder: Path, labels: pd.DataFrame) -> Sequence[Stays]:
    """The finished stays of the people in ``labels``, a stream at a time, without days that a gate holds back: no stay
    goes on across one."""
    people, held = set(labels["user_id"].unique().tolist()), held_names(feast_folder)
    folders = [
        folder for folder in sorted((feast_folder / "changes").glob("*")) if int(folder.name.split("_")[0]) in people
    ]
    told = [(int(folder.name.split("_")[0]), changes) for folder in folders for changes in _free_changes(folder, held)]
    nowhere = np.empty((0, 2), np.int64)
    return [
        stays_of(timeline_of(changes, changes["time_us"], nowhere), person) for person, changes in told if len(changes)
    ]


def _free_changes(folder: Path, held: set[tuple[str, str]]) -> list[Changes]:
    """What happened in a stream, in one piece, or in those between the days that are held back."""
    days = sorted(day for name, day in held if name == folder.name)
    if not days:
        return [read_changes(folder)]
    changes = read_changes(folder)
    at = changes["time_us"] // DAY_US
    gone = np.array([day_of_name(day) // DAY_US for day in days])
    piece = np.searchsorted(gone, at)
    free = ~np.isin(at, gone)
    pieces = [changes[free & (piece == number)] for number in range(len(days) + 1)]
    return [told for told in pieces if (told["kind"] <= ChangeKind.APP_SWITCH).any()]


def is_ours(path: Path) -> bool:
    """Whether this version of the code wrote a file of labels."""
    return bool((pq.read_schema(path).metadata or {}).get(CODE) == code_version().encode())


def _replace(path: Path, table: pa.Table) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(f".{os.getpid()}")
    pq.write_table(table, temporary, compression="zstd")
    temporary.replace(path)
