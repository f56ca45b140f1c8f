"""The gates between a trained model and the person: what it has to show before it may serve.

Each gate is a pure function of what the judged models said of the same held-out moments, and states its figures.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from neural_focus.evaluation.comparison import Difference, paired_auc, paired_brier, resampling_units
from neural_focus.features import FEATURE_NAMES, SEQUENCE_LENGTH
from neural_focus.labelling.labels import NO_LABEL
from neural_focus.models import metrics
from neural_focus.models.held_out import DAYS, HeldOut
from neural_focus.models.past import PastRows
from neural_focus.models.predict import Predictor
from neural_focus.models.sequences import LiveSteps
from neural_focus.personal.served import NOBODY, judge, learners_of
from neural_focus.replay import INPUT_NAMES
from neural_focus.snapshot_inputs import SnapshotInputs

JUDGED = ("switch", "break")
ONE_NUMBER = ("base_rate", "recency", "switches_5min")
LARGEST_ECE = {"switch": 0.05, "break": 0.05}
SHADOW_GATE = "shadow: no worse on live moments"
LATENCY_BUDGET_MS = 10.0
"""p99 of the processor time of a prediction with its reasons, in process: the desktop sends a snapshot a second."""
FEWEST_MOMENTS = 400
FEWEST_EVENTS = 30
_CALLS, _ROUNDS = 300, 3
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Gate:
    """One condition, the figures behind it in words, and whether it holds."""

    name: str
    found: str
    passed: bool

    def row(self) -> dict[str, Any]:
        """For artifacts, the decision log and the manifest."""
        return asdict(self)


def enough(label: npt.NDArray[np.int8]) -> bool:
    """Whether these moments can say anything about a rank."""
    return len(label) >= FEWEST_MOMENTS and FEWEST_EVENTS <= int(label.sum()) <= len(label) - FEWEST_EVENTS


def says_numbers(held: HeldOut, kind: str) -> Gate:
    """Every labelled moment of later days got a finite word: one that is none would drop out of every figure."""
    silent = {
        target: int((~np.isfinite(said[kind]) & (held.split == DAYS) & (held.label[target] != NO_LABEL)).sum())
        for target, said in held.said.items()
    }
    found = ", ".join(f"{target}: {count} without" for target, count in silent.items())
    return Gate("gives a probability for every snapshot", found, not any(silent.values()))


def says_as_much(ours: Iterable[str], theirs: Iterable[str]) -> Gate:
    """What the champion foresees the challenger does too: help hangs on the break's risk, the score on the outcome."""
    missing = sorted(set(theirs) - set(ours))
    return Gate("predicts every target of the champion", f"missing: {', '.join(missing) or 'nothing'}", not missing)


def beats_baselines(held: HeldOut, kind: str) -> Iterator[Gate]:
    """A gate per target: its AUC is above that of every single number, and it is no worse than the regression."""
    for target in JUDGED:
        name = f"{target}: beats the baselines beyond noise"
        if target not in held.said:
            yield Gate(name, "not trained: too few labels", passed=target != "switch")
            continue
        moments = held.of(target)
        label, said = moments.label[target], moments.said[target]
        if not enough(label):
            yield Gate(name, f"{len(label)} held-out moments with {int(label.sum())} events", passed=target != "switch")
            continue
        units = resampling_units(moments.person, moments.times_us)
        gains = {
            one: paired_auc(label, said[kind], said[one], units) for one in (*ONE_NUMBER, "logistic") if one in said
        }
        passed = all(gain.low > 0 if one in ONE_NUMBER else not gain.clearly_worse() for one, gain in gains.items())
        words = ", ".join(f"over {one} {gain.words()}" for one, gain in gains.items())
        yield Gate(name, f"AUC {metrics.auc(label, said[kind]):.3f}; {words}; {int(units.max()) + 1} units", passed)


def calibrated(held: HeldOut, kind: str) -> Iterator[Gate]:
    """A gate per target: its probabilities are calibrated, and no worse than recency's calibrated ones."""
    for target in JUDGED:
        if target not in held.said:
            continue
        moments = held.of(target)
        label, said = moments.label[target], moments.said[target]
        if not enough(label):
            continue
        error, noise = metrics.ece(label, said[kind]), chance_ece(said[kind])
        units = resampling_units(moments.person, moments.times_us)
        gain = paired_brier(label, said[kind], said["recency"], units)
        most = LARGEST_ECE[target]
        yield Gate(
            f"{target}: probabilities are calibrated",
            f"calibration error {error:.3f}, {noise:.3f} of it by chance, at most {most} beyond; "
            f"Brier {-gain.ours:.4f}, recency's {-gain.theirs:.4f}",
            error - noise <= most and not gain.clearly_worse(),
        )


def chance_ece(probability: Floats, rounds: int = 20, seed: int = 7) -> float:
    """The calibration error that so many moments show by chance where the probabilities are exactly right."""
    rng = np.random.default_rng(seed)
    happened = (rng.random((rounds, len(probability))) < probability).astype(np.int8)
    drawn = [metrics.ece(one, probability) for one in happened]
    return float(np.mean(drawn))


def latency(predictor: Predictor) -> Gate:
    """p99 of a judged snapshot and its reasons in ms of processor time: the machine's other work is not the model's."""
    rng, steps, learners = np.random.default_rng(7), LiveSteps(), [learners_of(predictor, NOBODY, {})]
    nobody = np.array([NOBODY])
    rows, inputs = (
        rng.gamma(1.0, 2.0, (_CALLS, len(names))).astype(np.float32) for names in (FEATURE_NAMES, INPUT_NAMES)
    )
    types = np.zeros(SEQUENCE_LENGTH, np.uint8)
    tails = []
    for round_ in range(_ROUNDS):
        took = np.empty(_CALLS)
        for call, row in enumerate(rows):
            second = round_ * _CALLS + call
            steps.observe(second * 1_000_000, row, types)
            app, before = ("editor", "browser")[:: 1 - 2 * (second // 40 % 2)]
            past = PastRows.of_snapshots([SnapshotInputs(inputs[call], app, before)], steps.recent())
            began = time.thread_time()
            judge(predictor, learners, row[None], past, nobody)[0].reasons()
            took[call] = (time.thread_time() - began) * 1e3
        tails.append(float(np.quantile(took, 0.99)))
    return Gate(
        "latency within the budget",
        f"p99 {min(tails):.2f} ms of processor time a prediction with its reasons, budget {LATENCY_BUDGET_MS:.0f} ms",
        min(tails) <= LATENCY_BUDGET_MS,
    )


def segments(held: HeldOut) -> dict[str, npt.NDArray[np.bool_]]:
    """Parts of the moments by app category, hour of the person's day, and person."""
    found = {f"in {one}": held.category == one for one in np.unique(held.category)}
    found |= {f"{hour:02d} h": held.hour == hour for hour in np.unique(held.hour)}
    return found | {f"person {one}": held.person == one for one in np.unique(held.person)}


def segment_table(held: HeldOut, target: str, ours: Floats, theirs: Mapping[str, Floats]) -> list[dict[str, Any]]:
    """A row a segment with enough moments: n, base rate, our AUC, and what we gain over each of ``theirs``.

    ``held`` is what ``HeldOut.of(target)`` gave; ``ours`` and ``theirs`` float64[n] belong to its moments.
    """
    rows = []
    for name, chosen in segments(held).items():
        label = held.label[target][chosen]
        if not enough(label):
            continue
        units = resampling_units(held.person[chosen], held.times_us[chosen])
        row: dict[str, Any] = {"segment": name, "n": len(label), "base_rate": float(label.mean())}
        row["auc"] = metrics.auc(label, ours[chosen])
        row["over"] = {
            other: paired_auc(label, ours[chosen], said[chosen], units, rounds=100) for other, said in theirs.items()
        }
        rows.append(row)
    return rows


def no_collapse(held: HeldOut, target: str, ours: Floats, theirs: Mapping[str, Floats]) -> Gate:
    """No segment with enough moments falls clearly below any of ``theirs``."""
    rows = segment_table(held, target, ours, theirs)
    gains: list[tuple[str, str, Difference]] = [
        (row["segment"], other, gain) for row in rows for other, gain in row["over"].items()
    ]
    fallen = [(where, other, gain) for where, other, gain in gains if gain.clearly_worse(len(gains))]
    worst = min(gains, key=lambda item: item[2].gain, default=None)
    said = f"{len(rows)} segments"
    if worst:
        said += f"; the least: {worst[0]}, {worst[2].words()} over {worst[1]}"
    if fallen:
        said += "; fallen: " + ", ".join(f"{where} against {other}" for where, other, _ in fallen)
    return Gate(f"{target}: no segment collapses", said, not fallen)


def beats_champion(held: HeldOut, kind: str, champion: Mapping[str, Floats]) -> Iterator[Gate]:
    """Better than the champion beyond noise on one target at least, clearly worse on none.

    ``champion[target]``: its word float64[n] on each of the moments; nan on those that it may have seen.
    """
    gains: dict[str, Difference] = {}
    told = []
    for target in JUDGED:
        moments, theirs = same_moments(held, target, champion)
        if target not in held.said or not enough(moments.label[target]):
            told.append(f"{target}: {len(moments)} moments that neither had seen are too few")
            continue
        units = resampling_units(moments.person, moments.times_us)
        gain = paired_auc(moments.label[target], moments.said[target][kind], theirs, units)
        gains[target] = gain
        told.append(f"{target}: AUC {gain.ours:.3f} after {gain.theirs:.3f}, {gain.words()}, {len(moments)} moments")
        yield no_collapse(moments, target, moments.said[target][kind], {"the champion": theirs})
    better = any(gain.low > 0 for gain in gains.values())
    worse = any(gain.clearly_worse() for gain in gains.values())
    yield Gate("beats the champion beyond noise on the same moments", "; ".join(told), better and not worse)


def same_moments(held: HeldOut, target: str, champion: Mapping[str, Floats]) -> tuple[HeldOut, Floats]:
    """The target's moments on which both have said something, and the champion's word on them."""
    if target not in held.said or target not in champion:
        nobody = np.zeros(len(held), bool)
        return held.take(nobody), np.empty(0)
    known = np.isfinite(champion[target])
    theirs = {**held.said[target], "champion": champion[target]}
    marked = replace(held, said={target: theirs}).take(known)
    both = marked.of(target)
    return both, both.said[target]["champion"]


def no_worse_live(
    live: Mapping[str, tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int8], Floats, Floats]],
) -> Gate | None:
    """A shadow's word beside the champion's on the same live moments: clearly worse on no target.

    ``live[target]``: person, times_us, what came true, what the shadow said, what the champion said. None while there
    are too few moments to say.
    """
    told, passed = [], True
    for target, (person, times_us, label, ours, theirs) in live.items():
        if not enough(label):
            told.append(f"{target}: {len(label)} moments, too few")
            continue
        units = resampling_units(person, times_us)
        rank, brier = paired_auc(label, ours, theirs, units), paired_brier(label, ours, theirs, units)
        passed &= not (rank.clearly_worse() or brier.clearly_worse())
        told.append(f"{target}: AUC {rank.ours:.3f} beside {rank.theirs:.3f}, {rank.words()}, {len(label)} moments")
    if all("too few" in one for one in told):
        return None
    return Gate(SHADOW_GATE, "; ".join(told), passed)
