"""The flow `personal`: each hour, what people's own moments teach.

1. Their experts (``personal.learner``): whose word counts is weighed by what each had said of the moments whose
   outcome has become known; what is their own is fitted anew where there is enough that is new.
2. Their record: day by day what was warned and came true, and what was said beside what happened.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta

import numpy as np

from flows.artifacts import Cell, publish_markdown, publish_table
from flows.personal_learning import SERVED_DAYS, learn_person, served_people
from flows.platform_flow import Platform, log, platform_flow
from neural_focus.labelling.labels import MARGIN_US, untouched
from neural_focus.labelling.outcomes import HORIZON, high_onsets, served_outcome, warning_outcome
from neural_focus.labelling.served_outcomes import TICK_US
from neural_focus.labelling.stream_timelines import stream_timeline
from neural_focus.models.champion import working_champion
from neural_focus.models.predict import Predictor
from neural_focus.personal.learner import Learner
from neural_focus.prediction import WarningKind
from neural_focus.store.database import Connection
from neural_focus.store.labels import shown_on
from neural_focus.store.person_record import (
    BINS,
    WarningDay,
    bin_outcomes,
    days_known,
    write_day,
    write_personal_models,
)
from neural_focus.store.predictions import LoggedMoments, read_moments
from neural_focus.time import DAY_US
from neural_focus.timeline import Timeline

RECENT = timedelta(days=1)
"""Days whose outcomes may still change: they are counted again."""


@platform_flow(
    name="personal",
    description="Lets each person's own experts learn from their labelled snapshots; counts how many warnings came "
    "true.",
    stale_after=timedelta(minutes=50),
)
def personal(platform: Platform) -> int:
    """Brings everybody's experts and record up to date; returns how many people that was."""
    return adapt(platform, datetime.now(UTC))


def adapt(platform: Platform, now: datetime) -> int:
    """The work of the flow."""
    predictor = working_champion(platform.settings)[0] or Predictor.rules()
    people = served_people(platform.connection, now)
    rows: list[dict[str, Cell]] = []
    for person in people:
        learners = learn_person(platform, predictor, person)
        states = {target: one.to_json() for target, one in learners.items()}
        write_personal_models(platform.connection, person.user_id, states)
        days = count_days(platform.connection, person.user_id, now.date())
        platform.connection.commit()
        rows.append({"person": person.name, **_weights(learners), "days counted": days})
    log(f"{len(people)} people brought up to date")
    publish_markdown(
        "personal-run", f"{len(people)} people who got predictions in the last {SERVED_DAYS} days.", "What was done"
    )
    publish_table("personal-people", rows, "Whose word counts: the time since the last switch, the model, or their own")
    return len(people)


def _weights(learners: Mapping[str, Learner]) -> dict[str, Cell]:
    """Of each target's voices the weight, in words."""
    return {
        f"{target}: {voice}": f"{weight:.0%}"
        for target, one in learners.items()
        for voice, weight in one.weights.voices.items()
    }


def count_days(connection: Connection, user_id: int, today: date) -> int:
    """Writes the days that are not written yet, and the recent ones again; returns how many."""
    known, written = days_known(connection, user_id), 0
    for back in range(SERVED_DAYS - 1, -1, -1):
        day = today - timedelta(days=back)
        if day not in known or today - day <= RECENT:
            write_day(connection, user_id, day, one_day(connection, user_id, day))
            written += 1
    return written


def one_day(connection: Connection, user_id: int, day: date) -> list[WarningDay]:
    """Both kinds of warning of one UTC day."""
    start_us = int(datetime.combine(day, time(), UTC).timestamp()) * 1_000_000
    end_us = start_us + DAY_US
    past = read_moments(connection, user_id, start_us - MARGIN_US, end_us + MARGIN_US)
    streams = [(one, stream_timeline(connection, user_id, one, end_us + MARGIN_US)) for one in past]
    return [
        _add(kind, [_count(connection, user_id, *one, kind, start_us, end_us) for one in streams]) for kind in HORIZON
    ]


def _count(
    connection: Connection,
    user_id: int,
    past: LoggedMoments,
    timeline: Timeline,
    kind: WarningKind,
    start_us: int,
    end_us: int,
) -> WarningDay:
    shown = shown_on(connection, user_id, past.machine_id)
    warned = high_onsets(past) if kind == "HIGH_RISK" else _held_back(connection, user_id, past.machine_id)
    warned = warned[(warned > start_us) & (warned <= end_us)]
    warned = warned[untouched(warned, HORIZON[kind], shown)]
    verdict = warning_outcome(timeline, kind, warned)[0]
    happened = served_outcome(timeline, past, kind, shown)
    asked = (happened >= 0) & (past.t_us > start_us) & (past.t_us <= end_us) & (past.t_us % TICK_US == 0)
    said = past.distraction_risk if kind == "HIGH_RISK" else past.break_risk
    bins = bin_outcomes(said[asked], happened[asked])
    return WarningDay(kind, len(warned), int((verdict == 1).sum()), int((verdict < 0).sum()), bins)


def _held_back(connection: Connection, user_id: int, machine_id: str) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Opportunities of the no-op arm: warnings of a break that nobody saw, so that they may come true; µs."""
    rows = connection.execute(
        "SELECT DISTINCT (EXTRACT(epoch FROM COALESCE(opportunity_time, triggered_at)) * 1000000)::bigint AS at"
        " FROM interventions WHERE user_id = %s AND machine_id = %s AND action = 'NO_OP' ORDER BY at",
        (user_id, machine_id),
    )
    return np.array([at for (at,) in rows], np.int64)


def _add(kind: WarningKind, parts: list[WarningDay]) -> WarningDay:
    return WarningDay(
        kind,
        sum(part.warned for part in parts),
        sum(part.came_true for part in parts),
        sum(part.undecided for part in parts),
        sum((part.bins for part in parts), np.zeros((BINS, 3))),
    )
