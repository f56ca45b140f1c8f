"""What the agent says of itself, and what it is told: tray, page and agent.json get one state from here.

tray ── pause, resume, quit, open the page ──► commands ──► agent
capabilities, pause, losses ──► tray, DESKTOP_STATUS (to the service, which tells pages), agent.json
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from collector.capabilities import Capability, missing
from collector.capture import X11Source
from collector.capture_gate import Hold
from collector.losses import losses
from collector.source import capabilities
from collector.timed_sessions import Entry
from collector.wayland import WaylandSource
from neural_focus.messages import Ability, DesktopStatus, Notice, PrivacyFile, Rounds
from neural_focus.time import iso, local_clock

if TYPE_CHECKING:
    from collector.desktop_integration import DesktopIntegration


IN_WORDS = {
    "SUGGEST_BREAK": "show a break",
    "MINIMIZE": "minimise apps",
    "KILL": "end programs",
    "PLACEBO": "show a card",
}


class Listener(Protocol):
    """``ServiceSession``, or who else passes a status on."""

    def publish_status(self, status: DesktopStatus) -> None:
        """Passes it on when it changed."""


class AgentStatus:
    """On the agent's main thread. ``presence`` None: there is no session bus, or nobody of this desktop to serve."""

    def __init__(
        self,
        source: X11Source | WaylandSource,
        presence: DesktopIntegration | None,
        *,
        open_page: Callable[[], None] | None,
        sees_lock: Callable[[], bool],
        abilities: Callable[[], tuple[Ability, ...]],
        privacy: Callable[[], PrivacyFile],
    ) -> None:
        self._abilities, self._privacy = abilities, privacy
        self._source, self._presence, self._open_page, self._sees_lock = source, presence, open_page, sees_lock
        self.hold: Hold | None = None
        """Why nothing is captured; None while it is."""
        self._found: tuple[Capability, ...] = ()
        self._published_abilities: tuple[Ability, ...] = ()

    @property
    def paused(self) -> bool:
        """Whether nothing is captured, whoever said so."""
        return self.hold is not None

    @property
    def _until_us(self) -> int | None:
        return None if self.hold is None else self.hold.until_us

    def commands(self) -> list[str]:
        """What the agent is to do: "pause 900", "resume", "quit". The page is opened here."""
        commands = self._presence.commands() if self._presence else []
        if "open" in commands and self._open_page is not None:
            self._open_page()
        return [command for command in commands if command != "open"]

    def publish(
        self,
        service: Listener,
        counted: Mapping[str, Any],
        sessions: tuple[Entry, ...],
        rounds: Rounds | None = None,
    ) -> None:
        """Everybody gets the state as it is now; ``counted`` is what ``Agent.counters`` gives, ``sessions`` what the
        tray has of them, ``rounds`` what pages have."""
        bus = self._presence.problem if self._presence else "there is no session bus"
        if not self.paused:  # a stopped hook knows nothing new
            self._found = capabilities(self._source, lock=self._sees_lock(), bus=bus)
        status = self._status(losses(counted), rounds)
        self._published_abilities = status.abilities
        service.publish_status(status)
        if self._presence is not None:
            self._show(self._presence, sessions, connected=counted["connected"])

    def notify(self, text: str) -> None:
        """Shows the person a notification, where somebody shows them."""
        if self._presence is not None:
            self._presence.notify(text)

    def describe(self) -> dict[str, Any]:
        """For agent.json."""
        presence = self._presence
        return {
            "source": self._source.name,
            "paused_until": None if self._until_us is None else self._until_us / 1e6,
            "held": None if self.hold is None else msgspec.to_builtins(self.hold),
            "capabilities": [
                {"subject": one.subject, "there": one.there, "said": one.description, "hint": one.hint}
                for one in self._found
            ],
            "abilities": msgspec.to_builtins(self._published_abilities),
            "tray": bool(presence and presence.in_tray),
        }

    def finish(self) -> None:
        """Leaves the desktop."""
        if self._presence is not None:
            self._presence.finish()

    def _status(self, lost: list[Notice], rounds: Rounds | None) -> DesktopStatus:
        hold, until_us = self.hold, self._until_us
        held = (
            () if hold is None or hold.reason == "pause" else (Notice("capture", f"nothing: {hold.words}", hold.hint),)
        )
        lacking = (Notice(one.subject, one.description, one.hint) for one in missing(self._found))
        return DesktopStatus(
            state="capturing" if hold is None else "paused",
            source=self._source.name,
            paused_until=None if until_us is None else iso(until_us // 1_000_000 * 1_000_000),
            missing=(*held, *lacking),
            lost=tuple(lost),
            abilities=self._abilities(),
            rounds=rounds,
            held="" if hold is None else hold.reason,
            privacy=self._privacy(),
        )

    def _show(self, presence: DesktopIntegration, sessions: tuple[Entry, ...], *, connected: bool) -> None:
        from collector.tray import Mood, View

        lacking = missing(self._found)
        unable = [f"Cannot {IN_WORDS[one.action]}: {one.why}" for one in self._published_abilities if not one.able]
        lines = (*(f"{one.subject}: {one.description}" for one in lacking), *unable)
        if self.hold is not None:
            until_us, paused = self.hold.until_us, self.hold.reason == "pause"
            until = f"until {local_clock(until_us, '%H:%M' if paused else '%a %H:%M')}" if until_us else ""
            told = () if paused else (f"{self.hold.words}. {self.hold.hint}".strip(),)
            presence.show(View(Mood.PAUSED if paused else Mood.CLOSED, until, (*told, *lines), sessions))
        elif not connected:
            presence.show(View(Mood.UNCONNECTED, "to the service", lines))
        else:
            presence.show(View(Mood.LIMITED if lacking else Mood.CAPTURING, "", lines, sessions))
