"""The desktop agent: capture → spool → database, and one snapshot a second → service → prediction, help, answer.

    main thread   drain the ring, classify, spool, live engine, messages, prompt          10 times a second
    hook thread   X11 → ring (C++)            syncer   fdatasync of the spool (C++)
    shipper       spool → database            link     WebSocket

The engine is fed only what the spool has acknowledged, in its order: a replay of the stored events is the same.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from collector.capture import DesktopCapture, Drained, unix_offset_us
from collector.consent import Consent
from collector.desktop import Desktop, write_json
from collector.link import Link
from collector.live import SAVE_SECONDS, LiveEngine, Second
from collector.prompt import Asker, Click, Decide
from collector.shipper import Known, Shipper, describe
from collector.spool import open_writer
from neural_focus.categories import RULES_FILE, Rules
from neural_focus.errors import FormatError
from neural_focus.messages import (
    EndSession,
    InterventionClosed,
    InterventionFeedback,
    InterventionOffered,
    PredictionMade,
    Problem,
    ServerMessage,
    SessionApplied,
    SessionEnded,
    SessionStarted,
    Snapshot,
    StartSession,
)

TURN_SECONDS = 0.1
STALE_US = 10_000_000
"""A second that closed longer ago than this is history: nobody is asked about it."""
FINISH_SECONDS = 15.0
LIVE_FEATURES = 30


@dataclass(frozen=True, slots=True)
class Options:
    """What the composition root decides. ``address`` None: no service; ``database_url`` None: nothing is shipped."""

    desktop: Desktop
    consent: Consent
    display: str
    counters: Path
    zone: str = "UTC"
    titles: bool = False
    rules: Path | None = None
    """The person's own categories, else ``categories.toml`` in the desktop's folder."""
    database_url: str | None = None
    address: str | None = None
    token: str = ""
    decide: Decide | None = None
    click: Click | None = None
    terminal: bool = False


class Agent:
    """One run of the agent on one desktop: one boot id, sequence numbers from 0."""

    def __init__(self, options: Options, say: Callable[[str], None]) -> None:
        """Recovers the spool, restores the engine and starts capturing.

        Raises:
            CaptureError: the display cannot be opened.
            ConfigurationError: another agent runs for this desktop.
            FormatError, InputError: the spool cannot be used.
        """
        self._options, self._say = options, say
        desktop = options.desktop
        self.machine_id, self.boot_id = desktop.machine_id(), str(uuid.uuid4())
        self._writer = open_writer(desktop.spool, self.machine_id, self.boot_id)
        self._live = LiveEngine.restore(desktop.engine_state, desktop.spool, self.boot_id, options.zone)
        self._capture = DesktopCapture(
            options.display,
            Rules.load(options.rules or desktop.folder / RULES_FILE),
            offset_us=unix_offset_us(),
            floor_us=self._live.last_us,
            titles=options.titles,
        )
        self._asker = Asker(
            options.display,
            say,
            ignore=self._capture.ignore,
            decide=options.decide,
            click=options.click,
            terminal=options.terminal,
        )
        self._lock = _lock_watch()
        self._known = Known()
        self._shipper = self._make_shipper()
        self._link = Link(options.address, options.token, self.machine_id) if options.address else None
        self._counts: Counter[str] = Counter()
        self._closed: Counter[str] = Counter()
        self._features: dict[int, dict[str, float]] = {}
        self._natural: dict[int, int] = {}
        self._ends: dict[int, int] = {}
        self._timed: int | None = None
        self._refused = 0
        self._warned = self._disk = self._error = ""

    def run(self, stop: threading.Event) -> dict[str, Any]:
        """Works until ``stop`` is set, then ships the rest; returns the last counters."""
        for thread in (self._shipper, self._link):
            if thread is not None:
                thread.start()
        written = saved = time.monotonic()
        try:
            while not stop.wait(TURN_SECONDS):
                self._turn()
                now = time.monotonic()
                if now - written >= 1.0:
                    written = now
                    self._write_counters("running")
                if now - saved >= SAVE_SECONDS:
                    saved = now
                    self._save_engine()
        finally:
            self._finish()
        return self._write_counters("stopped")

    def counters(self) -> dict[str, Any]:
        """What has been done so far: captured = dropped + spooled, and spooled = shipped once all is sent."""
        spool, seen = self._writer.counters(), self._capture.counters()
        dropped = {**seen["dropped"], **({"DISK_FULL": spool["refused"]} if spool["refused"] else {})}
        link = self._link
        return {
            "captured": seen["captured"],
            "clamped": seen["clamped"],
            "dropped": dropped,
            "spooled": spool["appended"],
            "spool": spool,
            **describe(self._shipper),
            "snapshots": self._live.snapshots,
            "snapshots_sent": link.counters["snapshots_sent"] if link else 0,
            "predictions": self._counts["predictions"],
            "interventions": self._counts["interventions"],
            "answers": self._counts["answers"],
            "closed": dict(self._closed),
            "engine": self._live.counters(),
            "connected": bool(link and link.connected),
            "problems": [text for text in self._problems() if text],
        }

    def _turn(self) -> None:
        began_us = self._capture.now_us()
        seconds = self._keep(self._capture.drain())
        for second in [*seconds, *self._live.close_until(began_us)]:
            self._tell(second, began_us)
        self._tell_sessions()
        for message in self._link.received() if self._link else ():
            self._hear(message)
        self._take_answer()
        if self._lock is not None:
            self._capture.set_locked(self._lock.locked)
        self._warn()

    def _keep(self, drained: Drained) -> list[Second]:
        if not len(drained.records) or not self._writer.append(drained.records, drained.titles):
            return []  # a full disk: counted by the writer, and the engine must not see what a replay will not
        return self._live.push(drained.records, drained.titles)

    def _tell(self, second: Second, now_us: int) -> None:
        if self._link is None or now_us - second.t_us > STALE_US:
            return
        self._features[second.t_us] = second.features
        while len(self._features) > LIVE_FEATURES:
            del self._features[min(self._features)]
        self._link.send(
            Snapshot(
                second.t_us,
                second.features,
                second.sequence,
                second.app_name,
                second.category,
                second.window_title if self._options.titles else "",
            )
        )

    def _tell_sessions(self) -> None:
        for start_us, end_us, natural in self._live.sessions():
            if self._link is None or not natural:
                continue  # timed sessions began at the service
            if end_us < 0:
                self._link.send(StartSession("natural", start_us=start_us))
            elif start_us in self._natural:
                self._link.send(EndSession(self._natural.pop(start_us), end_us=end_us))
            else:
                self._ends[start_us] = end_us

    def _hear(self, message: ServerMessage) -> None:
        match message:
            case PredictionMade():
                self._predicted(message)
            case InterventionOffered():
                self._counts["interventions"] += 1
                self._asker.show(message)
            case InterventionClosed():
                self._closed[message.user_response] += 1
                self._asker.hide(message.id)
            case SessionStarted():
                self._session_started(message)
            case SessionEnded():
                if message.session_id == self._timed:
                    self._live.end_session(message.end_us or self._capture.now_us())
                    self._timed = None
                if message.session_id == self._known.session_id:
                    self._known.session_id = None
            case Problem():
                self._error = f"the service says: {message.title}. {message.detail}"
            case _:
                pass  # ACTIVITY_UPDATE is for pages

    def _predicted(self, message: PredictionMade) -> None:
        self._counts["predictions"] += 1
        try:
            self._live.predicted(message.t_us, message.focus_score)
        except FormatError as error:
            self._error = f"the service sent a prediction that cannot be used: {error}"
            return
        self._known.focus_score = message.focus_score
        self._known.distraction_risk = message.distraction_risk
        self._known.features = self._features.get(message.t_us)

    def _session_started(self, session: SessionStarted) -> None:
        start_us = session.start_us or self._capture.now_us()
        self._known.session_id = session.id
        if session.session_type != "natural":
            if session.id != self._timed:
                self._timed = session.id
                used_us = self._live.start_session(start_us)
                if self._link is not None:
                    self._link.send(SessionApplied(session.id, used_us))
        elif start_us in self._ends:
            if self._link is not None:
                self._link.send(EndSession(session.id, end_us=self._ends.pop(start_us)))
        else:
            self._natural[start_us] = session.id

    def _take_answer(self) -> None:
        answered = self._asker.poll()
        if answered is None or self._link is None:
            return
        offer, response = answered
        now_us = self._capture.now_us()
        if response == "accept" and offer.type == "SUGGEST_BREAK":
            now_us = self._live.break_accepted(now_us)
        self._link.send(InterventionFeedback(offer.id, response, now_us))
        self._counts["answers"] += 1
        self._say(f"You chose: {response}.")

    def _warn(self) -> None:
        """Says a new problem once, and when it is over."""
        refused = self._writer.counters()["refused"]
        full, self._refused = refused > self._refused, refused
        problem = self._capture.lost or ("the disk takes nothing more" if full else "")
        if problem != self._warned:
            self._say(f"Nothing is kept: {problem}" if problem else "Capture goes on.")
            self._warned = problem

    def _problems(self) -> tuple[str, ...]:
        return (
            self._warned,
            self._disk,
            self._shipper.problem if self._shipper else "",
            self._link.problem if self._link else "",
            self._error,
        )

    def _write_counters(self, state: str) -> dict[str, Any]:
        options, offer = self._options, self._asker.offer
        content = {
            "state": state,
            "t_us": self._capture.now_us(),
            "username": options.desktop.username,
            "is_demo": options.desktop.is_demo,
            "machine_id": self.machine_id,
            "boot_id": self.boot_id,
            "prompt": {"id": offer.id, "buttons": self._asker.places()} if offer else None,
            **self.counters(),
        }
        self._keep_file(lambda: write_json(options.counters, content))
        return content

    def _save_engine(self) -> None:
        self._keep_file(lambda: self._live.save(self._options.desktop.engine_state))

    def _keep_file(self, write: Callable[[], None]) -> None:
        """A full disk must not end capture: what is in the spool can still be shipped, and that makes room."""
        try:
            write()
            self._disk = ""
        except OSError as error:
            self._disk = f"a file cannot be written: {error}"

    def _make_shipper(self) -> Shipper | None:
        options = self._options
        if options.database_url is None:
            return None
        return Shipper(
            options.database_url,
            options.desktop,
            zone=options.zone,
            boot_id=self.boot_id,
            consent=options.consent,
            known=lambda: self._known,
        )

    def _finish(self) -> None:
        """Everything that was captured is spooled, then shipped; what cannot be waits for the next start."""
        self._keep(self._capture.stop())
        self._asker.hide()
        self._writer.sync()
        self._save_engine()
        if self._link is not None:
            self._link.finish()
        if self._shipper is not None:
            self._shipper.finish(FINISH_SECONDS)


def _lock_watch() -> Any:
    """Watches the screen lock where D-Bus was built in, else None."""
    from neural_focus import _x11

    return _x11.LockWatch() if _x11.HAS_LOCK_WATCH else None
