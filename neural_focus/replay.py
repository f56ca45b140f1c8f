"""Features of logged events: the live engine, run over history."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from neural_focus._native import Engine, input_names
from neural_focus.events import APP_NAME_BYTES
from neural_focus.time import ZoneTable, zone_table


class ControlKind(IntEnum):
    """What events alone cannot say, with the number that the engine knows it by."""

    SESSION_START = 1
    SESSION_END = 2
    BREAK_ACCEPTED = 3
    FOCUS_SCORE = 4
    RESTART = 5
    SET_BACK = 6


CONTROL_DTYPE = np.dtype([("timestamp_us", "<i8"), ("kind", "<u4"), ("value", "<f8")], align=True)
"""A step beside the events: µs since the epoch (UTC), ``ControlKind``, and the score of FOCUS_SCORE, else 0."""


class ChangeKind(IntEnum):
    """What happened, with the number that the engine knows it by. Idle is known some seconds after it began."""

    APP_KNOWN = 1
    """The app that holds the focus before the first switch."""
    APP_SWITCH = 2
    IDLE_START = 3
    IDLE_END = 4


CHANGE_DTYPE = np.dtype(
    [("time_us", "<i8"), ("since_us", "<i8"), ("app", f"S{APP_NAME_BYTES}"), ("hint", "<u4"), ("kind", "<u4")]
)
"""One thing that happened, as it became known at ``time_us``: ``ChangeKind``; of an app its name and bits of category
(``CategoryFlag``), of idle the last input before it (``since_us``)."""

INPUT_NAMES: tuple[str, ...] = tuple(input_names())
"""What the engine tells a model beside the 32 features, in column order. Definitions: ``docs/features.md``."""
INPUT_INDEX: dict[str, int] = {name: index for index, name in enumerate(INPUT_NAMES)}


@dataclass(frozen=True, slots=True)
class Snapshots:
    """Snapshots in time order, one a second where there are any.

    ``timestamps_us``: int64[m], whole seconds; ``features``: float32[m, 32] in the order of ``FEATURES``;
    ``sequence``: uint8[m, 10], event types, the oldest first, zeros in front where there are fewer.
    """

    timestamps_us: NDArray[np.int64]
    features: NDArray[np.float32]
    sequence: NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.timestamps_us)


@dataclass(frozen=True, slots=True)
class Inputs:
    """Inputs of a model in time order, at snapshots that were asked for.

    ``timestamps_us``: int64[m], whole seconds; ``values``: float32[m, len(INPUT_NAMES)]; ``app`` and ``previous_app``:
    S32[m], ids (``apps.stored_id``) of the app that holds the focus and of the one before, empty before a switch.
    """

    timestamps_us: NDArray[np.int64]
    values: NDArray[np.float32]
    app: NDArray[np.bytes_]
    previous_app: NDArray[np.bytes_]

    def __len__(self) -> int:
        return len(self.timestamps_us)


def replay(
    records: NDArray[np.void],
    controls: NDArray[np.void] | None = None,
    zone: str | ZoneTable = "UTC",
    until_us: int | None = None,
) -> Snapshots:
    """Every snapshot of ``records`` (EVENT_DTYPE[n], in sequence order), merged with ``controls`` in time order.

    A control comes before the events of its own µs, a FOCUS_SCORE after them. ``until_us`` closes the last
    seconds: None closes all that have a snapshot (up to 299 s after the last event).

    Raises:
        FormatError: arrays of another layout.
        InputError: an unknown zone.
    """
    return replay_with_inputs(records, controls, zone, until_us, every_s=0)[0]


def replay_with_inputs(
    records: NDArray[np.void],
    controls: NDArray[np.void] | None = None,
    zone: str | ZoneTable = "UTC",
    until_us: int | None = None,
    *,
    every_s: int = 10,
) -> tuple[Snapshots, Inputs]:
    """``replay`` with the inputs of a model at the snapshots of every whole multiple of ``every_s`` seconds.

    Raises:
        FormatError: arrays of another layout.
        InputError: an unknown zone.
    """
    engine = Engine(*(zone_table(zone) if isinstance(zone, str) else zone), every_s)
    times, features, sequence = engine.push(np.ascontiguousarray(records), sort_controls(controls))
    rest = engine.close_until(np.iinfo(np.int64).max if until_us is None else until_us)
    snapshots = Snapshots(
        np.concatenate((times, rest[0])),
        np.concatenate((features, rest[1])),
        np.concatenate((sequence, rest[2])),
    )
    return snapshots, take_inputs(engine)


def replay_changes(records: NDArray[np.void], controls: NDArray[np.void] | None = None) -> NDArray[np.void]:
    """What happened in ``records`` (EVENT_DTYPE[n], in sequence order), merged with ``controls``: CHANGE_DTYPE[m].

    Raises:
        FormatError: arrays of another layout.
    """
    engine = Engine(*zone_table("UTC"), reports_changes=True)
    engine.push(np.ascontiguousarray(records), sort_controls(controls))
    return engine.changes()


def take_inputs(engine: Engine) -> Inputs:
    """The rows of inputs that ``engine`` has written since the last call."""
    times, values, apps = engine.inputs()
    names = np.ascontiguousarray(apps).view(f"S{apps.shape[2]}")[..., 0]
    return Inputs(times, values, names[:, 0], names[:, 1])


def sort_controls(controls: NDArray[np.void] | None) -> NDArray[np.void] | None:
    """Controls in stable time order, scores last in their µs, as the engine wants them."""
    if controls is None:
        return None
    order = np.lexsort((controls["kind"] == ControlKind.FOCUS_SCORE, controls["timestamp_us"]))
    return np.ascontiguousarray(controls[order])
