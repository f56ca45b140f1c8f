"""The desktop agent: capture → spool → service, and one snapshot a second → service → prediction, help, answer.

main thread   ``collector.recording``, messages, prompt     ``collector.waker`` says when
hook thread   X11 → ring (C++)            syncer   fdatasync of the spool (C++)
shipper       spool → service (HTTP)      link     WebSocket
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from collector.actions.hands import make_hands
from collector.actions.runner import ActionRunner
from collector.agent_counters import AgentCounters
from collector.agent_status import AgentStatus
from collector.capture_gate import CaptureGate
from collector.desktop import write_json
from collector.installed_apps import InstalledApps
from collector.live import SAVE_SECONDS
from collector.options import Options as Options
from collector.privacy_filter import PrivacyFilter
from collector.prompt import InterventionPrompt
from collector.recording import Recording
from collector.service_session import ServiceSession
from collector.shipper import Shipper
from collector.source import make_presence, make_prompt, watch_session
from collector.timed_sessions import TimedSessions
from collector.waker import Waker
from collector.wall_clock import WallClock
from collector.websocket_client import WebSocketClient
from neural_focus.categories import RULES_FILE, Rules
from neural_focus.client.generated import ServiceApi
from neural_focus.messages import AskCapture, AskRules, ServerMessage

ANSWER_SECONDS = 0.1
"""An answer on the screen is looked for this often, while there is an offer, a break or a warning."""
TELL_SECONDS = 1.9
"""How often the desktop's state is told and agent.json is written: a file of its own costs as much as a turn."""
FINISH_SECONDS = 15.0


class Agent:
    """One run of the agent on one desktop."""

    def __init__(self, options: Options, echo: Callable[[str], None], clock: WallClock | None = None) -> None:
        """Starts capturing. Raises what ``Recording`` raises."""
        self._options, self._echo = options, echo
        desktop, self._waker = options.desktop, Waker()
        installed = InstalledApps(options.application_folders)
        rules = Rules.load(options.rules or desktop.folder / RULES_FILE, installed.hint)
        self._gate = CaptureGate(desktop.privacy, desktop.pause, options.zone)
        self._privacy = PrivacyFilter(None if self._gate.look() else self._gate.rules)
        self._recording = Recording(
            desktop,
            options.source,
            rules,
            zone=options.zone,
            titles=options.titles,
            clock=clock or WallClock(),
            privacy=self._privacy,
        )
        presence = make_presence(options.source, self._waker.end) if options.present else None
        self._prompt = InterventionPrompt(
            lambda: make_prompt(options.source, presence),
            echo,
            ignore=self._recording.capture.ignore,
            decide=options.decide,
            click=options.click,
            terminal=options.terminal,
        )
        self._actions = ActionRunner(
            desktop.actions,
            make_hands(options.source, presence, self._recording.capture),
            now_us=self._recording.capture.now_us,
            rested=self._recording.live.break_accepted,
            echo=echo,
        )
        self._session = None if desktop.is_demo else watch_session(self._waker.end, self._recording.capture.full_screen)
        self._status = AgentStatus(
            options.source,
            presence,
            open_page=options.open_page,
            sees_lock=lambda: self._session is None or self._session.listening,
            abilities=lambda: self._actions.abilities(),
            privacy=lambda: self._gate.file,
        )
        self._machine_id = desktop.machine_id()
        self._link = (
            WebSocketClient(options.address, options.token, self._machine_id, self._waker.end, options.encryption)
            if options.address
            else None
        )
        send = self._link.send if self._link else lambda _: None
        self._sessions = TimedSessions(send, now_us=self._recording.capture.now_us)
        self._service = ServiceSession(
            self._link,
            self._recording.live,
            self._prompt,
            self._actions,
            now_us=self._recording.capture.now_us,
            site_in_front=self._recording.capture.site_in_front,
            unavailable=lambda: self._session.unavailable if self._session else "",
            receive_session=self._receive,
            forget=self._recording.forget,
        )
        self._shipper = self._make_shipper()
        self._counters = AgentCounters(
            self._recording, self._service, self._actions, self._shipper, self._link, self._session
        )
        self._quit = False
        self._warned = self._disk = self._refusal = ""

    def run(self, stop: threading.Event) -> dict[str, Any]:
        """Works until ``stop`` is set, then ships the rest; returns the last counters."""
        for thread in (self._shipper, self._link):
            if thread is not None:
                thread.start()
        for step_us in self._recording.clock_steps.values():
            self._log_step(step_us)
        published = saved = time.monotonic()
        try:
            while not stop.is_set() and not self._quit:
                now_us = self._recording.capture.now_us()
                awaited = self._prompt.offer or self._actions.lively
                self._waker.until_turn(now_us, at_most=ANSWER_SECONDS if awaited else 1.0)
                news = self._turn()
                now = time.monotonic()
                if news or now - published >= TELL_SECONDS:
                    published = now
                    self._publish("paused" if self._status.paused else "running")
                if now - saved >= SAVE_SECONDS:
                    saved = now
                    self._keep_file(self._recording.save)
        finally:
            self._finish()
        return self._publish("stopped")

    def counters(self) -> dict[str, Any]:
        """What has been done so far, and what is wrong."""
        return self._counters.read(self._warned, self._disk)

    def _turn(self) -> bool:
        """One round of the main thread; returns whether others should hear of it at once."""
        before = self._status.hold, self._prompt.offer, self._actions.describe()
        self._follow_clock()
        timed = self._recording.live.timed
        for command in self._status.commands():
            self._execute(command)
        watch = self._options.zone_watch
        if watch is not None and (zone := watch.moved()) is not None:
            self._move(zone)
        self._follow_gate()
        self._service.receive_scores()
        answer = self._service.turn([] if self._status.paused else self._recording.turn())
        if self._recording.live.timed != timed:
            self._keep_file(self._recording.save)  # an agent that is killed now still knows which session it is in
        if answer is not None:
            self._echo(f"Your answer: {answer}.")
        for news in self._sessions.turn(self._recording.live.input_us):
            self._echo(news)
            self._status.notify(news)
        if self._session is not None:
            self._session.publish(self._recording.capture)
        self._warn()
        return before != (self._status.hold, self._prompt.offer, self._actions.describe())

    def _follow_clock(self) -> None:
        """First of all: what is closed and sent after this has the new time, as the service's clock has."""
        step_us = self._recording.follow_clock()
        if step_us:
            self._log_step(step_us)

    def _log_step(self, step_us: int) -> None:
        self._echo(f"The clock was moved by {step_us / 1e6:+,.1f} s: what is captured from now on has the new time.")

    def _execute(self, command: str) -> None:
        match command.split():
            case ["pause", seconds]:
                self._keep_file(lambda: self._gate.pause(float(seconds)))
            case ["resume"]:
                self._keep_file(self._gate.end_pause)
            case ["session", *words]:
                self._sessions.execute(words)
            case ["quit"]:
                self._quit = True

    def _receive(self, message: ServerMessage) -> None:
        """What pages ask of this desktop, besides help."""
        match message:
            case AskCapture("pause", seconds):
                self._execute(f"pause {seconds}")
            case AskCapture():
                self._execute("resume")
            case AskRules(text, before):
                self._gate.write_rules(text, before)
            case _:
                self._sessions.receive(message)

    def _follow_gate(self) -> None:
        """What came before a pause is kept; where the rules cannot be used, or only now can, nothing is that came."""
        hold, before = self._gate.look(), self._status.hold
        if hold is not None:
            if hold.reason == "file":
                self._privacy.follow(None)
            if before is None:
                self._end_boot()
            self._privacy.follow(None)
        else:
            self._privacy.follow(self._gate.rules)
            if before is not None:
                self._recording.resume()
        if (hold and hold.words) != (before and before.words):
            self._echo(f"Nothing is captured: {hold.words}." if hold else "Capture continues.")
        self._status.hold = hold

    def _move(self, zone: str) -> None:
        """The engine's hours and weekdays, the person's days in the database and our own clock change together."""
        from_us = self._recording.move(zone)
        self._gate.zone = zone
        if self._shipper is not None:
            self._shipper.move(from_us, zone)
        time.tzset()
        self._echo(f"The time zone is {zone} now; schedules follow at the next start.")

    def _end_boot(self) -> None:
        """What comes from now on is not captured."""
        self._prompt.hide()
        self._keep_file(self._recording.stop)

    def _warn(self) -> None:
        """Says a new problem once, and when it is over."""
        problem = self._recording.problem
        if problem != self._warned:
            self._echo(f"Nothing is kept: {problem}" if problem else "Capture continues.")
            self._warned = problem
        refusal = self._options.token.problem
        if refusal != self._refusal:
            self._echo(f"Nothing is sent: {refusal}" if refusal else "The service is asked again.")
            self._refusal = refusal

    def _publish(self, state: str) -> dict[str, Any]:
        """Everybody gets the state as it is now: the service with its pages, the tray, and agent.json."""
        counted = self.counters()
        if state != "stopped":
            menu = self._sessions.menu() if counted["connected"] else ()
            self._status.publish(self._service, counted, menu, self._sessions.rounds)
        desktop, offer = self._options.desktop, self._prompt.offer
        content = {
            "state": state,
            "t_us": self._recording.capture.now_us(),
            "username": desktop.username,
            "is_demo": desktop.is_demo,
            "machine_id": self._machine_id,
            "boots": self._recording.boots,
            "actions": self._actions.describe(),
            "prompt": {"id": offer.id, "buttons": self._prompt.places()} if offer else None,
            **self._status.describe(),
            **counted,
        }
        self._keep_file(lambda: write_json(self._options.counters, content))
        return content

    def _keep_file(self, write: Callable[[], None]) -> None:
        """A full disk must not end capture: what is in the spool can still be shipped, and that makes room."""
        try:
            write()
            self._disk = ""
        except OSError as error:
            self._disk = f"a file cannot be written: {error}"

    def _make_shipper(self) -> Shipper | None:
        options = self._options
        if options.address is None or not options.ship:
            return None
        return Shipper(
            ServiceApi(options.address, options.token, options.encryption),
            options.desktop,
            zone=options.zone,
            boots=self._recording.boots,
            clock_steps=self._recording.clock_steps,
            consent=options.consent,
        )

    def _finish(self) -> None:
        """What was captured is shipped; what cannot be waits for the next start. No action stays."""
        self._actions.finish()
        self._service.report()
        self._end_boot()
        self._status.finish()
        if self._link is not None:
            self._link.finish()
        if self._session is not None:
            self._session.finish()  # nobody tells of news any more
        self._waker.close()
        if self._shipper is not None:
            self._shipper.finish(FINISH_SECONDS)
