"""The parts of the service put together, and the loops that keep them going. One object for each process."""

from __future__ import annotations

import asyncio
import gc
import logging
from collections.abc import Awaitable, Callable
from functools import partial
from importlib import import_module
from typing import TypeVar
from uuid import UUID

from starlette.concurrency import run_in_threadpool

from neural_focus.errors import ConfigurationError, InputError, NeuralFocusError
from neural_focus.help_settings import HelpSettings
from neural_focus.secrets import Secrets
from neural_focus.settings import Settings
from neural_focus.store.database import Connection
from neural_focus.store.idempotency import delete_old_answers
from neural_focus.store.users import ensure_user, read_user, set_role
from serving.actions import REPEAT_SECONDS, Actions
from serving.answers import Answers
from serving.auth import LOCAL_PERSON, forget_old_codes
from serving.browsers import PING_SECONDS, Browsers
from serving.callers import CONFIRM_SECONDS, Callers
from serving.capture import CaptureService
from serving.champion import WATCH_SECONDS, Champion
from serving.database import Database
from serving.experiments import REFRESH_SECONDS
from serving.forget_service import TICK_SECONDS as FORGET_SECONDS
from serving.forget_service import ForgetService
from serving.hub import Hub
from serving.ingest import Ingest
from serving.interventions import Interventions
from serving.jail import Jail
from serving.people import UserProfile, own_hosts, read_person, store_help
from serving.personal_models import PersonalModels
from serving.prediction_writer import FLUSH_SECONDS, PredictionWriter
from serving.rounds import RoundsService
from serving.session_service import SessionService
from serving.shadow import ShadowPredictions
from serving.stream_state import restore_stream
from serving.streams import LiveStream, Streams
from serving.team_signin import TeamSignIn
from serving.waiting_machines import WaitingMachines

T = TypeVar("T")
TICK_SECONDS = 0.25
EFFECTS_SECONDS = 15.0
COLLECT_SECONDS = 60.0
ANSWERS_SECONDS = 600.0
OWN_SECONDS = 60.0
"""People's own experts learn once an hour; what they learned serves within this."""
_LOG = logging.getLogger("neural_focus.serving")


class Runtime:
    """Everything the endpoints need. Made at import without any I/O; ``start`` opens, ``stop`` closes."""

    def __init__(self, settings: Settings, secrets: Secrets) -> None:
        if settings.database_url is None:
            raise ConfigurationError("DATABASE_URL is not set", hint="Start with: neural-focus up")
        self.settings, self.secrets = settings, secrets
        self.hub, self.streams = Hub(), Streams()
        self.database = Database(settings.database_url)
        self.callers = Callers(self.database, self.hub)
        self.waiting_machines = WaitingMachines()
        self.team_signin = (
            TeamSignIn(settings, secrets, self.database, self.callers) if settings.identity_provider else None
        )
        self.champion = Champion(settings)
        self.writer = PredictionWriter(self.database)
        self.people = PersonalModels()
        self.shadow = ShadowPredictions(settings, self.people, self.writer.add)
        self.browsers = Browsers(self.database, self.hub, self.streams)
        self.ingest = Ingest(self.database, self.streams)
        self.actions = Actions(self.database, self.hub, self.browsers)
        self.interventions = Interventions(self.database, self.hub, self.streams, self.actions, settings)
        self.jail = Jail(self.database, self.hub, self.streams, self.actions, own_hosts(settings))
        self.sessions = SessionService(self.database, self.hub, self.streams, self.jail, self.actions)
        self.rounds = RoundsService(self.hub, self.streams, self.sessions)
        self.answers = Answers(
            settings,
            self.database,
            self.hub,
            self.streams,
            self.champion,
            self.people,
            self.shadow,
            self.interventions,
            self.writer,
        )
        self.capture = CaptureService(self.hub, self.streams)
        self.forget = ForgetService(settings, self.database, self.hub, self.streams, self.writer)
        self._loops: list[asyncio.Task[None]] = []
        self._local_id: int | None = None

    async def start(self) -> None:
        """Open the stores, take up what an earlier run left, and start the loops.

        Raises:
            StoreError: the database or the feature store cannot be opened.
            ConfigurationError: the secret for the team's identity provider cannot be read.
        """
        await run_in_threadpool(_load_libraries)
        if self.team_signin is not None:
            await run_in_threadpool(self.team_signin.load)
        await run_in_threadpool(self.database.open)
        await self.person_id(LOCAL_PERSON)
        await self.answers.open()
        await self.answers.in_thread(self.champion.refresh)
        await self._read_personal_models()
        await run_in_threadpool(self.shadow.refresh)
        await self.interventions.restore()
        await self.sessions.restore()
        await self.jail.restore()
        await self.browsers.restore()
        forget_old_codes(self.settings)
        self._loops = [
            asyncio.create_task(_every(seconds, work, name), name=name)
            for name, seconds, work in (
                ("write predictions", FLUSH_SECONDS, self.writer.flush),
                ("offers", TICK_SECONDS, self.interventions.tick),
                ("timers", TICK_SECONDS, self.sessions.tick),
                ("exits", TICK_SECONDS, self.jail.tick),
                ("orders", REPEAT_SECONDS, self.actions.tick),
                ("callers", CONFIRM_SECONDS, self.callers.confirm),
                ("forget", FORGET_SECONDS, self.forget.tick),
                ("kept answers", ANSWERS_SECONDS, self._delete_old_answers),
                ("browsers", PING_SECONDS, self.browsers.tick),
                ("paired browsers", CONFIRM_SECONDS, self.browsers.confirm),
                ("effects", EFFECTS_SECONDS, self.interventions.fill_effects),
                ("experiments", REFRESH_SECONDS, self.interventions.experiments.refresh),
                ("champion", WATCH_SECONDS, partial(self.answers.in_thread, self.champion.refresh)),
                ("model arms", WATCH_SECONDS, self._take_model_arms),
                ("personal models", OWN_SECONDS, self._read_personal_models),
                ("shadow", WATCH_SECONDS, partial(run_in_threadpool, self.shadow.refresh)),
                ("collect garbage", COLLECT_SECONDS, _collect_garbage),
            )
        ]
        self._loops.append(asyncio.create_task(self.answers.ticks.run(), name="ticks"))
        _freeze_garbage()

    async def _read_personal_models(self) -> None:
        await self.database.run_for_all(self.people.refresh)

    async def _take_model_arms(self) -> None:
        """The models that experiments assigned to people answer them; nothing to do where none does."""
        wanted = self.interventions.experiments.models()
        if wanted != self.champion.arms.wanted:
            await self.answers.in_thread(partial(self.champion.arms.refresh, wanted))

    async def _delete_old_answers(self) -> None:
        await run_in_threadpool(self.database.work_to_forget, delete_old_answers)

    async def stop(self) -> None:
        """Write what waits and close everything."""
        for loop in self._loops:
            loop.cancel()
        await asyncio.gather(*self._loops, return_exceptions=True)
        await self.answers.finish()
        await run_in_threadpool(self.shadow.close)
        await self.writer.flush()
        await self.answers.close()
        await run_in_threadpool(self.database.close)
        _thaw_garbage()

    async def person_id(self, token_user: int) -> int:
        """The users.id behind a token; the local person's row is made at the first start."""
        if token_user != LOCAL_PERSON:
            return token_user
        if self._local_id is None:
            settings = self.settings
            self._local_id = await self.database.run_for_all(lambda connection: _local_person(connection, settings))
        return self._local_id

    async def stream(self, user_id: int, machine_id: str) -> LiveStream:
        """The stream of a person's machine, with what earlier runs of the service knew of it.

        Raises:
            InputError: no such kind of machine id.
        """
        try:
            machine = str(UUID(machine_id))
        except ValueError:
            raise InputError(f"machine_id is {machine_id[:60]!r}", hint="Give the machine's UUID") from None
        if (known := self.streams.get(user_id, machine)) is not None:
            return known
        watch, settings = self.streams.watch_of(user_id), self.settings
        restored = partial(restore_stream, settings=settings, user_id=user_id, machine_id=machine, watch=watch)
        await self.database.run_for(user_id, partial(self.people.read, user_id=user_id))
        added = self.streams.add(await self.database.run_for(user_id, restored))
        await self.interventions.experiments.join(user_id)
        await self._take_model_arms()
        return added

    async def person(self, user_id: int) -> UserProfile:
        """Who a token speaks for.

        Raises:
            ProblemError: 401, the person is not there (any more).
        """
        hosts = own_hosts(self.settings)
        return await self.database.run_for(user_id, lambda connection: read_person(connection, user_id, hosts))

    async def allow(self, user_id: int, asked: HelpSettings) -> HelpSettings:
        """Store what the person allows help to do, and go by it from the next moment on.

        Raises:
            InputError: an entry that no list may have, or a length out of bounds.
        """
        hosts = own_hosts(self.settings)
        stored = await self.database.run_for(user_id, lambda connection: store_help(connection, user_id, asked, hosts))
        self.streams.allow(user_id, stored)
        return stored


def _local_person(connection: Connection, settings: Settings) -> int:
    """Made if new. Whoever is known has the zone that their desktop told: ours may be of before a journey."""
    known = read_user(connection, settings.username)
    local = ensure_user(connection, settings.username, zone=settings.zone) if known is None else known.id
    set_role(connection, local, "operator")  # who starts the service and holds its secrets
    return local


async def _every(seconds: float, work: Callable[[], Awaitable[object]], name: str) -> None:
    """Run ``work`` again and again. A failure is told and the loop goes on: the next round may find things mended."""
    while True:
        await asyncio.sleep(seconds)
        try:
            await work()
        except NeuralFocusError as error:
            _LOG.warning("%s: %s", name, error)
        except Exception:  # noqa: BLE001 - a mistake in one round must not end the loop for good
            _LOG.exception("%s failed", name)


def _load_libraries() -> None:
    """What models need, before anybody waits for an answer; the process that only starts this one does without."""
    for name in ("scipy.optimize", "xgboost"):
        import_module(name)


def _freeze_garbage() -> None:
    """Full collections over the libraries' objects pause every request for 70 ms: they are set aside for good.

    What requests leave behind is collected by a loop of ours, at a moment when it costs a millisecond.
    """
    gc.collect()
    gc.freeze()
    gc.disable()


def _thaw_garbage() -> None:
    """As the process was before the service started in it."""
    gc.unfreeze()
    gc.enable()


async def _collect_garbage() -> None:
    gc.collect()
