"""How snapshots are answered: forecast together, decided one by one, recorded, published.

::

    Ticks ──► is it due ──► forecast, in the thread of the stores ──► decide ──┬──────────────────► publish
                                                                               └─ record, then ──► publish, offer
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
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
from serving.problems import MISTAKE, ProblemError, problem_of
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
        self._rests: set[asyncio.Task[None]] = set()
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
        await self.explain(stream)
        return stream.prediction, stream.age_s()

    async def explain(self, stream: LiveStream) -> None:
        """Give the stream's last prediction its reasons. What they follow from is let go of."""
        made, explain = stream.prediction, stream.explain
        if made is None or explain is None:
            return
        factors = made.factors or await self.in_thread(explain)
        if stream.prediction is made:
            stream.prediction, stream.explain = replace(made, factors=factors), None

    async def finish(self) -> None:
        """Wait for what is being stored."""
        await asyncio.gather(*self._rests)

    async def _answer(self, tick: Sequence[Waiting]) -> None:
        """Answer what came together."""
        ready = [one for one in tick if self._is_due(one)]
        made = await self._forecast(ready) if ready else []
        answered = []
        for one, found in zip(ready, made, strict=True):
            if isinstance(found, NeuralFocusError):
                one.client.send(problem_of(found))
                continue
            answered.append((one.stream, found))
            with _telling(one.client):
                decision = self._interventions.decide(one.stream, found)
                if decision.trigger is None:
                    self._publish(one, found, None)
                else:  # nobody else waits for the database
                    self._rest(one, self._record(one, found, decision))
        self._shadow.consider(answered)

    def _is_due(self, one: Waiting) -> bool:
        """Whether the snapshot is to be predicted now; not one that was on its way when the clock was set back: the
        next has the new time. One that lies elsewhere in time is refused."""
        stream, snapshot = one.stream, one.snapshot
        if is_ahead(snapshot) and stream.follows(snapshot.t_us):
            return False
        if stream.is_set_back(snapshot.t_us, wall_clock_us()):
            self._rest(one, self._begin_anew(one))
            return False
        with _telling(one.client):
            check_time(stream, snapshot)
            return True
        return False

    def _rest(self, one: Waiting, work: Coroutine[None, None, None]) -> None:
        one.rest = task = asyncio.create_task(work)
        self._rests.add(task)
        task.add_done_callback(self._rests.discard)

    async def _forecast(self, tick: Sequence[Waiting]) -> list[Forecast | NeuralFocusError]:
        """Forecast what came together; if that fails, one by one, so that it fails for nobody else."""
        if self._online is None:
            raise ConfigurationError("The service has not started")
        asked = [Asked(one.stream, one.snapshot, one.inputs, self._hub.has_page(one.stream.user_id)) for one in tick]
        sequences = self._shadow.version is not None
        work = partial(forecast, self._online, self._champion, self._people, asked, sequences=sequences)
        try:
            return await self.in_thread(work)
        except NeuralFocusError as error:
            return [error] * len(tick)
        except Exception:  # noqa: BLE001 - a mistake in what one of them brought
            if len(tick) > 1:
                return [found for one in tick for found in await self._forecast([one])]
            _LOG.exception("a snapshot of the stream %s could not be predicted", tick[0].stream.stream_id)
            return [ProblemError(500, MISTAKE.title, hint=MISTAKE.hint)]

    async def _record(self, one: Waiting, made: Forecast, decision: Decision) -> None:
        """Store an opportunity, then publish; where it cannot be stored the prediction is published all the same."""
        stored = None
        with _telling(one.client):
            made = await self.in_thread(made.explained)
            stored = await self._interventions.record(one.stream, made, decision)
        with _telling(one.client):
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

    async def _begin_anew(self, one: Waiting) -> None:
        """The clock was set back: guarded by the time of its last snapshot, the stream would be silent until then."""
        stream = one.stream
        _LOG.warning("the clock was set back: the stream %s goes on from what is stored as of now", stream.stream_id)
        who, machine = stream.user_id, stream.machine_id
        restored = partial(restore_stream, settings=self._settings, user_id=who, machine_id=machine)
        with _telling(one.client):
            self._streams.begin_anew(stream, await self._database.run_for(who, restored))
            one.again = True


@contextmanager
def _telling(client: Client) -> Iterator[None]:
    """What fails within is told to the client, and to nobody else."""
    try:
        yield
    except NeuralFocusError as error:
        client.send(problem_of(error))
    except Exception:  # noqa: BLE001 - a mistake with one snapshot must not cost the others their answers
        _LOG.exception("a snapshot could not be answered")
        client.send(MISTAKE)
