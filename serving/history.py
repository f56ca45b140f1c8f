"""What was: a person's sessions and labels in pages, their weeks, and the models there are.

A page ends with ``next``, which asks for the one before it in time; null at the beginning of everything. What is added
meanwhile is in front of a page and moves nothing in it.
"""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BeforeValidator
from starlette.concurrency import run_in_threadpool

from neural_focus.registry.champion_pointer import champion
from neural_focus.registry.model_store import list_models
from neural_focus.store import sessions
from neural_focus.store.database import Connection
from neural_focus.store.labels import LabelRow, read_label_page
from neural_focus.store.row_pages import next_of, place_of
from serving.responses import (
    CategoryStats,
    DailyStatsResponse,
    LabelPage,
    ModelListed,
    SessionPage,
    StoredLabel,
    WeekResponse,
    WeekTotals,
)
from serving.rest import Here, User, problems
from serving.session_service import described

router = APIRouter(prefix="/api/v1", responses=problems(401, 403, 422, 503))
MOST_ROWS = 200
_DAY = r"^(19|20)\d\d-\d\d-\d\d$"


def _as_written(text: object) -> object:
    """Of a day: pydantic would read a number as one, too."""
    if not re.fullmatch(_DAY, str(text)):
        raise ValueError("give a day such as 2026-11-30")
    return text


Day = Annotated[date, BeforeValidator(_as_written), Query(json_schema_extra={"pattern": _DAY})]
Limit = Annotated[int, Query(ge=1, le=MOST_ROWS)]
Before = Annotated[
    str | None,
    Query(
        pattern=r"^[0-3]?\d{1,15}-\d{1,18}$", description="`next` of the page before", examples=["1764452096000000-17"]
    ),
]


@router.get("/sessions")
async def get_sessions(here: Here, user_id: User, limit: Limit = 50, before: Before = None) -> SessionPage:
    """The person's sessions, the latest first."""
    place = place_of(before) if before else None
    found = await here.database.run_for(
        user_id, lambda connection: sessions.read_page(connection, user_id, limit, place)
    )
    last = (found[-1].start_us, found[-1].id) if len(found) == limit else None
    return SessionPage(tuple(described(one) for one in found), next_of(last))


@router.get("/labels")
async def get_labels(here: Here, user_id: User, limit: Limit = 50, before: Before = None) -> LabelPage:
    """What was said of stretches by the person, by timers and by rules, the latest end first."""
    place = place_of(before) if before else None
    found = await here.database.run_for(user_id, lambda connection: read_label_page(connection, user_id, limit, place))
    last = (found[-1].end_us, found[-1].id) if len(found) == limit else None
    return LabelPage(tuple(_described(one) for one in found), next_of(last))


@router.get("/analytics/daily")
async def get_day(here: Here, user_id: User, date: Day) -> DailyStatsResponse:
    """One day, in the person's time zone."""
    return await here.database.run_for(user_id, lambda connection: _day(connection, user_id, date))


@router.get("/analytics/weekly")
async def get_week(here: Here, user_id: User, date: Day) -> WeekResponse:
    """The week from Monday to Sunday that the day is in, day by day, beside the totals of the week before."""
    monday = date - timedelta(days=date.weekday())
    days = [monday + timedelta(days=n) for n in range(7)]

    def work(connection: Connection) -> WeekResponse:
        totals, before = (
            WeekTotals(*sessions.read_totals(connection, user_id, first, first + timedelta(days=6)))
            for first in (monday, monday - timedelta(days=7))
        )
        return WeekResponse(monday.isoformat(), tuple(_day(connection, user_id, day) for day in days), totals, before)

    return await here.database.run_for(user_id, work)


@router.get("/models")
async def get_models(here: Here, user_id: User) -> tuple[ModelListed, ...]:
    """The stored models, the oldest first, and which of them is the champion."""

    def work() -> tuple[ModelListed, ...]:
        serving = champion(here.settings)
        return tuple(
            ModelListed(
                version=one.version,
                kind=str(one.manifest["kind"]),
                trained_on=str(one.manifest["trained_on"]),
                moments=int(one.manifest["data"]["moments"]),
                switch_auc=one.manifest["metrics"].get("switch", {}).get("auc"),
                break_auc=one.manifest["metrics"].get("break", {}).get("auc"),
                is_champion=one.tag == serving,
            )
            for one in list_models(here.settings)
        )

    return await run_in_threadpool(work)


def _described(row: LabelRow) -> StoredLabel:
    words = (row.outcome, row.source)
    return StoredLabel(row.id, row.start_us, row.end_us, *words)  # type: ignore[arg-type] # the table allows no others


def _day(connection: Connection, user_id: int, day: date) -> DailyStatsResponse:
    found = sessions.read_day(connection, user_id, day)
    return DailyStatsResponse(
        date=day.isoformat(),
        total_sessions=found.total_sessions,
        completed_sessions=found.completed_sessions,
        total_hours=found.total_hours,
        avg_focus_score=found.avg_focus_score,
        category_breakdown={name: CategoryStats(*stats) for name, stats in found.categories.items()},
    )
