"""The desktop agent: capture → spool → database, and one snapshot a second → service → prediction, help, answer.

    main thread   drain the ring, classify, spool, live engine, messages, prompt    ``collector.rest`` says when
    hook thread   X11 → ring (C++)            syncer   fdatasync of the spool (C++)
    shipper       spool → database            link     WebSocket

The engine is fed only what the spool has acknowledged, in its order: a replay of the stored events is the same.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from collector.attendance import Attendance
from collector.capture import DesktopCapture, Drained, X11Source, unix_offset_us
from collector.consent import Consent
from collector.conversation import Conversation
from collector.desktop import Desktop, write_json
from collector.link import Link
from collector.live import SAVE_SECONDS, LiveEngine, Second
from collector.prompt import Asker, Click, Decide, NoPrompt, PromptWindow
from collector.rest import Rest
from collector.shipper import Shipper, describe
from collector.spool import BootWriter
from collector.wayland import WaylandSource
from neural_focus.categories import RULES_FILE, Rules

ANSWER_SECONDS = 0.1
"""An answer on the screen is looked for this often, while there is an offer."""
COUNTERS_SECONDS = 0.9
FINISH_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class Options:
    """What the composition root decides. ``address`` None: no service; ``database_url`` None: nothing is shipped."""

    desktop: Desktop
    consent: Consent
    source: X11Source | WaylandSource
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
    open_page: Callable[[], None] | None = None
    """Opens the page for the person, signed in."""
    present: bool = False
    """Whether to join the session bus: tray, notifications, focus as the desktop tells it."""


class Agent:
    """One run of the agent on one desktop: a boot id and sequence numbers from 0, anew after each pause."""

    def __init__(self, options: Options, say: Callable[[str], None]) -> None:
        """Recovers the spool, restores the engine and starts capturing.

        Raises:
            CaptureError: the display cannot be opened.
            ConfigurationError: another agent runs for this desktop.
            FormatError, InputError: the spool cannot be used.
        """
        self._options, self._say = options, say
        desktop = options.desktop
        self.machine_id = desktop.machine_id()
        self._writer = BootWriter(desktop.spool, self.machine_id)
        self._live = LiveEngine.restore(desktop.engine_state, desktop.spool, self._writer.boot_id, options.zone)
        self._capture = DesktopCapture(
            options.source,
            Rules.load(options.rules or desktop.folder / RULES_FILE),
            offset_us=unix_offset_us(),
            floor_us=self._live.last_us,
            titles=options.titles,
        )
        self._rest = Rest()
        presence = make_presence(options.source, self._rest.end) if options.present else None
        self._asker = Asker(
            lambda: _make_prompt(options.source, presence),
            say,
            ignore=self._capture.ignore,
            decide=options.decide,
            click=options.click,
            terminal=options.terminal,
        )
        self._lock = _lock_watch(self._rest.descriptor)
        self._attendance = Attendance(
            options.source,
            presence,
            open_page=options.open_page,
            sees_lock=lambda: self._lock is not None and self._lock.listening,
        )
        self._link = Link(options.address, options.token, self.machine_id, self._rest.end) if options.address else None
        self._talk = Conversation(self._link, self._live, self._asker, now_us=self._capture.now_us)
        self._shipper = self._make_shipper()
        self._refused, self._quit = 0, False
        self._warned = self._disk = ""

    def run(self, stop: threading.Event) -> dict[str, Any]:
        """Works until ``stop`` is set, then ships the rest; returns the last counters."""
        for thread in (self._shipper, self._link):
            if thread is not None:
                thread.start()
        written = saved = time.monotonic()
        try:
            while not stop.is_set() and not self._quit:
                self._rest.until_turn(self._capture.now_us(), at_most=ANSWER_SECONDS if self._asker.offer else 1.0)
                self._turn()
                now = time.monotonic()
                if now - written >= COUNTERS_SECONDS:
                    written = now
                    self._attendance.tell(self._talk, connected=bool(self._link and self._link.connected))
                    self._write_counters("paused" if self._attendance.paused else "running")
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
            **seen,
            "dropped": dropped,
            "spooled": spool["appended"],
            "spool": spool,
            **describe(self._shipper),
            "snapshots": self._live.snapshots,
            "snapshots_sent": link.counters["snapshots_sent"] if link else 0,
            **self._talk.counters,
            "closed": dict(self._talk.closed),
            "engine": self._live.counters(),
            "link": dict(link.counters) if link else {},
            "connected": bool(link and link.connected),
            "problems": [text for text in self._problems() if text],
        }

    def _turn(self) -> None:
        for wish in self._attendance.wishes():
            self._obey(wish)
        if self._attendance.pause_is_over():
            self._obey("resume")
        if self._attendance.paused:
            self._talk.turn([])
            return
        began_us = self._capture.now_us()
        seconds = self._keep(self._capture.drain())
        answer = self._talk.turn([*seconds, *self._live.close_until(began_us)])
        if answer is not None:
            self._say(f"You chose: {answer}.")
        if self._lock is not None:
            self._capture.set_locked(self._lock.locked)
        self._warn()

    def _obey(self, wish: str) -> None:
        match wish.split():
            case ["pause", seconds]:
                if not self._attendance.paused:
                    self._end_boot()
                self._attendance.paused_until = time.time() + float(seconds)
                self._say("Nothing is captured until the pause is over.")
            case ["resume"] if self._attendance.paused:
                boot_id = self._writer.new_boot()
                self._live.new_boot(boot_id)
                if self._shipper is not None:
                    self._shipper.boots.add(boot_id)
                self._attendance.paused_until = None
                self._capture.resume()
                self._say("Capture goes on.")
            case ["quit"]:
                self._quit = True

    def _end_boot(self) -> None:
        """Everything that was captured is spooled; what comes later is not captured."""
        self._keep(self._capture.stop())
        self._asker.hide()
        self._writer.sync()
        self._save_engine()

    def _keep(self, drained: Drained) -> list[Second]:
        if not len(drained.records) or not self._writer.append(drained.records, drained.titles):
            return []  # a full disk: counted by the writer, and the engine must not see what a replay will not
        return self._live.push(drained.records, drained.titles)

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
            self._talk.problem,
        )

    def _write_counters(self, state: str) -> dict[str, Any]:
        options, offer = self._options, self._asker.offer
        content = {
            "state": state,
            "t_us": self._capture.now_us(),
            "username": options.desktop.username,
            "is_demo": options.desktop.is_demo,
            "machine_id": self.machine_id,
            "boot_id": self._writer.boot_id,
            "prompt": {"id": offer.id, "buttons": self._asker.places()} if offer else None,
            **self._attendance.describe(),
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
            boot_id=self._writer.boot_id,
            consent=options.consent,
            known=lambda: self._talk.known,
        )

    def _finish(self) -> None:
        """What was captured is shipped; what cannot be waits for the next start."""
        self._end_boot()
        self._attendance.finish()
        if self._link is not None:
            self._link.finish()
        self._lock = None  # its thread ends here: nobody tells of news any more
        self._rest.close()
        if self._shipper is not None:
            self._shipper.finish(FINISH_SECONDS)


def make_presence(source: X11Source | WaylandSource, news: Callable[[], None]) -> Any:
    """The agent on the session bus, joined. Not imported where nobody needs it: it costs 4 MB."""
    from collector.presence import Presence

    presence = Presence(news, source.tell if isinstance(source, WaylandSource) else None)
    presence.start()
    return presence


def _make_prompt(source: X11Source | WaylandSource, presence: Any) -> PromptWindow:
    if isinstance(source, X11Source):
        from neural_focus._x11 import Prompt

        return Prompt(source.display)
    if presence is not None:
        notification: PromptWindow = presence.prompt
        return notification
    return NoPrompt()


def _lock_watch(news: int) -> Any:
    """Watches the screen lock where D-Bus was built in, and tells the eventfd ``news``; else None."""
    from neural_focus import _x11

    return _x11.LockWatch(news) if _x11.HAS_LOCK_WATCH else None
