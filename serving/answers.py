"""How snapshots are answered: forecast together, decided one by one, recorded, published.

::

    Ticks ──► is it due ──► forecast, in the thread of the stores ──► decide ──┬──────────────────► publish
                                                                               └─ record, then ──► publish, offer
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import TypeVar

from neural_focus.errors import ConfigurationError, NeuralFocusError
from neural_focus.messages import ActivityUpdate, PredictionMade, Snapshot
from neural_focus.prediction import Prediction
from neural_focus.settings import Settings
from neural_focus.snapshot_inputs import SnapshotInputs
from neural_focus.store.interventions import StoredOffer
from neural_focus.time import wall_clock_us
from serving.champion import Champion
from serving.database import Database
from serving.forecast import Asked, Forecast, check_time, forecast, is_ahead
from serving.hub import Client, Hub
from serving.interventions import Interventions
from serving.offers import with_arm
from serving.online import OnlineFeatures
from serving.personal_models import PersonalModels
from serving.policy import Decision
from serving.prediction_writer import PredictionWriter
from serving.problems import problem_of
from serving.shadow import ShadowPredictions
from serving.stream_state import restore_stream
from serving.streams import LiveStream, Streams
from serving.ticks import Ticks, Waiting

T = TypeVar("T")
_LOG = logging.getLogger("neural_focus.serving")


class Answers:
    """Lives on the event loop; the feature store and the models are used in one thread of its own."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        hub: Hub,
        streams: Streams,
        champion: Champion,
        people: PersonalModels,
        shadow: ShadowPredictions,
        interventions: Interventions,
        writer: PredictionWriter,
    ) -> None:
        self._settings, self._database, self._hub, self._streams = settings, database, hub, streams
        self._champion, self._people, self._shadow = champion, people, shadow
        self._interventions, self._writer = interventions, writer
        self._thread = ThreadPoolExecutor(1, "forecast")
        self._online: OnlineFeatures | None = None
        self.ticks = Ticks(self._answer)

    async def open(self) -> None:
        """Open the feature store.

        Raises:
            StoreError: it cannot be opened.
        """
        self._online = await self.in_thread(partial(OnlineFeatures, self._settings))

    async def close(self) -> None:
        """Close the feature store; nothing is answered after it."""
        if self._online is not None:
            await self.in_thread(self._online.close)
        self._thread.shutdown()

    async def in_thread(self, work: Callable[[], T]) -> T:
        """``work`` in the thread that predicts."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def predict(self, client: Client, stream: LiveStream, snapshot: Snapshot) -> asyncio.Future[None]:
        """Have a snapshot answered: PREDICTION to its desktop and the person's pages, and an offer where it is one; or
        a problem: it is older than the last one or lies in the future, a store refuses. Done when it is.

        Raises:
            InputError: its inputs are of another order than ours, or are none.
        """
        return self.ticks.put(client, stream, snapshot, SnapshotInputs.from_text(snapshot.inputs)).done

    async def current(self, user_id: int) -> tuple[Prediction | None, float | None]:
        """The person's last prediction, with its reasons, and the age of its snapshot in seconds."""
        if (stream := self._streams.newest(user_id)) is None:
            return None, None
        if (made := stream.prediction) is not None and not made.factors and stream.explain is not None:
            explained = replace(made, factors=await self.in_thread(stream.explain))
            if stream.prediction is made:
                stream.prediction = explained
            made = explained
        return made, stream.age_s()

    async def _answer(self, tick: Sequence[Waiting]) -> None:
        """Answer what came together."""
        try:
            ready = [one for one in tick if await self._is_due(one)]
            made = await self._forecast(ready) if ready else []
        except NeuralFocusError as error:
            for one in tick:
                one.client.send(problem_of(error))
            return
        for one, found in zip(ready, made, strict=True):
            if isinstance(found, NeuralFocusError):
                one.client.send(problem_of(found))
                continue
            decision = self._interventions.decide(one.stream, found)
            if decision.trigger is None:
                self._publish(one, found, None)
            else:  # nobody else waits for the database
                one.rest = asyncio.create_task(self._record(one, found, decision))
        self._shadow.consider(
            [(one.stream, it) for one, it in zip(ready, made, strict=True) if isinstance(it, Forecast)]
        )

    async def _is_due(self, one: Waiting) -> bool:
        """Whether the snapshot is to be predicted; not one that was on its way when the clock was set back: the next
        has the new time. One that lies elsewhere in time is refused."""
        stream, snapshot = one.stream, one.snapshot
        if is_ahead(snapshot) and stream.follows(snapshot.t_us):
            return False
        try:
            if stream.is_set_back(snapshot.t_us, wall_clock_us()):
                await self._begin_anew(stream)
            check_time(stream, snapshot)
        except NeuralFocusError as error:
            one.client.send(problem_of(error))
            return False
        return True

    async def _forecast(self, tick: Sequence[Waiting]) -> list[Forecast | NeuralFocusError]:
        if self._online is None:
            raise ConfigurationError("The service has not started")
        asked = [Asked(one.stream, one.snapshot, one.inputs, self._hub.has_page(one.stream.user_id)) for one in tick]
        sequences = self._shadow.version is not None
        return await self.in_thread(
            partial(forecast, self._online, self._champion, self._people, asked, sequences=sequences)
        )

    async def _record(self, one: Waiting, made: Forecast, decision: Decision) -> None:
        """Store an opportunity, then publish; where it cannot be stored the prediction is published all the same."""
        made, stored = await self.in_thread(made.explained), None
        try:
            stored = await self._interventions.record(one.stream, made, decision)
        except NeuralFocusError as error:
            one.client.send(problem_of(error))
        self._publish(one, made, stored)
        if stored is not None:
            await self._interventions.offer(stored, one.stream)

    def _publish(self, one: Waiting, made: Forecast, stored: StoredOffer | None) -> None:
        """Log the prediction, then send it: to its desktop and to pages."""
        stream, prediction = one.stream, with_arm(made.prediction, stored)
        stream.prediction, stream.explain = prediction, made.factors
        self._writer.add(made.logged(stream, prediction))
        message = PredictionMade.of(prediction)
        one.client.send(message)
        self._hub.publish(stream.user_id, message, pages_only=True)
        self._publish_activity(stream, one.snapshot)

    def _publish_activity(self, stream: LiveStream, snapshot: Snapshot) -> None:
        activity = ActivityUpdate.of(snapshot)
        before, stream.activity = stream.activity, activity
        if before is None or replace(before, timestamp=activity.timestamp) != activity:
            self._hub.publish(stream.user_id, activity, pages_only=True)

    async def _begin_anew(self, stream: LiveStream) -> None:
        """The clock was set back: guarded by the time of its last snapshot, the stream would be silent until then."""
        _LOG.warning("the clock was set back: the stream %s goes on from what is stored as of now", stream.stream_id)
        who, machine = stream.user_id, stream.machine_id
        restored = partial(restore_stream, settings=self._settings, user_id=who, machine_id=machine)
        self._streams.begin_anew(stream, await self._database.run(restored))
