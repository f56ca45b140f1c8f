"""R's random numbers after ``set.seed``, so that data which an R package makes from a seed can be made again here.

Mersenne Twister, normal numbers by inversion of two uniforms, single binomial trials by inversion: R's defaults since
1.7.0 (``?RNGkind``).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

Floats = NDArray[np.float64]
TWO_TO_27 = 134_217_728


class RRandom:
    """The stream that ``set.seed(seed)`` begins."""

    def __init__(self, seed: int) -> None:
        words, word = [], seed & 0xFFFFFFFF
        for _ in range(50 + 625):
            word = (69_069 * word + 1) & 0xFFFFFFFF
            words.append(word)
        self._twister = np.random.MT19937(0)
        state = self._twister.state
        # the first word after the 50 is R's own position, set to "all used"
        state["state"] = {"key": np.array(words[51:], np.uint32), "pos": 624}
        self._twister.state = state

    def runif(self, count: int) -> Floats:
        """[count] uniform in (0, 1)."""
        least = 2.328306437080797e-10
        return np.clip(self._twister.random_raw(count) * 2.3283064365386963e-10, least, 1 - least)

    def rnorm(self, count: int) -> Floats:
        """[count] standard normal."""
        pairs = self.runif(2 * count).reshape(count, 2)
        return np.asarray(ndtri((np.floor(TWO_TO_27 * pairs[:, 0]) + pairs[:, 1]) / TWO_TO_27))

    def rbinom1(self, count: int, chance: float) -> Floats:
        """[count] zeros and ones, as of ``rbinom(count, 1, chance)``."""
        drawn = self.runif(count)
        return (drawn >= 1 - chance if chance < 0.5 else drawn < chance).astype(np.float64)
