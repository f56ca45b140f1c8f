"""What the recent past of a stream says, beyond the engine's windows: the columns of input version 5.

Everything follows from the snapshots alone, one a second: which app holds the focus, sliding counts, a distance, the
types of the last ten events. So the service can keep it live from the SNAPSHOT messages, and flows get the same from
stored snapshots:

::

    live    StreamHistory.observe(t, features, app, types) each second ──► switches, inputs, motion, usual ──► of now
    batch   history_rows(all seconds, features, apps, types, chosen)   ──► the same four memories          ──► of many

The service keeps the four memories over its own end (``to_arrays``), and goes on with the same bits.
Per switch a state vector is kept (``SwitchMemory``); between switches columns are arithmetic on it and on the age of
the stay, written once, over arrays (``switch_columns``). Nothing looks ahead.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from neural_focus.features import FEATURE_NAMES, SEQUENCE_LENGTH
from neural_focus.models.arrays import Arrays, named, under
from neural_focus.models.event_types import TYPE_NAMES, Types, count_types
from neural_focus.models.input_memory import INPUT_NAMES, InputMemory, input_columns, input_table
from neural_focus.models.inputs import Rows
from neural_focus.models.motion_memory import MOTION_NAMES, MotionMemory, motion_table
from neural_focus.models.switch_memory import SWITCH_NAMES, SwitchMemory, switch_columns
from neural_focus.models.timeline import US, Times
from neural_focus.models.usual_memory import USUAL_NAMES, UsualMemory, compared, counts_for_usual, usual_table

_OWN_NAMES = (*SWITCH_NAMES, *INPUT_NAMES, *MOTION_NAMES)
HISTORY_NAMES: tuple[str, ...] = (*_OWN_NAMES, *TYPE_NAMES, *USUAL_NAMES)


@dataclass(frozen=True, slots=True)
class HistoryRows:
    """History columns float32[n, len(HISTORY_NAMES)], and the app that holds the focus and the one before, str[n]."""

    columns: Rows
    app: npt.NDArray[np.str_]
    previous_app: npt.NDArray[np.str_]

    def __len__(self) -> int:
        return len(self.columns)


class StreamHistory:
    """The history of one stream, kept second by second. State: a few hundred kilobytes at most, whatever its age."""

    def __init__(self) -> None:
        self._switches: SwitchMemory | None = None
        self._inputs, self._motion, self._usual = InputMemory(), MotionMemory(), UsualMemory()
        self._types = count_types(known_types(None)[None])
        self._features = np.zeros((1, len(FEATURE_NAMES)), np.float32)
        self._last = -1

    @property
    def last_us(self) -> int | None:
        """The time of the last snapshot taken in, None before the first."""
        return None if self._switches is None else self._last * US

    @property
    def app(self) -> str:
        """The app that held the focus at the last snapshot; empty before the first."""
        return "" if self._switches is None else self._switches.app

    def to_arrays(self) -> Arrays:
        """All of it under names, from the first snapshot on."""
        if self._switches is None:
            raise ValueError("nothing was observed yet")
        return {
            "last": np.array(self._last),
            "features": self._features,
            "types": self._types,
            **named("switches", self._switches.to_arrays()),
            **named("inputs", self._inputs.to_arrays()),
            **named("motion", self._motion.to_arrays()),
            **named("usual", self._usual.to_arrays()),
        }

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> Self:
        """What ``to_arrays`` told of. Raises LookupError, TypeError or ValueError if these are no such arrays."""
        history = cls()
        history._last, history._features, history._types = int(arrays["last"]), arrays["features"], arrays["types"]
        history._switches = SwitchMemory.from_arrays(under("switches", arrays))
        history._inputs = InputMemory.from_arrays(under("inputs", arrays))
        history._motion = MotionMemory.from_arrays(under("motion", arrays))
        history._usual = UsualMemory.from_arrays(under("usual", arrays))
        return history

    def observe(self, t_us: int, features: Rows, app: str, types: Types | None = None) -> None:
        """Take in the snapshot float32[32] of one second and its last ten event types; none older than the last."""
        second = t_us // US
        if second <= self._last:
            return
        self._last = second
        if self._switches is None:
            self._switches = SwitchMemory(second, app)
        switched = self._switches.observe(second, app)
        self._inputs.observe(second, features, switched)
        self._motion.observe(second, features)
        self._types, self._features = count_types(known_types(types)[None]), features[None].copy()
        counts = bool(counts_for_usual(np.array([second]), self._features)[0])
        self._usual.observe(self._compared(self._own(self._switches))[0] if counts else None)

    def rows(self) -> HistoryRows | None:
        """The columns as of the last snapshot, n = 1; None before the first."""
        if self._switches is None:
            return None
        own = self._own(self._switches)
        unusual = self._usual.columns(self._compared(own)[0])
        columns = np.concatenate([own, self._types, unusual], axis=1)
        app, before = self._switches.app, self._switches.previous_app
        return HistoryRows(columns, np.array([app]), np.array([before]))

    def _own(self, switches: SwitchMemory) -> Rows:
        """The columns that need no usual, float32[1, len(_OWN_NAMES)]."""
        state = switches.state
        age = np.array([self._last], np.int64) - state.since
        inputs = input_columns(*self._inputs.lookup(), age)
        return np.concatenate([switch_columns(state.stack(), age), inputs, self._motion.columns()], axis=1)

    def _compared(self, own: Rows) -> npt.NDArray[np.float64]:
        return compared(self._features, own, _OWN_NAMES)


def known_types(types: Types | None) -> Types:
    """The last ten event types of a snapshot, or none."""
    return np.zeros(SEQUENCE_LENGTH, np.uint8) if types is None else types


def history_rows(
    timestamps_us: Times, features: Rows, apps: npt.NDArray[np.str_], types: Types, chosen: Times
) -> HistoryRows:
    """Columns at the ``chosen`` row numbers of a stream's snapshots.

    ``timestamps_us`` int64[n], ``features`` float32[n, 32], ``apps`` str[n], ``types`` uint8[n, 10].
    """
    seconds = timestamps_us // US
    counted = np.flatnonzero(counts_for_usual(seconds, features))
    needed = np.union1d(counted, chosen)
    rows = _own_rows(seconds, features, apps, needed)
    values = compared(features[needed], rows.columns, _OWN_NAMES)
    at = np.searchsorted(needed, chosen)
    unusual = usual_table(values[np.searchsorted(needed, counted)], seconds[counted], values[at], seconds[chosen])
    columns = np.concatenate([rows.columns[at], count_types(types[chosen]), unusual], axis=1)
    return HistoryRows(columns, rows.app[at], rows.previous_app[at])


def _own_rows(seconds: Times, features: Rows, apps: npt.NDArray[np.str_], chosen: Times) -> HistoryRows:
    memory = SwitchMemory(int(seconds[0]), str(apps[0]))
    changed = np.flatnonzero(apps[1:] != apps[:-1]) + 1
    states = [memory.state]
    for place in changed:
        memory.observe(int(seconds[place]), str(apps[place]))
        states.append(memory.state)
    stay = np.searchsorted(changed, chosen, side="right")
    since = np.array([state.since for state in states], np.int64)[stay]
    age = seconds[chosen] - since
    table = states[0].table(states)
    columns = [
        switch_columns({name: values[stay[a:b]] for name, values in table.items()}, age[a:b])
        for a, b in _blocks(len(chosen))
    ]
    inputs = input_columns(*input_table(seconds, features, chosen, since), age)
    motion = motion_table(seconds, features, chosen)
    names = np.array(["", *apps[np.r_[0, changed]]])
    return HistoryRows(np.concatenate([np.concatenate(columns), inputs, motion], axis=1), names[stay + 1], names[stay])


def first_rows(timestamps_us: Times, features: Rows) -> HistoryRows:
    """Columns of snapshots whose stream's past is unknown: each as if it were the first."""
    rows = []
    for t_us, row in zip(timestamps_us, features, strict=True):
        history = StreamHistory()
        history.observe(int(t_us), row, "")
        rows.append(history.rows())
    known = [row for row in rows if row is not None]
    nobody = np.full(len(known), "")
    return HistoryRows(np.concatenate([row.columns for row in known]), nobody, nobody)


def _blocks(count: int, size: int = 8192) -> list[tuple[int, int]]:
    return [(start, min(start + size, count)) for start in range(0, max(count, 1), size)]
