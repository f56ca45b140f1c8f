"""What a browser is on, as part of its records: ``firefox (video)`` instead of ``firefox``, never the site itself.

    SITE_IN_FRONT ─► kind of site (rules) ─┐
    drained records ───────────────────────┴─► the browser's records under its name with the kind,
                                               and a WINDOW_FOCUS_CHANGE where the kind changed with no other window

The record itself carries the kind, so a replay sees what the live engine saw. Kinds are kept by browser: two that take
turns in front do not undo each other's word, whichever comes first. Focus and word do not come at one moment: a browser
left for another window says null before or after the window itself is seen, and back in front it needs a moment to say
its site again. So null counts after ``NULL_SECONDS``, and on its return a browser is on what it was on before until
``RETURN_SECONDS`` have passed without a word.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from neural_focus.apps import app_id, on_site
from neural_focus.categories import Rules
from neural_focus.events import CategoryFlag, EventType, decode_app_name, encode_app_name
from neural_focus.messages import SiteInFront
from neural_focus.privacy_rules import Handling, Keep

STALE_SECONDS = 90.0
"""A browser of which nothing was heard for so long tells of no site."""
NULL_SECONDS = 1.0
RETURN_SECONDS = 3.0
ANY = ""
"""Whose word counts for every browser: a message that names none."""
_GECKO = frozenset({"firefox", "librewolf", "waterfox", "zen", "tor", "floorp", "mullvad"})
"""Browsers that may call themselves firefox where their extension asks."""
_FOCUS = int(EventType.WINDOW_FOCUS_CHANGE)
_OF_ANY_WINDOW = (int(EventType.WINDOW_MINIMIZE), int(EventType.WINDOW_MAXIMIZE))
_WITHHELD = {Keep.NOTHING: "nothing kept", Keep.ONLY_FOCUS: "only its focus"}
"""In the place of a kind, for ``collector.privacy_filter``, which lets neither through."""
Records = np.ndarray[Any, np.dtype[np.void]]


def site_verdict(app: str) -> tuple[str, Handling]:
    """The browser by itself, and what is kept of it for the site that it is on."""
    for keep, kind in _WITHHELD.items():
        if app.endswith(f" ({kind})"):
            return app.removesuffix(f" ({kind})"), Handling(
                keep, f"{'never' if keep is Keep.NOTHING else 'only-focus'} site"
            )
    return app, Handling()


@dataclass(slots=True)
class _SiteReport:
    """What one kind of browser said: ``kind`` holds until ``until``, seconds of a monotonic clock."""

    kind: str
    until: float


class SiteContext:
    """The kinds that browsers tell, and the window in front. On the agent's main thread."""

    def __init__(self, rules: Rules, judge_site: Callable[[str], Handling]) -> None:
        self._rules, self._judge_site = rules, judge_site
        self._reports: dict[str, _SiteReport] = {}
        self._front: Any = None  # the newest WINDOW_FOCUS_CHANGE as the hook gave it
        self._shown = ""
        self._title = ""

    def receive(self, message: SiteInFront, now: float) -> None:
        """An extension's word, at ``now`` of a monotonic clock. Only the kind of its site is kept."""
        family = _family(message.browser) if message.browser else ANY
        if message.site is not None:
            self._reports[family] = _SiteReport(self._kind_of(message.site), now + STALE_SECONDS)
        for reporter, report in self._reports.items():
            if message.site is None and family in (reporter, ANY):
                report.until = min(report.until, now + NULL_SECONDS)

    @property
    def withholds(self) -> bool:
        """Whether the site in front is kept from us."""
        return self._shown in _WITHHELD.values()

    def apply(self, records: Records, texts: dict[int, str], now: float) -> None:
        """Names the browser's records by its kind, in place. ``texts``: titles by position, as they were drained."""
        starts = [0, *np.flatnonzero(records["event_type"] == _FOCUS).tolist(), len(records)]
        for start, end in pairwise(starts):
            if start < end and records[start]["event_type"] == _FOCUS:
                self._came_to_front(records[start].copy(), now)
            if self._shown:
                self.rename(records[start:end])
        if texts:
            self._title = texts[max(texts)]

    def switch(self, t_us: int, now: float) -> Records | None:
        """A WINDOW_FOCUS_CHANGE at ``t_us`` where the browser in front is on another kind than its records say."""
        kind = self._kind(now)
        if self._front is None or kind == self._shown:
            return None
        self._shown = kind
        record = np.array([self._front], self._front.dtype)
        record["timestamp_us"] = t_us
        record["data"][0] = (self._front["window_handle"], self._front["window_handle"], 0)
        if kind:
            self.rename(record)
        record["data"][0, 2] = self._rules.hint(decode_app_name(record[0]["app_name"]), self._title)
        return record

    def leave(self) -> None:
        """The hook ended: the next one tells anew which window is in front."""
        self._front, self._shown = None, ""

    def _kind_of(self, site: str) -> str:
        return _WITHHELD.get(self._judge_site(site).keep) or self._rules.site_kind(site)

    def _came_to_front(self, record: Any, now: float) -> None:
        before, self._front = self._front_family(), record
        for family in (self._front_family(), ANY):
            if before != self._front_family() and (report := self._reports.get(family)) is not None:
                report.until = max(report.until, now + RETURN_SECONDS)
        self._shown = self._kind(now)

    def _kind(self, now: float) -> str:
        """Of the window in front; empty where it is no browser, or none that tells."""
        front = self._front_family()
        for family in (front, ANY) if front else ():
            report = self._reports.get(family)
            if report is not None and now < report.until:
                return report.kind
            if report is not None:  # in front, and no word came: it does not come back with the next return
                del self._reports[family]
        return ""

    def _front_family(self) -> str:
        """Of the window in front; empty where that is no browser."""
        name = "" if self._front is None else decode_app_name(self._front["app_name"])
        return _family(name) if self._rules.hint(name) & CategoryFlag.BROWSER else ""

    def rename(self, records: Records) -> None:
        """Names the records of the browser in front by its kind, in place."""
        front = self._front
        ours = (records["app_name"] == front["app_name"]) & ~(
            np.isin(records["event_type"], _OF_ANY_WINDOW) & (records["window_handle"] != front["window_handle"])
        )
        records["app_name"][ours] = encode_app_name(on_site(decode_app_name(front["app_name"]), self._shown))


def _family(browser: str) -> str:
    """Whose extension speaks for a browser: firefox, or chromium for all others."""
    return "firefox" if _GECKO & {app_id(browser), app_id(browser.partition(" ")[0])} else "chromium"
