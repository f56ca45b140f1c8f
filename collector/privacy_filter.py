"""What the person keeps from us, taken out between the hook and the spool: nothing behind this line has seen it.

records      A A A │ P P P P │ A A │ Q Q Q Q │ A          P: never, Q: only focus
what leaves  A A A            ╎ F A A   F       F A       F: WINDOW_FOCUS_CHANGE, that of Q names WITHHELD
boots        ├─────┤          ├────────────────────┤      what lies between two boots counts as not covered

A verdict holds from a record that tells the window in front, or its title, to the next one.
"""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from collector.site_context import site_verdict
from neural_focus.events import EventType, decode_app_name
from neural_focus.privacy_rules import WITHHELD, Handling, Keep, PrivacyRules

_FOCUS, _TITLE = int(EventType.WINDOW_FOCUS_CHANGE), int(EventType.WINDOW_TITLE_CHANGE)
_TELLING = (_FOCUS, _TITLE)
_OF_ANY_WINDOW = (int(EventType.WINDOW_MINIMIZE), int(EventType.WINDOW_MAXIMIZE))
_PRESENCE = tuple(map(int, (EventType.IDLE_START, EventType.IDLE_END, EventType.SCREEN_LOCK, EventType.SCREEN_UNLOCK)))
_SIGN_US = 60_000_000
"""Where only focus is recorded, input is told once in so long: that somebody is there, as in a call."""
_CLOSED = Handling(Keep.NOTHING, "capture is off")
_UNREAD = Handling(Keep.NOTHING, "title not read")
Records = np.ndarray[Any, np.dtype[np.void]]


@dataclass(frozen=True, slots=True)
class Kept:
    """What may be kept: EVENT_DTYPE[n], texts by position; ``begins``: positions at which another boot begins.
    ``removed``: how many records fewer than came."""

    records: Records
    texts: dict[int, str]
    begins: tuple[int, ...] = ()
    removed: int = 0


class PrivacyFilter:
    """On the agent's main thread. It keeps nothing where ``rules`` are None."""

    def __init__(self, rules: PrivacyRules | None, clock: Callable[[], float] = time.monotonic) -> None:
        self._rules, self._clock = rules, clock
        self._app, self._title, self._window, self._unread = "", "", 0, False
        self._verdict = Handling() if rules else _CLOSED
        self._came_from = Keep.ALL
        self._begins = self._needs_focus = False
        self._sign_at_us = 0
        self.counts: Counter[str] = Counter()
        """Records that were not kept, titles of ``without-title`` among them, by kind of rule."""
        self._minutes: deque[tuple[int, Counter[str]]] = deque(maxlen=60)

    def follow(self, rules: PrivacyRules | None) -> None:
        """From the next record on these rules hold, for the window in front too."""
        if rules is not self._rules:
            self._rules = rules
            self._judge()

    def judge_site(self, site: str) -> Handling:
        """What is kept of a browser on a site."""
        return self._rules.judge_site(site) if self._rules else _CLOSED

    @property
    def withholds(self) -> bool:
        """Whether nothing is kept at the moment."""
        return self._verdict.keep is Keep.NOTHING

    def last_hour(self) -> dict[str, int]:
        """``counts`` of the last 60 minutes."""
        since = int(self._clock() // 60) - 60
        return dict(sum((counts for minute, counts in self._minutes if minute > since), Counter()))

    def apply(self, records: Records, texts: dict[int, str]) -> Kept:
        """Records in the order of capture, with titles by position, as far as the rules let them."""
        stretches = list(self._stretches(records, texts))
        foreign = self._foreign(records)
        if not foreign.any() and all(verdict.keep is Keep.ALL for *_, verdict in stretches) and self._is_plain():
            return Kept(records, texts)
        sifted = _Sifted(records.dtype)
        for start, end, verdict in stretches:
            kept = records[start:end][~foreign[start:end]].copy()
            places = np.flatnonzero(~foreign[start:end]) + start
            self._sift(sifted, kept, [texts.get(int(place)) for place in places], verdict)
        return sifted.result(len(records))

    def _is_plain(self) -> bool:
        return not self._begins and not self._needs_focus and self._came_from < Keep.ONLY_FOCUS

    def _stretches(self, records: Records, texts: dict[int, str]) -> list[tuple[int, int, Handling]]:
        found, start = [], 0
        for place in np.flatnonzero(np.isin(records["event_type"], _TELLING)).tolist():
            if start < place:
                found.append((start, place, self._verdict))
            start = place
            self._see(records[place], texts.get(place))
        return [*found, (start, len(records), self._verdict)] if start < len(records) else found

    def _see(self, record: Any, title: str | None) -> None:
        """``title`` None: the record was made here, and the title is as it was."""
        window = int(record["window_handle"])
        if title is not None:
            self._title = title
            self._unread = not title and record["event_type"] == _TITLE and record["data"][1] > 0
        elif window != self._window:
            self._title = ""
        self._app, self._window = decode_app_name(record["app_name"]), window
        self._judge()

    def _judge(self) -> None:
        if self._rules is None:
            self._verdict = _CLOSED
            return
        app, of_site = site_verdict(self._app)
        found = max(self._rules.judge(app, self._title), of_site)
        self._verdict = max(found, _UNREAD) if self._unread else found

    def _foreign(self, records: Records) -> np.ndarray[Any, np.dtype[np.bool_]]:
        """Records of windows that are not in front, whose apps are kept from us."""
        found = np.zeros(len(records), bool)
        for place in np.flatnonzero(np.isin(records["event_type"], _OF_ANY_WINDOW)).tolist():
            app = decode_app_name(records[place]["app_name"])
            verdict = self._rules.judge(app, "") if self._rules else _CLOSED
            if verdict.keep >= Keep.ONLY_FOCUS and app != self._app:
                found[place] = True
                self._count(verdict.rule, 1)
        return found

    def _sift(self, sifted: _Sifted, records: Records, texts: list[str | None], verdict: Handling) -> None:
        if verdict.keep is Keep.NOTHING:
            self._count(verdict.rule, len(records))
            self._begins = self._needs_focus = True
        elif verdict.keep is Keep.ONLY_FOCUS:
            self._sift_presence(sifted, records, verdict)
        elif len(records):
            self._sift_open(sifted, records, texts, verdict)
        self._came_from = verdict.keep

    def _sift_presence(self, sifted: _Sifted, records: Records, verdict: Handling) -> None:
        """The focus under another name, presence, and a sign of it once a minute."""
        fresh = self._came_from is not Keep.ONLY_FOCUS or self._needs_focus
        for record in records:
            kind, t_us = int(record["event_type"]), int(record["timestamp_us"])
            if fresh or kind == _FOCUS:
                self._give(sifted, _neutral(record, _FOCUS), None)
                self._sign_at_us = t_us + _SIGN_US
                if kind not in _TELLING:
                    self._count(verdict.rule, 1)
            elif kind in _PRESENCE:
                self._give(sifted, _neutral(record, kind), None)
                self._sign_at_us = t_us + _SIGN_US
            elif t_us >= self._sign_at_us and kind != _TITLE:
                self._give(sifted, _neutral(record, int(EventType.IDLE_END)), None)
                self._sign_at_us = t_us + _SIGN_US
            else:
                self._count(verdict.rule, 1)
            fresh = False
        self._needs_focus = self._needs_focus and fresh

    def _sift_open(self, sifted: _Sifted, records: Records, texts: list[str | None], verdict: Handling) -> None:
        first = records[0]
        if first["event_type"] == _FOCUS and self._came_from >= Keep.ONLY_FOCUS:
            first["data"][0] = 0  # the window before is none of ours
        elif first["event_type"] != _FOCUS and (self._needs_focus or self._came_from >= Keep.ONLY_FOCUS):
            focus = first.copy()
            focus["event_type"], focus["data"] = _FOCUS, (0, first["window_handle"], 0)
            self._give(sifted, focus, self._title if verdict.keep is Keep.ALL else None)
        self._needs_focus = False
        for record, text in zip(records, texts, strict=True):
            if verdict.keep is Keep.WITHOUT_TITLE and record["event_type"] == _TITLE:
                record["data"][:2] = 0
                self._count(verdict.rule, 1)
            self._give(sifted, record, text if verdict.keep is Keep.ALL else None)

    def _give(self, sifted: _Sifted, record: Any, text: str | None) -> None:
        sifted.add(record, text, begins=self._begins)
        self._begins = False

    def _count(self, rule: str, number: int) -> None:
        if not number:
            return
        minute = int(self._clock() // 60)
        if not self._minutes or self._minutes[-1][0] != minute:
            self._minutes.append((minute, Counter()))
        self._minutes[-1][1][rule] += number
        self.counts[rule] += number


class _Sifted:
    """What is let through of one batch."""

    def __init__(self, dtype: np.dtype[np.void]) -> None:
        self._dtype = dtype
        self._rows: list[Any] = []
        self._texts: dict[int, str] = {}
        self._begins: list[int] = []

    def add(self, record: Any, text: str | None, *, begins: bool) -> None:
        if begins:
            self._begins.append(len(self._rows))
        if text is not None:
            self._texts[len(self._rows)] = text
        self._rows.append(record)

    def result(self, came: int) -> Kept:
        records = np.array(self._rows, self._dtype) if self._rows else np.zeros(0, self._dtype)
        return Kept(records, self._texts, tuple(self._begins), came - len(records))


def _neutral(record: Any, kind: int) -> Any:
    """A record of the same time that says nothing of the app or the window."""
    made = np.zeros((), record.dtype)
    made["timestamp_us"], made["event_type"], made["app_name"] = record["timestamp_us"], kind, WITHHELD.encode()
    if kind in (int(EventType.IDLE_START), int(EventType.IDLE_END)) and record["event_type"] == kind:
        made["data"][0] = record["data"][0]
    return made
