"""The trial, live: an opportunity is drawn, stored, offered, answered or timed out, and offered again after a snooze.

::

    prediction ─► decision ─► rows ─► INTERVENTION ─┬─ answer ──► ACCEPTED: ordered | REJECTED
                      │                             ├─ timeout ─► TIMEOUT: ordered where the person chose so
            NO_OP: a row, nothing shown             └─ snooze ──► SNOOZED, offered once more after 5 min
            PLACEBO: ordered at once, asks nothing

Everything is in the database before anybody hears of it, so a restart takes up what was open. The trial is the
person's: only the machine in use has opportunities, what is held on one counts for all, and an offer is shown there.
"""

from __future__ import annotations

import time
from dataclasses import replace

from neural_focus.experiments.assignment import Arm, uniform
from neural_focus.experiments.budget import Trigger
from neural_focus.messages import (
    STORED_RESPONSE,
    InterventionClosed,
    InterventionOffered,
    Response,
    StoredResponse,
)
from neural_focus.settings import Settings
from neural_focus.store import interventions as store
from neural_focus.store.actions import order_rows
from neural_focus.store.database import Connection
from neural_focus.store.interventions import Opportunity, StoredOffer, opportunity_uuid
from neural_focus.time import wall_clock_us
from serving.actions import Actions
from serving.database import Database
from serving.experiments import Experiments
from serving.forecast import Forecast
from serving.hub import Hub
from serving.offers import OpenOffer, minutes_of, plausible
from serving.people import UserProfile, own_hosts, read_person
from serving.policy import TYPE_OF, Decision, Machine, Offer, PersonState, WhyNot, decide
from serving.problems import ProblemError
from serving.reach import Reach
from serving.responses import FeedbackStored
from serving.streams import LiveStream, Streams

LOOK_BACK_SECONDS = 2 * 3600
LATE_SECONDS = 10.0
"""A timeout that is noticed so much too late does not act: its moment is over."""


class Interventions:
    """Open offers in memory, all offers in the database. Lives on the event loop."""

    def __init__(self, database: Database, hub: Hub, streams: Streams, actions: Actions, settings: Settings) -> None:
        self._database, self._hub, self._streams, self._settings = database, hub, streams, settings
        self._actions, self._hosts = actions, own_hosts(settings)
        self.experiments = Experiments(database, streams)
        self._waiting: dict[int, OpenOffer] = {}
        self._snoozed: dict[int, tuple[float, StoredOffer]] = {}

    async def restore(self) -> None:
        """Take up what an earlier run left open, and the experiments that run."""
        await self.experiments.open()
        since = int((time.time() - LOOK_BACK_SECONDS) * 1e6)
        offers = await self._database.run_for_all(lambda connection: store.unfinished_offers(connection, since))
        for offer in offers:
            if offer.user_response is None:
                age = time.time() - offer.opportunity.triggered_us / 1e6
                shown = time.monotonic() - age
                allowed = (await self._person(offer.user_id)).help
                self._waiting[offer.id] = OpenOffer(offer, allowed, shown, shown + offer.opportunity.timeout_seconds)
            else:
                self._snooze(offer, (offer.responded_us or 0) / 1e6)

    def decide(self, stream: LiveStream, forecast: Forecast) -> Decision:
        """What becomes of a moment, by the policy; it spends its person's budget. Nothing is stored or shown yet."""
        prediction, user_id, watch = forecast.prediction, stream.user_id, stream.watch
        t_s, machine = prediction.t_us / 1e6, self._machine(stream, forecast)
        if machine.in_use:
            watch.remember(t_s, prediction.break_risk)
        person = PersonState(watch.budget, self.experiments.participant(user_id), self._last_offer(user_id))

        def draw(seed: str) -> float:
            return uniform(seed, user_id, opportunity_uuid(user_id, stream.machine_id, prediction.t_us))

        decision = decide(prediction, person, machine, self.experiments.running, now_s=time.time(), draw=draw)
        if decision.trigger is not None:
            watch.spend(decision.trigger, t_s, visible=decision.why_not is None)
        return decision

    def _machine(self, stream: LiveStream, forecast: Forecast) -> Machine:
        no_block = self._actions.browsers.can_block(stream.user_id)
        reach = Reach.of(stream.help, stream.desktop, no_block=no_block, jailed=stream.jailed)
        category, unavailable = (shot.category, shot.unavailable) if (shot := stream.snapshot) else ("", "")
        in_use = self._streams.in_use(stream.user_id) is stream
        return Machine(reach, in_use, category, unavailable, forecast.minutes_in_app)

    def _last_offer(self, user_id: int) -> Offer:
        if any(item.offer.user_id == user_id for item in self._waiting.values()):
            return Offer.OPEN
        return Offer.SNOOZED if any(offer.user_id == user_id for _, offer in self._snoozed.values()) else Offer.NONE

    async def record(self, stream: LiveStream, forecast: Forecast, decision: Decision) -> StoredOffer | None:
        """Store an opportunity, or that nobody could have seen an offer; None where there is nothing to offer, also if
        the database knows of an opportunity that has spent the person's budget."""
        prediction, draw = forecast.prediction, decision.draw
        if decision.why_not is WhyNot.UNAVAILABLE:
            who, where, why = stream.user_id, stream.machine_id, decision.unavailable
            moment = store.UnavailableMoment(who, where, prediction.t_us, prediction.risk, why, decision.experiment)
            await self._database.run_for(who, lambda connection: store.insert_unavailable(connection, moment))
        if draw is None:
            return None
        opportunity = Opportunity(
            user_id=stream.user_id,
            machine_id=stream.machine_id,
            session_id=stream.session_id,
            opportunity_id=opportunity_uuid(stream.user_id, stream.machine_id, prediction.t_us),
            snapshot_us=prediction.t_us,
            triggered_us=wall_clock_us(),
            type=TYPE_OF[draw.arm],
            targets=decision.targets,
            predicted_risk=prediction.risk,
            contributing_factors=prediction.reasons,
            focus_score_before=prediction.focus_score,
            model_version=prediction.model_version,
            arm=draw.arm.value,
            probability=draw.probability,
            experiment=decision.experiment,
            timeout_seconds=self._settings.timeout_seconds,
            exposures=decision.exposures,
            context={} if decision.allocation is None else decision.allocation.context,
        )
        within_budget = decision.trigger is Trigger.BUDGET
        return await self._store(opportunity, stream.watch.budget.policy.has_room if within_budget else None)

    async def offer(self, stored: StoredOffer, stream: LiveStream) -> None:
        """Show a stored opportunity on its machine (``stream``) and the person's pages, unless there is nothing to
        answer. Nothing is shown of a no-op; a placebo is told as an order, as what was accepted is."""
        opportunity, now = stored.opportunity, time.monotonic()
        if opportunity.type == "NO_OP":
            if opportunity.arm == Arm.PLACEBO:
                await self._actions.publish(stored.user_id)
            return
        waiting = OpenOffer(stored, stream.help, now, now + opportunity.timeout_seconds)
        self._waiting[stored.id] = waiting
        self._hub.publish(stored.user_id, waiting.described(), machine_id=opportunity.machine_id)

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
        now_us = wall_clock_us()
        if waiting is not None and response_time_ms is None:
            response_time_ms = int((time.monotonic() - waiting.shown) * 1000)
        wanted = STORED_RESPONSE[response]
        offer, fresh = await self._close(
            user_id, intervention_id, wanted, plausible(answered_us, now_us), response_time_ms
        )
        if not fresh and offer.user_response != wanted:
            raise ProblemError(409, f"Intervention {intervention_id} is answered", why=f"it is {offer.user_response}")
        if fresh and wanted == "SNOOZED" and not offer.opportunity.snooze_of:
            self._snooze(offer, now_us / 1e6)
        return FeedbackStored(intervention_id, wanted, offer.response_time_ms, repeated=not fresh)

    def open_for(self, user_id: int) -> InterventionOffered | None:
        """The offer that the person has not answered yet."""
        return next((item.described() for item in self._waiting.values() if item.offer.user_id == user_id), None)

    async def tick(self) -> None:
        """Time out what waited too long; offer again what was snoozed."""
        now = time.monotonic()
        for item in [item for item in self._waiting.values() if item.deadline <= now]:
            acts = item.help.acts_by_itself and now - item.deadline < LATE_SECONDS
            await self._close(item.offer.user_id, item.offer.id, "TIMEOUT", wall_clock_us(), None, acts=acts)
        for offer_id, (due, offer) in list(self._snoozed.items()):
            used = self._streams.in_use(offer.user_id)
            seen = used is not None and used.snapshot is not None and not used.snapshot.unavailable
            if due <= now and used is not None and seen and self._hub.has_desktop(offer.user_id, used.machine_id):
                again = replace(offer.opportunity, machine_id=used.machine_id, snooze_of=offer.ids)
                try:
                    stored = await self._store(replace(again, triggered_us=wall_clock_us()))
                finally:  # not before it is stored: nothing else may be offered in between
                    del self._snoozed[offer_id]
                if stored is not None:
                    await self.offer(stored, used)

    async def fill_effects(self) -> None:
        """Fill in the focus score five minutes later where it is due."""
        await self._database.run_for_all(lambda connection: store.fill_effects(connection, wall_clock_us()))

    async def _store(self, opportunity: Opportunity, has_room: store.HasRoom | None = None) -> StoredOffer | None:
        def work(connection: Connection) -> list[int]:
            ids = store.insert_opportunity(connection, opportunity, has_room)
            if opportunity.arm == Arm.PLACEBO:  # nobody has to agree to it: shown as long as an offer waits
                now_us = wall_clock_us()
                order_rows(connection, ids, now_us, now_us + opportunity.timeout_seconds * 1_000_000)
            return ids

        ids = await self._database.run_for(opportunity.user_id, work)
        return StoredOffer(ids[0], tuple(ids), opportunity.user_id, opportunity, None, None, None) if ids else None

    async def _close(
        self,
        user_id: int,
        intervention_id: int,
        response: StoredResponse,
        responded_us: int,
        took_ms: int | None,
        *,
        acts: bool = False,
    ) -> tuple[StoredOffer, bool]:
        """Store the answer and, in the same transaction, the order that follows from it."""
        shown = next((item.help for item in self._waiting.values() if intervention_id in item.offer.ids), None)

        def work(connection: Connection) -> tuple[tuple[StoredOffer, bool] | None, bool]:
            found = store.answer_offer(connection, user_id, intervention_id, response, responded_us, took_ms)
            if found is None or not found[1]:
                return found, False
            allowed = read_person(connection, user_id, self._hosts).help
            ordered = response == "ACCEPTED" or (acts and allowed.acts_by_itself)
            if ordered:
                minutes, now_us = minutes_of(found[0].opportunity, shown or allowed), wall_clock_us()
                order_rows(connection, found[0].ids, now_us, now_us + minutes * 60_000_000)
            return found, ordered

        found, ordered = await self._database.run_for(user_id, work)
        if found is None:
            raise ProblemError(404, f"There is no intervention {intervention_id}")
        offer, fresh = found
        self._waiting.pop(offer.id, None)
        if fresh:
            self._hub.publish(
                user_id,
                InterventionClosed(offer.id, response, offer.response_time_ms, ordered and response == "TIMEOUT"),
                machine_id=offer.opportunity.machine_id,
            )
        if ordered:
            await self._actions.publish(user_id)
        elif response == "TIMEOUT":
            self._warm_again(offer.opportunity)
        return found

    def _warm_again(self, unanswered: Opportunity) -> None:
        """A warm start that nobody answered shows nothing of the way: hold it once more."""
        watch = self._streams.watch_of(unanswered.user_id)
        if watch is not None and unanswered.experiment.endswith(Trigger.WARM_START.value):
            watch.repeat_warm_start()

    async def _person(self, user_id: int) -> UserProfile:
        return await self._database.run_for(user_id, lambda connection: read_person(connection, user_id, self._hosts))

    def _snooze(self, offer: StoredOffer, since: float) -> None:
        due = time.monotonic() + self._settings.snooze_seconds - (time.time() - since)
        self._snoozed[offer.id] = (due, offer)
