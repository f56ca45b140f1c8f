"""A simulated person's log as training sees a stream's: records, snapshots, what the person said of them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from neural_focus.experiments.assignment import Arm
from neural_focus.labelling.labels import Outcome, OutcomeMark, Source
from neural_focus.models.datasets import StreamTable
from neural_focus.replay import CONTROL_DTYPE, ControlKind, replay_with_inputs
from neural_focus.simulation.person import EFFECT_WINDOW_S, SimulatedPerson
from neural_focus.time import SECOND_US


def stream_of(person: SimulatedPerson, user_id: int) -> StreamTable:
    """The stream of one person, as ``write_history`` and the flows would have it, without a database."""
    snapshots, inputs = replay_with_inputs(person.records, _controls(person))
    shown = [held.at_us for held in person.trials if held.trial.arm is not Arm.NO_OP]
    return StreamTable(
        stream_id=person.machine_id,
        user_id=user_id,
        records=person.records,
        timestamps_us=snapshots.timestamps_us,
        features=snapshots.features,
        sequence=snapshots.sequence,
        inputs=inputs,
        is_demo=True,
        interventions_us=np.array(shown, np.int64),
        marks=[*_timers(person), *_hotkeys(person)],
    )


def _controls(person: SimulatedPerson) -> NDArray[np.void]:
    """Timed sessions begin and end; a suggested break counts when the pause was taken."""
    rows = [(session.start_us, ControlKind.SESSION_START, 0.0) for session in person.sessions]
    rows += [(session.end_us, ControlKind.SESSION_END, 0.0) for session in person.sessions]
    rows += [
        (held.done_us[1], ControlKind.BREAK_ACCEPTED, 0.0)
        for held in person.trials
        if held.trial.arm is Arm.SUGGEST_BREAK and held.done_us is not None
    ]
    return np.array(sorted(rows), CONTROL_DTYPE)


def _timers(person: SimulatedPerson) -> list[OutcomeMark]:
    return [
        OutcomeMark(session.start_us, session.end_us, Outcome.FOCUSED, Source.TIMER)
        for session in person.sessions
        if session.completed
    ]


def _hotkeys(person: SimulatedPerson) -> list[OutcomeMark]:
    return [
        OutcomeMark(mark.at_us - EFFECT_WINDOW_S * SECOND_US, mark.at_us, Outcome[mark.outcome], Source.HOTKEY)
        for mark in person.marks
    ]
