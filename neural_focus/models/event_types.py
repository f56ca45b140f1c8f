"""The mix of a stream's last ten events: how often each type is among them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from neural_focus.events import EventType
from neural_focus.models.inputs import Rows

Types = npt.NDArray[np.uint8]
EVENT_TYPES = tuple(EventType(number) for number in range(1, 16))
TYPE_NAMES = tuple(f"recent_{kind.name.lower()}" for kind in EVENT_TYPES)


def count_types(types: Types) -> Rows:
    """How often each of ``EVENT_TYPES`` is among the ten of each row uint8[n, 10]; float32[n, 15]."""
    counts = np.zeros((len(types), len(EVENT_TYPES) + 1), np.float32)
    np.add.at(counts, (np.arange(len(types))[:, None], np.minimum(types, len(EVENT_TYPES))), 1)
    return counts[:, 1:]
