"""The experiments that run, as the service has them in memory, and the people who take part.

What a command or the nightly flow changes in the database holds here within ``REFRESH_SECONDS``.
"""

from __future__ import annotations

from collections.abc import Collection, Set
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from neural_focus.experiments.budget import Policy
from neural_focus.experiments.running import Participant, Running, changed_policy
from neural_focus.store.database import Connection
from neural_focus.store.experiments import assign, ensure_default, read_running
from neural_focus.store.interventions import opportunities_of_the_day
from serving.database import Database
from serving.streams import Streams

REFRESH_SECONDS = 5.0


class Experiments:
    """All running experiments. Lives on the event loop; reads in worker threads."""

    def __init__(self, database: Database, streams: Streams) -> None:
        self._database, self._streams = database, streams
        self.running: tuple[Running, ...] = ()
        self._participants: dict[int, Participant] = {}

    async def open(self) -> None:
        """Start the platform's own experiment if it is new here, and read all that run."""
        await self._database.run_for_all(ensure_default)
        await self.refresh()

    async def refresh(self) -> None:
        """Take over what has changed; people's policies follow at once."""
        await self._read({stream.user_id for stream in self._streams.all()})

    async def join(self, user_id: int) -> None:
        """A person's first stream: nothing is drawn for them before their experiments are known."""
        if user_id not in self._participants:
            await self._read({user_id})

    def participant(self, user_id: int) -> Participant | None:
        """The person where experiments draw, None before they have joined."""
        return self._participants.get(user_id)

    def models(self) -> dict[int, str]:
        """Person → the version that answers them instead of the champion."""
        now = datetime.now(UTC)
        return {
            user: arm.model
            for user, person in self._participants.items()
            for arm in person.arms(now)
            if arm.model is not None
        }

    async def _read(self, users: Set[int]) -> None:
        """Read these people anew: who is not there any more goes, and others stay as they are."""
        now = datetime.now(UTC)
        self.running, found = await self._database.run_for_all(lambda connection: _read(connection, users, now))
        others = {user_id: one for user_id, one in self._participants.items() if user_id not in users}
        self._participants = others | found
        for user_id, person in found.items():
            if (watch := self._streams.watch_of(user_id)) is not None:
                baseline = Policy(warm_start_s=watch.budget.policy.warm_start_s)
                watch.follow(changed_policy(baseline, person.arms(now)))


def _read(
    connection: Connection, user_ids: Collection[int], now: datetime
) -> tuple[tuple[Running, ...], dict[int, Participant]]:
    running = tuple(read_running(connection))
    counted = opportunities_of_the_day(connection, user_ids, now)
    assigned = assign(connection, running, {user: day for user, (_, _, day, _) in counted.items()}, now)
    return running, {
        user: Participant(
            user,
            is_demo,
            ZoneInfo(zone),
            day,
            count,
            [(one, kept) for one in running if (kept := assigned.get((one.id, user))) is not None],
        )
        for user, (is_demo, zone, day, count) in counted.items()
    }
