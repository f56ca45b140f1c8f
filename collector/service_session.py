"""The talk with the service: snapshots out; predictions, offers, orders and sessions in; answers and deeds back.

The service says what only it knows (the score of a prediction, a session that began on the page); the engine takes it
at a microsecond that goes back to the service, so that a replay of the log takes it at the same one.
"""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace

from collector.actions.runner import ActionRunner
from collector.live import LiveEngine
from collector.prompt import InterventionPrompt
from collector.websocket_client import WebSocketClient
from neural_focus.errors import FormatError, NeuralFocusError
from neural_focus.forgetting import ForgottenTime
from neural_focus.messages import (
    ApplyAction,
    ClientMessage,
    DesktopStatus,
    EndSession,
    ForgetRecords,
    InterventionClosed,
    InterventionFeedback,
    InterventionOffered,
    PredictionMade,
    Problem,
    RecordsForgotten,
    ServerMessage,
    SessionApplied,
    SessionEnded,
    SessionStarted,
    SiteInFront,
    Snapshot,
    StartSession,
    Unavailable,
    UndoAction,
)
from neural_focus.time import STEP_US

STALE_US = 10_000_000
"""A second that closed longer ago than this is history: nobody is asked about it."""
COMPLAINT_SECONDS = 60.0


class ServiceSession:
    """One desktop's side of it, on the agent's main thread. ``link`` None: nobody listens."""

    def __init__(
        self,
        link: WebSocketClient | None,
        live: LiveEngine,
        prompt: InterventionPrompt,
        actions: ActionRunner,
        *,
        now_us: Callable[[], int],
        site_in_front: Callable[[SiteInFront], None],
        unavailable: Callable[[], Unavailable],
        receive_session: Callable[[ServerMessage], None],
        forget: Callable[[ForgottenTime], int],
    ) -> None:
        """``site_in_front`` takes what a browser tells; ``unavailable``: why nobody could see an offer now;
        ``receive_session`` gets all that came, for what it tells of sessions; ``forget`` takes records out of the spool
        and returns how many."""
        self._link, self._live, self._prompt, self._now_us, self._actions = link, live, prompt, now_us, actions
        self._site_in_front, self._unavailable, self._receive_session = site_in_front, unavailable, receive_session
        self._forget = forget
        self._natural: dict[int, int] = {}
        self._ends: dict[int, int] = {}
        self._joined = -1
        self._received: list[ServerMessage] = []
        self.counters: Counter[str] = Counter(predictions=0, interventions=0, answers=0)
        self.closed: Counter[str] = Counter()
        """Offers that were answered or timed out, by the stored response."""
        self._published_status: tuple[DesktopStatus, int] | None = None
        self._complaint, self._complained = "", -math.inf

    @property
    def problem(self) -> str:
        """What the service complained of in the last minute: of one message, and over unless it is said again."""
        return self._complaint if time.monotonic() - self._complained < COMPLAINT_SECONDS else ""

    def receive_scores(self) -> None:
        """Predictions that came, before another second is closed: it is to have their momentum; and the site in front,
        for the records that are drained next. The rest is for ``turn``, when the engine has seen every record from
        before it."""
        for message in self._link.received() if self._link else ():
            if isinstance(message, PredictionMade):
                self._predicted(message)
            elif isinstance(message, SiteInFront):
                self._site_in_front(message)
            else:
                self._received.append(message)

    def turn(self, snapshots: list[Snapshot]) -> str | None:
        """Sends the snapshots, receives what came, asks for answers; returns an answer just given."""
        now_us = self._now_us()
        for snapshot in snapshots:
            if now_us - snapshot.t_us <= STALE_US:
                self._publish(snapshot)
        for start_us, end_us, natural in self._live.sessions():
            if natural:  # timed ones began at the service
                self._publish_session(start_us, end_us)
        messages, self._received = self._received, []
        for message in messages:
            self._receive(message)
        self._actions.turn()
        self._report_session()
        self.report()
        return self._take_answer()

    def report(self) -> None:
        """Tells what was done and undone, as often as it takes."""
        connected = self._link is not None and self._link.connected
        for report in self._actions.reports(self._link.counters["reconnects"] if self._link and connected else None):
            self._send(report)

    def _report_session(self) -> None:
        """On each connection, which timed session the engine is in: the service says so if that one has ended."""
        link, timed = self._link, self._live.timed
        if link is not None and link.connected and link.counters["reconnects"] != self._joined:
            self._joined = link.counters["reconnects"]
            if timed is not None:
                link.send(SessionApplied(timed.id, timed.start_us))

    def publish_status(self, status: DesktopStatus) -> None:
        """Tells what this desktop does, when that changed or the service may have forgotten it."""
        if self._link is None or not self._link.connected:
            return
        published = (status, self._link.counters["reconnects"])
        if published != self._published_status:
            self._published_status = published
            self._link.send(status)

    def _send(self, message: ClientMessage) -> None:
        if self._link is not None:
            self._link.send(message)

    def _publish(self, snapshot: Snapshot) -> None:
        self._send(replace(snapshot, unavailable=self._unavailable()))

    def _publish_session(self, start_us: int, end_us: int) -> None:
        if end_us < 0:
            self._send(StartSession("natural", start_us=start_us))
        elif start_us in self._natural:
            self._send(EndSession(self._natural.pop(start_us), end_us=end_us))
        else:
            self._ends[start_us] = end_us  # the service has not named it yet

    def _receive(self, message: ServerMessage) -> None:
        self._receive_session(message)
        match message:
            case InterventionOffered():
                self.counters["interventions"] += 1
                self._prompt.show(message)
            case InterventionClosed():
                self.closed[message.user_response] += 1
                self._prompt.hide(message.id)
            case ApplyAction():
                self._actions.order(message)
            case UndoAction():
                self._actions.undo(message)
            case SessionStarted():
                self._session_started(message)
            case SessionEnded():
                self._session_ended(message)
            case ForgetRecords():
                self._forget_records(message)
            case Problem():
                self._complain(f"the service says: {message.title}. {message.detail}".strip())
            case _:
                pass  # a PREDICTION was heard already; what is left is for pages

    def _forget_records(self, asked: ForgetRecords) -> None:
        """Reported once it is so: on the next connection the service asks again."""
        try:
            gone = self._forget(ForgottenTime(asked.first_us, asked.end_us, asked.app_key))
        except (OSError, NeuralFocusError) as error:
            self._complain(f"what you had forgotten is still in the spool: {error}")
            return
        self.counters["forgotten"] += gone
        self._send(RecordsForgotten(asked.id, gone))

    def _complain(self, words: str) -> None:
        self._complaint, self._complained = words, time.monotonic()

    def _not_ahead(self, t_us: int) -> int:
        """A time from the service, or now where it lies ahead: the clock was set back since. The engine must not go
        there, or all that is captured until then comes too late for it."""
        now_us = self._now_us()
        return now_us if t_us > now_us + STEP_US else t_us

    def _predicted(self, message: PredictionMade) -> None:
        self.counters["predictions"] += 1
        if self._not_ahead(message.t_us) != message.t_us:
            self.counters["predictions_of_another_time"] += 1
            return
        try:
            self._live.predicted(message.t_us, message.focus_score)
        except FormatError as error:
            self._complain(f"the service sent a prediction that cannot be used: {error}")

    def _session_started(self, session: SessionStarted) -> None:
        start_us = session.start_us or self._now_us()
        if session.session_type != "natural":
            if self._live.timed is None or session.id != self._live.timed.id:
                taken = self._live.start_session(session.id, self._not_ahead(start_us))
                self._send(SessionApplied(taken.id, taken.start_us))
        elif start_us in self._ends:
            self._send(EndSession(session.id, end_us=self._ends.pop(start_us)))
        else:
            self._natural[start_us] = session.id

    def _session_ended(self, session: SessionEnded) -> None:
        if self._live.timed is not None and session.session_id == self._live.timed.id:
            self._live.end_session(self._not_ahead(session.end_us or self._now_us()))

    def _take_answer(self) -> str | None:
        answered = self._prompt.poll()
        if answered is None:
            return None
        offer, response = answered
        now_us = self._now_us()
        self._send(InterventionFeedback(offer.id, response, now_us))
        self.counters["answers"] += 1
        return response
