"""What a model learns from: moments with their labels, thinned and cut so that nothing is learned twice over.

Outcomes are of one kind in all of them, and of many moments every k-th is taken, but each settled one: breaks are rare.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Sized
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from neural_focus.labelling.labels import NO_LABEL, Labels, Outcome, Source
from neural_focus.models.datasets import Moments, Stays, folds_by_person, slices_by_days
from neural_focus.models.hazard import Hazard
from neural_focus.models.inputs import InputContract, Rows
from neural_focus.models.population import AppStatistics
from neural_focus.timeline import Times

TARGETS = ("switch", "break", "outcome")
MAX_ROWS = 160_000
MAX_MOMENTS = 3 * MAX_ROWS
"""Of so many all that are settled are fitted on, since breaks are rare, and at most ``MAX_ROWS`` of the others."""
MIN_ROWS = 200
MANY_PEOPLE = 8
"""From so many on whole people are held out, below it days."""


@dataclass(frozen=True, slots=True)
class TrainingData:
    """Moments of input ``contract`` with their streams' stays, and what is to be fitted on them.

    ``every``: trees are fitted on every k-th moment. ``checkpoint``: a folder in which finished steps survive a kill.
    ``at_once``: the trees of so many targets are fitted at the same time; they are the same with any number.
    ``inputs_of``: whose inputs to read where ``moments`` are without, and which rows of them these are, int64[n].
    """

    moments: Moments
    stays: Sequence[Stays]
    contract: InputContract
    every: int = 1
    targets: Sequence[str] = TARGETS
    seed: int = 7
    checkpoint: Path | None = None
    at_once: int = 1
    inputs_of: tuple[Moments, Times] | None = None

    @staticmethod
    def of_rows(
        moments: Moments, rows: Times, stays: Sequence[Stays], contract: InputContract, **options: Any
    ) -> TrainingData:
        """Of the row numbers int64[n] of ``moments``, thinned, without a copy of their inputs; ``options`` are the
        other fields. For models that read no sequences; others want the ``whole``."""
        rows = rows[:: step_of(rows, MAX_MOMENTS)]
        plain = settle_outcomes(moments.without_inputs().take(rows))
        return TrainingData(plain, stays, contract, every=step_of(plain), inputs_of=(moments, rows), **options)

    def inputs(self, population: AppStatistics, chosen: Times) -> Rows:
        """The contract's rows float32[n, width] of the chosen row numbers."""
        moments, rows = self.inputs_of or (self.moments, None)
        return moments.inputs(self.contract, population, chosen if rows is None else rows[chosen])

    def whole(self) -> TrainingData:
        """The same with inputs and sequences of its own."""
        if self.inputs_of is None:
            return self
        moments, rows = self.inputs_of
        return replace(self, moments=replace(moments.take(rows), outcome=self.moments.outcome), inputs_of=None)

    def own(self, chosen: Times) -> Rows:
        """What of their inputs a stream's own past gives, float32[n, k]."""
        moments, rows = self.inputs_of or (self.moments, None)
        return moments.own[chosen if rows is None else rows[chosen]]

    def thinned(self, most: int = MAX_MOMENTS) -> TrainingData:
        """At most ``most`` of the moments, with outcomes of one kind."""
        moments = settle_outcomes(thin(self.moments, most))
        return replace(self, moments=moments, every=step_of(moments))

    def take(self, chosen: npt.NDArray[np.bool_] | Times) -> TrainingData:
        """The chosen moments."""
        inputs_of = self.inputs_of and (self.inputs_of[0], self.inputs_of[1][chosen])
        return replace(self, moments=self.moments.take(chosen), inputs_of=inputs_of)

    def without_sequences(self) -> TrainingData:
        """The same for models that read none."""
        return replace(self, moments=self.moments.without_sequences())

    def rows(self, target: str, within: Times | None = None) -> tuple[Times, Labels]:
        """Row numbers int64[n] of the labelled moments to fit on, and their labels: of all moments (or of those row
        numbers ``within``) every k-th, but each settled one."""
        places = np.arange(len(self.moments)) if within is None else within
        return labelled_rows(self.moments, target, places if target == "break" else places[:: self.every])


def probe_split(moments: Moments) -> npt.NDArray[np.int8]:
    """0: the probe fits here; 1: it is evaluated here; -1: embargo. People apart where there are many, else days."""
    if len(np.unique(moments.person)) >= MANY_PEOPLE:
        return np.asarray(folds_by_person(moments.person, 4, 11) == 0, np.int8)
    return slices_by_days(moments.times_us, moments.person, (0.75,))


def labelled(moments: Moments, target: str) -> tuple[Moments, Labels]:
    """The moments that have the target's label, and the labels as 0/1."""
    chosen, label = labelled_rows(moments, target)
    return moments.take(chosen), label


def labelled_rows(moments: Moments, target: str, within: Times | None = None) -> tuple[Times, Labels]:
    """Row numbers int64[n] of the moments, or of those ``within``, that have the target's label; the labels as 0/1."""
    known = chosen_rows(moments, target)
    places = np.flatnonzero(known) if within is None else within[known[within]]
    if target == "outcome":
        return places, (moments.outcome[places] == Outcome.FOCUSED).astype(np.int8)
    return places, (moments.switch if target == "switch" else moments.settled_break)[places]


def learn_hazards(moments: Moments, targets: Iterable[str]) -> dict[str, Hazard]:
    """By target of a risk how often it came true by the time since the last switch, people weighing alike."""
    found, moments = {}, moments.without_inputs()
    for target in targets:
        if target != "outcome":
            mine, label = labelled(moments, target)
            groups = [(mine.recency_s[mine.person == one], label[mine.person == one]) for one in np.unique(mine.person)]
            found[target] = Hazard.of_groups(groups, target)
    return found


def step_of(moments: Sized, most: int = MAX_ROWS) -> int:
    """Every how many moments (or row numbers) are at most ``most`` of them."""
    return max(1, -(-len(moments) // most))


def chosen_rows(moments: Moments, target: str) -> npt.NDArray[np.bool_]:
    """Which moments have the target's label, bool[n]; see ``settle_outcomes`` for the outcome's."""
    found = {"outcome": moments.outcome, "switch": moments.switch, "break": moments.settled_break}[target]
    return np.asarray(found != NO_LABEL)


def settle_outcomes(moments: Moments) -> Moments:
    """Keep outcome labels of one kind: what people judged, else with their timers', else what rules say.

    A timer calls every minute of its session focused, so it says little beside judgements of both kinds; rules are
    never mixed with people. Decided once on all moments, so that no slice of them decides otherwise.
    """
    source = np.where(moments.outcome == NO_LABEL, Source.NONE, moments.outcome_source)
    judged, people, rules = source >= Source.HOTKEY, source > Source.WEAK, source == Source.WEAK
    if trainable((moments.outcome[judged] == Outcome.FOCUSED).astype(np.int8)):
        kept = judged
    else:
        kept = people if people.sum() >= MIN_ROWS or not rules.any() else rules
    return replace(moments, outcome=np.where(kept, moments.outcome, NO_LABEL).astype(np.int8))


def trainable(label: Labels) -> bool:
    """Whether there is enough of both kinds."""
    return len(label) >= MIN_ROWS and 20 <= int(label.sum()) <= len(label) - 20


def thin(moments: Moments, most: int) -> Moments:
    """Every k-th moment: at most so many, evenly over people and time."""
    step = step_of(moments, most)
    return moments if step == 1 else moments.take(np.arange(0, len(moments), step))
