"""How near does the served model come to the best that anyone could do, and how far can its confidence be trusted?

Simulated people whose truth is known: the forward filter has their true parameters, sees each key and each speed, and
is exact. The models have what the platform has: snapshots, their own history, other people's logs. Both are trained by
the served path on three quarters of everyone's days, and judged on the last quarter and on people they have never seen.

The outcome is judged on keys alone: a model that has them does not learn from timers, which call every minute of a
session FOCUSED (``training_data.settle_outcomes``), and would look too careful beside them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import stats

from bench.figure import Figure, beside
from bench.trials.report import report
from neural_focus.labelling.labels import Outcome, Source
from neural_focus.models import metrics
from neural_focus.models.blend import blend
from neural_focus.models.confidence import confidence
from neural_focus.models.contracts import V6
from neural_focus.models.datasets import Moments, Stays, cut_moments, slices_by_days
from neural_focus.models.predict import Predictor
from neural_focus.models.sequence_model import SequenceModel
from neural_focus.models.train import train
from neural_focus.models.tree_model import TreeModel
from neural_focus.registry.bundle import TrainedBundle
from neural_focus.simulation.filter import forecast
from neural_focus.simulation.parameters import draw_person, draw_stranger
from neural_focus.simulation.person import SimulatedPerson, live
from neural_focus.simulation.stream import stream_of

Floats = npt.NDArray[np.float64]
PEOPLE, NEW_PEOPLE, STRANGERS, DAYS = 12, 4, 3, 28
SEED = 1_000
TRAIN_SHARE = 0.75
WITHIN = 0.02
"""The bar for the distance to the filter, in AUC, and for the calibration error."""


@dataclass(frozen=True, slots=True)
class Truth:
    """What the simulator knows at each moment, [n]: the filter's word, nan where it has none, and the hidden state."""

    switch: Floats
    settled_break: Floats
    focused: Floats
    on_task: npt.NDArray[np.int8]

    def take(self, chosen: npt.NDArray[np.bool_]) -> Truth:
        """The chosen rows."""
        return Truth(*(getattr(self, name)[chosen] for name in self.__slots__))


@dataclass(frozen=True, slots=True)
class KnownPeople:
    """People's moments with the truth beside them."""

    moments: Moments
    stays: tuple[Stays, ...]
    truth: Truth

    def take(self, chosen: npt.NDArray[np.bool_]) -> KnownPeople:
        """The chosen moments."""
        return KnownPeople(self.moments.take(chosen), self.stays, self.truth.take(chosen))


@dataclass(frozen=True, slots=True)
class Said:
    """What the model says of moments: probabilities float64[n] by target, and its inputs float32[n, width]."""

    probability: dict[str, Floats]
    rows: npt.NDArray[np.float32]


def people_of(parameters: Sequence[int], *, days: int, strangers: bool = False, sequences: bool = False) -> KnownPeople:
    """Simulated people, numbered by their seeds, whom nobody intervenes with; ``sequences``: for the LSTM too."""
    parts = []
    for seed in parameters:
        drawn = draw_stranger(seed) if strangers else draw_person(seed)
        person = live(drawn, days, number=seed, trials=False)
        moments, stays = cut_moments([stream_of(person, seed)], V6, sequences=sequences)
        parts.append(KnownPeople(moments, stays, _truth(person, moments)))
    moments = Moments.join([one.moments for one in parts])
    truth = Truth(*(np.concatenate([getattr(p.truth, f) for p in parts]) for f in Truth.__slots__))
    return KnownPeople(moments, tuple(stay for part in parts for stay in part.stays), truth)


def _truth(person: SimulatedPerson, moments: Moments) -> Truth:
    said = forecast(person)
    place = np.minimum(np.searchsorted(said.time_us, moments.times_us), len(said.time_us) - 1)
    there = said.time_us[place] == moments.times_us  # nobody sits there in the minute after a lock
    words = (np.where(there, line[place], np.nan) for line in (said.switch_risk, said.break_risk, said.focused))
    return Truth(*words, np.where(there, person.timeline.on_task[place], 0).astype(np.int8))


def parted(known: KnownPeople) -> tuple[KnownPeople, KnownPeople]:
    """The first three quarters of everyone's days, and the last quarter."""
    part = slices_by_days(known.moments.times_us, known.moments.person, (TRAIN_SHARE,))
    return known.take(part == 0), known.take(part == 1)


def trees_of(seen: KnownPeople) -> TrainedBundle:
    """The served trees, trained on all of it."""
    return train(TreeModel, seen.moments.without_sequences(), seen.stays, is_demo=True)


def predictor_of(bundle: TrainedBundle) -> Predictor:
    """What would serve."""
    return Predictor.from_files(bundle.files, bundle.manifest, "trial")


def said_of(predictor: Predictor, moments: Moments) -> Said:
    """The model's calibrated probabilities; known people have their own shift."""
    rows = predictor.inputs_of(moments)
    probability = {name: predictor.judge_moments(name, moments) for name in predictor.targets}
    return Said(probability, rows)


def filter_figures(name: str, known: KnownPeople, said: Said) -> Iterator[Figure]:
    """AUC and calibration of each target beside the filter's, on the moments that both judge."""
    moments, truth = known.moments, known.truth
    for target, label, best in (
        ("switch", moments.switch, truth.switch),
        ("break", moments.settled_break, truth.settled_break),
    ):
        both = (label >= 0) & ~np.isnan(best)
        label, best, mine = label[both], best[both], said.probability[target][both]
        yield Figure(f"{name}: {target}, AUC", metrics.auc(label, mine), "", "filter", metrics.auc(label, best))
        gap = metrics.auc(label, best) - metrics.auc(label, mine)
        yield beside(f"{name}: {target}, below the filter", gap, "AUC", "bar", WITHIN, less_is_better=True)
        yield Figure(f"{name}: {target}, ECE", metrics.ece(label, mine), "", "filter", metrics.ece(label, best))
    there = ~np.isnan(truth.focused)
    state, score = truth.on_task[there], said.probability["outcome"][there]
    best = truth.focused[there]
    yield Figure(
        f"{name}: focus score, AUC of on task", metrics.auc(state, score), "", "filter", metrics.auc(state, best)
    )
    rank = float(stats.spearmanr(score, best).statistic)
    yield Figure(f"{name}: focus score, rank correlation with the filter's P(on task)", rank, "")
    yield from judged_figures(name, moments, said.probability["outcome"], truth.focused, state)


def judged_figures(
    name: str, moments: Moments, said: Floats, best: Floats, on_task: npt.NDArray[np.int8]
) -> Iterator[Figure]:
    """Calibration of the outcome float64[n] on what people judged by key, which is what the model learns.

    A stretch is judged as a whole, so there are far fewer judgements than moments: beside it, what a right model
    would show by chance. People judge stretches that were clearly one or the other: no sample of all moments.
    """
    judged = moments.outcome_source >= Source.HOTKEY
    label, p = (moments.outcome[judged] == Outcome.FOCUSED).astype(np.int8), said[judged]
    stretch = stretches(moments.person[judged], moments.times_us[judged])
    chance = chance_ece_of_stretches(p, stretch)
    yield Figure(f"{name}: outcome, ECE on what people judged", metrics.ece(label, p), "", "a right model's", chance)
    truth = np.nan_to_num(best[judged], nan=0.5)
    yield Figure(f"{name}: outcome, Brier on it", metrics.brier(label, p), "", "filter", metrics.brier(label, truth))
    yield Figure(f"{name}: outcome, stretches judged", float(stretch[-1] + 1), "")
    yield Figure(
        f"{name}: outcome, FOCUSED at judged moments", float(label.mean()), "", "on task at any", float(on_task.mean())
    )
    timed = moments.outcome_source == Source.TIMER
    yield Figure(f"{name}: outcome, said where timers call all FOCUSED", float(said[timed].mean()), "", "timers", 1.0)


def stretches(person: npt.NDArray[np.int64], times_us: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The number, from 0, of the stretch without a gap of over 10 s that each moment lies in; int64[n]."""
    begins = (np.diff(person) != 0) | (np.diff(times_us) > 10_000_000) | (np.diff(times_us) < 0)
    return np.r_[0, np.cumsum(begins)]


def chance_ece_of_stretches(p: Floats, stretch: npt.NDArray[np.int64], draws: int = 200) -> float:
    """Mean ECE of probabilities float64[n] that are right, where each stretch's labels are decided by one draw."""
    rng = np.random.default_rng(5)
    drawn = ((rng.random(int(stretch[-1]) + 1)[stretch] < p).astype(np.int8) for _ in range(draws))
    return float(np.mean([metrics.ece(label, p) for label in drawn]))


def confidence_figures(predictor: Predictor, own: KnownPeople, strangers: KnownPeople) -> Iterator[Figure]:
    """Typical confidence by kind of input, and how well it ranks errors."""
    familiar = predictor.context.in_distribution
    if familiar is None:
        return
    said = {"own kind": said_of(predictor, own.moments), "strangers": said_of(predictor, strangers.moments)}
    usual = confidence(said["own kind"].probability["switch"], familiar.of(said["own kind"].rows))
    for name, rows in unfamiliar(said["own kind"].rows, said["strangers"].rows).items():
        risk = predictor.probabilities("switch", rows)
        sure = float(np.median(confidence(risk, familiar.of(rows))))
        yield Figure(f"median confidence, {name}", sure, "", "own kind", float(np.median(usual)))
    known = own.moments.switch >= 0
    risk, label = said["own kind"].probability["switch"][known], own.moments.switch[known]
    wrong = (risk >= 0.5) != (label == 1)
    mine = area_under_risk_coverage(wrong, usual[known])
    yield Figure("area under risk–coverage, own kind", mine, "", "random order", float(wrong.mean()))
    alone = area_under_risk_coverage(wrong, np.maximum(risk, 1 - risk))
    yield Figure("area under risk–coverage, own kind", mine, "", "max(p, 1 − p) alone", alone)


def unfamiliar(rows: npt.NDArray[np.float32], strangers: npt.NDArray[np.float32]) -> dict[str, npt.NDArray[np.float32]]:
    """Inputs that training has not seen the like of: of another kind of people, shuffled, out of range, noise."""
    rng = np.random.default_rng(3)
    shuffled = np.stack([rng.permutation(column) for column in rows.T], axis=1)
    noise = (rng.normal(size=rows.shape) * np.abs(rows).mean(axis=0)).astype(np.float32)
    return {"another kind of people": strangers, "each input shuffled": shuffled, "50 times": 50 * rows, "noise": noise}


def area_under_risk_coverage(wrong: npt.NDArray[np.bool_], sure: Floats) -> float:
    """Mean over all coverages of the error among the most confident (Geifman and El-Yaniv 2017)."""
    ordered = wrong[np.argsort(-sure, kind="stable")]
    return float((np.cumsum(ordered) / np.arange(1, len(ordered) + 1)).mean())


def figures() -> Iterator[Figure]:
    """The whole comparison: about 5 min on a quiet core."""
    known = people_of(range(SEED + 1, SEED + 1 + PEOPLE), days=DAYS, sequences=True)
    new = people_of(range(SEED + 51, SEED + 51 + NEW_PEOPLE), days=DAYS, sequences=True)
    seen, later = parted(known)
    trees, network = trees_of(seen), train(SequenceModel, seen.moments, seen.stays, is_demo=True)
    models = {"XGBoost": trees, "LSTM": network, "blend": blend(trees, network)}
    for name, bundle in models.items():
        predictor = predictor_of(bundle)
        yield from filter_figures(f"{name}, later days", later, said_of(predictor, later.moments))
        yield from filter_figures(f"{name}, new people", new, said_of(predictor, new.moments))
    strangers = people_of(range(SEED + 81, SEED + 81 + STRANGERS), days=7, strangers=True)
    yield from confidence_figures(predictor_of(trees), new, strangers)


def main() -> None:
    """Print and keep the figures."""
    report("forward_filter", "The model beside the forward filter with the true parameters", figures())


if __name__ == "__main__":
    main()
