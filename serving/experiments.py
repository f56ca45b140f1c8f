"""The experiments that run, as the service has them in memory: what each moment can be drawn to.

What a command or the nightly flow changes in the database holds here within ``REFRESH_SECONDS``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from neural_focus.experiments.assignment import Arm, Policy
from neural_focus.experiments.declaration import ArmSpec, Experiment
from neural_focus.experiments.declaration_checks import HELP_LAYER
from neural_focus.experiments.running import (
    Running,
    changed_policy,
    context_of,
    experiment_of,
    is_eligible,
    possible_arms,
)
from neural_focus.store.database import Connection
from neural_focus.store.experiments import Assignment, assign, ensure_default, read_running
from neural_focus.store.interventions import Exposure, opportunities_of_the_day
from neural_focus.time import moment
from serving.database import Database
from serving.streams import Streams

REFRESH_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Chance:
    """What a moment can be drawn to: the arms with their probabilities, the experiment, and what was known then.

    ``others``: the person's arms in experiments that assign people, which the moment is an exposure to as well.
    """

    experiment_id: int
    spec: Experiment
    arms: Mapping[Arm, float]
    context: Mapping[str, str]
    others: tuple[Exposure, ...] = ()


@dataclass(frozen=True, slots=True)
class _Person:
    zone: ZoneInfo
    day: date
    """The local day of ``opportunities``."""
    opportunities: int


@dataclass(frozen=True, slots=True)
class _State:
    running: tuple[Running, ...] = ()
    people: Mapping[int, _Person] = field(default_factory=dict)
    assigned: Mapping[tuple[int, int], Assignment] = field(default_factory=dict)


class Experiments:
    """All running experiments. Lives on the event loop; reads in worker threads."""

    def __init__(self, database: Database, streams: Streams) -> None:
        self._database, self._streams, self._state = database, streams, _State()

    async def open(self) -> None:
        """Start the platform's own experiment if it is new here, and read all that run."""
        await self._database.run(ensure_default)
        await self.refresh()

    async def refresh(self) -> None:
        """Take over what has changed; people's policies follow at once."""
        await self._read(stream.user_id for stream in self._streams.all())

    async def join(self, user_id: int) -> None:
        """A person's first stream: nothing is drawn for them before their experiments are known."""
        if user_id not in self._state.people:
            await self._read({*(stream.user_id for stream in self._streams.all()), user_id})

    def chance(
        self, user_id: int, t_us: int, category: str, eligible: Collection[Arm], *, answered: str = ""
    ) -> Chance | None:
        """What the moment at ``t_us`` can be drawn to; None where it takes part in no experiment.

        ``eligible``: the arms that can be done here now; ``answered``: the model that made the prediction.
        """
        person, now = self._state.people.get(user_id), moment(t_us)
        is_demo = any(stream.is_demo for stream in self._streams.of(user_id))
        one = experiment_of(self._state.running, HELP_LAYER, user_id, now, is_demo=is_demo)
        if person is None or one is None:
            return None
        local = now.astimezone(person.zone)
        today = person.opportunities if local.date() == person.day else 0
        context = context_of(local, category, today)
        if not is_eligible(one.spec, context, local, today):
            return None
        arms = possible_arms(one, context, eligible)
        return Chance(one.id, one.spec, arms, context, self._others(user_id, now, answered)) if arms else None

    def models(self) -> dict[int, str]:
        """Person → the version that answers them instead of the champion."""
        now = datetime.now(UTC)
        return {
            user: arm.model for user in self._state.people for arm in self._arms(user, now) if arm.model is not None
        }

    async def _read(self, user_ids: Iterable[int]) -> None:
        users, now = set(user_ids), datetime.now(UTC)
        self._state = await self._database.run(lambda connection: _read_state(connection, users, now))
        for user_id in users:
            if (watch := self._streams.watch_of(user_id)) is not None:
                watch.follow(self.policy_of(user_id, watch.policy, now))

    def policy_of(self, user_id: int, usual: Policy, now: datetime) -> Policy:
        """The person's policy: the usual one with what their arms change."""
        return changed_policy(Policy(warm_start_s=usual.warm_start_s), list(self._arms(user_id, now)))

    def _arms(self, user_id: int, now: datetime) -> Iterator[ArmSpec]:
        """What holds for a person: their arms, and the control's in place of one that was stopped."""
        for one, kept in self._kept(user_id, now):
            yield one.spec.control if kept.arm in one.stopped else _arm_of(one, kept)

    def _others(self, user_id: int, now: datetime, answered: str) -> tuple[Exposure, ...]:
        """Whose arm was stopped has the control's, and is exposed to neither; so is whom the arm's model did not
        answer. ``answered``: the version that did."""
        return tuple(
            Exposure(one.id, kept.arm, kept.probability, {arm.label: arm.probability for arm in one.spec.arms})
            for one, kept in self._kept(user_id, now)
            if kept.arm not in one.stopped
            if _arm_of(one, kept).model in (None, answered)
        )

    def _kept(self, user_id: int, now: datetime) -> list[tuple[Running, Assignment]]:
        """The experiments that assigned this person, with the arm they keep."""
        return [
            (one, kept)
            for one in self._state.running
            if (kept := self._state.assigned.get((one.id, user_id))) is not None and one.spec.draws_at(now)
        ]


def _arm_of(one: Running, kept: Assignment) -> ArmSpec:
    return next(arm for arm in one.spec.arms if arm.label == kept.arm)


def _read_state(connection: Connection, user_ids: Collection[int], now: datetime) -> _State:
    running = tuple(read_running(connection))
    counted = opportunities_of_the_day(connection, user_ids, now)
    assigned = assign(connection, running, {user: day for user, (_, day, _) in counted.items()}, now)
    people = {user: _Person(ZoneInfo(zone), day, count) for user, (zone, day, count) in counted.items()}
    return _State(running, people, assigned)
