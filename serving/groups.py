"""``/api/v1/groups``: what many people have in common, for analysts; nothing where fewer than ten are behind it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool

from serving.authorization import GROUP_PEOPLE
from serving.problems import ProblemError
from serving.rest import Here, problems

router = APIRouter(prefix="/api/v1/groups", responses=problems(401, 403, 404, 503))


@dataclass(frozen=True, slots=True)
class GroupFigures:
    """An experiment over all its people. ``figures``: its part of the A/B report; null where ``withheld`` says why."""

    experiment: str
    people: int
    simulated: bool
    withheld: str
    figures: dict[str, Any] | None


@router.get("/experiments")
async def get_group_figures(here: Here) -> list[GroupFigures]:
    """The newest A/B report's experiments, each pooled over its people; withheld where there are fewer than ten."""
    return await run_in_threadpool(group_figures, here.settings.reports / "ab" / "report.json")


def group_figures(report: Path) -> list[GroupFigures]:
    """What may be shown of a report's file.

    Raises:
        ProblemError: 404, there is none yet.
    """
    try:
        trials = json.loads(report.read_text("utf-8"))["trials"]
    except FileNotFoundError:
        raise ProblemError(404, "There is no A/B report yet", hint="Write it: neural-focus report") from None
    return [_figures(trial) for trial in trials]


def _figures(trial: dict[str, Any]) -> GroupFigures:
    people = int(trial["people"])
    enough = people >= GROUP_PEOPLE
    withheld = "" if enough else f"{people} took part; figures are shown from {GROUP_PEOPLE} people on"
    return GroupFigures(trial["experiment"], people, bool(trial["simulated"]), withheld, trial if enough else None)
