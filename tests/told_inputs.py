"""A stream's past as a desktop tells it with its snapshots, where no engine computed it."""

from __future__ import annotations

import numpy as np

from neural_focus.models.past import PastRows
from neural_focus.models.sequences import no_steps
from neural_focus.replay import INPUT_INDEX, INPUT_NAMES
from neural_focus.snapshot_inputs import SnapshotInputs


def told_inputs(seed: int = 0, app: str = "editor", previous_app: str = "browser") -> SnapshotInputs:
    """Made-up inputs of somebody who is not idle, the same for the same seed."""
    values = np.random.default_rng(seed).gamma(1.0, 2.0, len(INPUT_NAMES)).astype(np.float32)
    values[INPUT_INDEX["is_idle"]] = 0
    return SnapshotInputs(values, app, previous_app)


def told_past(count: int, seed: int = 0) -> PastRows:
    """``count`` made-up moments of somebody who is not idle, without sequences."""
    values = np.random.default_rng(seed).gamma(1.0, 2.0, (count, len(INPUT_NAMES))).astype(np.float32)
    values[:, INPUT_INDEX["is_idle"]] = 0
    return PastRows(values, np.full(count, "editor"), np.full(count, "browser"), no_steps(count))
