"""What a log from elsewhere says, whatever tool wrote it: stretches of time with an app in front, away, or input."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from neural_focus.events import MIN_TIMESTAMP_US

Records = NDArray[np.void]


class RowKind(Enum):
    """What a row tells of its time."""

    FOCUS = "window in front"
    AWAY = "away"
    HERE = "at the computer"
    INPUT = "input"


class Presence(Enum):
    """How a log knows that the person was there while a window was in front."""

    LOGGED = "it has rows for that"
    CERTAIN = "a row says that the app was used"
    UNKNOWN = "it does not"


class Row(NamedTuple):
    """One row of a source. Times µs UTC; ``presses`` and ``clicks`` of INPUT, how many within its time."""

    kind: RowKind
    start_us: int
    end_us: int
    app: str = ""
    title: str = ""
    presses: int = 0
    clicks: int = 0


@dataclass
class SourceLog:
    """All that a source says of one machine.

    ``total`` rows are in the source: ``rows`` and those of ``left_out``, by reason. ``records`` (EVENT_DTYPE[n]) in
    place of rows where the source is a table of events. ``sees_switches``: False where it does not log each app that
    comes to the front, so that no label can be made of it. ``notes``: what was recognised, in words.
    """

    source: str
    machine: str
    presence: Presence
    rows: list[Row] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)
    total: int = 0
    records: Records | None = None
    sees_switches: bool = True
    notes: list[str] = field(default_factory=list)

    def leave_out(self, reason: str, count: int = 1) -> None:
        """Counts rows of the source that are not used."""
        if count:
            self.left_out[reason] += count


DUPLICATE = "said twice"
NEGATIVE = "end before their start"
FUTURE = "in the future"
TOO_OLD = "before 2000"


def clean(log: SourceLog, now_us: int) -> None:
    """Sorts the rows, and leaves out those that cannot be: each under one reason."""
    kept: list[Row] = []
    for row in sorted(log.rows, key=lambda row: (row.start_us, row.end_us, row.kind.value, row.app, row.title)):
        reason = _fault(row, now_us)
        if not reason and kept and row == kept[-1]:
            reason = DUPLICATE
        if reason:
            log.leave_out(reason)
        else:
            kept.append(row)
    log.rows = kept


def _fault(row: Row, now_us: int) -> str:
    if row.start_us < MIN_TIMESTAMP_US:
        return TOO_OLD
    if row.end_us < row.start_us:
        return NEGATIVE
    return FUTURE if row.end_us > now_us else ""
