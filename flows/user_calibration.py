"""The flow `personal`: each hour, what people's own moments say of the model that serves them.

1. Their calibration: the offset that their own labelled, untouched moments ask for, drawn towards the model's own
   (``calibrate.fit_shift``). Nobody's data moves nothing; the share that is theirs grows with their moments.
2. Their record: day by day what was warned and came true, and what was said beside what happened.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

import numpy as np
import pandas as pd

from flows.artifacts import Cell, publish_markdown, publish_table
from flows.label_files import join_moments, read_labels
from flows.platform_flow import Platform, log, platform_flow
from neural_focus.errors import NeuralFocusError
from neural_focus.labelling.labels import MARGIN_US, untouched
from neural_focus.labelling.outcomes import HORIZON, high_onsets, served_outcome, warning_outcome
from neural_focus.labelling.served_outcomes import KINDS, TICK_US
from neural_focus.labelling.stream_timelines import stream_timeline
from neural_focus.models.calibrate import fit_personal
from neural_focus.models.champion import load, working_champion
from neural_focus.models.fitting import labelled
from neural_focus.models.predict import Predictor
from neural_focus.prediction import WarningKind
from neural_focus.registry.shadow_run import shadow
from neural_focus.settings import Settings
from neural_focus.store.database import Connection
from neural_focus.store.experiments import models_of_arms
from neural_focus.store.labels import shown_on
from neural_focus.store.person_record import (
    BINS,
    PersonCalibration,
    WarningDay,
    bin_outcomes,
    days_known,
    write_calibrations,
    write_day,
)
from neural_focus.store.predictions import LoggedMoments, read_moments
from neural_focus.time import DAY_US
from neural_focus.timeline import Timeline

DAYS = 28
RECENT = timedelta(days=1)
"""Days whose outcomes may still change: they are counted again."""


@dataclass(frozen=True, slots=True)
class Served:
    """A person who got predictions in the last days."""

    user_id: int
    name: str
    is_demo: bool


@platform_flow(
    name="personal",
    description="Fits each person's calibration to their own labelled snapshots; counts how many warnings came true.",
    stale_after=timedelta(minutes=50),
)
def personal(platform: Platform) -> int:
    """Brings everybody's calibration and record up to date; returns how many people that was."""
    return adapt(platform, datetime.now(UTC))


def adapt(platform: Platform, now: datetime) -> int:
    """The work of the flow."""
    predictors = at_work(platform.settings, models_of_arms(platform.connection))
    people = served_people(platform.connection, now)
    rows: list[dict[str, Cell]] = []
    for person in people:
        found = {one.version: calibrations(platform, one, person) for one in predictors}
        if found:
            write_calibrations(platform.connection, person.user_id, found)
        days = count_days(platform.connection, person.user_id, now.date())
        platform.connection.commit()
        serves = next(iter(found.values()), [])
        share = max((one.share for one in serves if one.target == "switch"), default=0.0)
        rows.append({"person": person.name, "own share": f"{share:.0%}", "days counted": days})
    log(f"{len(people)} people brought up to date")
    publish_markdown(
        "personal-run", f"{len(people)} people who got predictions in the last {DAYS} days.", "What was done"
    )
    publish_table("personal-people", rows, "How much of the calibration is the person's own")
    return len(people)


def at_work(settings: Settings, arms: Collection[str] = ()) -> list[Predictor]:
    """The model that serves, the one in its shadow, and those of experiments' ``arms``: all get what people's own
    moments ask for, or a comparison of two would be one of how long each has known them."""
    champion, _ = working_champion(settings)
    if champion is None:
        return []
    found = [champion]
    try:
        if (beside := shadow(settings)) is not None:
            found.append(load(settings, beside.tag))
    except NeuralFocusError as error:  # a challenger's trouble is its own
        log(f"nothing is fitted for the shadow: {error}")
    for version in sorted(set(arms) - {one.version for one in found}):
        try:
            found.append(load(settings, version))
        except NeuralFocusError as error:
            log(f"nothing is fitted for the arm of an experiment: {error}")
    return found


def served_people(connection: Connection, now: datetime) -> list[Served]:
    """Who got predictions in the last days."""
    rows = connection.execute(
        "SELECT DISTINCT u.id, u.username, u.is_demo FROM users u JOIN model_predictions p ON p.user_id = u.id"
        " WHERE p.snapshot_time > %s ORDER BY u.id",
        (now - timedelta(days=DAYS),),
    )
    return [Served(*row) for row in rows]


def calibrations(platform: Platform, predictor: Predictor, person: Served) -> list[PersonCalibration]:
    """What the person's labelled moments that the model was not trained on ask for, by target."""
    labels = read_labels(platform.settings.feast, is_demo=person.is_demo)
    until = predictor.manifest["data"].get("until_us", {}).get(str(person.user_id), 0)
    new = labels["event_timestamp"] > pd.Timestamp(until, unit="us", tz="UTC")
    mine = labels[(labels["user_id"] == person.user_id) & new].reset_index(drop=True)
    if mine.empty:
        return []
    moments = join_moments(platform, mine, predictor.contract.version, sequences=predictor.reads_sequences)
    found = []
    for target in KINDS:
        judged, label = labelled(moments, target)
        if target in predictor.targets and len(label):
            line = predictor.line_of(target, judged)
            found.append(PersonCalibration(target, *fit_personal(line, label)))
    return found


def count_days(connection: Connection, user_id: int, today: date) -> int:
    """Writes the days that are not written yet, and the recent ones again; returns how many."""
    known, written = days_known(connection, user_id), 0
    for back in range(DAYS - 1, -1, -1):
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
    shown = np.array(shown_on(connection, user_id, past.machine_id), np.int64)
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
