"""What was really done of what was drawn: only what a desktop or a browser reported counts as done."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from neural_focus.experiments.effect import Moment

BY_PERSON = ("undone", "needed", "emergency")
"""Reasons of an end that are the person's own wish."""


@dataclass(frozen=True, slots=True)
class CarriedOut:
    """Of one arm's opportunities. ``ordered``: it was decided that the help is carried out."""

    ordered: int
    applied: int
    in_time: int
    """Applied before the outcome's five minutes were over: these are the compliers."""
    rested: int
    ended_early: int
    """By the person."""
    unreported: int
    """Ordered, and nobody reported that it was done or why not: it counts as not done."""
    refused: Mapping[str, int]
    undone: Mapping[str, int]


def carried_out(moments: Sequence[Moment]) -> CarriedOut:
    """Counts of opportunities; reasons by how many opportunities have them, the most frequent first."""
    done = [moment for moment in moments if moment.applied_parts]
    return CarriedOut(
        ordered=sum(moment.ordered_parts > 0 for moment in moments),
        applied=len(done),
        in_time=sum(moment.applied for moment in moments),
        rested=sum(moment.rested for moment in done),
        ended_early=sum(any(reason in BY_PERSON for reason in moment.undone) for moment in done),
        unreported=sum(m.ordered_parts > 0 and not m.applied_parts and not m.refused for m in moments),
        refused=_counted(moment.refused for moment in moments),
        undone=_counted(moment.undone for moment in done),
    )


def _counted(reasons) -> dict[str, int]:  # type: ignore[no-untyped-def]
    return dict(Counter(reason for some in reasons for reason in sorted(set(some))).most_common())
