"""What a browser is on becomes part of its records: by kind, never by site, and one change is one switch."""

from __future__ import annotations

import numpy as np
import pytest

from collector.site_context import NULL_SECONDS, RETURN_SECONDS, STALE_SECONDS, SiteContext, site_verdict
from neural_focus.apps import SITE_KINDS, app_id, split_site
from neural_focus.categories import Rules
from neural_focus.events import EVENT_DTYPE, CategoryFlag, EventType, ProductivityCategory, encode_app_name
from neural_focus.messages import SiteInFront
from neural_focus.privacy_rules import Handling, Keep

T0 = 1_700_000_000_000_000
RULES = Rules.load()


def judge(site: str) -> Handling:
    """One site is kept from us."""
    return Handling(Keep.NOTHING, "never site") if site == "bank.com" else Handling()


class Stream:
    """Records as a hook gives them, a microsecond apart, and what becomes of them."""

    def __init__(self) -> None:
        self.context, self.now, self.t_us = SiteContext(RULES, judge), 100.0, T0
        self.window, self.app = 0, ""
        self.names: list[str] = []
        """App names of the WINDOW_FOCUS_CHANGE records so far."""
        self.last = np.zeros(0, EVENT_DTYPE)

    def say(self, site: str | None, browser: str = "firefox") -> None:
        """An extension's word; one turn of the agent follows."""
        self.context.receive(SiteInFront(site, self.t_us, browser), self.now)
        self.turn()

    def focus(self, app: str, window: int, title: str = "") -> None:
        """Another window, and one turn."""
        before, self.window, self.app = self.window, window, app
        focus = self.record(EventType.WINDOW_FOCUS_CHANGE)
        focus["data"][0] = (before, window, 0)
        self.turn(np.concatenate((focus, self.record(EventType.WINDOW_TITLE_CHANGE))), {0: title, 1: title})

    def record(self, kind: EventType, *, app: str | None = None, window: int | None = None) -> np.ndarray:
        self.t_us += 1
        record = np.zeros(1, EVENT_DTYPE)
        record["timestamp_us"], record["event_type"] = self.t_us, kind
        record["app_name"] = encode_app_name(self.app if app is None else app)
        record["window_handle"] = self.window if window is None else window
        return record

    def turn(self, records: np.ndarray | None = None, texts: dict[int, str] | None = None) -> None:
        drained = np.zeros(0, EVENT_DTYPE) if records is None else records
        self.context.apply(drained, texts or {}, self.now)
        self.t_us += 1
        switch = self.context.switch(self.t_us, self.now)
        self.last = drained if switch is None else np.concatenate((drained, switch))
        focus = self.last[self.last["event_type"] == EventType.WINDOW_FOCUS_CHANGE]
        self.names += [name.decode() for name in focus["app_name"]]

    def wait(self, seconds: float) -> None:
        """So long nothing is said, a turn each half second."""
        until = self.now + seconds
        while self.now < until:
            self.now = min(until, self.now + 0.5)
            self.turn()


@pytest.fixture
def stream() -> Stream:
    return Stream()


def test_a_tab_of_another_kind_is_a_switch_and_one_of_the_same_kind_is_none(stream: Stream) -> None:
    stream.focus("firefox", 5, "Cats - YouTube")
    stream.say("youtube.com")
    [switch] = stream.last
    assert (switch["timestamp_us"], switch["window_handle"]) == (stream.t_us, 5)
    assert switch["data"].tolist()[:2] == [5, 5]
    assert switch["data"][2] & 0x3F == CategoryFlag.BROWSER | CategoryFlag.ENTERTAINMENT
    assert switch["data"][2] >> 8 & 0xFF == ProductivityCategory.ENTERTAINMENT
    stream.say("netflix.com")
    stream.say("github.com")
    stream.say("a-site-that-no-rule-knows.example")
    assert stream.names == ["firefox", "firefox (video)", "firefox (code)", "firefox"]


def test_the_title_still_has_its_say(stream: Stream) -> None:
    stream.focus("firefox", 5, "Linear algebra, lecture 3 - YouTube")
    stream.say("youtube.com")
    assert stream.last[0]["data"][2] & CategoryFlag.PSEUDO_PRODUCTIVE
    assert stream.last[0]["data"][2] >> 8 & 0xFF == ProductivityCategory.STUDYING


def test_every_record_of_the_browser_says_it_and_no_other(stream: Stream) -> None:
    stream.focus("firefox", 5)
    stream.say("youtube.com")
    other = stream.record(EventType.WINDOW_MINIMIZE, window=9)
    code = stream.record(EventType.WINDOW_MINIMIZE, app="code", window=7)
    own = stream.record(EventType.WINDOW_MINIMIZE)
    stream.turn(np.concatenate((stream.record(EventType.KEY_PRESS), other, code, own)))
    assert stream.last["app_name"].tolist() == [b"firefox (video)", b"firefox", b"code", b"firefox (video)"]
    stream.focus("code", 7)
    stream.turn(stream.record(EventType.KEY_PRESS))
    assert stream.last["app_name"].tolist() == [b"code"]


@pytest.mark.parametrize("null_first", [True, False])
def test_to_another_program_and_back_is_two_switches(stream: Stream, null_first: bool) -> None:
    stream.focus("firefox", 5)
    stream.say("youtube.com")
    if null_first:
        stream.say(None)
        stream.focus("code", 7)
    else:
        stream.focus("code", 7)
        stream.say(None)
    stream.wait(STALE_SECONDS * 3)
    stream.focus("firefox", 5)
    stream.wait(RETURN_SECONDS / 2)
    stream.say("youtube.com")
    stream.wait(STALE_SECONDS / 2)
    assert stream.names == ["firefox", "firefox (video)", "code", "firefox (video)"]


def test_a_browser_that_says_nothing_any_more_is_plain(stream: Stream) -> None:
    stream.focus("firefox", 5)
    stream.say("youtube.com")
    stream.wait(STALE_SECONDS - 1)
    assert stream.names[-1] == "firefox (video)"
    stream.wait(1)
    assert stream.names == ["firefox", "firefox (video)", "firefox"]
    stream.focus("code", 7)
    stream.focus("firefox", 5)
    stream.wait(RETURN_SECONDS * 2)
    assert stream.names == ["firefox", "firefox (video)", "firefox", "code", "firefox"], "it is forgotten"


def test_an_extension_that_went_while_another_program_was_in_front_is_believed_once(stream: Stream) -> None:
    stream.focus("firefox", 5)
    stream.say("youtube.com")
    stream.focus("code", 7)
    stream.say(None, "")
    for _ in range(2):
        stream.focus("firefox", 5)
        stream.wait(RETURN_SECONDS)
        stream.focus("code", 7)
    assert stream.names[2:] == ["code", "firefox (video)", "firefox", "code", "firefox", "code"]


def test_null_in_front_is_a_private_window(stream: Stream) -> None:
    stream.focus("firefox", 5)
    stream.say("youtube.com")
    stream.focus("firefox", 6)
    stream.say(None)
    stream.wait(NULL_SECONDS)
    assert stream.names == ["firefox", "firefox (video)", "firefox (video)", "firefox"]


def test_two_browsers_do_not_undo_each_others_word(stream: Stream) -> None:
    stream.focus("Chromium", 3)
    stream.say("github.com", "chromium")
    stream.focus("firefox", 5)
    stream.say("youtube.com", "firefox")
    stream.say(None, "chromium")  # it comes late
    stream.wait(NULL_SECONDS * 2)
    assert stream.names == ["Chromium", "chromium (code)", "firefox", "firefox (video)"]
    stream.say(None, "")  # no extension is connected any more
    stream.wait(NULL_SECONDS)
    assert stream.names[-1] == "firefox"


def test_only_browsers_are_on_sites(stream: Stream) -> None:
    stream.say("youtube.com")
    stream.focus("code", 7)
    stream.say("youtube.com", "")
    stream.wait(2)
    assert stream.names == ["code"]


def test_a_hook_that_begins_anew_is_told_the_kind(stream: Stream) -> None:
    stream.focus("firefox", 5)
    stream.say("youtube.com")
    stream.context.leave()  # a pause
    stream.say("github.com")
    assert not len(stream.last), "no hook has told yet which window is in front"
    stream.focus("firefox", 5)
    assert stream.names == ["firefox", "firefox (video)", "firefox (code)"]


def test_a_site_that_is_kept_from_us_stands_in_the_place_of_a_kind() -> None:
    stream = Stream()
    stream.focus("firefox", 5)
    stream.say("bank.com")
    assert stream.context.withholds
    assert site_verdict(stream.names[-1]) == ("firefox", Handling(Keep.NOTHING, "never site"))
    stream.say("github.com")
    assert not stream.context.withholds
    assert site_verdict(stream.names[-1]) == ("firefox (code)", Handling())


@pytest.mark.parametrize("kind", SITE_KINDS)
def test_every_kind_is_an_app_of_its_own(kind: str) -> None:
    for browser in ("firefox", "Google Chrome", "org.mozilla.firefox", "com.github.Eloston.UngoogledChromium"):
        context = SiteContext(RULES, judge)
        record = np.zeros(1, EVENT_DTYPE)
        record["event_type"], record["app_name"] = EventType.WINDOW_FOCUS_CHANGE, encode_app_name(browser)
        site = next(site for site, its in RULES._sites._kinds.items() if its == kind)
        context.receive(SiteInFront(site, T0), 0.0)
        context.apply(record, {}, 0.0)
        name = bytes(record["app_name"][0]).decode()
        if RULES.hint(browser) & CategoryFlag.BROWSER:
            assert split_site(name) == (split_site(app_id(name))[0], kind)
            assert app_id(name) == f"{app_id(browser)} ({kind})" == app_id(app_id(name))
