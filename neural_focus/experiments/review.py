"""The nightly review of what runs: ends what is over, stops arms whose guardrails broke, moves probabilities.

It looks at real people alone. Everything that it decides is stored with the reason, before anything is drawn by it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from neural_focus.experiments.adaptation import moved_probabilities
from neural_focus.experiments.effect import Moment, read_trial_moments
from neural_focus.experiments.guardrails import Checked, Count, check_outcome, check_share
from neural_focus.experiments.running import Running, context_key
from neural_focus.store.database import Connection
from neural_focus.store.experiments import close_ended, move_probabilities, read_running, stop_arm, stop_experiment
from neural_focus.store.exposures import read_contexts, read_counts

LEAST_MOVE = 0.005
"""Smaller moves are not worth a row."""


@dataclass(frozen=True, slots=True)
class Decision:
    """One thing that a review found or did. ``what``: kept, stopped, moved or ended."""

    experiment: str
    arm: str
    what: str
    why: str


def review(connection: Connection, now: datetime) -> list[Decision]:
    """Look at every running experiment, in one transaction; returns what was found and done."""
    moments = [one for one in read_trial_moments(connection, now=now) if not one.is_demo]
    with connection.transaction():
        decisions = [Decision(name, "", "ended", "its last day is over") for name in close_ended(connection, now)]
        for one in read_running(connection):
            mine = [moment for moment in moments if moment.experiment == one.spec.seed]
            checks = list(_checks(connection, one, mine))
            decisions += [_stop_if_broken(connection, one, check) for check in checks]
            stopped = one.stopped | {check.arm for check in checks if check.broken}
            if all(arm.control or arm.label in stopped for arm in one.spec.arms):
                why = "guardrails stopped every arm but the control"
                stop_experiment(connection, one.spec.name, why)
                decisions.append(Decision(one.spec.seed, "", "stopped", why))
            elif one.spec.adaptive.on:
                decisions += _move(connection, one, mine, stopped, now)
    return decisions


def _checks(connection: Connection, one: Running, moments: Sequence[Moment]) -> Iterator[Checked]:
    counts = read_counts(connection, one.id)
    for rail in one.spec.guardrails:
        for arm in one.spec.arms:
            if arm.control or arm.label in one.stopped:
                continue
            if rail.metric == "outcome":
                yield check_outcome(one.spec, arm.label, rail, moments)
            else:
                yield check_share(one.spec, arm.label, rail, counts.get((arm.label, rail.metric), Count(0, 0)))


def _stop_if_broken(connection: Connection, one: Running, check: Checked) -> Decision:
    bound = f"{check.guardrail.metric}, bound {check.guardrail.bound:g}"
    if not check.broken:
        return Decision(one.spec.seed, check.arm, "kept", f"{bound}: {check.seen}")
    why = f"{bound}: {check.seen}"
    stop_arm(connection, one.id, check.arm, check.guardrail.metric, why)
    return Decision(one.spec.seed, check.arm, "stopped", why)


def _move(
    connection: Connection, one: Running, moments: Sequence[Moment], stopped: frozenset[str], now: datetime
) -> Iterator[Decision]:
    contexts, by_context = read_contexts(connection, one.id), dict[str, list[Moment]]()
    for moment in moments:
        if (known := contexts.get((moment.user_id, moment.at))) is not None:
            by_context.setdefault(context_key(one.spec.adaptive.context, known), []).append(moment)
    declared = {arm.label: arm.probability for arm in one.spec.arms}
    for context, mine in sorted(by_context.items()):
        next_ones = moved_probabilities(one.spec, mine, stopped)
        last = one.moved.get(context, declared)
        if next_ones is None or all(abs(next_ones[arm] - last[arm]) < LEAST_MOVE for arm in next_ones):
            continue
        why = f"how likely each arm is the best, by {len(mine)} opportunities until {now:%Y-%m-%d}"
        move_probabilities(connection, one.id, context, next_ones, now, why)
        for arm, share in next_ones.items():
            yield Decision(one.spec.seed, arm, "moved", f"{context}: {last[arm]:.2f} → {share:.2f}, {why}")
