"""The frames that gates look at: a row for each UTC day of a stream, from the day's profile and its neighbours'."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from flows.gates.event_profile import Profile, minutes_of

FEW_DAYS = 3
"""Other days of a stream from which on they say what is usual."""
WEEK = 7
"""Days before, in which an app's kind was known."""
FEW_CHANGES = 5
FEW_MINUTES = 5
NEAR_MINUTES = 5
"""So far an event may lie from a minute in which the agent saw input."""
NAN = float("nan")


@dataclass(frozen=True, slots=True)
class StreamContext:
    """What is known of a stream beside its days, by day where it has one: how far its records were stamped ahead of
    their arrival and how far the clock was moved, s; whether any of the day was forgotten; the minutes, as bits, in
    which live snapshots show input. ``boots``: of each the day of its first record and how many it has sent.
    """

    ahead_s: Mapping[str, float] = field(default_factory=dict)
    step_s: Mapping[str, float] = field(default_factory=dict)
    forgotten: frozenset[str] = frozenset()
    seen: Mapping[str, str] = field(default_factory=dict)
    boots: Mapping[int, tuple[str, int]] = field(default_factory=dict)

    def with_seen(self, seen: Mapping[str, str]) -> StreamContext:
        """This, with what live snapshots show."""
        return replace(self, seen=seen)

    def forgot(self, first: str, last: str) -> bool:
        """Whether anything of the days from ``first`` to ``last`` was forgotten."""
        return any(first <= day <= last for day in self.forgotten)


Days = Mapping[str, Profile]


def event_rows(days: Days, context: StreamContext) -> list[dict[str, Any]]:
    """Rows of a stream's days with events, in order, and of those on which the agent saw input that never came."""
    missing = _missing(days, context)
    hands = [name for name, day in days.items() if _number(day, "inputs")]
    rows = []
    for name in sorted({*days, *context.seen}):
        day = days.get(name, {})
        lost, count = missing.get(name, 0), _number(day, "events")
        others_have_hands = len(hands) - (name in hands) >= FEW_DAYS
        blind = others_have_hands and bool(day) and not _number(day, "inputs")
        rows.append(
            {
                "day": name,
                **{key: value for key, value in day.items() if isinstance(value, int | float)},
                "missing": lost,
                "expected": lost + count,
                "missing_share": NAN if name in context.forgotten or not lost + count else lost / (lost + count),
                "step_s": 0.0 if name in context.forgotten else abs(context.step_s.get(name, 0.0)),
                "ahead_s": context.ahead_s.get(name, 0.0),
                "silent_minutes": 0 if name in context.forgotten else _silent(day, context.seen.get(name)),
                "blind_changes": _number(day, "focus_changes") if blind else 0,
                "kinds_gone": _kinds_gone(days, name),
            }
        )
    return rows


def feature_rows(days: Days, events: Days) -> list[dict[str, Any]]:
    """Rows of a stream's days with snapshots, beside its days with events."""
    return [
        {
            "day": name,
            **{key: value for key, value in day.items() if isinstance(value, int | float | str) and key != "minutes"},
            "uncomputed": _uncomputed(day, events.get(name), newest=name == max(days)),
            **_scale(days, name),
        }
        for name, day in days.items()
    ]


def label_rows(days: Days, events: Days) -> list[dict[str, Any]]:
    """Rows of a stream's days with labels, beside its days with events."""
    rows = []
    for name, day in days.items():
        known, switched = _number(day, "known"), _number(day, "switched")
        changes = _number(events.get(name, {}), "switches")
        rows.append(
            {
                "day": name,
                **{key: value for key, value in day.items() if isinstance(value, int | float | str)},
                "best_alone": NAN if day["best_alone"] is None else day["best_alone"],
                "rate_high": switched / known if known >= 360 else NAN,
                "unseen": changes if known and not switched else 0,
            }
        )
    return rows


def frame_of(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> pd.DataFrame:
    """Rows as a frame whose ``columns`` are numbers, there even where no row has them."""
    frame = pd.DataFrame(list(rows))
    for name in columns:
        frame[name] = pd.to_numeric(frame[name]).astype(float) if name in frame else NAN
    return frame


def _number(day: Profile, name: str) -> int:
    value = day.get(name, 0)
    return int(value) if isinstance(value, int | float) else 0


def _missing(days: Days, context: StreamContext) -> dict[str, int]:
    """By day: records of its boots that are not there, before its first, between its own, and after the last that is
    stored of a boot. Where something between two days was forgotten, or is past its retention, nothing is missing."""
    found: dict[str, int] = {}
    reached: dict[int, tuple[int, str]] = {}
    for name, day in days.items():
        boots: Any = day["boots"]
        for number, first, last, count in boots:
            lost = last - first + 1 - count
            if number in reached:
                lost += (first - reached[number][0] - 1) * (not context.forgot(reached[number][1], name))
            elif context.boots.get(number, ("", 0))[0] == name:
                lost += first
            found[name] = found.get(name, 0) + lost
            reached[number] = (last, name)
    for number, (last, name) in reached.items():
        stored = context.boots.get(number, ("", 0))[1]
        if not context.forgot(name, "9999"):
            found[name] += max(0, stored - last - 1)
    return found


def _silent(day: Profile, seen: str | None) -> int:
    """Minutes in which the agent saw input and that have no event near them."""
    if seen is None:
        return 0
    there = minutes_of(str(day["minutes"])) if day else np.zeros(1_440, np.bool_)
    near = np.convolve(there, np.ones(2 * NEAR_MINUTES + 1), "same") > 0.5
    return int((minutes_of(seen) & ~near).sum())


def _kinds_gone(days: Days, name: str) -> float:
    """Of the day's changes of focus to apps that had a kind in the week before the share that has none."""
    day = days.get(name)
    if day is None:
        return NAN
    before = [other for other in days if other < name][-WEEK:]
    known = {app for other in before for app, (told, _) in _kinds(days[other]).items() if told}
    counts = [pair for app, pair in _kinds(day).items() if app in known]
    told, untold = sum(pair[0] for pair in counts), sum(pair[1] for pair in counts)
    return untold / (told + untold) if told + untold >= FEW_CHANGES else NAN


def _kinds(day: Profile) -> Mapping[str, tuple[int, int]]:
    kinds: Any = day["kinds"]
    return dict(kinds)


def _uncomputed(day: Profile, events: Profile | None, *, newest: bool) -> float:
    """Of the minutes with events the share without a snapshot. After a stream's newest snapshot none is missing: the
    flow has not come so far."""
    if not events:
        return NAN  # past their retention
    there, computed = minutes_of(str(events["minutes"])), minutes_of(str(day["minutes"]))
    if newest:
        there[np.flatnonzero(computed).max(initial=-1) + 1 :] = False
    if there.sum() < FEW_MINUTES:
        return NAN
    return float((there & ~computed).sum() / there.sum())


def _scale(days: Days, name: str) -> dict[str, Any]:
    """By how much the usual size of a feature with a unit differs from that of the other days, the worst of them."""
    worst, told = NAN, ""
    mine: Any = days[name]["usual"]
    for feature, size in mine.items():
        others: list[Any] = [day["usual"] for other, day in days.items() if other != name]
        sizes = [one[feature] for one in others if one[feature] is not None]
        if size is None or len(sizes) < FEW_DAYS:
            continue
        ratio = float(size) / float(np.median(sizes))
        if not max(ratio, 1 / ratio) <= worst:
            worst, told = max(ratio, 1 / ratio), feature
    return {"scale": worst, "scale_what": told}
