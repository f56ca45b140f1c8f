"""What the page asks for: the moment, the last minutes with what was warned, past offers, the model's card, links."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from neural_focus.labelling.labels import MARGIN_US
from neural_focus.labelling.stream_timelines import stream_timeline
from neural_focus.messages import PredictionMade
from neural_focus.personal.learner import Learner
from neural_focus.prediction import categorize_risk
from neural_focus.settings import Settings
from neural_focus.store.database import Connection
from neural_focus.store.labels import shown_on
from neural_focus.store.person_record import WarningDay, sum_days
from neural_focus.store.predictions import LoggedMoments, first_prediction_us, read_moments
from neural_focus.time import iso, microseconds, moment, wall_clock_us
from neural_focus.timeline import Timeline
from serving.champion import Champion
from serving.people import UserProfile
from serving.personal_models import PersonalModels
from serving.predictors import trained_on
from serving.problems import ProblemError
from serving.recent_responses import (
    HitRate,
    InterventionRow,
    PredictionPoint,
    Recent,
    ReliabilityPoint,
    Switch,
    WarningGiven,
)
from serving.responses import Link, ModelCard, Now, Person, PredictionResponse, Voices
from serving.runtime import Runtime
from serving.warnings import Offered, idle_stretches, switches_of, warnings_of

FRESH_SECONDS = 60.0
"""A snapshot older than this is no ground for a prediction."""
HIT_RATE_DAYS = (7, 28)
HOW_TO_START = "Start the agent with: neural-focus agent"
_PORT = re.compile(r":\d+$")


def published_rates(connection: Connection, user_id: int) -> tuple[HitRate, ...]:
    """Warned and came true over the last week and month, as the flow ``personal`` counts it each hour."""
    today = datetime.now(UTC).date()
    return tuple(
        _hit_rate(found, days)
        for days in HIT_RATE_DAYS
        for _, found in sorted(sum_days(connection, user_id, today, days).items())
    )


def _hit_rate(found: WarningDay, days: int) -> HitRate:
    decided = found.warned - found.undecided
    return HitRate(
        kind=found.kind,
        days=days,
        warned=found.warned,
        came_true=found.came_true,
        undecided=found.undecided,
        rate=found.came_true / decided if decided else None,
        base_rate=found.base_rate,
        moments=found.moments,
        calibration_error=found.calibration_error,
        reliability=tuple(
            ReliabilityPoint(predicted / count, happened / count, int(count))
            for count, predicted, happened in found.bins
            if count
        ),
    )


def person_of(user: UserProfile) -> Person:
    """A person in the words of the API."""
    return Person(user.id, user.username, user.zone, user.is_demo)


async def now(runtime: Runtime, user_id: int) -> Now:
    """The moment."""
    user = await runtime.person(user_id)
    prediction, age = await runtime.answers.current(user_id)
    stream = runtime.streams.newest(user_id)
    fresh = age is not None and age <= FRESH_SECONDS
    answering, people = runtime.champion, runtime.people
    card = await runtime.database.run_for(user_id, lambda connection: model_card(connection, answering, people, user))
    return Now(
        person=person_of(user),
        collecting=fresh and runtime.hub.has_desktop(user_id),
        how_to_start="" if fresh or runtime.streams.desktop_of(user_id) else HOW_TO_START,
        age_s=age,
        prediction=PredictionMade.of(prediction) if prediction else None,
        activity=stream.activity if stream else None,
        session=await runtime.sessions.current(user_id),
        intervention=runtime.interventions.open_for(user_id),
        actions=await runtime.actions.now(user_id),
        model=card,
    )


async def prediction(runtime: Runtime, user_id: int) -> PredictionResponse:
    """The prediction for the person's latest snapshot.

    Raises:
        ProblemError: 409, it is older than 60 s, or there is none.
    """
    made, age = await runtime.answers.current(user_id)
    if made is None or age is None:
        raise ProblemError(
            409, "There is no snapshot of you", why="none came since the service started", hint=HOW_TO_START
        )
    if age > FRESH_SECONDS:
        raise ProblemError(409, "Your last snapshot is too old", why=f"it is {age:.0f} s old", hint=HOW_TO_START)
    return PredictionResponse(PredictionMade.of(made), age)


def model_card(connection: Connection, answering: Champion, people: PersonalModels, user: UserProfile) -> ModelCard:
    """Which model answers, whose data made it, and how far it has got to know this person."""
    predictor = answering.predictor_for(user.id)
    notice = answering.arms.notice(user.id) or answering.notice
    held = answering.held_back(user.id)
    learners = people.of(user.id, predictor, is_demo=user.is_demo)
    voices: dict[str, Voices] = {target: _voices(one) for target, one in learners.items()}
    source = trained_on(predictor)
    zone = ZoneInfo(user.zone)
    first_us = first_prediction_us(connection, user.id)
    today = datetime.now(zone).date()
    day = 1 if first_us is None else (today - moment(first_us).astimezone(zone).date()).days + 1
    learning = source != "people" and not user.is_demo
    data = predictor.manifest.get("data", {})
    note = f"{predictor.version} answers instead: {notice}" if notice else _note(source, learning, day, voices)
    return ModelCard(
        version=predictor.version,
        trained_on=source,
        learning=learning,
        day=day,
        voices=voices,
        note=f"{note}. {held}" if held else note,
        health=answering.health,
        data_from=iso(data["first_us"]) if data else None,
        data_to=iso(data["last_us"]) if data else None,
        metrics=flat_figures(predictor.manifest.get("metrics")),
    )


def recent(connection: Connection, rates: tuple[HitRate, ...], user_id: int, minutes: int) -> Recent:
    """The last minutes."""
    end_us = wall_clock_us()
    start_us = end_us - minutes * 60_000_000
    past = read_moments(connection, user_id, start_us - MARGIN_US, end_us)
    timelines = [stream_timeline(connection, user_id, one, end_us) for one in past]
    points = sorted((point for one in past for point in _points(one, start_us)), key=lambda point: point.t_us)
    switches: list[Switch] = sorted(
        (switch for one in timelines for switch in switches_of(one, start_us)), key=lambda switch: switch.t_us
    )
    return Recent(
        from_us=start_us,
        to_us=end_us,
        predictions=tuple(points),
        switches=tuple(switches),
        idle=tuple(stretch for one in timelines for stretch in idle_stretches(one, start_us, end_us)),
        warnings=tuple(_warned(connection, user_id, past, timelines, start_us)),
        hit_rates=rates,
    )


def interventions(connection: Connection, user_id: int, minutes: int) -> list[InterventionRow]:
    """What was drawn in the last minutes, newest first."""
    rows = connection.execute(
        "SELECT id, triggered_at, arm, probability, type, action, target, predicted_risk, contributing_factors,"
        " user_response, response_time_ms, focus_score_before, focus_score_after_5min, model_version, opportunity_id,"
        " ends_at, applied_at, applied_where, refused_reason, undone_at, undone_reason, rested_at"
        " FROM interventions WHERE user_id = %s AND triggered_at > %s ORDER BY triggered_at DESC, id LIMIT 1000",
        (user_id, moment(wall_clock_us() - minutes * 60_000_000)),
    )
    names = [field.name for field in fields(InterventionRow)]
    return [InterventionRow(**_shown(dict(zip(names, row, strict=True)))) for row in rows]


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    ident = row["opportunity_id"]
    return row | {
        **{name: iso(microseconds(value)) for name, value in row.items() if isinstance(value, datetime)},
        "contributing_factors": tuple(row["contributing_factors"] or ()),
        "opportunity_id": str(ident) if ident else None,
    }


def links(settings: Settings, here: str, version: str = "") -> list[Link]:
    """Where the other parts are for a browser that came by the address ``here``, whose cookie is for that name alone;
    ``version``: the model that answers, whose report is meant."""
    own = settings.reports / "models" / f"{version}.html"
    report = f"models/{own.name}" if own.exists() else "evaluation/index.html"
    prefect = f"{_PORT.sub('', here)}:{settings.prefect_port}"
    return [
        Link("Prefect", prefect, "Flows, their runs, schedules and artifacts"),
        Link("BentoML", f"{here}/bentoml", "The service's own description of its API"),
        Link("Data docs", f"{here}/reports/data-docs/index.html", "What the data-quality checks found"),
        Link("Model report", f"{here}/reports/{report}", "How the champion does on held-out snapshots"),
        Link("Models", f"{here}/reports/models/index.html", "Every model with its report and the decisions about it"),
        Link("A/B report", f"{here}/reports/ab/index.html", "Whether interventions work"),
    ]


def _points(past: LoggedMoments, start_us: int) -> list[PredictionPoint]:
    rows = zip(past.t_us, past.focus_score, past.distraction_risk, past.break_risk, past.confidence, strict=True)
    return [
        PredictionPoint(
            t_us=int(t),
            focus_score=float(score),
            distraction_risk=float(risk),
            break_risk=None if broken != broken else float(broken),  # nan is what differs from itself
            risk_category=categorize_risk(float(risk)).value,
            confidence=None if sure != sure else float(sure),
        )
        for t, score, risk, broken, sure in rows
        if t > start_us
    ]


def _warned(
    connection: Connection, user_id: int, past: Sequence[LoggedMoments], timelines: Sequence[Timeline], start_us: int
) -> list[WarningGiven]:
    found: list[WarningGiven] = []
    for one, timeline in zip(past, timelines, strict=True):
        rows = connection.execute(
            "SELECT min(id), (EXTRACT(epoch FROM COALESCE(opportunity_time, triggered_at)) * 1000000)::bigint AS at,"
            " min(predicted_risk), bool_or(action <> 'NO_OP'), min(contributing_factors->>0) FROM interventions"
            " WHERE user_id = %s AND machine_id = %s AND triggered_at > %s AND snooze_of IS NULL"
            " AND type <> 'MANUAL_JAIL' GROUP BY opportunity_id, at ORDER BY at",
            (user_id, one.machine_id, moment(start_us)),
        )
        offered = [Offered(ident, at, risk, acted, reason or "") for ident, at, risk, acted, reason in rows]
        shown = shown_on(connection, user_id, one.machine_id)
        found += warnings_of(timeline, one, offered, shown, start_us)
    return sorted(found, key=lambda warning: warning.t_us)


def _voices(learner: Learner) -> Voices:
    weights = learner.weights
    since = iso(learner.leads_us) if learner.leads_us else None
    return Voices(**weights.voices, leader=weights.leader, since=since)


def _note(source: str, learning: bool, day: int, voices: Mapping[str, Voices]) -> str:
    if not learning:
        words = {"people": "trained on people", "demo": "trained on demo people"}
        return words.get(source, "rules of thumb: no model has passed its gates yet")
    decides = {
        "recency": "the time since your last switch decides most, until more is known of you",
        "model": f"{'rules of thumb' if source == 'rules' else 'what it learned from demo people'} decides most",
        "own": "what it learned from you alone decides most",
    }
    return f"learning, day {day}: {decides[voices['switch'].leader]}"


def flat_figures(metrics: object, prefix: str = "") -> dict[str, float]:
    """The manifest's nested figures as one flat table; a figure that does not exist (nan) is left out."""
    flat: dict[str, float] = {}
    if isinstance(metrics, dict):
        for name, value in metrics.items():
            if isinstance(value, int | float) and not isinstance(value, bool):
                if math.isfinite(value):
                    flat[f"{prefix}{name}"] = float(value)
            else:
                flat |= flat_figures(value, f"{prefix}{name}.")
    return flat
