"""The state of a stream that the service has not seen yet, restored from what its earlier runs stored.

What goes back further than two minutes is kept by the desktop: each snapshot brings it along.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from neural_focus.experiments.budget import OpportunityWatch, Policy
from neural_focus.models.sequences import STEP_SECONDS, STEPS, LiveSteps
from neural_focus.settings import Settings
from neural_focus.store import interventions, sessions
from neural_focus.store.database import Connection
from neural_focus.store.predictions import LoggedMoments, read_features, read_moments
from neural_focus.time import HOUR_US, SECOND_US, wall_clock_us
from serving.jail import holds
from serving.people import UserProfile, own_hosts, read_person
from serving.streams import LiveStream

MOMENTS_HOURS = 12
"""How far the trial's threshold looks back."""


def restore_stream(
    connection: Connection,
    settings: Settings,
    user_id: int,
    machine_id: str,
    watch: OpportunityWatch | None = None,
) -> LiveStream:
    """The stream with its momentum, session and last snapshots as far as they are stored; the person's watch, too, if
    new.

    Raises:
        ProblemError: 401, there is no such person.
    """
    person = read_person(connection, user_id, own_hosts(settings))
    now_us = wall_clock_us()
    since = now_us - MOMENTS_HOURS * HOUR_US
    past = read_moments(connection, user_id, since, now_us, machine_id if watch else None)
    session = sessions.current_session(connection, user_id, since)
    stream = LiveStream(
        user_id=user_id,
        machine_id=machine_id,
        is_demo=person.is_demo,
        watch=watch or _restore_watch(connection, settings, person, past, now_us),
        help=person.help,
        jailed=session is not None and holds(session),
        session_id=session.id if session else None,
    )
    if own := [one for one in past if one.machine_id == machine_id]:
        stream.restore(own[0])
        stream.steps = _restore_steps(connection, user_id, machine_id, int(own[0].t_us[-1]))
    return stream


def _restore_watch(
    connection: Connection, settings: Settings, person: UserProfile, past: Sequence[LoggedMoments], now_us: int
) -> OpportunityWatch:
    """Threshold and budget of a person over all their machines: of each second the moment of the least idle one."""
    watch = OpportunityWatch(
        Policy(warm_start_s=settings.opportunity_seconds if person.is_demo else None), stagger=person.id
    )
    held_us = interventions.opportunity_times(
        connection, person.id, now_us - interventions.BUDGET_SECONDS * SECOND_US, now_us
    )
    t_us, risk, idle = (
        np.concatenate([np.empty(0), *(getattr(one, name) for one in past)])
        for name in ("t_us", "break_risk", "idle_s")
    )
    order = np.lexsort((idle, t_us))
    times, first = np.unique(t_us[order], return_index=True)
    watch.restore(times / 1e6, risk[order][first], [at / 1e6 for at in held_us])
    return watch


def _restore_steps(connection: Connection, user_id: int, machine_id: str, last_us: int) -> LiveSteps:
    """The two minutes of snapshots that end with the one at ``last_us``."""
    steps = LiveSteps()
    since = last_us - STEPS * STEP_SECONDS * SECOND_US
    for t_us, row, types in zip(*read_features(connection, user_id, machine_id, since, last_us), strict=True):
        steps.observe(int(t_us), row, types)
    return steps
