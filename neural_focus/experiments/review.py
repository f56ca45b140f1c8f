"""The nightly review of what runs: ends what is over, stops arms whose guardrails broke, moves probabilities.

It looks at real people alone. Everything that it decides is stored with the reason, before anything is drawn by it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from neural_focus.experiments.adaptation import moves
from neural_focus.experiments.effect import Moment, read_trial_moments
from neural_focus.experiments.guardrails import Checked, check_outcome, check_share, shared_alpha
from neural_focus.experiments.running import Running, context_key
from neural_focus.store.arm_changes import move_probabilities, stop_arm
from neural_focus.store.database import Connection
from neural_focus.store.experiments import close_ended, read_running, stop_experiment
from neural_focus.store.exposures import Exposed, read_exposures

Key = tuple[int, datetime]
"""A person and the time of a draw."""


@dataclass(frozen=True, slots=True)
class ReviewStep:
    """One thing that a review found or did. ``what``: kept, stopped, moved or ended."""

    experiment: str
    arm: str
    what: str
    why: str


def review(connection: Connection, now: datetime) -> list[ReviewStep]:
    """Look at every running experiment, in one transaction; returns what was found and done."""
    moments = [one for one in read_trial_moments(connection, now=now) if not one.is_demo]
    with connection.transaction():
        decisions = [ReviewStep(name, "", "ended", "its last day is over") for name in close_ended(connection, now)]
        for one in read_running(connection):
            exposed = read_exposures(connection, one.id)
            mine = _moments_of(one, moments, exposed)
            checks = list(_checks(one, mine))
            decisions += [_stop_if_broken(connection, one, check) for check in checks]
            stopped = one.stopped | {check.arm for check in checks if check.broken}
            if all(arm.control or arm.label in stopped for arm in one.spec.arms):
                why = "guardrails stopped every arm but the control"
                stop_experiment(connection, one.spec.name, why)
                decisions.append(ReviewStep(one.spec.seed, "", "stopped", why))
            elif one.spec.adaptive.on:
                decisions += _move(connection, one, mine, exposed, stopped, now)
    return decisions


def _moments_of(one: Running, moments: Sequence[Moment], exposed: Mapping[Key, Exposed]) -> list[Moment]:
    """Its own draws, or what happened to the people that it assigned, under the arm of each."""
    if one.spec.unit == "opportunity":
        return [moment for moment in moments if moment.experiment == one.spec.seed]
    keyed = ((moment, exposed.get((moment.user_id, moment.at))) for moment in moments)
    return [replace(moment, arm=known.arm) for moment, known in keyed if known is not None]


def _checks(one: Running, moments: Sequence[Moment]) -> Iterator[Checked]:
    alpha = shared_alpha(len(one.spec.guardrails), len(one.spec.arms) - 1)
    for rail in one.spec.guardrails:
        for arm in one.spec.arms:
            if arm.control or arm.label in one.stopped:
                continue
            if rail.metric == "outcome":
                yield check_outcome(arm.label, rail, moments, control=one.spec.control.label, alpha=alpha)
            else:
                yield check_share(arm.label, rail, [m for m in moments if m.arm == arm.label], alpha=alpha)


def _stop_if_broken(connection: Connection, one: Running, check: Checked) -> ReviewStep:
    bound = f"{check.guardrail.metric}, bound {check.guardrail.bound:g}"
    if not check.broken:
        return ReviewStep(one.spec.seed, check.arm, "kept", f"{bound}: {check.seen}")
    why = f"{bound}: {check.seen}"
    stop_arm(connection, one.id, check.arm, check.guardrail.metric, why)
    return ReviewStep(one.spec.seed, check.arm, "stopped", why)


def _move(
    connection: Connection,
    one: Running,
    moments: Sequence[Moment],
    exposed: Mapping[Key, Exposed],
    stopped: frozenset[str],
    now: datetime,
) -> Iterator[ReviewStep]:
    by_context = dict[str, list[Moment]]()
    for moment in moments:
        if (known := exposed.get((moment.user_id, moment.at))) is not None:
            by_context.setdefault(context_key(one.spec.adaptive.context, known.context), []).append(moment)
    declared = {arm.label: arm.probability for arm in one.spec.arms}
    for context, next_ones in moves(one, by_context, stopped).items():
        last = one.moved.get(context, declared)
        why = f"how likely each arm is the best, by {len(by_context[context])} opportunities until {now:%Y-%m-%d}"
        move_probabilities(connection, one.id, context, next_ones, now, why)
        for arm, share in next_ones.items():
            yield ReviewStep(one.spec.seed, arm, "moved", f"{context}: {last[arm]:.2f} → {share:.2f}, {why}")
