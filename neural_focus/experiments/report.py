"""The A/B report: HTML for people, JSON for programs, both from the same findings and written in one go."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any

from neural_focus.atomic_write import READABLE, atomic_write
from neural_focus.errors import StoreError
from neural_focus.experiments.analysis import ArmFindings, TrialFindings, analyse
from neural_focus.experiments.assigned_days import read_days
from neural_focus.experiments.assigned_findings import AssignedFindings, assigned_findings
from neural_focus.experiments.effect import (
    LATER_SECONDS,
    WINDOW_SECONDS,
    read_trial_moments,
    read_unavailable,
    true_effects_of_demo_people,
)
from neural_focus.experiments.interval_plot import interval_plot
from neural_focus.experiments.sequence_plot import SequencePlot, sequence_plot
from neural_focus.experiments.wording import (
    ENDED,
    GROUP_NAMES,
    arm_name,
    headline,
    next_step,
    plural,
    signed,
    span,
    verdict,
)
from neural_focus.pages import render
from neural_focus.store.database import Connection
from neural_focus.store.experiments import Started, list_experiments
from neural_focus.validation import plain

METHOD = "randomisation within the person; between people where each was given one arm"
FAMILIES = {
    "arms": "effects of an experiment's arms on the primary outcome: these decide each verdict",
    "outcomes": "effects of its arms on the other outcomes",
    "contexts": "differences of effects between contexts",
}
By = Mapping[str, Started]
"""Experiments by name and version."""
NOTHING_KNOWN: By = MappingProxyType({})
ASSUMPTION = (
    "Being assigned an arm changes the outcome only through what was applied, and nobody assigned to nothing gets it."
)


def write_report(connection: Connection, folder: Path, *, now: datetime, days: int | None = None) -> Path:
    """Write ``index.html`` and ``report.json`` into ``folder`` and return the path of the page.

    ``days`` limits the data to the last so many, and the page says so. Each file is replaced in one step, so a reader
    sees the old one or the new one, never half of it.

    Raises:
        StoreError: the folder cannot be written.
    """
    moments = read_trial_moments(connection, now=now, days=days)
    unavailable = read_unavailable(connection, now=now, days=days)
    findings = analyse(moments, true_effects_of_demo_people(connection), unavailable)
    started = {one.spec.seed: one for one in list_experiments(connection)}
    assigned = [
        found
        for one in started.values()
        if one.spec.unit != "opportunity"
        for found in assigned_findings(
            one.spec, read_days(connection, one, now), {arm: stop.at.date() for arm, stop in one.stops.items()}
        )
    ]
    figures = json.dumps(report_json(findings, now, days, started, assigned), indent=2, allow_nan=False) + "\n"
    page = folder / "index.html"
    try:
        atomic_write(folder / "report.json", figures.encode(), mode=READABLE)
        atomic_write(page, report_html(findings, now, days, started, assigned).encode(), mode=READABLE)
    except OSError as error:
        raise StoreError(
            f"the A/B report cannot be written to {folder}",
            why=str(error),
            hint="Give a folder you may write to: --out",
        ) from error
    return page


def report_json(
    findings: Sequence[TrialFindings],
    now: datetime,
    days: int | None = None,
    started: By = NOTHING_KNOWN,
    assigned: Sequence[AssignedFindings] = (),
) -> dict[str, Any]:
    """The findings as JSON: null where nothing can be said; times ISO 8601 UTC. ``days``: null where all count.

    ``started``: by experiment, which arms a guardrail stopped and which probabilities moved, since when and why.
    ``assigned``: of those that assign people or days.
    """
    return {
        "generated_at": now.isoformat(),
        "days": days,
        "sentence": headline(findings),
        "outcome": f"mean focus score (0-100) of the {WINDOW_SECONDS} s after the opportunity, or after the return from"
        " a break that was applied",
        "later": f"the same, {LATER_SECONDS} s after the opportunity",
        "interval": f"95 %, {METHOD}",
        "adjusted_p": {"method": "Holm", "families": FAMILIES},
        "applied_effect": ASSUMPTION,
        "trials": [_trial_json(found) | _changes_json(started.get(found.experiment)) for found in findings],
        "assigned": [_assigned_json(found) | _changes_json(started.get(found.experiment)) for found in assigned],
    }


def report_html(
    findings: Sequence[TrialFindings],
    now: datetime,
    days: int | None = None,
    started: By = NOTHING_KNOWN,
    assigned: Sequence[AssignedFindings] = (),
) -> str:
    """The page: no script, nothing loaded from elsewhere. ``started`` and ``assigned`` as in ``report_json``."""
    return render(
        "ab_report",
        title="Does the help work?",
        sentence=headline(findings),
        findings=findings,
        now=now,
        since=None if days is None else now - timedelta(days=days),
        plots={found.key: interval_plot(found.arms) for found in findings},
        sequences={found.key: _sequences(found) for found in findings},
        names=GROUP_NAMES,
        arm_name=arm_name,
        signed=signed,
        span=span,
        points=_points,
        verdict=verdict,
        next_step=next_step,
        plural=plural,
        ended=ENDED,
        percent=_percent,
        started=started,
        assigned=assigned,
    )


def _trial_json(found: TrialFindings) -> dict[str, Any]:
    found_json: dict[str, Any] = plain(
        {
            "group": found.group,
            "experiment": found.experiment,
            "simulated": found.simulated,
            "label": "SIMULATED" if found.simulated else "people",
            "people": found.people,
            "opportunities": found.opportunities,
            "left_out": found.left_out,
            "window": {"from": found.first.isoformat(), "to": found.last.isoformat()},
            "sample_ratio": {
                "counts": {arm.arm: arm.exposures for arm in found.arms},
                "expected": dict(found.ratio.expected),
                "p_value": found.ratio.p_value,
                "method": found.ratio.method,
                "mismatch": found.ratio.mismatch,
            },
            "data_quality": {
                "with_outcome": sum(arm.with_outcome for arm in found.arms),
                "missing_alike_p": found.missing_p,
                "unavailable": dict(found.unavailable),
            },
            "drawn": found.unit,
            "clusters": found.clusters,
            "next_step": next_step(found),
            "arms": [_arm_json(arm) for arm in found.arms],
        }
    )
    return found_json


def _changes_json(one: Started | None) -> dict[str, Any]:
    if one is None:
        return {"stopped_arms": {}, "moved": []}
    return {
        "stopped_arms": {arm: {"since": stop.at.isoformat(), "why": stop.why} for arm, stop in one.stops.items()},
        "moved": [asdict(move) | {"since": move.since.isoformat()} for move in one.moves],
    }


def _assigned_json(found: AssignedFindings) -> dict[str, Any]:
    values: dict[str, Any] = plain(asdict(found))
    mismatch = {"mismatch": found.ratio.mismatch}
    arms = [known | {"verdict": verdict(arm)} for known, arm in zip(values["arms"], found.arms, strict=True)]
    return values | {"sample_ratio": values.pop("ratio") | mismatch, "arms": arms}


def _arm_json(arm: ArmFindings) -> dict[str, Any]:
    points = [asdict(point) | {"at": point.at.isoformat()} for point in arm.over_time]
    return asdict(arm) | {"verdict": verdict(arm), "over_time": points}


def _sequences(found: TrialFindings) -> list[SequencePlot]:
    drawn = (sequence_plot(arm.arm, arm.over_time, arm.true_effect) for arm in found.arms)
    return [plot for plot in drawn if plot]


def _points(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f}"


def _percent(count: int, total: int) -> str:
    return "–" if total == 0 else f"{count:,} ({count / total:.0%})"
