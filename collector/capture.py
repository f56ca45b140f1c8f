"""Capture on this desktop: the hook, its records with categories, and its return after the display server's death."""

from __future__ import annotations

import os
import random
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from collector.privacy_filter import PrivacyFilter
from collector.site_context import SiteContext
from collector.wall_clock import WallClock
from neural_focus.categories import Rules
from neural_focus.errors import CaptureError
from neural_focus.events import EventType, decode_app_name
from neural_focus.messages import SiteInFront
from neural_focus.privacy_rules import PrivacyRules
from neural_focus.time import STEP_US

MOTION_HZ = 125
IDLE_AFTER_MS = 5000
MOST_RECORDS = 1 << 15
KNOWN_TITLES = 4096
RETRY_SECONDS = (1.0, 30.0)
_FOCUS, _TITLE = int(EventType.WINDOW_FOCUS_CHANGE), int(EventType.WINDOW_TITLE_CHANGE)
Records = np.ndarray[Any, np.dtype[np.void]]


@dataclass(frozen=True, slots=True)
class Drained:
    """Records in the order of capture, EVENT_DTYPE[n], and the titles they name by id (none when titles are off).

    ``begins``: positions at which another boot begins, as what lies before is kept from us.
    """

    records: Records
    titles: dict[int, str]
    begins: tuple[int, ...] = ()


def check_desktop(display: str | None, environ: Mapping[str, str] | None = None) -> str:
    """The X display to capture.

    Raises:
        CaptureError: there is none, or a Wayland session would keep its input from us.
    """
    env = os.environ if environ is None else environ
    name = display or env.get("DISPLAY", "")
    wayland = bool(env.get("WAYLAND_DISPLAY")) or env.get("XDG_SESSION_TYPE") == "wayland"
    if not name:
        raise CaptureError(
            "this is a Wayland session without an X server" if wayland else "there is no display to capture",
            why="Wayland keeps input and windows from other programs" if wayland else "DISPLAY is not set",
            hint="Log in with an Xorg (X11) session"
            if wayland
            else "Run it on your desktop, or give --display; `neural-focus up` brings a virtual one",
        )
    if wayland and is_xwayland(name):
        raise CaptureError(
            f"{name} belongs to a Wayland session",
            why="only windows of X programs would be seen, everything else would silently be missing",
            hint="Log in with an Xorg (X11) session",
        )
    return name


def is_xwayland(name: str) -> bool:
    """Whether an X server belongs to a Wayland session. Raises CaptureError when it cannot be reached."""
    from neural_focus import _x11

    return _x11.is_xwayland(name)


class CaptureSource(Protocol):
    """Where input and windows come from."""

    @property
    def name(self) -> str:
        """In words: the X server of :0."""

    def open(self, *, offset_us: int, floor_us: int) -> Any:
        """The hook's native side, not started yet. Raises CaptureError when the display cannot be opened."""


@dataclass(frozen=True, slots=True)
class X11Source:
    """All of one X display."""

    display: str

    @property
    def name(self) -> str:
        """In words."""
        return f"the X server of {self.display}"

    def open(self, *, offset_us: int, floor_us: int) -> Any:
        """``neural_focus._x11.Capture``."""
        from neural_focus._x11 import Capture

        return Capture(
            self.display,
            offset_us=offset_us,
            floor_us=floor_us,
            own_pid=os.getpid(),
            ring_capacity=MOST_RECORDS,
            motion_hz=MOTION_HZ,
            idle_after_ms=IDLE_AFTER_MS,
        )


class DesktopCapture:
    """The running hook. Records of a lost server are still drained; then it is reached for again, with backoff."""

    def __init__(
        self,
        source: CaptureSource,
        rules: Rules,
        *,
        clock: WallClock,
        floor_us: int,
        titles: bool,
        privacy: PrivacyFilter | None = None,
    ) -> None:
        """Starts capturing. ``privacy``: by default with the shipped rules.

        Raises:
            CaptureError: the display cannot be opened.
        """
        self._privacy = privacy or PrivacyFilter(PrivacyRules.load())
        self._source, self._rules, self._keep_titles = source, rules, titles
        self._clock, self._floor_us = clock, floor_us
        self._title_ids: dict[str, int] = {}
        self._next_title = 1
        self._past: Counter[str] = Counter()
        self._sites = SiteContext(rules, self._privacy.judge_site)
        self._switch_us = 0
        self._locked = self._engaged = False
        self._retry_at = 0.0
        self._retry_seconds = RETRY_SECONDS[0]
        self._capture = self._open()
        self.lost: str = ""
        """Why nothing is captured at the moment; empty while all is well."""
        self.restarts = 0
        self._gap_us, self._lost_at_us = 0, 0

    def now_us(self) -> int:
        """Unix time on the clock of the stamps, µs."""
        return self._clock.now_us()

    def drain(self) -> Drained:
        """Everything captured since the last call."""
        records, texts = self._take()
        if self._capture.alive and not self._locked:
            records, texts = self._switch_site(records, texts)
        if len(records):
            self._floor_us = max(self._floor_us, int(records["timestamp_us"][-1]))
        elif not self._capture.alive:
            self._reopen()
        return self._sift(records, texts)

    def counters(self) -> dict[str, Any]:
        """captured (dropped ones included), clamped, dropped by type, titles lost, and gaps: times without a server."""
        now = self._past + Counter(self._counts(self._capture))
        dropped = {kind.name: now[f"dropped {kind.name}"] for kind in EventType if now[f"dropped {kind.name}"]}
        gap_us = self._gap_us + (self.now_us() - self._lost_at_us if self.lost else 0)
        return {
            **{name: now[name] for name in ("captured", "clamped", "titles_lost")},
            "dropped": dropped,
            "gaps": {"count": self.restarts + bool(self.lost), "seconds": round(gap_us / 1e6, 1)},
        }

    def set_locked(self, locked: bool) -> None:
        """The screen is locked or unlocked; told to the hook, which that wakes, when it changed."""
        if locked != self._locked:
            self._locked = locked
            self._capture.set_locked(locked)

    def set_engaged(self, engaged: bool) -> None:
        """Somebody is there, whether there is input or not: no pause begins."""
        if engaged != self._engaged:
            self._engaged = engaged
            self._capture.set_engaged(engaged)

    def full_screen(self) -> bool:
        """Whether the window that holds the focus fills the screen."""
        return bool(self._capture.full_screen)

    def behind_lock(self) -> int:
        """How often there was input while the screen was locked, by this hook."""
        return int(self._capture.behind_lock)

    def site_in_front(self, message: SiteInFront) -> None:
        """A browser's extension tells which site is in front: from now on the records say of which kind it is."""
        self._sites.receive(message, time.monotonic())

    def ignore(self, window: int) -> None:
        """A window of ours: no switch, no input."""
        self._capture.ignore(window)

    def set_covered(self, covered: bool, gone_ms: int | None = None) -> None:
        """A screen of ours lies over everything: no switch, no input. ``gone_ms``: when it went, on the X server's
        clock; what was pressed before, however late it is read, was meant for it."""
        self._capture.set_covered(covered, gone_ms)

    def expect_our_doing(self, milliseconds: int) -> None:
        """What windows do for so long is our doing: no switch."""
        self._capture.expect_our_doing(milliseconds)

    def newest_input_us(self) -> int | None:
        """When the newest input came, into windows of ours too, on the boot clock; None while nothing is captured."""
        return int(self._capture.newest_input_us) if self._capture.alive else None

    def stop(self) -> Drained:
        """Ends capture; returns what was still on its way."""
        self._capture.stop()
        drained = self.drain_last()
        self._sites.leave()
        return drained

    def resume(self) -> None:
        """Captures again after ``stop``; a display that is gone meanwhile is reached for again, as ever."""
        self._retry_at = 0.0
        self._reopen()

    def drain_last(self) -> Drained:
        """Like ``drain``, without reaching for a lost display."""
        return self._sift(*self._take())

    @property
    def withholds(self) -> bool:
        """Whether the person keeps from us what is in front."""
        return self._privacy.withholds

    def _sift(self, records: Records, texts: dict[int, str]) -> Drained:
        """What the person lets us keep, with categories. What they do not does not count as captured."""
        kept = self._privacy.apply(records, texts)
        self._past["captured"] -= kept.removed
        return Drained(kept.records, self._classify(kept.records, kept.texts), kept.begins)

    def _take(self) -> tuple[Records, dict[int, str]]:
        """What the hook has, with the browser's kind of site. None is earlier than a switch that was made here."""
        records, found = self._capture.drain(MOST_RECORDS)
        texts: dict[int, str] = dict(found)
        np.maximum(records["timestamp_us"], np.uint64(self._switch_us), out=records["timestamp_us"])
        self._sites.apply(records, texts, time.monotonic())
        return records, texts

    def _switch_site(self, records: Records, texts: dict[int, str]) -> tuple[Records, dict[int, str]]:
        """With the switch to another kind of site, if there is one, as the last record; to a site that is kept from us
        before all that the browser has in this batch: its word comes later than the first key there."""
        now_us = max(self.now_us(), self._floor_us, int(records["timestamp_us"][-1]) if len(records) else 0)
        switch = self._sites.switch(now_us, time.monotonic())
        if switch is None:
            return records, texts
        self._switch_us = now_us
        self._past["captured"] += 1
        if not self._sites.withholds:
            return np.concatenate((records, switch)), texts
        place = int(np.flatnonzero(records["event_type"] == _FOCUS)[-1:].sum()) if len(records) else 0
        place += bool(len(records)) and records[place]["event_type"] == _FOCUS
        if place < len(records):
            switch["timestamp_us"] = records[place]["timestamp_us"]
            self._sites.rename(records[place:])
        moved = {index + (index >= place): text for index, text in texts.items()}
        return np.concatenate((records[:place], switch, records[place:])), moved

    def _open(self) -> Any:
        if self._floor_us > self.now_us() + STEP_US:
            self._floor_us = 0  # of a clock that was wrong: stamps clamped to it would be worthless until it is reached
            self._switch_us = 0
        capture = self._source.open(offset_us=self._clock.offset_us, floor_us=self._floor_us)
        capture.set_locked(self._locked)
        capture.set_engaged(self._engaged)
        capture.start()
        return capture

    def _reopen(self) -> None:
        now = time.monotonic()
        if not self.lost:
            self.lost = f"{self._source.name} went away"
            self._lost_at_us = self.now_us()
            self._capture.stop()
            self._retry_at, self._retry_seconds = now, RETRY_SECONDS[0]
        if now < self._retry_at:
            return
        try:
            fresh = self._open()
        except CaptureError as error:
            self.lost = str(error)
            self._retry_at = now + self._retry_seconds * random.uniform(0.5, 1.5)  # noqa: S311 - jitter
            self._retry_seconds = min(self._retry_seconds * 2, RETRY_SECONDS[1])
            return
        self._past.update(self._counts(self._capture))
        self._gap_us += self.now_us() - self._lost_at_us
        self._capture, self.lost = fresh, ""
        self._sites.leave()
        self.restarts += 1

    @staticmethod
    def _counts(capture: Any) -> dict[str, int]:
        dropped = {f"dropped {kind.name}": count for kind, count in zip(EventType, capture.dropped(), strict=True)}
        return {name: getattr(capture, name) for name in ("captured", "clamped", "titles_lost")} | dropped

    def _classify(self, records: Records, texts: dict[int, str]) -> dict[int, str]:
        """Fills category hints in place; returns the titles that leave with the records."""
        leaving: dict[int, str] = {}
        for index, title in texts.items():
            record = records[index]
            hint = self._rules.hint(decode_app_name(record["app_name"]), title)
            record["data"][2] |= hint
            if record["event_type"] == _TITLE and self._keep_titles and title:
                record["data"][0] = number = self._title_id(title)
                leaving[number] = title
        return leaving

    def _title_id(self, title: str) -> int:
        if title not in self._title_ids:
            if len(self._title_ids) >= KNOWN_TITLES:
                self._title_ids.clear()  # ids go on counting, so a forgotten title merely gets a second one
            self._title_ids[title] = self._next_title
            self._next_title += 1
        return self._title_ids[title]
