"""The trial, live: an opportunity is drawn, stored, offered, answered or timed out, and offered again after a snooze.

::

    snapshot ─► opportunity? ─► draw ─► rows ─► INTERVENTION ─┬─ answer ──► ACCEPTED | REJECTED
                                │                             ├─ timeout ─► TIMEOUT: nothing is done, counts as neither
                      NO_OP: a row, nothing shown             └─ snooze ──► SNOOZED, offered once more after 5 min

Everything is in the database before anybody hears of it, so a restart takes up what was open. The trial is the
person's: only the machine in use has opportunities, what is held on one counts for all, and an offer is shown there.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, replace

from neural_focus.experiments.assignment import (
    TRIAL_ARMS,
    WARM_START_ARMS,
    Trigger,
    draw_arm,
)
from neural_focus.messages import (
    STORED_RESPONSE,
    InterventionClosed,
    InterventionOffered,
    Response,
    StoredResponse,
    iso,
)
from neural_focus.settings import Settings
from neural_focus.store import trial
from neural_focus.store.trial import Opportunity, StoredOffer, opportunity_uuid
from serving.database import Database
from serving.draws import TYPE_OF, Drawn
from serving.forecast import Forecast
from serving.hub import Hub
from serving.problems import ProblemError
from serving.responses import FeedbackStored
from serving.streams import Stream, Streams

STALE_SECONDS = 10.0
"""A snapshot older than this is history: nobody is interrupted for it."""
LOOK_BACK_SECONDS = 2 * 3600
CLOCK_SLACK_US = 5_000_000
_LOG = logging.getLogger("neural_focus.serving")


@dataclass(slots=True)
class Waiting:
    """An offer somebody has to answer. Seconds of ``time.monotonic()``."""

    offer: StoredOffer
    shown: float
    deadline: float


class Interventions:
    """Open offers in memory, all offers in the database. Lives on the event loop."""

    def __init__(self, database: Database, hub: Hub, streams: Streams, settings: Settings) -> None:
        self._database, self._hub, self._streams, self._settings = database, hub, streams, settings
        self._waiting: dict[int, Waiting] = {}
        self._snoozed: dict[int, tuple[float, StoredOffer]] = {}

    async def restore(self) -> None:
        """Take up what an earlier run left open."""
        since = int((time.time() - LOOK_BACK_SECONDS) * 1e6)
        offers = await self._database.run(lambda connection: trial.unfinished_offers(connection, since))
        for offer in offers:
            if offer.user_response is None:
                age = time.time() - offer.opportunity.triggered_us / 1e6
                shown = time.monotonic() - age
                self._waiting[offer.id] = Waiting(offer, shown, shown + offer.opportunity.timeout_seconds)
            else:
                self._snooze(offer, (offer.responded_us or 0) / 1e6)

    def consider(self, stream: Stream, forecast: Forecast) -> Drawn | None:
        """Whether this moment is an opportunity, and which arm it gets. Nothing is stored or shown yet.

        Moments of a machine that is not in use are none. While an offer waits, and for moments of the past, there is
        none; while one is snoozed, only a warm start.
        """
        if self._streams.in_use(stream.user_id) is not stream:
            return None
        t_s, risk = forecast.message.t_us / 1e6, forecast.message.break_risk
        waits = any(item.offer.user_id == stream.user_id for item in self._waiting.values())
        if waits or time.time() - t_s > STALE_SECONDS:
            stream.watch.remember(t_s, risk)
            return None
        snoozed = any(offer.user_id == stream.user_id for _, offer in self._snoozed.values())
        trigger = stream.watch.consider(t_s, risk, only_warm_start=snoozed)
        if trigger is None:
            return None
        opportunity_id = opportunity_uuid(stream.user_id, stream.machine_id, forecast.message.t_us)
        arms = WARM_START_ARMS if trigger is Trigger.WARM_START else TRIAL_ARMS
        draw = draw_arm(stream.watch.policy.seed, stream.user_id, opportunity_id, arms)
        return Drawn(trigger, draw, opportunity_id, stream.blocked_sites)

    async def hold(self, stream: Stream, forecast: Forecast, drawn: Drawn) -> StoredOffer | None:
        """Store a drawn opportunity; None if the database knows of one that has spent the person's budget."""
        told = forecast.message
        seed = stream.watch.policy.seed
        opportunity = Opportunity(
            user_id=stream.user_id,
            machine_id=stream.machine_id,
            session_id=stream.session_id,
            opportunity_id=drawn.opportunity_id,
            snapshot_us=told.t_us,
            triggered_us=time.time_ns() // 1000,
            type=TYPE_OF[drawn.draw.arm],
            targets=drawn.targets,
            predicted_risk=told.distraction_risk if told.break_risk is None else told.break_risk,
            contributing_factors=forecast.reasons(),
            focus_score_before=told.focus_score,
            model_version=told.model_version,
            arm=drawn.draw.arm.value,
            probability=drawn.draw.probability,
            experiment=seed if drawn.trigger is Trigger.BUDGET else f"{seed}:{drawn.trigger.value}",
            timeout_seconds=self._settings.timeout_seconds,
        )
        return await self._store(opportunity, stream.watch.policy.has_room if drawn.trigger is Trigger.BUDGET else None)

    def offer(self, stored: StoredOffer) -> None:
        """Show a stored opportunity on its machine and the person's pages, unless it is a no-op."""
        opportunity, now = stored.opportunity, time.monotonic()
        if opportunity.type == "NO_OP":
            return
        self._waiting[stored.id] = Waiting(stored, now, now + opportunity.timeout_seconds)
        self._hub.tell(stored.user_id, described(stored), machine_id=opportunity.machine_id)

    async def answer(
        self,
        user_id: int,
        intervention_id: int,
        response: Response,
        *,
        response_time_ms: int | None = None,
        answered_us: int | None = None,
    ) -> FeedbackStored:
        """Store the person's answer. The same answer again changes nothing and says so.

        ``response_time_ms``: as the client measured it; left out, the server's own measurement counts.

        Raises:
            ProblemError: 404, nothing like it was offered to this person; 409, it has another answer.
        """
        waiting = next((item for item in self._waiting.values() if intervention_id in item.offer.ids), None)
        now_us = time.time_ns() // 1000
        if waiting is not None and response_time_ms is None:
            response_time_ms = int((time.monotonic() - waiting.shown) * 1000)
        wanted = STORED_RESPONSE[response]
        offer, fresh = await self._close(
            user_id, intervention_id, wanted, _plausible(answered_us, now_us), response_time_ms
        )
        if not fresh and offer.user_response != wanted:
            raise ProblemError(409, f"Intervention {intervention_id} is answered", why=f"it is {offer.user_response}")
        if fresh and wanted == "SNOOZED" and not offer.opportunity.snooze_of:
            self._snooze(offer, now_us / 1e6)
        return FeedbackStored(intervention_id, wanted, offer.response_time_ms, repeated=not fresh)

    def open_for(self, user_id: int) -> InterventionOffered | None:
        """The offer that the person has not answered yet."""
        return next((described(item.offer) for item in self._waiting.values() if item.offer.user_id == user_id), None)

    async def tick(self) -> None:
        """Time out what waited too long; offer again what was snoozed."""
        now = time.monotonic()
        for item in [item for item in self._waiting.values() if item.deadline <= now]:
            await self._close(item.offer.user_id, item.offer.id, "TIMEOUT", time.time_ns() // 1000, None)
            self._warm_again(item.offer.opportunity)
        for offer_id, (due, offer) in list(self._snoozed.items()):
            used = self._streams.in_use(offer.user_id)
            if due <= now and used is not None and self._hub.has_desktop(offer.user_id, used.machine_id):
                again = replace(offer.opportunity, machine_id=used.machine_id, snooze_of=offer.ids)
                try:
                    stored = await self._store(replace(again, triggered_us=time.time_ns() // 1000))
                finally:  # not before it is stored: nothing else may be offered in between
                    del self._snoozed[offer_id]
                if stored is not None:
                    self.offer(stored)

    async def fill_effects(self) -> None:
        """Fill in the focus score five minutes later where it is due."""
        await self._database.run(lambda connection: trial.fill_effects(connection, time.time_ns() // 1000))

    async def _store(self, opportunity: Opportunity, has_room: trial.HasRoom | None = None) -> StoredOffer | None:
        ids = await self._database.run(lambda connection: trial.insert_opportunity(connection, opportunity, has_room))
        return StoredOffer(ids[0], tuple(ids), opportunity.user_id, opportunity, None, None, None) if ids else None

    async def _close(
        self, user_id: int, intervention_id: int, response: StoredResponse, responded_us: int, took_ms: int | None
    ) -> tuple[StoredOffer, bool]:
        found = await self._database.run(
            lambda connection: trial.answer_offer(connection, user_id, intervention_id, response, responded_us, took_ms)
        )
        if found is None:
            raise ProblemError(404, f"There is no intervention {intervention_id}")
        offer, fresh = found
        self._waiting.pop(offer.id, None)
        if fresh:
            self._hub.tell(
                user_id,
                InterventionClosed(offer.id, response, offer.response_time_ms, auto_accepted=False),
                machine_id=offer.opportunity.machine_id,
            )
        return found

    def _warm_again(self, unanswered: Opportunity) -> None:
        """A warm start that nobody answered shows nothing of the way: hold it once more."""
        watch = self._streams.watch_of(unanswered.user_id)
        if watch is not None and unanswered.experiment.endswith(Trigger.WARM_START.value):
            watch.warm_again()

    def _snooze(self, offer: StoredOffer, since: float) -> None:
        due = time.monotonic() + self._settings.snooze_seconds - (time.time() - since)
        self._snoozed[offer.id] = (due, offer)


def described(offer: StoredOffer) -> InterventionOffered:
    """An offer in the words of the API."""
    made = offer.opportunity
    return InterventionOffered(
        id=offer.id,
        timestamp=iso(made.triggered_us),
        action=made.targets[0][0],
        reason=_reason(made),
        predicted_risk=made.predicted_risk,
        timeout_seconds=made.timeout_seconds,
        type=made.type,
        targets=tuple(target for _, target in made.targets if target),
        offer=2 if made.snooze_of else 1,
    )


def _reason(made: Opportunity) -> str:
    if made.experiment.endswith(Trigger.WARM_START.value):  # settled or not: it may be about no break at all
        likely = f"An example of help, at a risk of {made.predicted_risk:.0%}"
    else:
        likely = f"Your focus breaks within a minute with a probability of {made.predicted_risk:.0%}"
    return f"{likely}: {made.contributing_factors[0]}" if made.contributing_factors else likely


def _plausible(answered_us: int | None, now_us: int) -> int:
    """When the desktop says it took the answer, if that was just now; else now."""
    if answered_us is None or abs(now_us - answered_us) > CLOCK_SLACK_US:
        return now_us
    return answered_us
