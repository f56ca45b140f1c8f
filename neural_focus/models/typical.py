"""A person's median, and the moment that reasons compare with: one of mean risk, like their others of it.

The median of each input is what reasons tell beside a value. They do not compare with it, since it is a
moment of little risk: risks are skewed, most moments are calm and few make the mean. Against it nearly every reason
"raises the risk", also where the risk is low.

::

    risk   ──────────── ▒▒▒▒ ──────────  a fifth of the moments, around the mean risk
                         ▲ of those nearest to it the 15 most like that fifth's median; their median is the row
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from neural_focus.models.calibration import logit
from neural_focus.models.inputs import Rows

Floats = npt.NDArray[np.float64]
EVERYONE = "*"
_FEWEST = 100
_NEAR, _NEAREST, _MERGED = 0.2, 0.04, 15


def median_rows(rows: Rows, person: npt.NDArray[np.int64]) -> dict[str, Rows]:
    """The median row float32[width] of each person, and of everyone, from inputs float32[n, width]."""
    found = {str(int(one)): _median(rows[person == one]) for one in np.unique(person)}
    return {who: row.astype(np.float32) for who, row in {**found, EVERYONE: _median(rows)}.items()}


def _median(rows: Rows) -> Rows:
    """Input by input: no copy of all of them."""
    return np.array([np.median(column) for column in rows.T], np.float32)


def typical_rows(rows: Rows, probability: Floats, person: npt.NDArray[np.int64]) -> dict[str, Rows]:
    """The moment to compare with, float32[width], of each person with enough moments and of everyone, from inputs
    float32[n, width] and the target's calibrated probabilities float64[n]; {} without moments."""
    found = {EVERYONE: _typical(rows, probability)} if len(rows) else {}
    for one in np.unique(person):
        mine = person == one
        if mine.sum() >= _FEWEST:
            found[str(int(one))] = _typical(rows[mine], probability[mine])
    return found


def rows_to_json(found: Mapping[str, Rows]) -> dict[str, list[float]]:
    """A plain form for the bundle."""
    return {who: row.astype(float).tolist() for who, row in found.items()}


def rows_from_json(told: Mapping[str, list[float]]) -> dict[str, Rows]:
    """What ``rows_to_json`` wrote."""
    return {who: np.array(values, np.float32) for who, values in told.items()}


def _typical(rows: Rows, probability: Floats) -> Rows:
    order = np.argsort(np.abs(logit(probability) - logit(probability.mean(keepdims=True))), kind="stable")
    near, nearest = (rows[order[: max(_MERGED, int(share * len(rows)))]] for share in (_NEAR, _NEAREST))
    scale = rows.std(axis=0) + 1e-6
    apart = np.abs((nearest - np.median(near, axis=0)) / scale).mean(axis=1)
    return np.median(nearest[np.argsort(apart, kind="stable")[:_MERGED]], axis=0).astype(np.float32)
