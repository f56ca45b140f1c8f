"""The files of ``neural-focus evaluate``: what is checked before anything is trained, read, and written."""

from __future__ import annotations

import ctypes
import json
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from neural_focus._native import validate
from neural_focus.atomic_write import READABLE, atomic_write
from neural_focus.errors import ConfigurationError, InputError
from neural_focus.event_table import check_event_table, read_event_table
from neural_focus.unusable_events import unusable_people

if TYPE_CHECKING:
    from neural_focus.evaluation.evaluate import Judged
    from neural_focus.models.datasets import Moments, Stays

ALL = "all"
"""The person of the rows on everybody together."""
FEWEST_SWITCHES = 100
FEWEST_MOMENTS = 600
Records = npt.NDArray[np.void]
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Loaded:
    """Moments of every person in a table, their stays, and their names by number."""

    moments: Moments
    stays: tuple[Stays, ...]
    names: dict[int, str]


def check_files(events: Sequence[Path], out: Path | None) -> None:
    """Whether every table is one, and the figures can be written.

    Raises:
        InputError: a file that is no event table.
        ConfigurationError: a target that cannot be written, or is one of the tables.
    """
    for path in events:
        check_event_table(path)
    if out is None:
        return
    if out.is_dir():
        raise ConfigurationError(f"{out} cannot be written", why="it is a folder", hint="Give a file in it")
    page = out.with_suffix(".html")
    if page == out:
        raise ConfigurationError(f"{out} is where the HTML goes", hint="Give the JSON another ending: --json x.json")
    if not out.resolve().parent.is_dir():
        raise ConfigurationError(f"{out} cannot be written", why="its folder does not exist", hint="Make it first")
    for target in (out, page):
        if target.exists() and any(target.samefile(path) for path in events):
            raise ConfigurationError(f"{target} is one of the event tables", hint="Give --json another name")
        if target.exists() and not target.is_file():
            raise ConfigurationError(f"{target} cannot be written", why="it is no file", hint="Give another name")
        try:
            tempfile.NamedTemporaryFile(dir=target.resolve().parent, prefix=f".{target.name}.").close()
        except OSError as error:
            raise ConfigurationError(
                f"{target} cannot be written",
                why=error.strerror or str(error),
                hint="Give a folder with room and rights",
            ) from None


def short_names(paths: Iterable[Path]) -> dict[Path, str]:
    """What each file is called in the figures: its name, or the path as given where another file has that name."""
    paths = list(paths)
    names = [path.name for path in paths]
    return {path: path.name if names.count(path.name) == 1 else str(path) for path in paths}


def load(path: Path, name: str, tz: str, say: Say, *, first_id: int = 1, sequences: bool) -> Loaded:
    """A table's people, numbered from ``first_id``, without the rows that cannot be used; what they were is said."""
    import pyarrow.parquet as parquet

    from neural_focus.models.contracts import V6
    from neural_focus.models.datasets import Moments, StreamTable, cut_moments
    from neural_focus.replay import replay_with_inputs
    from neural_focus.side_by_side import side_by_side, usable_cores

    people = _usable(read_event_table(path), path, name, say)
    categories = "category_hint" in parquet.read_schema(path).names
    names = {number: _apart(user, people) for number, user in enumerate(people, first_id)}
    numbers = dict(zip(people, names, strict=True))

    def cut(user: str) -> tuple[Moments, tuple[Stays, ...]]:
        records = people.pop(user)  # every second of a person's weeks is large: nobody's is kept
        snapshots, inputs = replay_with_inputs(records, zone=tz)
        stream = StreamTable(
            stream_id=user,
            user_id=numbers[user],
            records=records,
            timestamps_us=snapshots.timestamps_us,
            features=snapshots.features,
            sequence=snapshots.sequence,
            inputs=inputs,
            has_categories=None if categories else False,
        )
        return cut_moments([stream], V6, sequences=sequences)

    found = side_by_side([partial(cut, user) for user in numbers], usable_cores())
    moments, stays = Moments.join([one for one, _ in found]), tuple(stay for _, each in found for stay in each)
    del found
    _give_back()
    _check_size(path, moments)
    return Loaded(moments, stays, names)


def _give_back() -> None:
    """Lets the system have what reading took: glibc keeps what lies between the moments, as much again as they take."""
    if sys.platform == "linux" and (trim := getattr(ctypes.CDLL(None), "malloc_trim", None)):
        trim(0)


def _apart(user: str, people: Iterable[str]) -> str:
    """A person's name; one who is called as everybody together is gets a longer one."""
    if user != ALL:
        return user
    while user == ALL or user in people:
        user += " (person)"
    return user


def _usable(people: Mapping[str, Records], path: Path, name: str, say: Say) -> dict[str, Records]:
    """Each one's good records. Rows put aside, and people who have no others, are said."""
    nobody = unusable_people(people, path)
    kept, aside = {}, dict[str, int]()
    for user, records in people.items():
        if user in nobody:
            continue
        good, bad = validate(records)
        kept[user] = records if good.all() else np.ascontiguousarray(records[good])
        aside = {reason: aside.get(reason, 0) + bad.get(reason, 0) for reason in aside | bad}
    for user, why in nobody.items():
        say(f"! {name}: {user!r} is left out, {why}")
    if "" in kept:
        say(f"! {name}: rows without a user are taken for one person")
    if aside:
        reasons = ", ".join(f"{count:,} {reason.replace('_', ' ')}" for reason, count in aside.items())
        say(f"! {name}: {sum(aside.values()):,} rows put aside: {reasons}")
    return kept


def _check_size(path: Path, moments: Moments) -> None:
    positives = int((moments.switch == 1).sum())
    if len(moments) < FEWEST_MOMENTS or positives < FEWEST_SWITCHES:
        raise InputError(
            f"{path} is too small to evaluate a model on",
            why=f"{len(moments)} snapshots, 10 s apart, {positives} of them with an app switch within 30 s",
            hint=f"Give at least {FEWEST_MOMENTS} such snapshots, {FEWEST_SWITCHES} of them with a switch",
        )


def write_figures(
    out: Path,
    rows: Sequence[Mapping[str, Any]],
    results: Sequence[tuple[str, Judged]],
    curves: Mapping[str, Sequence[Mapping[str, float]]],
    notes: Sequence[str],
) -> None:
    """The JSON, and the HTML beside it; each is there whole or as it was."""
    from neural_focus.evaluation.evaluation_page import evaluation_page

    told = json.dumps({"rows": rows, "learning_curve": curves, "notes": notes}, indent=1)
    page = evaluation_page(rows, [(file, judged.common()) for file, judged in results], curves, notes)
    atomic_write(out.resolve(), told.encode(), mode=READABLE)
    atomic_write(out.with_suffix(".html").resolve(), page.encode(), mode=READABLE)
