"""The feature store on the prediction's path: a snapshot goes in, what the store then holds comes back.

Feast takes seconds to load: that happens when the service starts, not before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from feature_repo.lean_feast import load_feature_store
from neural_focus.errors import StoreError
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
        self, stream_id: str, t_us: int, features: NDArray[np.float32], sequence: NDArray[np.uint8]
    ) -> NDArray[np.float32]:
        """Write a snapshot (float32[32], uint8[10]) and read the stream's online features (float32[32]) back.

        Raises:
            ProblemError: 409, the store holds a later snapshot: what we wrote must not overwrite it.
            StoreError: the store refuses.
        """
        online = self._write(stream_id, t_us, features, sequence)
        if online is not None and online.t_us > max(t_us, wall_clock_us()) + STEP_US:
            # Kept before the clock was set back: guarded by its time, nothing would be stored until then.
            self._feast.forget_online(self._store, stream_id)
            online = self._write(stream_id, t_us, features, sequence)
        if online is None:
            raise StoreError("The online store lost a snapshot", why=stream_id, hint="See: neural-focus doctor")
        if online.t_us != t_us:
            raise ProblemError(
                409, "The snapshot is old", why=f"this is of {iso(t_us)}, the store holds one of {iso(online.t_us)}"
            )
        stored: NDArray[np.float32] = online.features.astype(np.float32)
        return stored

    def _write(
        self, stream_id: str, t_us: int, features: NDArray[np.float32], sequence: NDArray[np.uint8]
    ) -> OnlineRow | None:
        self._feast.write_online(self._store, stream_id, t_us, features, sequence)
        found: OnlineRow | None = self._feast.read_online(self._store, stream_id)
        return found

    def close(self) -> None:
        """Close what is open."""
        self._store.close()
