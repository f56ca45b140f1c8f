"""Probabilities that move toward what helps, within bounds, so that inference by weights stays valid.

In each context an arm's probability becomes the one that it is the best thing to do there, the control among them:
Thompson sampling with independent normal posteriors around the estimates of weighted and centred least squares, clipped
as in Liao, Greenewald, Klasnja, Murphy (2020), "Personalized HeartSteps", IMWUT 4(1). With one arm that is the
probability that it helps. Every probability is stored before it is drawn by, and with each draw.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from neural_focus.experiments.arm_effects import LEAST_PER_ARM, before, clusters_of, column, with_outcome
from neural_focus.experiments.centered_least_squares import centered_effects
from neural_focus.experiments.clustered_equations import Effect
from neural_focus.experiments.declaration import Experiment
from neural_focus.experiments.design import could_draw
from neural_focus.experiments.effect import Moment
from neural_focus.experiments.running import Running

GRID = 2_001
LEAST_MOVE = 0.005
"""Smaller moves are not worth a row."""
_NORMAL_95 = 1.959964
"""Half of a 95 % interval by the standard error; of t it is a little more, so posteriors come out a little wide."""


def moves(
    one: Running, by_context: Mapping[str, Sequence[Moment]], stopped: frozenset[str] = frozenset()
) -> dict[str, dict[str, float]]:
    """By context, the next probabilities of a running experiment; contexts that stay as they are are left out.

    by_context: its opportunities by ``context_key``; stopped: arms that a guardrail stopped.
    """
    declared, found = {arm.label: arm.probability for arm in one.spec.arms}, {}
    for context, moments in sorted(by_context.items()):
        last, moved = one.moved.get(context, declared), moved_probabilities(one.spec, moments, stopped)
        if moved is not None and any(abs(moved[arm] - last[arm]) >= LEAST_MOVE for arm in moved):
            found[context] = moved
    return found


def moved_probabilities(
    experiment: Experiment, moments: Sequence[Moment], stopped: frozenset[str] = frozenset()
) -> dict[str, float] | None:
    """Each arm's next probability in one context, None where the data say too little yet.

    ``moments``: the experiment's opportunities in that context. Arms that were stopped keep what they have: they are
    left out of each draw, and the others share theirs.
    """
    labels = [arm.label for arm in experiment.arms if arm.label not in stopped]
    known = could_draw(with_outcome(moments), *labels)
    counts = Counter(one.arm for one in known)
    control = experiment.control.label
    if len(labels) < 2 or min(counts[label] for label in labels) < LEAST_PER_ARM:
        return None
    effects = _effects(experiment, [one for one in known if one.arm in labels], labels)
    if effects is None:
        return None
    best = best_arm([effects[label] for label in labels if label != control])
    order = [control, *(label for label in labels if label != control)]
    free = sum(arm.probability for arm in experiment.arms if arm.label in labels)
    within = clip_to_bounds(np.array(best), experiment.adaptive.low, experiment.adaptive.high)
    moved = {label: float(share * free) for label, share in zip(order, within, strict=True)}
    return {arm.label: moved.get(arm.label, arm.probability) for arm in experiment.arms}


def best_arm(effects: Sequence[Effect]) -> list[float]:
    """The probability of being the best: first the control (its effect is 0), then each arm."""
    means = np.array([one.estimate for one in effects])
    errors = np.array([max((one.high - one.low) / (2 * _NORMAL_95), 1e-9) for one in effects])
    chances = []
    for arm in range(len(effects)):
        # ∫ φ(x) ∏ Φ over the others, from 0 up: the arm must be better than the control, too
        quantiles = stats.norm.ppf((np.arange(GRID) + 0.5) / GRID)
        at = means[arm] + errors[arm] * quantiles
        others = np.delete(np.arange(len(effects)), arm)
        below = stats.norm.cdf((at[:, None] - means[others]) / errors[others]).prod(axis=1)
        chances.append(float(np.mean(below * (at > 0))))
    return [float(stats.norm.cdf(-means / errors).prod()), *chances]


def clip_to_bounds(shares: NDArray[np.float64], low: float, high: float) -> NDArray[np.float64]:
    """The nearest probabilities within the bounds that sum to 1: all but the clipped ones are shifted alike."""
    low, high = min(low, 1 / len(shares)), max(high, 1 / len(shares))
    below, above = -1.0, 1.0
    for _ in range(60):
        shift = (below + above) / 2
        if np.clip(shares + shift, low, high).sum() < 1:
            below = shift
        else:
            above = shift
    clipped = np.clip(shares + above, low, high)
    return np.asarray(clipped / clipped.sum())


def _effects(experiment: Experiment, known: Sequence[Moment], labels: Sequence[str]) -> Mapping[str, Effect] | None:
    design = {arm.label: arm.probability for arm in experiment.arms if arm.label in labels}
    total = sum(design.values())
    design = {label: share / total for label, share in design.items()}
    try:
        return centered_effects(
            column(known, lambda one: one.after),
            [one.arm for one in known],
            column(known, lambda one: one.probability),
            clusters_of(known, len({one.user_id for one in known})),
            before(known)[:, None],
            baseline=experiment.control.label,
            design=design,
        )
    except (ValueError, np.linalg.LinAlgError):
        return None  # too few people and days yet
