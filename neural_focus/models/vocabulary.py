"""What each input column means to a person: label, unit, and whether it is stored as log1p."""

from __future__ import annotations

import re

from neural_focus.features import FEATURES, Feature, Kind
from neural_focus.models.inputs import EVENT_TYPES, TYPE_NAMES
from neural_focus.replay import INPUT_NAMES

AGAINST = " against your own average"
"""Ends the label of what is counted in standard deviations."""
_KINDS = {"keystroke": "keys", "mouse_move": "moves", "mouse_click": "clicks"}


def _window(seconds: float) -> str:
    for size, unit in ((86_400, "d"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size or seconds == size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"


def _spans(prefix: str) -> list[int]:
    """The seconds that the inputs called ``prefix`` and a number look back."""
    found = (re.fullmatch(rf"{prefix}_(\d+)s", name) for name in INPUT_NAMES)
    return [int(match[1]) for match in found if match]


def _plural(word: str) -> str:
    return word + ("es" if word.endswith("s") else "s")


def _switching() -> dict[str, tuple[str, str]]:
    return {
        "stay_log_s": ("time in this app", "s"),
        **{
            f"switches_decayed_{t}s": (f"app switches, fading over {_window(t)}", "")
            for t in _spans("switches_decayed")
        },
        **{f"switch_rate_{t}s": (f"switching while active, over {_window(t)}", "per s") for t in _spans("switch_rate")},
        **{f"stay_before_{i}_log_s": (f"time in the app {i} before", "s") for i in (1, 2, 3, 4)},
        "stays_before_5_log_s": ("typical time in the last 5 apps", "s"),
        "stays_before_10_log_s": ("typical time in the last 10 apps", "s"),
        "app_stays": ("visits to this app so far", "visits"),
        "app_usual_log_s": ("your usual time in this app", "s"),
        "app_spread_log_s": ("how much your time in this app varies", ""),
        "app_away_log_s": ("time since you last had this app", "s"),
        "app_last_log_s": ("your last time in this app", "s"),
        "app_in_last_20": ("visits to this app in the last 20", "visits"),
        "app_overstay": (f"time in this app{AGAINST}", "sd"),
        "pair_stays": ("times you came here from that app", "times"),
        "pair_usual_log_s": ("your usual time here coming from that app", "s"),
        "came_back": ("back in the app before last", ""),
        "alternating": ("going back and forth between two apps", ""),
        "apps_in_last_5": ("different apps in the last 5 visits", "apps"),
        "apps_in_last_10": ("different apps in the last 10 visits", "apps"),
        "apps_in_last_20": ("different apps in the last 20 visits", "apps"),
        "previous_app_usual_log_s": ("your usual time in the app before", "s"),
        "previous_app_stays": ("visits to the app before", "visits"),
        "usual_log_s": ("your usual time in an app", "s"),
        "hazard_all": ("chance of leaving any app after so long, from your past", "share"),
        "hazard_app": ("chance of leaving this app after so long, from your past", "share"),
        "hazard_app_stays": ("times you stayed this long in this app", "times"),
    }


def _input() -> dict[str, tuple[str, str]]:
    words: dict[str, tuple[str, str]] = {
        "input_age_log_s": ("time since your last input", "s"),
        "pointer_x": ("how far right the pointer is", "px"),
        "pointer_y": ("how far down the pointer is", "px"),
        "is_idle": ("idle right now", ""),
    }
    for kind, plural in _KINDS.items():
        words[f"{kind}_age_log_s"] = (f"time since the last of your {plural}", "s")
        words |= {f"{kind}_count_{w}s": (f"{plural} in {_window(w)}", plural) for w in _spans(f"{kind}_count")}
        words[f"{kind}_count_stay"] = (f"{plural} since you came to this app", plural)
        words[f"{kind}_rate_stay"] = (f"{plural} a second in this app", f"{plural}/s")
        words[f"{kind}_quiet"] = (f"pause in {plural} against the pace in this app", "times")
    for window in _spans("typing_tempo"):
        words |= {
            f"typing_seconds_{window}s": (f"time typed in {_window(window)}", "s"),
            f"typing_tempo_{window}s": (f"typing tempo over {_window(window)}", "keys/s"),
            f"typing_tempo_spread_{window}s": (f"how uneven your typing was over {_window(window)}", "keys/s"),
        }
    words |= {f"mouse_path_{w}s": (f"mouse distance in {_window(w)}", "px") for w in _spans("mouse_path")}
    return words


def _others() -> dict[str, tuple[str, str]]:
    words: dict[str, tuple[str, str]] = {}
    for which, name in (("app", "this app"), ("previous_app", "the app before")):
        words[f"others_{which}_usual_log_s"] = (f"how long others usually stay in {name}", "s")
        words[f"others_{which}_quick_share"] = (f"how often others leave {name} within 30 s", "share")
        words[f"others_{which}_long_share"] = (f"how often others stay 5 min in {name}", "share")
    return words


_YES_NO = {"came_back", "alternating", "is_idle"}
_TYPES = {
    name: (f"{_plural(kind.name.lower().replace('_', ' '))} among your last ten events", "of 10")
    for name, kind in zip(TYPE_NAMES, EVENT_TYPES, strict=True)
}
_ENGINE = {feature.name: feature.label for feature in FEATURES}
_KNOWN = {**_switching(), **_input(), **_others(), **_TYPES}
_COMPARED = [name.removesuffix("_unusual") for name in INPUT_NAMES if name.endswith("_unusual")]
_UNUSUAL = {
    f"{name}_unusual": (f"{_KNOWN[name][0] if name in _KNOWN else _ENGINE[name]}{AGAINST}", "sd") for name in _COMPARED
}
_WORDS = {**_KNOWN, **_UNUSUAL}

VOCABULARY: dict[str, Feature] = {feature.name: feature for feature in FEATURES} | {
    name: Feature(name, Kind.BOOL if name in _YES_NO else Kind.FLOAT, unit, label)
    for name, (label, unit) in _WORDS.items()
}
"""Every input column's unit and label."""

LOG1P: frozenset[str] = frozenset(
    name
    for name in _KNOWN
    if name.endswith("_log_s")
    or name.startswith(("switches_decayed", "typing_seconds", "mouse_path"))
    or "_count_" in name
    or name in {"app_stays", "pair_stays", "previous_app_stays", "hazard_app_stays"}
) - {"app_spread_log_s"}
"""Columns that hold log1p of what people are told."""

LOG: frozenset[str] = frozenset(
    name for name in _KNOWN if name.startswith("switch_rate") or name.endswith(("_rate_stay", "_quiet"))
)
"""Columns that hold the logarithm of what people are told."""
