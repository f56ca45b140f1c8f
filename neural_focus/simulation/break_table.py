"""P(a break begins within 60 s), from each age of the stay and hidden state, by solving the chain backward.

A break: the third switch within 60 s, or leaving the work apps within 60 s and staying away for 10 s. Where things
stand after a second:

    home [switches so far 0–2, age of the stay]                       in a work app
    away [switches so far 1–2, kind of app, age of the stay, seconds away]
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from neural_focus.prediction import BREAK_HORIZON_SECONDS
from neural_focus.simulation.parameters import AGE_CAP_S, STATES, AppKind, PersonParameters

Floats = NDArray[np.float64]
STAY_S = 10
"""Seconds away that make a break."""


def break_table(person: PersonParameters, strain: float) -> Floats:
    """[1801, 5] P(break begins in the next 60 s | age, s, of the stay in a work app; state)."""
    move = person.transition(strain).T
    home = np.zeros((3, AGE_CAP_S + 1, STATES))
    away = np.zeros((2, 2, STAY_S, STAY_S, STATES))
    for second in range(BREAK_HORIZON_SECONDS + STAY_S - 1, 0, -1):
        counted = second <= BREAK_HORIZON_SECONDS
        home, away = _home_before(person, home, away, counted) @ move, _away_before(person, home, away, counted) @ move
    return np.asarray(home[0])


def _home_before(person: PersonParameters, home: Floats, away: Floats, counted: bool) -> Floats:
    """Value before a second's switch, [3, 1801, 5]; after the horizon nothing new can begin."""
    if not counted:
        return np.zeros_like(home)
    to_work, to_others = person.destination[:, AppKind.WORK], person.destination[:, AppKind.WORK + 1 :]
    hazard = person.switch_rate[:, AppKind.WORK].T
    older = np.minimum(np.arange(AGE_CAP_S + 1) + 1, AGE_CAP_S)
    before = (1.0 - hazard) * home[:, older]
    for switches in range(3):
        arrived = np.ones(STATES)
        if switches < 2:
            left = np.einsum("zk,kz->z", to_others, away[switches, :, 0, 1])
            arrived = to_work * home[switches + 1, 0] + left
        before[switches] += hazard * arrived
    return np.asarray(before)


def _away_before(person: PersonParameters, home: Floats, away: Floats, counted: bool) -> Floats:
    """[2, 2, 10 ages, 10 seconds away, 5]; entry 0 of the seconds away is not used."""
    to_work, to_others = person.destination[:, AppKind.WORK], person.destination[:, AppKind.WORK + 1 :]
    hazard = person.switch_rate[:, AppKind.WORK + 1 :, :STAY_S].transpose(1, 2, 0)[None, :, :, None, :]
    later = np.ones_like(away)
    later[:, :, :-1, :-1] = away[:, :, 1:, 1:]
    fresh = np.ones((2, 2, STAY_S, STATES))
    fresh[:, :, :-1] = away[:, :, 0, 1:]
    arrived = np.empty((2, STAY_S, STATES))
    for switches in (0, 1):
        if counted and switches == 1:
            arrived[switches] = 1.0
            continue
        to = switches + 1 if counted else switches
        back = home[to + 1, 0] if counted else np.zeros(STATES)
        arrived[switches] = to_work * back + np.einsum("zk,krz->rz", to_others, fresh[to])
    return np.asarray((1.0 - hazard) * later + hazard * arrived[:, None, None])
