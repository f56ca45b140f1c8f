"""The last two minutes of a stream as a sequence: its snapshots ten seconds apart, with the types of its last events.

::

    t − 110 s   …   t − 20 s   t − 10 s   t        STEPS steps, the last one is the moment itself
       │               │          │       │
       └── 32 features, how often each type is among the last ten events, whether the stream was active then

A step in which nothing was typed, pointed or switched for 30 s counts as empty: so training, which has moments of
activity only, and serving, which has every second, see the same. The momentum is left out: it follows from earlier
predictions, and a model should not learn from its own.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from neural_focus.errors import ContractError
from neural_focus.features import FEATURE_INDEX, FEATURE_NAMES
from neural_focus.models.inputs import EVENT_TYPES, TYPE_NAMES, InputContract, Rows, Types, count_types
from neural_focus.time import SECOND_US
from neural_focus.timeline import Times

Recent = npt.NDArray[np.float16]
STEPS, STEP_SECONDS = 12, 10
CHANNELS = len(FEATURE_NAMES) + len(EVENT_TYPES) + 1
FLAG = CHANNELS - 1
"""The channel that is 1 for a step that is there."""
TYPES = slice(len(FEATURE_NAMES), FLAG)
_FLAT = STEPS * CHANNELS
_KEPT = STEPS * STEP_SECONDS
_MOMENTUM = FEATURE_INDEX["focus_momentum"]
_ACTIVITY = [
    FEATURE_INDEX[name] for name in ("keystroke_count", "mouse_move_count", "mouse_click_count", "context_switches_30s")
]


def is_active(features: Rows) -> npt.NDArray[np.bool_]:
    """Whether anything was typed, pointed or switched in the 30 s up to each snapshot float32[n, 32]; bool[n]."""
    return np.asarray((features[:, _ACTIVITY] > 0).any(axis=1))


def signed_log(values: Rows) -> Rows:
    """sign(x) · log(1 + |x|): inputs over many orders of magnitude on one a network can read."""
    return np.asarray(np.copysign(np.log1p(np.abs(values)), values), np.float32)


def encode(features: Rows, types: Types) -> Recent:
    """Snapshots float32[n, 32] and their last ten event types uint8[n, 10] as steps float16[n, CHANNELS]."""
    steps = np.zeros((len(features), CHANNELS), np.float16)
    steps[:, : len(FEATURE_NAMES)] = signed_log(np.nan_to_num(features))
    steps[:, _MOMENTUM] = 0
    steps[:, TYPES] = count_types(types)
    steps[:, FLAG] = 1
    return steps


def now_names(contract: InputContract) -> tuple[str, ...]:
    """The inputs of now: the contract's, and how often each type is among the last ten events."""
    return contract.names if TYPE_NAMES[0] in contract.names else (*contract.names, *TYPE_NAMES)


def now_rows(contract: InputContract, rows: Rows, recent: Recent) -> Rows:
    """``now_names`` of a contract's rows float32[n, width] with their sequences."""
    if len(now_names(contract)) == len(contract.names):
        return rows
    return np.concatenate([rows, recent[:, -1, TYPES].astype(np.float32)], axis=1)


def recent_steps(seconds: Times, features: Rows, types: Types, chosen: Times) -> Recent:
    """Sequences float16[m, STEPS, CHANNELS] that end at the ``chosen`` row numbers of a stream's snapshots.

    ``seconds`` int64[n] ascending, ``features`` float32[n, 32], ``types`` uint8[n, 10].
    """
    wanted = seconds[chosen][:, None] - STEP_SECONDS * np.arange(STEPS - 1, -1, -1)
    place = np.minimum(np.searchsorted(seconds, wanted), len(seconds) - 1)
    there = (seconds[place] == wanted) & is_active(features)[place]
    there[:, -1] = True
    used, back = np.unique(place, return_inverse=True)
    steps = encode(features[used], types[used])[back.reshape(place.shape)]
    steps[~there] = 0
    return steps


def no_steps(count: int) -> Recent:
    """The sequences of moments that nobody reads as such."""
    return np.zeros((count, 0, CHANNELS), np.float16)


def with_steps(rows: Rows, recent: Recent) -> Rows:
    """Inputs float32[n, width] with sequences [n, STEPS, CHANNELS] flattened after them.

    Raises:
        ContractError: the sequences are missing.
    """
    if recent.shape[1:] != (STEPS, CHANNELS):
        raise ContractError(
            f"sequences of shape {recent.shape[1:]} were given to a network",
            why=f"it reads ({STEPS}, {CHANNELS})",
            hint="Read the moments with their sequences, or use a model of trees",
        )
    return np.concatenate([rows, recent.reshape(len(rows), _FLAT).astype(np.float32)], axis=1)


def split_rows(contract: InputContract, rows: Rows) -> tuple[Rows, Recent]:
    """Of what ``with_steps`` gave the inputs of now (``now_names``) float32[n, width] and [n, STEPS, CHANNELS]."""
    recent = rows[:, -_FLAT:].reshape(len(rows), STEPS, CHANNELS).astype(np.float16)
    return now_rows(contract, rows[:, :-_FLAT], recent), recent


class LiveSteps:
    """The last two minutes of one stream, kept snapshot by snapshot: one a second, each at its second's place."""

    def __init__(self) -> None:
        self._last = -1
        self._steps = np.zeros((_KEPT, CHANNELS), np.float16)
        self._second = np.full(_KEPT, -1, np.int64)
        self._active = np.zeros(_KEPT, bool)

    def observe(self, t_us: int, features: Rows, types: Types) -> None:
        """Take in the snapshot float32[32] of one second with its last ten event types uint8[10]; none older than the
        last."""
        observe_together([self], np.array([t_us]), features[None], types[None])

    def keep(self, second: int, step: Recent, active: bool) -> None:
        """``observe``, of what was encoded."""
        if second <= self._last:
            return
        self._last, place = second, second % _KEPT
        self._steps[place], self._second[place], self._active[place] = step, second, active

    def recent(self) -> Recent:
        """The sequence float16[1, STEPS, CHANNELS] that ends at the last snapshot; empty steps before the first."""
        wanted = self._last - STEP_SECONDS * np.arange(STEPS - 1, -1, -1)
        place = wanted % _KEPT
        there = (self._second[place] == wanted) & (self._active[place] | (wanted == self._last))
        return np.where(there[:, None], self._steps[place], np.float16(0))[None]


def observe_together(streams: Sequence[LiveSteps], t_us: Times, features: Rows, types: Types) -> None:
    """Let n streams observe a snapshot each: times int64[n], float32[n, 32], uint8[n, 10]."""
    told = zip(
        streams, (t_us // SECOND_US).tolist(), encode(features, types), is_active(features).tolist(), strict=True
    )
    for steps, second, step, active in told:
        steps.keep(second, step, active)
