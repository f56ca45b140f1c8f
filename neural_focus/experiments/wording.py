"""The report's sentences. The first one says what a person wants to know; numbers are points of focus score."""

from __future__ import annotations

from collections.abc import Sequence

from neural_focus.experiments.analysis import ArmFindings, TrialFindings

GROUP_NAMES = {"people": "People", "demo_live": "Demo person on this machine", "simulated": "Demo people"}
ARM_NAMES = {"NO_OP": "Nothing offered", "SUGGEST_BREAK": "Suggest a break", "BLOCK_SITES": "Ask to stay off sites"}
_DOING = {"SUGGEST_BREAK": "suggesting a break", "BLOCK_SITES": "asking to stay off distracting sites"}
"""An arm is what the person was asked; nothing is blocked for them (in the simulated world it is)."""


def headline(findings: Sequence[TrialFindings]) -> str:
    """One sentence: what is known of real people, else what the simulated trial found, marked as such."""
    real = [found for found in findings if not found.simulated]
    made_up = next((found for found in findings if found.group == "simulated"), None)
    if real:
        return f"{_result(real[0], 'With real people')}."
    if made_up is not None:
        return f"{_result(made_up, 'In the SIMULATED experiment')}; no real person has taken part yet."
    return "Nothing has been tried yet. This report gets its first row when help could be offered for the first time."


def verdict(arm: ArmFindings) -> str:
    """What the interval allows to say of one arm."""
    if arm.arm == "NO_OP":
        return "baseline"
    if arm.effect is None:
        return "too few opportunities to say"
    if arm.effect.low > 0:
        return "helped"
    return "hurt" if arm.effect.high < 0 else "no clear difference"


def arm_name(arm: str) -> str:
    """An arm in words."""
    return ARM_NAMES.get(arm, arm.replace("_", " ").capitalize())


def signed(value: float) -> str:
    """With its sign and one decimal, a real minus."""
    return f"{value:+.1f}".replace("-", "−")


def _result(found: TrialFindings, where: str) -> str:
    if found.ratio.mismatch:
        return f"{where} the arms were not assigned as often as planned, so no effect can be trusted"
    told = [_clause(arm) for arm in found.arms if arm.arm != "NO_OP"]
    return (
        f"{where} ({found.people} {plural('person', found.people)}, {found.opportunities:,} "
        f"{plural('opportunity', found.opportunities)}) {'; '.join(told)}"
    )


def _clause(arm: ArmFindings) -> str:
    doing = _DOING.get(arm.arm, arm_name(arm.arm).lower())
    if arm.effect is None:
        return f"{doing} was tried {arm.exposures} {plural('time', arm.exposures)}, too seldom to say what it does"
    span = f"(95 % interval {signed(arm.effect.low)} to {signed(arm.effect.high)})"
    if arm.effect.low > 0 or arm.effect.high < 0:
        way = "raised" if arm.effect.low > 0 else "lowered"
        return f"{doing} {way} focus in the next five minutes by {abs(arm.effect.estimate):.1f} points {span}"
    return f"{doing} made no clear difference {span}"


def plural(noun: str, count: int) -> str:
    """The noun as it goes with so many."""
    return noun if count == 1 else {"person": "people", "opportunity": "opportunities"}.get(noun, noun + "s")
