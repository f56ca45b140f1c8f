"""One person's experts after what has become known of them: labels on disk beside what was served in the log.

What each expert had said of a moment is read from the log, never made anew: a model that was trained since may have
seen the outcome. So nobody is weighed by what it has seen, and moments that were not served count for nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt
import pandas as pd

from flows.label_files import join_moments, read_labels
from flows.platform_flow import Platform
from neural_focus.evaluation.over_days import Days
from neural_focus.labelling.labels import MARGIN_US, NO_LABEL
from neural_focus.labelling.served_outcomes import TICK_US
from neural_focus.models.calibration import logit
from neural_focus.models.contracts import V6
from neural_focus.models.predict import Predictor
from neural_focus.personal.learner import MOST_MOMENTS, Known, Learner
from neural_focus.personal.mixture import EXPERTS, Weights
from neural_focus.personal.served import Target, learners_of, read_learners
from neural_focus.store.database import Connection
from neural_focus.store.person_record import read_personal_models
from neural_focus.store.predictions import read_mixtures
from neural_focus.time import DAY_US

Floats = npt.NDArray[np.float64]
SERVED_DAYS = 28
LABEL_OF: dict[Target, str] = {"switch": "switch", "break": "settled_break"}


@dataclass(frozen=True, slots=True)
class Served:
    """A person who got predictions in the last days."""

    user_id: int
    name: str
    is_demo: bool


def served_people(connection: Connection, now: datetime) -> list[Served]:
    """Who got predictions in the last days."""
    rows = connection.execute(
        "SELECT DISTINCT u.id, u.username, u.is_demo FROM users u JOIN model_predictions p ON p.user_id = u.id"
        " WHERE p.snapshot_time > %s ORDER BY u.id",
        (now - timedelta(days=SERVED_DAYS),),
    )
    return [Served(*row) for row in rows]


def learn_person(platform: Platform, predictor: Predictor, person: Served) -> dict[str, Learner]:
    """The person's experts by target, after the outcomes that have become known since they learned last."""
    stored = read_personal_models(platform.connection, person.user_id)
    found = read_learners(stored, person.user_id)
    learners = learners_of(predictor, person.user_id, found, is_demo=person.is_demo)
    labels = read_labels(platform.settings.feast, person.is_demo, user_id=person.user_id)
    return {
        target: _learn(platform, predictor, person.user_id, labels, target, one) for target, one in learners.items()
    }


def _learn(
    platform: Platform, predictor: Predictor, user_id: int, labels: pd.DataFrame, target: Target, before: Learner
) -> Learner:
    known = labels[labels[LABEL_OF[target]] != NO_LABEL]
    if known.empty:
        return before
    times_us = _microseconds(known)
    now_us = int(times_us.max()) + MARGIN_US + 1  # outcomes are known up to the newest label, whenever that was made
    new, said, _ = _served_moments(platform, user_id, known[times_us >= before.learned_us], target)
    after = before.weigh(_microseconds(new), said, new[LABEL_OF[target]].to_numpy(np.int8), now_us)
    if not after.is_due(now_us):
        return after
    past, said, _ = _served_moments(platform, user_id, known, target)
    contract = predictor.contract if predictor.targets else V6  # of rules no model reads the inputs
    moments = join_moments(platform, past, contract.version)
    place = np.searchsorted(_microseconds(past), moments.times_us)
    rows = moments.inputs(contract, predictor.context.population)
    prior = logit(said[place, EXPERTS.index("prior")])
    what = Known(rows, prior, moments.recency_s, moments.app, moments.times_us)
    return after.refit(what, said[place], getattr(moments, LABEL_OF[target]), now_us)


def served_days(platform: Platform, person: Served) -> list[Days]:
    """What was served the person and each expert had said, day by day, by target."""
    labels = read_labels(platform.settings.feast, person.is_demo, user_id=person.user_id)
    found = []
    for target, name in LABEL_OF.items():
        known = labels[labels[name] != NO_LABEL]
        frame, said, weights = _served_moments(platform, person.user_id, known, target)
        times_us = _microseconds(frame)
        alone = np.full(len(frame), np.nan)  # no regression of a person's own days alone is served
        mixed = Weights(weights).mix(said)
        found.append(
            Days(
                target=target,
                person=person.user_id,
                label=frame[name].to_numpy(np.int8),
                times_us=times_us,
                lead_s=frame["lead_s"].to_numpy(np.float64),
                day=np.searchsorted(np.unique(_microseconds(known) // DAY_US), times_us // DAY_US),
                said=np.column_stack([said, alone, mixed]),
                weights=weights,
            )
        )
    return found


def _served_moments(
    platform: Platform, user_id: int, known: pd.DataFrame, target: Target
) -> tuple[pd.DataFrame, Floats, Floats]:
    """Of labelled moments those that were served, ascending in time, the latest of them; and what each expert said, and
    its weight."""
    nothing = np.empty((0, len(EXPERTS)))
    if known.empty:
        return known, nothing, nothing
    first_us = int(_microseconds(known).min())
    parts, words, weights = [known.iloc[:0]], [nothing], [nothing]
    for machine, (at, said, weight) in read_mixtures(
        platform.connection, user_id, target, first_us - 1, TICK_US
    ).items():
        mine = known[known["stream_id"] == f"{user_id}:{machine}"]
        times_us = _microseconds(mine)
        both = np.isin(times_us, at)
        place = np.searchsorted(at, times_us[both])
        parts.append(mine[both])
        words.append(said[place])
        weights.append(weight[place])
    frame = pd.concat(parts, ignore_index=True)
    _, order = np.unique(_microseconds(frame), return_index=True)  # of two machines at once, one
    latest = order[-MOST_MOMENTS:]
    return frame.iloc[latest].reset_index(drop=True), np.concatenate(words)[latest], np.concatenate(weights)[latest]


def _microseconds(frame: pd.DataFrame) -> npt.NDArray[np.int64]:
    times_us: npt.NDArray[np.int64] = frame["event_timestamp"].dt.as_unit("us").astype("int64").to_numpy(np.int64)
    return times_us
