"""SHAP values of the served prediction in words: the input's value, its unit, what is usual for the person.

Ordered by size. The words say which way each one moves the risk; the number behind them is the prediction's own
(``Model.explain``), so taking the top factor back to the typical moment that it
is compared with (``typical``) moves the risk that way.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from neural_focus.features import FEATURE_INDEX, Feature, Kind
from neural_focus.models.inputs import Rows
from neural_focus.models.vocabulary import AGAINST, LOG, LOG1P, VOCABULARY

FACTORS = 3
_SMALLEST = 0.05
"""Log-odds below which a factor is not worth a person's attention."""
_HARDLY_ONE = 0.05
"""Of things that are counted and then fade, less than this is none."""
_HARDLY_ANY_SD = 0.05
"""Standard deviations that would be written as none."""
_WINDOW = re.compile(r" (?:in|over)(?= (?:the last )?\d)|, fading over")
_PLURALS = {"switches": "switch", "keys": "key", "moves": "move", "clicks": "click", "apps": "app", "visits": "visit"}
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def word_factors(
    names: Sequence[str],
    row: Rows,
    contributions: npt.NDArray[np.float64],
    median: Rows,
    *,
    own: bool = True,
    most: int = FACTORS,
) -> tuple[str, ...]:
    """The ``most`` largest contributions float64[width] of a row float32[width], in words, largest first.

    Of several inputs that say the same over other windows the largest speaks. ``own``: ``median`` is the person's own.
    """
    said: dict[str, str] = {}
    for i in np.argsort(-np.abs(contributions), kind="stable"):
        if len(said) == most or abs(contributions[i]) < _SMALLEST:
            break
        feature = VOCABULARY[names[i]]
        if (about := _subject(feature)) not in said:
            values = _plain(names[i], row[i]), _plain(names[i], median[i])
            said[about] = _phrase(feature, *values, raises=bool(contributions[i] > 0), own=own)
    return tuple(said.values())


def _subject(feature: Feature) -> str:
    """What the input is about, without its window."""
    return _WINDOW.split(feature.label.removesuffix(AGAINST))[0]


def _plain(name: str, value: np.float32) -> float:
    """The column's value as people know it, out of its logarithm."""
    if name in LOG1P:
        return max(math.expm1(value), 0.0)
    return math.exp(value) if name in LOG else float(value)


def _phrase(feature: Feature, value: float, median: float, *, raises: bool, own: bool) -> str:
    direction = "raises" if raises else "lowers"
    label = feature.label[0].upper() + feature.label[1:]
    if feature.kind is Kind.BOOL:
        return f"{label if value else f'Not {feature.label}'} ({direction} the risk)"
    if feature.name == "day_of_week":
        return f"It is {_DAYS[int(value) % 7]} ({direction} the risk)"
    if feature.unit == "sd":
        side = "above" if value > 0 else "below"
        far = f"{abs(value):.1f} sd {side}" if abs(value) >= _HARDLY_ANY_SD else "at"
        return f"{label.removesuffix(AGAINST)}: {far} your own average ({direction} the risk)"
    shown, normal = say_value(value, feature.unit), say_value(median, feature.unit)
    if shown == normal:
        return f"{label}: {shown}, as usual ({direction} the risk)"
    usual = "elsewhere" if feature.name.startswith("others_") else "usually" if own else "others usually"
    return f"{label}: {shown}, {usual} {normal} ({direction} the risk)"


def say_value(value: float, unit: str) -> str:
    """A number people can read, with its unit: seconds become minutes and hours."""
    if unit == "share":
        return f"{100 * value:.0f} %"
    if unit == "h":
        return f"{int(value)}:00"
    if unit in ("s", "min"):
        return _duration(value * (60 if unit == "min" else 1))
    if unit in _PLURALS and abs(value) < _HARDLY_ONE:
        value = 0.0
    number = f"{value:.0f}" if abs(value) >= 10 or float(value).is_integer() else f"{value:.2g}"
    one = _PLURALS.get(unit, unit) if number == "1" else unit
    return f"{number} {one}".rstrip()


def _duration(seconds: float) -> str:
    if seconds < 1:
        return f"{seconds:.2g} s" if seconds else "0 s"
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def rule_factors(features: Mapping[str, float] | Rows) -> tuple[str, ...]:
    """Reasons by fixed thresholds, for when no model is loaded."""
    at = features if isinstance(features, Mapping) else {name: float(features[i]) for name, i in FEATURE_INDEX.items()}
    reasons = []
    if at["context_switches_30s"] >= 3:
        reasons.append(f"{at['context_switches_30s']:.0f} app switches in 30 s")
    if at["keystroke_rate"] < 2.0:
        reasons.append(f"Low typing activity ({at['keystroke_rate']:.1f} keys/s)")
    if at["mouse_speed_std"] > 500:
        reasons.append(f"Erratic mouse movement (jitter {at['mouse_speed_std']:.0f} px/s)")
    if at["is_browser"] and not at["is_ide"]:
        reasons.append("In a browser")
    if at["minutes_since_last_break"] > 90:
        reasons.append(f"No break in {at['minutes_since_last_break']:.0f} min")
    return tuple(reasons) or ("Nothing stands out",)
