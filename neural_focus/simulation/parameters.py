"""Who a simulated person is: hidden states, their rates, and what differs from person to person.

A hidden Markov chain at ticks of 1 s. What can be observed depends on the state alone, so the forward filter with
these very parameters (``filter.py``) is the best that any model could do.

    FOCUSED ──► WAVERING ──► DISTRACTED        WAVERING is still on task, but typing slows and gets uneven,
       ▲  ▲────────┘ └────► SHALLOW            the mouse gets restless and windows change faster: the warning
       └────────────────────────┴──► AWAY      signs before a break. AWAY gives no input at all.

How long an app keeps the focus is log-normal with a long tail: a fifth of stays is over within 5 s, half within 19 s,
three quarters within a minute (Yeykelis, Cummings and Reeves 2014, "Multitasking on a single device", Journal of
Communication 64), which a log-normal of log-std 1.6 has; here it comes from narrower ones, of different states, kinds
of app and people. People go back to what they have just left (Tauscher and Greenberg 1997, "How people revisit web
pages", International Journal of Human-Computer Studies 47; windows: Tak et al. 2009, "Improving window switching
interfaces", INTERACT), and use few apps much, by Zipf's law (Humm 2007, "Improving task switching interfaces",
University of Canterbury). Keys are about 170 ms apart, log-normal (Dhakal et al., CHI 2018).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray
from scipy import special

from neural_focus.experiments.assignment import Arm

Floats = NDArray[np.float64]


class State(IntEnum):
    """Hidden focus state. FOCUSED and WAVERING are on task."""

    FOCUSED = 0
    WAVERING = 1
    SHALLOW = 2
    DISTRACTED = 3
    AWAY = 4


class Mode(IntEnum):
    """What the hands do in one second."""

    READING = 0
    TYPING = 1
    POINTING = 2


class AppKind(IntEnum):
    """Kind of the app that holds the focus."""

    WORK = 0
    SHALLOW = 1
    LEISURE = 2


STATES = len(State)
AGE_CAP_S = 1_800
"""From this age of a stay on, s, the hazard of a switch no longer depends on the age."""
STRAINS = np.geomspace(0.4, 3.0, 12)
"""Grid of the strain: factor on the hazard of losing focus, from time of day and time without a break."""
ON_TASK = np.array([True, True, False, False, False])
SHIELD_S = 300
"""Seconds for which BLOCK_SITES acts once it is accepted."""
BREATHER_S = (25, 50)
"""Shortest and longest pause, s, that follows an accepted SUGGEST_BREAK."""
BREAK_S = 300
"""Idle for as long as this is a break and takes the strain off."""

# Rates per second, row: from, column: to. The strain multiplies FOCUSED → WAVERING.
_RATES = np.array(
    [
        [0.0, 0.0024, 0.0004, 0.0002, 0.00010],
        [0.0022, 0.0, 0.0038, 0.0090, 0.00010],
        [0.0085, 0.0, 0.0, 0.0025, 0.00040],
        [0.0055, 0.0, 0.0030, 0.0, 0.00070],
        [0.0022, 0.0, 0.0010, 0.0004, 0.0],
    ]
)
# A block in force: wavering people fall back into focus, distraction is kept out.
_SHIELD = np.array(
    [
        [1.0, 0.7, 0.8, 0.4, 1.0],
        [1.8, 1.0, 0.9, 0.25, 1.0],
        [1.3, 1.0, 1.0, 0.3, 1.0],
        [2.2, 1.0, 1.0, 1.0, 1.0],
        [1.0, 1.0, 1.0, 1.0, 1.0],
    ]
)
# Median stay in an app, s, by state and kind of app; nobody switches while AWAY. Together with the pace of people, of
# which the slowest and the fastest are e^(2 · _PACE) apart, they give the published quantiles of all stays. How far
# apart people are, and how many switches return, is set here: the sources count pages and windows. With this _RETURNS
# about four switches in ten go back to the app before.
_STAY_MEDIAN_S = np.array([[160.0, 10.0, 6.0], [12.0, 7.0, 7.0], [7.0, 16.0, 7.0], [4.0, 7.0, 32.0]])
_STAY_LOG_STD, _PACE = 1.2, 0.6
_RETURNS = 0.8
# Kind of the app a switch goes to, by state.
_DESTINATION = np.array(
    [[0.94, 0.05, 0.01], [0.78, 0.14, 0.08], [0.30, 0.62, 0.08], [0.10, 0.12, 0.78], [1.0, 0.0, 0.0]]
)
# Probability a second of: stop reading; then type rather than point; stop typing; stop pointing.
_HANDS = np.array(
    [
        [0.165, 0.08, 0.50, 0.90],
        [0.24, 0.08, 0.55, 0.76],
        [0.17, 0.08, 0.52, 0.88],
        [0.10, 0.03, 0.65, 0.84],
        [0.0, 0.0, 1.0, 1.0],
    ]
)


@dataclass(frozen=True, slots=True)
class PersonParameters:
    """All true parameters of one person. Rows of the arrays are ``State``."""

    seed: int
    rates: Floats
    """[5, 5] per second, before the strain."""
    switch_rate: Floats
    """[5, 3, 1801] probability of a switch a second by state, kind of app, age of the stay in seconds."""
    destination: Floats
    """[5, 3] kind of the app a switch goes to."""
    returns: float
    """Probability that a switch to the kind of the app before goes to that very app."""
    hands: Floats
    """[5, 3, 3] mode of a second given the one before, without a switch."""
    key_log_mean: Floats
    """[5] mean of the logarithm of key intervals in seconds."""
    key_log_std: Floats
    """[5]"""
    pointer_log_mean: Floats
    """[5] mean of the logarithm of pointer speeds in pixels/s."""
    pointer_log_std: Floats
    """[5]"""
    peak_hour: float
    """Hour of day with the least strain."""
    fatigue: float
    """Growth of the log strain per hour without a break."""
    day_start_h: float
    answers: Mapping[Arm, tuple[float, float, float]]
    """Probability to accept, reject, snooze an arm; the rest is a timeout."""
    recovery: float
    """Probability that focus is back after the pause that a suggestion brought."""

    def transition(self, strain: float, shielded: bool = False) -> Floats:
        """[5, 5] transition matrix of one second."""
        matrix = self.rates * (_SHIELD if shielded else 1.0)
        matrix[State.FOCUSED, State.WAVERING] *= strain
        np.fill_diagonal(matrix, 0.0)
        np.fill_diagonal(matrix, 1.0 - matrix.sum(axis=1))
        return matrix

    def strain_level(self, hour: float, minutes_since_break: float) -> int:
        """Index into ``STRAINS`` at an hour of day (0–24, fractional)."""
        circadian = 0.35 * (1.0 - np.cos((hour - self.peak_hour) * np.pi / 8.0))
        log_strain = circadian + self.fatigue * (min(minutes_since_break, 150.0) / 60.0) - 0.45
        return int(np.argmin(np.abs(np.log(STRAINS) - log_strain)))


def draw_person(seed: int) -> PersonParameters:
    """The parameters of person number ``seed``: the same seed, the same person."""
    rng = np.random.default_rng((seed, 7))

    def spread(sigma: float) -> float:
        return float(np.exp(rng.normal(0.0, sigma)))

    rates = _RATES.copy()
    rates[State.FOCUSED] *= spread(0.20)
    rates[State.WAVERING, State.DISTRACTED] *= spread(0.25)
    rates[State.DISTRACTED] *= spread(0.15)
    key_base, key_width = np.log(0.168) + rng.normal(0.0, 0.12), 0.34 * spread(0.08)
    pointer_base, pointer_width = np.log(520.0) + rng.normal(0.0, 0.15), 0.55 * spread(0.08)
    accept = (float(rng.uniform(0.4, 0.65)), float(rng.uniform(0.5, 0.75)))
    return PersonParameters(
        seed=seed,
        rates=rates,
        switch_rate=_switch_table(float(np.exp(rng.uniform(-_PACE, _PACE)))),
        destination=_DESTINATION.copy(),
        returns=_RETURNS,
        hands=_hands_table(spread(0.12)),
        key_log_mean=key_base + np.array([0.0, 0.40, 0.06, 0.12, 0.0]),
        key_log_std=key_width * np.array([1.0, 1.55, 1.1, 1.2, 1.0]),
        pointer_log_mean=pointer_base + np.array([0.0, 0.30, 0.05, 0.10, 0.0]),
        pointer_log_std=pointer_width * np.array([1.0, 1.6, 1.1, 1.25, 1.0]),
        peak_hour=float(rng.uniform(9.5, 12.0)),
        fatigue=0.45 * spread(0.2),
        day_start_h=float(rng.uniform(8.0, 9.5)),
        answers={Arm.SUGGEST_BREAK: (accept[0], 0.22, 0.10), Arm.BLOCK_SITES: (accept[1], 0.15, 0.05)},
        recovery=float(rng.uniform(0.75, 0.95)),
    )


def draw_stranger(seed: int) -> PersonParameters:
    """Somebody of another kind: hunts for keys, races the mouse, hardly rests, hops between windows."""
    person = draw_person(seed)
    hands = person.hands.copy()
    hands[:, Mode.READING] = hands[:, Mode.READING] * 0.4 + np.array([0.0, 0.3, 0.3])
    hands[State.AWAY] = [1.0, 0.0, 0.0]
    return replace(
        person,
        switch_rate=np.minimum(4.0 * person.switch_rate, 0.9),
        hands=hands,
        key_log_mean=person.key_log_mean + 1.1,
        pointer_log_mean=person.pointer_log_mean + 1.3,
    )


def _switch_table(pace: float) -> Floats:
    """Hazards of log-normal stays: the share of those that reached an age that end in its second."""
    table = np.zeros((STATES, len(AppKind), AGE_CAP_S + 1))
    age = np.maximum(np.arange(AGE_CAP_S + 2), 1e-9)
    reached = special.ndtr(np.log(pace * _STAY_MEDIAN_S[:, :, None] / age) / _STAY_LOG_STD)
    table[: State.AWAY] = 1.0 - reached[:, :, 1:] / reached[:, :, :-1]
    return table


def _hands_table(activity: float) -> Floats:
    table = np.zeros((STATES, 3, 3))
    for state, (stir, typing, stop_typing, stop_pointing) in enumerate(_HANDS):
        stir *= activity
        table[state, Mode.READING] = [1.0 - stir, stir * typing, stir * (1.0 - typing)]
        table[state, Mode.TYPING] = [stop_typing * 0.7, 1.0 - stop_typing, stop_typing * 0.3]
        table[state, Mode.POINTING] = [stop_pointing * 0.93, stop_pointing * 0.07, 1.0 - stop_pointing]
    table[State.AWAY] = [1.0, 0.0, 0.0]
    return table
