"""The report's sentences. The first one says what a person wants to know; numbers are points of focus score."""

from __future__ import annotations

from collections.abc import Sequence

from neural_focus.experiments.analysis import ArmFindings, TrialFindings
from neural_focus.experiments.assigned_findings import AssignedArm
from neural_focus.experiments.clustered_equations import Effect

GROUP_NAMES = {"people": "People", "demo_live": "Demo person on this machine", "simulated": "Demo people"}
ARM_NAMES = {
    "NO_OP": "Nothing offered",
    "SUGGEST_BREAK": "Suggest a break",
    "BLOCK_SITES": "Block distracting sites",
    "PLACEBO": "Placebo: a card",
}
_DOING = {
    "SUGGEST_BREAK": "suggesting a break",
    "BLOCK_SITES": "offering to block distracting sites",
    "PLACEBO": "a placebo, a card that offers nothing,",
}
PLACEBO = "PLACEBO"
WORTH_KNOWING = 5.0
"""Points: the smallest effect that an experiment should not overlook."""
ENDED = {
    "ended": "at its planned end",
    "undone": "undone by the person",
    "needed": "“I need it”",
    "emergency": "emergency exit",
    "quit": "the agent was quit",
    "restarted": "after a restart",
    "service_gone": "the service was gone",
    "clock": "the clock was moved",
    "failed": "failed",
}
AVAILABLE = "Nobody could have seen an offer"


def headline(findings: Sequence[TrialFindings]) -> str:
    """One sentence: what is known of real people, else what the simulated trial found, marked as such."""
    real = [found for found in findings if not found.simulated]
    made_up = next((found for found in findings if found.group == "simulated"), None)
    if real:
        latest = max(real, key=lambda found: found.last)
        return f"{_result(latest, 'With real people')}."
    if made_up is not None:
        return f"{_result(made_up, 'In the SIMULATED experiment')}; no real person has taken part yet."
    return "Nothing has been tried yet. This report gets its first row when help could be offered for the first time."


def verdict(arm: ArmFindings | AssignedArm) -> str:
    """What the interval allows to say of one arm, after all arms of the experiment were looked at."""
    if arm.control:
        return "baseline"
    if arm.effect is None or arm.adjusted_p is None:
        return f"too few {'opportunities' if isinstance(arm, ArmFindings) else 'days or people'} to say"
    if arm.adjusted_p >= 0.05:
        return "no clear difference"
    return "helped" if arm.effect.estimate > 0 else "hurt"


def next_step(found: TrialFindings) -> str:
    """What to do with these findings, in one or two sentences."""
    if found.ratio.mismatch:
        return "Find out why the arms were not drawn as planned before anything else is read here."
    broken = [rail for arm in found.arms for rail in arm.guardrails if rail.state == "broken"]
    if broken:
        names = "; ".join(f"{arm_name(rail.arm)}: {rail.name}" for rail in broken)
        return f"Stop or change what breaks a guardrail ({names})."
    clauses = [_advice(arm) for arm in found.arms if arm.arm != "NO_OP"]
    return " ".join(clauses) or "Nothing was tried beside offering nothing."


def arm_name(arm: str) -> str:
    """An arm in words."""
    return ARM_NAMES.get(arm, arm.replace("_", " ").capitalize())


def signed(value: float) -> str:
    """With its sign and one decimal, a real minus."""
    return f"{value:+.1f}".replace("-", "−")


def span(effect: Effect | None) -> str:
    """Estimate and interval."""
    return "–" if effect is None else f"{signed(effect.estimate)} ({signed(effect.low)} to {signed(effect.high)})"


def plural(noun: str, count: int) -> str:
    """The noun as it goes with so many."""
    return noun if count == 1 else {"person": "people", "opportunity": "opportunities"}.get(noun, noun + "s")


def _advice(arm: ArmFindings) -> str:
    name, result = arm_name(arm.arm), verdict(arm)
    if arm.carried_out.ordered and not arm.carried_out.applied:
        return f"{name}: nothing of it was ever applied; see the reasons and make it possible first."
    if arm.arm == PLACEBO and result in ("helped", "hurt"):
        return f"{name}: being shown something changes focus by itself; so much of the others' effects is no help."
    if result == "helped":
        return f"{name}: keep it."
    if result == "hurt":
        return f"{name}: stop it."
    if arm.effect is None:
        return f"{name}: go on; there is too little to say anything."
    if arm.arm == PLACEBO:
        return f"{name}: no clear difference, as should be: no sign that being shown something changes focus by itself."
    error = (arm.effect.high - arm.effect.low) / 3.92
    factor = (error * 2.8 / WORTH_KNOWING) ** 2
    if factor <= 1.0:
        return f"{name}: an effect of {WORTH_KNOWING:.0f} points would have shown; try something else."
    return (
        f"{name}: go on; an effect of {WORTH_KNOWING:.0f} points needs about {factor:.1f} times as many opportunities"
        " to be seen four times in five."
    )


def _result(found: TrialFindings, where: str) -> str:
    if found.ratio.mismatch:
        return f"{where} the arms were not assigned as often as planned, so no effect can be trusted"
    clauses = [_clause(arm) for arm in found.arms if arm.arm != "NO_OP"]
    return (
        f"{where} ({found.people} {plural('person', found.people)}, {found.opportunities:,} "
        f"{plural('opportunity', found.opportunities)}) {'; '.join(clauses)}"
    )


def _clause(arm: ArmFindings) -> str:
    doing = _DOING.get(arm.arm, arm_name(arm.arm).lower())
    if arm.effect is None:
        return f"{doing} was tried {arm.exposures} {plural('time', arm.exposures)}, too seldom to say what it does"
    span_of = f"(95 % interval {signed(arm.effect.low)} to {signed(arm.effect.high)})"
    result = verdict(arm)
    if result in ("helped", "hurt"):
        way = "raised" if result == "helped" else "lowered"
        return f"{doing} {way} focus in the next five minutes by {abs(arm.effect.estimate):.1f} points {span_of}"
    return f"{doing} made no clear difference {span_of}"
