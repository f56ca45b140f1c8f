"""The feature store on the prediction's path: snapshots go in, what the store then holds comes back.

Feast takes seconds to load: that happens when the service starts, not before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from feature_repo.lean_feast import load_feature_store
from neural_focus.errors import NeuralFocusError, StoreError
from neural_focus.settings import Settings
from neural_focus.time import STEP_US, iso, wall_clock_us
from serving.problems import ProblemError

if TYPE_CHECKING:
    from feature_repo.store import OnlineRow


class OnlineFeatures:
    """The opened online store. One thread uses it, the one that made it.

    Raises:
        StoreError: the store cannot be opened.
    """

    def __init__(self, settings: Settings) -> None:
        self._feast = load_feature_store()
        self._store = self._feast.open_store(settings)

    def exchange(
        self,
        streams: Sequence[str],
        times_us: Sequence[int],
        features: NDArray[np.float32],
        sequences: NDArray[np.uint8],
    ) -> list[NDArray[np.float32] | NeuralFocusError]:
        """Write a snapshot of each of n streams (float32[n, 32], uint8[n, 10]) and read their online features back.

        Each stream's float32[32], or why it has none: 409, the store holds a later snapshot, which ours must not
        overwrite; the store lost it.

        Raises:
            StoreError: the store refuses.
        """
        rows = {
            stream: self._feast.OnlineRow(row, types, t_us)
            for stream, row, types, t_us in zip(streams, features, sequences, times_us, strict=True)
        }
        found, now_us = self._write(rows), wall_clock_us()
        # Kept before the clock was set back: guarded by their time, nothing would be stored until then.
        ahead = [
            stream
            for stream, row in rows.items()
            if (kept := found[stream]) is not None and kept.t_us > max(row.t_us, now_us) + STEP_US
        ]
        if ahead:
            for stream in ahead:
                self._feast.forget_online(self._store, stream)
            found |= self._write({stream: rows[stream] for stream in ahead})
        return [_checked(stream, row.t_us, found[stream]) for stream, row in rows.items()]

    def _write(self, rows: Mapping[str, OnlineRow]) -> dict[str, OnlineRow | None]:
        self._feast.write_online(self._store, rows)
        return dict(zip(rows, self._feast.read_online(self._store, list(rows)), strict=True))

    def close(self) -> None:
        """Close what is open."""
        self._store.close()


def _checked(stream: str, t_us: int, found: OnlineRow | None) -> NDArray[np.float32] | NeuralFocusError:
    if found is None:
        return StoreError("The online store lost a snapshot", why=stream, hint="See: neural-focus doctor")
    if found.t_us != t_us:
        return ProblemError(
            409, "The snapshot is old", why=f"this is of {iso(t_us)}, the store holds one of {iso(found.t_us)}"
        )
    return found.features
