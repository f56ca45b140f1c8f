"""Effects of a micro-randomised trial by weighted and centred least squares.

Boruvka, Almirall, Witkiewitz, Murphy (2018), "Assessing time-varying causal effect moderation in mobile health", JASA
113(523): causal excursion effects, averaged over the opportunities or as a linear function of what was known before
the draw. Small-sample errors as that paper recommends (``clustered_equations``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from neural_focus.experiments.clustered_equations import Effect, Floats, Solution, group_numbers, solve_clustered


@dataclass(frozen=True, slots=True)
class ExcursionEffects:
    """A fit. The effect of an arm where the moderators are s is (1, s)·β."""

    solution: Solution
    arms: Sequence[str]
    moderators: int

    def at(self, arm: str, moderators: Sequence[float] = (), level: float = 0.95) -> Effect:
        """Effect of ``arm`` against the baseline where the moderators have these values."""
        return self._combination(arm, (1.0, *moderators), level)

    def slope(self, arm: str, moderator: int = 0, level: float = 0.95) -> Effect:
        """By how much the effect changes with one more of a moderator."""
        return self._combination(arm, np.eye(1 + self.moderators)[1 + moderator].tolist(), level)

    def _combination(self, arm: str, values: Sequence[float], level: float) -> Effect:
        width = 1 + self.moderators
        wanted = np.zeros(len(self.solution.coefficients))
        start = len(wanted) - width * (len(self.arms) - self.arms.index(arm))
        wanted[start : start + width] = values
        return self.solution.effect(wanted, level)


def excursion_effects(
    outcome: Floats,
    arm: Sequence[str],
    probability: Floats,
    cluster: Sequence[object],
    controls: Floats,
    *,
    baseline: str,
    design: Mapping[str, float],
    moderators: Floats | None = None,
) -> ExcursionEffects:
    """Effect of each arm against ``baseline`` on the outcome.

    outcome: [n]; arm: the drawn arm; probability: [n] its logged probability; cluster: the person (or their day);
    controls: [n, k] known before the draw (an intercept is added); design: every arm's probability on average;
    moderators: [n, m] known before the draw, also to be among the controls. The weights design/probability make
    opportunities with other probabilities count as if drawn by the design, so a probability may depend on all that
    was known at its draw: the context, or what was learned until then.

    Raises:
        ValueError: too few clusters to say anything (needs more than coefficients).
        numpy.linalg.LinAlgError: a moderator does not vary.
    """
    arms = [name for name in design if name != baseline]
    drawn = np.array(arm)
    share = np.array([design[name] for name in arm])
    known = np.column_stack([np.ones(len(outcome)), *([] if moderators is None else [moderators])])
    treated = [((drawn == name) - design[name])[:, None] * known for name in arms]
    table = np.column_stack([np.ones(len(outcome)), controls, *treated])
    solution = solve_clustered(table, table, share / probability, outcome, group_numbers(cluster))
    return ExcursionEffects(solution, arms, known.shape[1] - 1)


def centered_effects(
    outcome: Floats,
    arm: Sequence[str],
    probability: Floats,
    cluster: Sequence[object],
    controls: Floats,
    *,
    baseline: str,
    design: Mapping[str, float],
    level: float = 0.95,
) -> dict[str, Effect]:
    """``excursion_effects`` averaged over the opportunities, by arm."""
    fit = excursion_effects(outcome, arm, probability, cluster, controls, baseline=baseline, design=design)
    return {name: fit.at(name, level=level) for name in fit.arms}
