"""What a model reads of a stream's past at some moments: the engine's inputs, the apps, the last two minutes.

::

    training   replay of the events ──► Inputs at the labelled moments ──────────┐
                                                                                 ├──► PastRows ──► inputs of a model
    serving    engine of the desktop ──► SnapshotInputs within the snapshot ─────┘

The same engine computes both, so nothing of it is said twice; only ``recent`` is put together here, from the snapshots
that lie in it (``sequences``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from neural_focus.events import decode_app_name
from neural_focus.models.inputs import Rows
from neural_focus.models.sequences import Recent, no_steps
from neural_focus.replay import Inputs
from neural_focus.snapshot_inputs import SnapshotInputs


@dataclass(frozen=True, slots=True)
class PastRows:
    """n moments: ``inputs`` float32[n, len(INPUT_NAMES)], ids of the app in focus and the one before str[n], sequences
    float16[n, STEPS, CHANNELS], or [n, 0, CHANNELS] where nobody reads them."""

    inputs: Rows
    app: npt.NDArray[np.str_]
    previous_app: npt.NDArray[np.str_]
    recent: Recent

    def __len__(self) -> int:
        return len(self.inputs)

    @staticmethod
    def of_snapshots(told: Sequence[SnapshotInputs], recent: Recent) -> PastRows:
        """What desktops sent with n snapshots, and the sequences that end there."""
        apps, before = np.array([one.app for one in told]), np.array([one.previous_app for one in told])
        return PastRows(np.stack([one.values for one in told]), apps, before, recent)

    def take(self, at: npt.NDArray[np.int64]) -> PastRows:
        """Some of them."""
        return PastRows(self.inputs[at], self.app[at], self.previous_app[at], self.recent[at])

    @staticmethod
    def of_replay(rows: Inputs, place: npt.NDArray[np.int64]) -> PastRows:
        """The rows at ``place`` int64[n] of a replay, without sequences."""
        apps = _ids(rows.app[place]), _ids(rows.previous_app[place])
        return PastRows(rows.values[place], *apps, no_steps(len(place)))


def _ids(apps: npt.NDArray[np.bytes_]) -> npt.NDArray[np.str_]:
    names, back = np.unique(apps, return_inverse=True)
    return np.array([decode_app_name(name) for name in names.tolist()], str)[back]
