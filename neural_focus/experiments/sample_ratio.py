"""Sample ratio mismatch: whether the arms were drawn as often as their logged probabilities say.

Fabijan et al. (2019), "Diagnosing sample ratio mismatch in online controlled experiments", KDD. A mismatch means the
assignment or the logging is broken; effects are not to be believed then.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from scipy import stats

MISMATCH_BELOW = 0.001
"""The usual bar: the check runs every day, so it must seldom cry wolf."""
LEAST_ASSIGNMENTS = 50
"""With fewer the chi-square says nothing, neither that all is well."""


@dataclass(frozen=True, slots=True)
class SampleRatio:
    """Counts against expectation. ``p_value`` is nan where too little was drawn yet."""

    expected: Mapping[str, float]
    p_value: float

    @property
    def mismatch(self) -> bool:
        """Whether the counts are too unlikely to be the design's."""
        return self.p_value < MISMATCH_BELOW


def sample_ratio(counts: Mapping[str, int], design: Mapping[str, float]) -> SampleRatio:
    """Chi-square test of ``counts`` by arm against the probabilities in ``design``, from 50 assignments on.

    Raises:
        ValueError: an arm was drawn that the design does not know, or its probabilities do not sum to 1.
    """
    unknown = set(counts) - set(design)
    if unknown or abs(sum(design.values()) - 1.0) > 1e-6:
        raise ValueError(f"arms {sorted(unknown)} are not in the design" if unknown else "the design must sum to 1")
    total = sum(counts.values())
    expected = {arm: total * share for arm, share in design.items()}
    if total < LEAST_ASSIGNMENTS or len(design) < 2:
        return SampleRatio(expected, float("nan"))
    statistic = sum((counts.get(arm, 0) - want) ** 2 / want for arm, want in expected.items() if want > 0)
    return SampleRatio(expected, float(stats.chi2.sf(statistic, len(design) - 1)))
