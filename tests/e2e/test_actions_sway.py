"""What help does in a Wayland session: Sway's scratchpad for windows, notifications for breaks, or why not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from acting_desktop import Desk, desk_of
from headless_sway import Sway, headless_sway
from private_bus import Shell, private_bus, shell
from recorded_input import EV_REL, REL_X, Device
from virtual_desktop import wait_for

from collector.desktop_integration import DesktopIntegration
from collector.wayland import WaylandSource
from neural_focus.events import EventType
from neural_focus.messages import UndoAction


@pytest.fixture(scope="module")
def sway() -> Iterator[Sway]:
    with headless_sway() as compositor:
        yield compositor


@pytest.fixture
def desk(sway: Sway, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.delenv("SWAYSOCK", raising=False)
    (tmp_path / "input").mkdir()
    source = WaylandSource(sway.socket, "sway", input_folder=str(tmp_path / "input"), active_file="none")
    with desk_of(source, tmp_path) as made:
        yield made


def windows(sway: Sway) -> dict[str, tuple[str, str, bool]]:
    """App → (workspace, con or floating_con, holds the focus)."""
    found: dict[str, tuple[str, str, bool]] = {}

    def look(node: dict[str, Any], workspace: str) -> None:
        workspace = node["name"] if node["type"] == "workspace" else workspace
        if node.get("app_id"):
            found[node["app_id"]] = workspace, node["type"], node["focused"]
        for inner in (*node["nodes"], *node["floating_nodes"]):
            look(inner, workspace)

    look(json.loads(sway.tell("-t", "get_tree")), "")
    return found


def test_an_app_goes_to_the_scratchpad_and_back_to_its_workspace(sway: Sway, desk: Desk) -> None:
    programs = [sway.open("spotify", "a song")]
    sway.tell('workspace "2: work"')
    programs.append(sway.open("code", "main.py"))
    wait_for(lambda: desk.of(EventType.WINDOW_FOCUS_CHANGE)[-1:] == ["code"])
    desk.forget()
    assert {one.action: one.able for one in desk.runner.abilities()} == {
        "SUGGEST_BREAK": False,
        "PLACEBO": False,
        "MINIMIZE": True,
        "KILL": False,
    }
    desk.order(1, "MINIMIZE_SPOTIFY", "spotify", 60, "PREDICTIVE_BLOCK")
    assert desk.applied(1)[0].where == "sway"
    assert windows(sway)["spotify"][0] == "__i3_scratch" and windows(sway)["code"] == ("2: work", "con", True)
    sway.tell('[app_id="spotify"] scratchpad show')  # the person takes it back
    assert windows(sway)["spotify"][0] == "2: work"
    desk.turn()
    assert windows(sway)["spotify"][0] == "__i3_scratch"
    desk.runner.undo(UndoAction(1, "undone"))
    assert windows(sway) == {"spotify": ("1", "con", False), "code": ("2: work", "con", True)}
    assert desk.until_over(1).reason == "undone"
    for program in programs:
        program.terminate()
    wait_for(lambda: not windows(sway))


def test_the_focus_that_sway_moves_for_us_is_no_switch(sway: Sway, desk: Desk) -> None:
    programs = [sway.open("code", "main.py"), sway.open("spotify", "a song")]
    wait_for(lambda: desk.of(EventType.WINDOW_FOCUS_CHANGE)[-1:] == ["spotify"])
    desk.forget()
    desk.order(2, "MINIMIZE_SPOTIFY", "spotify", 60, "PREDICTIVE_BLOCK")
    wait_for(lambda: desk.of(EventType.WINDOW_TITLE_CHANGE) == ["code"])  # what they are on now
    assert windows(sway)["code"][2] and desk.of(EventType.WINDOW_FOCUS_CHANGE) == []
    desk.runner.undo(UndoAction(2, "undone"))
    for program in programs:
        program.terminate()
    wait_for(lambda: not windows(sway))


def test_a_floating_window_stays_one(sway: Sway, desk: Desk) -> None:
    program = sway.open("mpv", "a film")
    sway.tell('[app_id="mpv"] floating enable')
    desk.order(3, "MINIMIZE_MPV", "mpv", 60, "PREDICTIVE_BLOCK")
    assert windows(sway)["mpv"][0] == "__i3_scratch"
    desk.runner.undo(UndoAction(3, "undone"))
    assert windows(sway)["mpv"][1] == "floating_con" and windows(sway)["mpv"][0] != "__i3_scratch"
    program.terminate()
    wait_for(lambda: not windows(sway))


def test_a_compositor_without_a_way_is_said_beforehand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SWAYSOCK", raising=False)
    with desk_of(WaylandSource("", "GNOME", input_folder=str(tmp_path), active_file="none"), tmp_path) as desk:
        [minimise] = [one for one in desk.runner.abilities() if one.action == "MINIMIZE"]
        assert not minimise.able and "Sway" in minimise.hint
        desk.order(4, "MINIMIZE_SPOTIFY", "spotify", 60, "PREDICTIVE_BLOCK")
        desk.order(5, "SUGGEST_BREAK", None, 60, "SUGGEST_BREAK")
    assert "lets no program put away" in desk.applied(4)[0].refused_reason
    assert "nobody shows notifications" in desk.applied(5)[0].refused_reason


def test_a_break_by_notification_counts_by_the_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "input"
    folder.mkdir()
    mouse = Device(folder, "event1")
    with private_bus() as address:
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
        presence = DesktopIntegration(lambda: None, None)
        presence.start()
        source = WaylandSource("", "GNOME", input_folder=str(folder), active_file="none")
        with desk_of(source, tmp_path, presence) as desk:
            wait_for(lambda: source.look().inputs[1] == 1)
            without = able(desk)  # some machines start a daemon for the first notification
            assert (without == set()) == (not presence.prompt.can_be_started)
            with shell() as desktop:
                wait_for(lambda: able(desk) == {"SUGGEST_BREAK", "PLACEBO", "KILL"})
                check_breaks(desk, desktop, mouse)
            wait_for(lambda: able(desk) == without)
        presence.finish()


def able(desk: Desk) -> set[str]:
    """What can be done."""
    return {one.action for one in desk.runner.abilities() if one.able}


def check_breaks(desk: Desk, desktop: Shell, mouse: Device) -> None:
    """One break that is rested, one that is not, one that is left by the notification's button."""
    shown = desktop.notifications.shown
    desk.order(6, "SUGGEST_BREAK", None, 2.0, "SUGGEST_BREAK")
    [(head, text, buttons)] = shown.values()
    assert head.startswith("A break until ") and text.startswith("Your focus breaks ") and "hands off" in text
    assert buttons == ["leave", "Leave the break"] and desk.applied(6)[0].where == "notification"
    over = desk.until_over(6)
    assert over.reason == "ended" and desk.rests == [over.rested_us]
    wait_for(lambda: not shown)
    desk.order(7, "SUGGEST_BREAK", None, 2.0, "SUGGEST_BREAK")
    for _ in range(15):
        mouse.frame((EV_REL, REL_X, 5))
        desk.turns(0.1)
    assert desk.until_over(7).rested_us is None and len(desk.rests) == 1
    desk.order(8, "SUGGEST_BREAK", None, 60, "SUGGEST_BREAK")
    [number] = shown
    desktop.press(number, "leave")
    assert desk.until_over(8).reason == "undone" and len(desk.rests) == 1
