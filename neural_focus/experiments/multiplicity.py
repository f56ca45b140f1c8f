"""Several looks at once: p-values of a family, adjusted by Holm (1979) so that one false alarm in it is 5 % likely.

The families of a report: the effects of an experiment's arms on its primary outcome; their effects on the other
outcomes; the differences of effects between contexts. The first family alone decides what a report calls help.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import TypeVar

Key = TypeVar("Key", bound=Hashable)


def holm(p_values: Mapping[Key, float]) -> dict[Key, float]:
    """Adjusted p-values by the same keys."""
    from statsmodels.stats.multitest import multipletests

    if not p_values:
        return {}
    adjusted = multipletests(list(p_values.values()), method="holm")[1]
    return {key: float(value) for key, value in zip(p_values, adjusted, strict=True)}
