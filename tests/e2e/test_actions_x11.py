"""What help does on X11, with a real window manager: windows put away and back, a break that is rested or is not."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from acting_desktop import Desk, away, desk_of, managed_desktop, patient_windows
from virtual_desktop import virtual_desktop, wait_for

from collector.actions.show_card import ShowCard
from collector.capture import X11Source
from neural_focus._x11 import Injector, Minimizer
from neural_focus.events import EventType
from neural_focus.messages import UndoAction

__all__ = ["patient_windows"]
FOCUS = EventType.WINDOW_FOCUS_CHANGE


@pytest.fixture(scope="module")
def display() -> Iterator[str]:
    with managed_desktop() as name:
        yield name


@dataclass
class Windows:
    """Two windows of a player and an editor, which the person works in."""

    hands: Injector
    player: int
    second: int
    editor: int


@pytest.fixture
def windows(display: str) -> Iterator[Windows]:
    hands = Injector(display)
    opened = [hands.open_window(app, app) for app in ("Spotify", "spotify", "code")]
    wait_for(lambda: len(Minimizer(display).windows()) == 3)
    wait_for(lambda: hands.activate(opened[2]) or hands.active_window() == opened[2], every=0.1)
    yield Windows(hands, *opened)
    for window in opened:
        hands.close_window(window)
    wait_for(lambda: not Minimizer(display).windows())


@pytest.fixture
def desk(display: str, windows: Windows, tmp_path: Path) -> Iterator[Desk]:
    with desk_of(X11Source(display), tmp_path) as made:
        wait_for(lambda: made.of(FOCUS)[-1:] == ["code"])
        made.forget()
        yield made


def click_until_over(windows: Windows, desk: Desk, number: int, place: tuple[int, int]) -> None:
    """Clicks there, again if it was not there yet; each click gets its time: the next would meet what lies below."""

    def over() -> bool:
        windows.hands.move(*place)
        windows.hands.click(1)
        until = time.monotonic() + 5
        while not desk.undone(number) and time.monotonic() < until:
            time.sleep(0.1)  # as an agent turns: the capture's own thread has read the click by then
            desk.turn()
        return bool(desk.undone(number))

    wait_for(over)


def test_an_app_is_put_away_kept_away_and_comes_back(display: str, windows: Windows, desk: Desk) -> None:
    desk.order(1, "MINIMIZE_SPOTIFY", "spotify", 60, "PREDICTIVE_BLOCK")
    assert away(display) == {"Spotify": [True], "spotify": [True], "code": [False]}
    [applied] = desk.applied(1)
    assert (applied.where, applied.refused_reason) == ("x11", "")
    time.sleep(1.2)  # what windows do by our doing is over
    windows.hands.activate(windows.player)  # the person takes it back by the taskbar
    wait_for(lambda: away(display)["Spotify"] == [False])
    wait_for(lambda: desk.of(FOCUS) == ["Spotify"])
    desk.turn()
    assert away(display)["Spotify"] == [True]
    wait_for(lambda: windows.hands.active_window() == windows.editor)
    [shown] = desk.runner.describe()
    assert (shown["id"], shown["action"], shown["target"], shown["state"]) == (
        1,
        "MINIMIZE_SPOTIFY",
        "spotify",
        "applied",
    )
    desk.runner.undo(UndoAction(1, "undone"))
    assert away(display) == {"Spotify": [False], "spotify": [False], "code": [False]}
    wait_for(lambda: windows.hands.active_window() == windows.editor)  # what comes back does not keep the focus
    assert desk.until_over(1).reason == "undone" and desk.runner.describe() == []
    assert desk.of(FOCUS) == ["Spotify"], "only the person's own switch is one"
    assert desk.of(EventType.WINDOW_MINIMIZE) == [], "nor did the person minimise anything"
    desk.order(1, "MINIMIZE_SPOTIFY", "spotify", 60, "PREDICTIVE_BLOCK")
    assert away(display)["Spotify"] == [False], "a row is carried out once"
    assert len(desk.applied(1)) == len(desk.undone(1)) == 2, "and what came of it is told again"


def test_the_focus_that_we_moved_is_no_switch(display: str, windows: Windows, desk: Desk) -> None:
    windows.hands.activate(windows.player)
    wait_for(lambda: desk.of(FOCUS) == ["Spotify"])
    desk.order(2, "MINIMIZE_SPOTIFY", "spotify", 60, "PREDICTIVE_BLOCK")
    wait_for(lambda: windows.hands.active_window() == windows.editor)
    windows.hands.tap("a")
    wait_for(lambda: desk.of(EventType.KEY_PRESS) == ["code"])
    assert desk.of(FOCUS) == ["Spotify"]


def test_it_ends_by_itself_also_when_the_clock_is_set_back(display: str, windows: Windows, desk: Desk) -> None:
    desk.order(3, "MINIMIZE_SPOTIFY", "spotify", 1.0, "PREDICTIVE_BLOCK")
    desk.order(4, "MINIMIZE_CODE", "code", 30.0, "PREDICTIVE_BLOCK")
    assert desk.until_over(3).reason == "ended" and away(display)["spotify"] == [False]
    assert away(display)["code"] == [True]
    desk.runner.undo(UndoAction(4, "needed"))
    desk.order(5, "MINIMIZE_SPOTIFY", "spotify", 1.0, "PREDICTIVE_BLOCK")
    desk.moved_us = -3600_000_000
    assert desk.until_over(5).reason == "clock" and away(display)["spotify"] == [False]


def test_a_quit_leaves_nothing_behind(display: str, windows: Windows, tmp_path: Path) -> None:
    with desk_of(X11Source(display), tmp_path) as desk:
        desk.order(6, "MINIMIZE_SPOTIFY", "spotify", 60, "PREDICTIVE_BLOCK")
        assert away(display)["spotify"] == [True]
    assert away(display)["spotify"] == [False] and desk.undone(6)[0].reason == "quit"


@pytest.mark.parametrize(
    ("action", "target", "kind", "why"),
    [
        ("MINIMIZE_KEEPASSXC", "keepassxc", "MANUAL_JAIL", "it keeps your passwords"),
        ("MINIMIZE_SPOTIFY", None, "PREDICTIVE_BLOCK", "it is no name of a program"),
        ("KILL_PYTHON", "python3.11", "MANUAL_JAIL", "other programs run in it"),
        ("KILL_SPOTIFY", "spotify", "PREDICTIVE_BLOCK", "in a jail only"),
        ("BLOCK_REDDIT", "reddit.com", "PREDICTIVE_BLOCK", "does not know how to do BLOCK_REDDIT"),
    ],
)
def test_what_is_not_allowed_is_refused_with_its_reason(
    display: str, windows: Windows, desk: Desk, action: str, target: str | None, kind: str, why: str
) -> None:
    desk.order(7, action, target, 60, kind)  # type: ignore[arg-type] # of the parameters above
    assert why in desk.applied(7)[0].refused_reason and desk.runner.describe() == []


def test_without_a_window_manager_nothing_is_promised(tmp_path: Path) -> None:
    with virtual_desktop() as bare, desk_of(X11Source(bare), tmp_path) as desk:
        able = {one.action: one for one in desk.runner.abilities()}
        assert able["SUGGEST_BREAK"].able and able["KILL"].able and not able["MINIMIZE"].able
        assert "window manager" in able["MINIMIZE"].why and "openbox" in able["MINIMIZE"].hint
        desk.order(8, "MINIMIZE_SPOTIFY", "spotify", 60, "PREDICTIVE_BLOCK")
        assert "no window manager" in desk.applied(8)[0].refused_reason


def test_a_break_covers_the_screen_and_one_key_leaves_it(display: str, windows: Windows, desk: Desk) -> None:
    desk.order(9, "SUGGEST_BREAK", None, 60, "SUGGEST_BREAK")
    assert desk.applied(9)[0].where == "screen" and desk.runner.lively
    desk.turns(0.3)
    windows.hands.move(300, 300)
    windows.hands.click()
    windows.hands.tap("q")
    desk.turns(0.3)
    assert desk.undone(9) == []
    windows.hands.tap("Escape")
    over = desk.until_over(9)
    assert (over.reason, over.rested_us, desk.rests) == ("undone", None, [])
    wait_for(lambda: windows.hands.active_window() == windows.editor)
    windows.hands.tap("b")
    wait_for(lambda: desk.of(EventType.KEY_PRESS) == ["code"])
    assert desk.of(EventType.MOUSE_CLICK) == [] and desk.of(FOCUS) == [], "what happens on our screen is no input"


def test_the_key_that_leaves_a_break_is_no_input_into_what_lies_below(windows: Windows, desk: Desk) -> None:
    """However soon the screen goes: capture reads on a thread of its own, and may come to the key after that."""
    for number in range(30, 40):
        desk.order(number, "SUGGEST_BREAK", None, 60, "SUGGEST_BREAK")
        windows.hands.press("Escape")
        wait_for(lambda number=number: desk.turn() or desk.undone(number), every=0)
        windows.hands.release("Escape")
    windows.hands.tap("b")
    wait_for(lambda: desk.of(EventType.KEY_RELEASE))
    assert desk.of(EventType.KEY_PRESS) == desk.of(EventType.KEY_RELEASE) == ["code"]


def test_a_break_is_left_by_its_button_under_a_window_manager_that_listens_for_clicks(
    windows: Windows, desk: Desk
) -> None:
    desk.order(22, "SUGGEST_BREAK", None, 60, "SUGGEST_BREAK")
    width, height = windows.hands.screen_size()
    click_until_over(windows, desk, 22, (width // 2, height - 100))
    assert desk.undone(22)[0].reason == "undone", "not at its end"
    assert desk.of(EventType.MOUSE_CLICK) == []


def test_a_break_counts_only_if_the_person_rests(display: str, windows: Windows, desk: Desk) -> None:
    desk.order(10, "SUGGEST_BREAK", None, 2.0, "SUGGEST_BREAK")
    over = desk.until_over(10)
    assert over.reason == "ended" and desk.rests == [over.rested_us] and over.rested_us == over.t_us
    desk.order(11, "SUGGEST_BREAK", None, 2.0, "SUGGEST_BREAK")
    for step in itertools.count():
        windows.hands.move(100 + step % 500, 100)
        desk.turns(0.1)
        if desk.undone(11):
            break
    [over] = desk.undone(11)
    assert (over.reason, over.rested_us, len(desk.rests)) == ("ended", None, 1)


def test_a_second_break_is_refused_while_one_is_on(display: str, windows: Windows, desk: Desk) -> None:
    desk.order(12, "SUGGEST_BREAK", None, 60, "SUGGEST_BREAK")
    desk.order(13, "SUGGEST_BREAK", None, 60, "SUGGEST_BREAK")
    assert "on already" in desk.applied(13)[0].refused_reason and desk.applied(12)[0].refused_reason == ""


def test_a_placebos_card_is_shown_until_it_is_closed_and_leaves_no_trace(windows: Windows, desk: Desk) -> None:
    desk.order(20, "PLACEBO", "12", 60, "NO_OP")
    [applied] = desk.applied(20)
    assert (applied.where, applied.refused_reason) == ("screen", "")
    assert desk.runner.lively and [one["state"] for one in desk.runner.describe()] == ["applied"]
    card = desk.runner._running[20].action
    assert isinstance(card, ShowCard)
    place = card._prompt.buttons()["close"]
    click_until_over(windows, desk, 20, place)
    assert desk.undone(20)[0].reason == "undone" and not card._prompt.buttons()
    assert desk.of(FOCUS) == [], "nobody left their app for it"
    desk.order(21, "PLACEBO", "0", 1.0, "NO_OP")
    assert desk.until_over(21).reason == "ended"
