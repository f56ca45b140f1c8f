"""The agent on the session bus: the desktop's extensions tell it the focus, the tray pauses it, notifications ask."""

from __future__ import annotations

import json
import os
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest
from headless_sway import headless_sway
from node_here import find_node
from private_bus import Shell, private_bus, shell
from recorded_input import KEYS, Device
from scripted_service import scripted_service
from test_agent import Desk
from virtual_desktop import virtual_desktop, wait_for

import collector.wayland
from collector.agent import Agent, Options
from collector.capabilities import EXTENSIONS, GNOME_UUID, KWIN_ID, Seen, of_wayland, of_x11
from collector.consent import Consent
from collector.desktop import Desktop
from collector.desktop_focus import INTERFACE, METHOD, NAME, PATH, Focused, FocusReceiver
from collector.desktop_integration import DesktopIntegration
from collector.notification import NotificationPrompt
from collector.session_bus import SessionBus
from collector.source import has_session_bus
from collector.tray import Mood, View
from collector.wayland import WaylandSource
from infra.diagnosis import check_display
from infra.finding import Grade
from neural_focus._native import read_segment, spool_segments
from neural_focus._x11 import Injector
from neural_focus.errors import CaptureError
from neural_focus.events import CategoryFlag, EventType
from neural_focus.messages import DesktopStatus, EndSession, SessionEnded, StartSession
from neural_focus.sessions import SessionSummary
from neural_focus.settings import read_settings

GNOME, KWIN = EXTENSIONS / "gnome" / GNOME_UUID, EXTENSIONS / "kwin" / KWIN_ID
QUIT_SECONDS = 120


@pytest.fixture
def bus() -> Iterator[str]:
    with private_bus() as address:
        yield address


@pytest.fixture
def heard(bus: str) -> Iterator[list[Focused]]:
    told: list[Focused] = []
    session = SessionBus([FocusReceiver(told.append)])
    session.start_and_join()
    assert session.problem == ""
    yield told
    session.finish()


def test_the_receiver_numbers_windows_and_takes_what_it_is_told(heard: list[Focused]) -> None:
    calls = [
        ("{a}", "code", "main.py", "77"),
        ("{b}", "firefox", "News", "no number"),
        ("{a}", "code", "x" * 9999, "77"),
        ("",) * 4,
    ]
    for call in calls:
        words = [f"string:{word}" for word in call]
        command = ["dbus-send", "--session", "--print-reply", f"--dest={NAME}", PATH, f"{INTERFACE}.{METHOD}", *words]
        subprocess.run(command, check=True, capture_output=True)
    wait_for(lambda: len(heard) == 4)
    assert heard[:2] == [Focused(1, 77, "code", "main.py"), Focused(2, 0, "firefox", "News")]
    assert heard[2].window == 1 and len(heard[2].title) == 2048
    assert heard[3].window == 0


def test_a_second_agent_does_not_take_the_name(heard: list[Focused]) -> None:
    second = SessionBus([FocusReceiver(lambda _: None)])
    second.start_and_join()
    assert second.problem == "another agent listens to the desktop"
    second.finish()


def test_gnomes_reporter_speaks_to_the_receiver(heard: list[Focused], tmp_path: Path) -> None:
    """The extension's own file under gjs; only the Shell around it is missing."""
    script = tmp_path / "main.js"
    script.write_text(f"""
        import GLib from 'gi://GLib';
        import {{Reporter}} from 'file://{GNOME}/reporter.js';
        let window = {{window: '9', app: 'org.gnome.Nautilus', title: 'Grüße', pid: '5'}};
        const reporter = new Reporter(() => window);
        const loop = new GLib.MainLoop(null, false);
        const once = (file, act) => GLib.timeout_add(GLib.PRIORITY_DEFAULT, 20, () => {{
            if (!GLib.file_test('{tmp_path}/' + file, GLib.FileTest.EXISTS))
                return GLib.SOURCE_CONTINUE;
            act();
            return GLib.SOURCE_REMOVE;
        }});
        once('left', () => {{ window = null; reporter.report(); }});
        once('over', () => {{ reporter.stop(); loop.quit(); }});
        loop.run();
    """)
    with subprocess.Popen(["gjs", "-m", str(script)]) as told:
        for count, file in ((1, "left"), (2, "over")):
            wait_for(lambda count=count: len(heard) == count or told.poll() is not None)  # type: ignore[misc]
            (tmp_path / file).touch()
    assert told.returncode == 0
    assert heard == [Focused(1, 5, "org.gnome.Nautilus", "Grüße"), Focused(0, 0, "", "")]


KWIN_AROUND = """
const {execFileSync} = require('child_process');
const signal = () => { const all = new Set(); return {connect: f => all.add(f), disconnect: f => all.delete(f), emit: (...a) => all.forEach(f => f(...a))}; };
const callDBus = (name, path, face, member, ...words) =>
    execFileSync('gdbus', ['call', '--session', '-d', name, '-o', path, '-m', `${face}.${member}`, '--', ...words.map(w => JSON.stringify(w))]);
const made = (id, app, caption) => ({internalId: {toString: () => id}, desktopFileName: app, resourceClass: 'x', caption, pid: 7, captionChanged: signal()});
const one = made('{u-1}', 'org.kde.kate.desktop', 'notes'), two = made('{u-2}', '', 'other');
const workspace = {windowActivated: signal(), activeWindow: one};
"""  # noqa: E501


def test_kwins_script_speaks_to_the_receiver(heard: list[Focused], tmp_path: Path) -> None:
    """The script under Node, in a workspace made here; its calls go over the real bus."""
    script = tmp_path / "main.cjs"
    main = (KWIN / "contents" / "code" / "main.js").read_text()
    steps = "one.caption = 'changed'; one.captionChanged.emit(); workspace.windowActivated.emit(two);"
    steps += "one.captionChanged.emit(); workspace.windowActivated.emit(null);"
    script.write_text(KWIN_AROUND + main + steps)
    subprocess.run([find_node(), str(script)], check=True, timeout=120)
    kate = "org.kde.kate"
    assert heard == [
        Focused(1, 7, kate, "notes"),
        Focused(1, 7, kate, "changed"),
        Focused(2, 7, "x", "other"),
        Focused(0, 0, "", ""),
    ]


def test_the_extensions_say_the_same_as_the_receiver() -> None:
    for script in (GNOME / "reporter.js", KWIN / "contents" / "code" / "main.js"):
        text = script.read_text().replace("'", '"')
        for name, value in (("NAME", NAME), ("PATH", PATH), ("INTERFACE", INTERFACE)):
            assert f'{name} = "{value}";' in text, script
        assert f'"{METHOD}"' in text
    assert json.loads((GNOME / "metadata.json").read_text())["uuid"] == GNOME.name
    assert json.loads((KWIN / "metadata.json").read_text())["KPlugin"]["Id"] == KWIN.name
    module = (GNOME / "extension.js").read_text()
    subprocess.run([find_node(), "--input-type=module", "--check"], input=module, text=True, check=True)


def test_an_offer_as_a_notification_is_answered_by_its_button(bus: str) -> None:
    prompt = NotificationPrompt()
    with pytest.raises(CaptureError, match="no session bus"):
        prompt.show(["a", "b"], [])
    session = SessionBus([prompt])
    session.start_and_join()
    with pytest.raises(CaptureError, match="nobody shows notifications"):
        prompt.show(["a", "b"], [])
    with shell() as panel:
        prompt.show(["How about a break?", "Focus", "breaks"], [("accept", "Take one"), ("reject", "Not now")])
        shown = panel.notifications.shown
        assert shown == {1: ("How about a break?", "Focus breaks", ["accept", "Take one", "reject", "Not now"])}
        assert prompt.poll() is None
        panel.press(2, "accept")  # somebody else's
        panel.press(1, "reject")
        wait_for(lambda: prompt.poll() == "reject")
        prompt.hide()
        wait_for(lambda: not shown)
    session.finish()


@pytest.fixture
def panel(bus: str) -> Iterator[Shell]:
    with shell() as found:
        yield found


def presses(desk: Desk) -> dict[bytes, int]:
    """Key presses in the spool by boot."""
    found: dict[bytes, int] = {}
    for path in spool_segments(desk.spool):
        read = read_segment(path)
        if read is not None and len(read[3]):
            found[read[1]] = found.get(read[1], 0) + int((read[3]["event_type"] == EventType.KEY_PRESS).sum())
    return found


def test_the_tray_shows_the_state_pauses_for_real_and_quits(panel: Shell, tmp_path: Path) -> None:
    with (
        virtual_desktop() as display,
        scripted_service() as (service, port),
        Desk(tmp_path, port) as desk,
    ):
        hands = Injector(display)
        window = hands.open_window("code", "main.py")
        agent = desk.start()
        panel.open_tray()  # later than the agent
        wait_for(lambda: panel.watcher.items and desk.read()["tray"])
        wait_for(lambda: "Neural Focus: capturing" in panel.menu())
        size, _, pixels = panel.property("IconPixmap")[0]
        assert size == 22 and len(pixels) == 22 * 22 * 4 and sum(pixels[::4]) > 0
        green = bytes(pixels)
        hands.activate(window)
        hands.type_text("abc")
        wait_for(lambda: sum(presses(desk).values()) == 3)
        panel.click("Pause for 15 minutes")
        wait_for(lambda: desk.read()["state"] == "paused")
        assert 840 < desk.read()["paused_until"] - time.time() <= 900
        captured = desk.read()["captured"]
        hands.type_text("secretwords")
        wait_for(lambda: any(label.startswith("Neural Focus: paused until ") for label in panel.menu()))
        assert bytes(panel.property("IconPixmap")[0][2]) != green
        time.sleep(0.7)
        assert sum(presses(desk).values()) == 3 and desk.read()["captured"] == captured
        wait_for(lambda: [told.state for told in service.of(DesktopStatus)] == ["capturing", "paused"])
        panel.click("Continue capturing")
        wait_for(lambda: desk.read()["state"] == "running")
        hands.type_text("de")
        wait_for(lambda: sorted(presses(desk).values()) == [2, 3])
        panel.click("Quit")
        assert agent.wait(QUIT_SECONDS) == 0
        counted = desk.read()
    assert counted["state"] == "stopped" and counted["captured"] == counted["spooled"]
    assert len(presses(desk)) == 2, "a pause is a gap between two boots: it does not count as covered"
    assert presses(desk).keys() == {UUID(boot).bytes for boot in counted["boots"]}
    assert [told.state for told in service.of(DesktopStatus)] == ["capturing", "paused", "capturing"]


def test_a_session_is_started_and_shown_and_a_row_rests_by_the_tray(panel: Shell, tmp_path: Path) -> None:
    with (
        virtual_desktop(),
        scripted_service() as (service, port),
        Desk(tmp_path, port) as desk,
    ):
        panel.open_tray()
        agent = desk.start()
        wait_for(lambda: panel.watcher.items and "Deep work in a jail" in panel.menu())
        panel.click("Deep work in a jail")
        wait_for(lambda: StartSession("deep_work", jail_enabled=True) in service.of(StartSession))  # 7, without a jail
        wait_for(lambda: "End the session" in panel.menu())
        panel.click("End the session")
        wait_for(lambda: EndSession(7) in service.of(EndSession))
        ended = SessionSummary(1, None, 0, 0)
        service.say(SessionEnded(7, "user_ended", ended))
        wait_for(lambda: "Pomodoro, again and again with breaks" in panel.menu())
        panel.click("Pomodoro, again and again with breaks")
        wait_for(
            lambda: StartSession("pomodoro") in service.of(StartSession) and "No more after this one" in panel.menu()
        )
        service.say(SessionEnded(7, "timer_expired", ended))
        wait_for(lambda: any(label.startswith("Break until") for label in panel.menu()))
        assert any("break of 5 minutes" in text for _, text, _ in panel.notifications.shown.values())
        panel.click("Quit")
        assert agent.wait(QUIT_SECONDS) == 0


def test_the_icon_and_each_entry_make_their_wish(panel: Shell) -> None:
    presence = DesktopIntegration(lambda: None, None)
    presence.start()
    panel.open_tray()
    wait_for(lambda: presence.in_tray)
    for member in ("Activate", "SecondaryActivate"):  # a left and a middle click
        panel.ask("/StatusNotifierItem", "org.kde.StatusNotifierItem", member, "ii", [0, 0])
        assert presence.commands() == ["open"]
    for mood, wished in (
        (Mood.CAPTURING, {"Pause for 15 minutes": "pause 900", "Pause for 1 hour": "pause 3600"}),
        (Mood.PAUSED, {"Continue capturing": "resume"}),
    ):
        presence.show(View(mood))
        wait_for(lambda wished=wished: wished.keys() <= panel.menu().keys())  # type: ignore[misc]
        entries = {**wished, "Open the page": "open", "Quit": "quit"}
        assert {label for label, (_, enabled) in panel.menu().items() if enabled} == entries.keys()
        for label, wish in entries.items():
            panel.click(label)
            assert presence.commands() == [wish]
    presence.finish()


def test_a_bus_that_cannot_be_reached_is_said_and_ends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not has_session_bus({"XDG_RUNTIME_DIR": "/nowhere"}) and has_session_bus({"DBUS_SESSION_BUS_ADDRESS": "x"})
    for address in ("unix:path=/nowhere/bus", "nonsense"):
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
        presence = DesktopIntegration(lambda: None, None)
        presence.start()
        assert "the session bus cannot be used" in presence.problem
        presence.show(View(Mood.CAPTURING))
        presence.finish()
        assert presence.commands() == [] and not presence.in_tray


def there(counters: Path) -> set[str]:
    """What the agent's file says to be there."""
    told = json.loads(counters.read_text())["capabilities"] if counters.exists() else []
    return {one["subject"] for one in told if one["there"]}


def test_an_agent_in_a_wayland_session(bus: str, tmp_path: Path) -> None:
    """Keys by evdev and the focus by the compositor, in one stream with categories, without any X server."""
    devices = tmp_path / "input"
    devices.mkdir()
    keyboard = Device(devices, "event0")
    desktop = Desktop(tmp_path / "home", "ada", is_demo=False)
    with headless_sway() as sway:
        source = WaylandSource(sway.socket, "sway", input_folder=str(devices), active_file="")
        options = Options(desktop, Consent("1", False, "", "flag"), source, tmp_path / "agent.json", present=True)
        agent = Agent(options, lambda _: None)
        sway.open("code", "main.py")
        stop = threading.Event()
        works = threading.Thread(target=agent.run, args=(stop,))
        works.start()
        keyboard.tap(KEYS["a"])
        wait_for(lambda: agent.counters()["spooled"] >= 4)
        wait_for(lambda: {"keyboard and mouse", "focus", "pauses"} <= there(options.counters))
        stop.set()
        works.join(120)
        assert not works.is_alive()
    read = [read_segment(path) for path in spool_segments(desktop.spool)]
    records = np.concatenate([segment[3] for segment in read if segment is not None])
    focus = records[records["event_type"] == EventType.WINDOW_FOCUS_CHANGE][0]
    assert focus["app_name"] == b"code" and focus["data"][2] & CategoryFlag.IDE
    keys = records[records["event_type"] == EventType.KEY_PRESS]
    assert len(keys) == 1 and keys["app_name"][0] == b"code" and not keys["data"][:, :2].any()


def test_focus_that_gnome_tells_reaches_the_records(heard: list[Focused], tmp_path: Path) -> None:
    source = WaylandSource("", "GNOME", input_folder=str(tmp_path), active_file="")
    hook = source.open(offset_us=1_700_000_000_000_000, floor_us=0)
    hook.start()
    seen: list[int] = []
    source.receive(Focused(3, 9, "org.gnome.Terminal", "~"))
    source.receive(Focused(0, 0, "", ""))
    source.receive(Focused(4, os.getpid(), "ours", "ours"))
    source.receive(Focused(3, 9, "org.gnome.Terminal", "~/work"))

    def types() -> list[int]:
        seen.extend(hook.drain(100)[0]["event_type"].tolist())
        return seen

    wait_for(lambda: len(types()) == 3)
    hook.stop()
    assert types() == [EventType.WINDOW_FOCUS_CHANGE, EventType.WINDOW_TITLE_CHANGE, EventType.WINDOW_TITLE_CHANGE]
    hook = source.open(offset_us=1_700_000_000_000_000, floor_us=0)  # after a pause
    hook.start()
    seen.clear()
    wait_for(lambda: EventType.WINDOW_FOCUS_CHANGE in types())
    hook.stop()
    found = {one.subject: one for one in of_wayland(source.look(), lock=True)}
    assert found["focus"].there and not found["keyboard and mouse"].there and not found["pauses"].there


@pytest.mark.parametrize(
    ("seen", "subject", "hint"),
    [
        (Seen("GNOME", (0, 0, 3), True, False, False, False), "keyboard and mouse", "usermod -aG input"),
        (Seen("sway", (1, 0, 0), True, True, False, False), "mouse", "Plug one in"),
        (Seen("weird", (1, 1, 0), True, False, False, False), "focus", "Log in with Sway"),
        (Seen("weird", (1, 1, 0), False, False, False, False), "focus", "libwayland-dev"),
        (Seen("KDE", (1, 1, 0), True, False, False, False, "no bus"), "focus", "in your session"),
        (Seen("sway", (0, 0, 0), True, True, False, False), "pauses", "usermod -aG input"),
    ],
)
def test_what_is_missing_is_said_with_what_to_do(seen: Seen, subject: str, hint: str) -> None:
    found = {one.subject: one for one in of_wayland(seen, lock=True) if not one.there}
    assert hint in found[subject].hint, found


@pytest.mark.parametrize(("lock", "hint"), [(True, ""), (False, "desktop session")])
def test_an_unseen_lock_is_told_by_its_cause(lock: bool, hint: str) -> None:
    [found] = [one for one in of_x11(lock=lock) if one.subject == "screen lock"]
    assert found.there is (lock is True) and hint in found.hint and bool(found.hint) is bool(hint)


def test_doctor_says_what_a_wayland_session_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    with headless_sway() as sway:
        monkeypatch.setenv("WAYLAND_DISPLAY", sway.socket)
        monkeypatch.delenv("DISPLAY", raising=False)
        monkeypatch.setattr(collector.wayland, "INPUT_FOLDER", "/nowhere")
        finding = check_display(read_settings())
    assert finding.state is Grade.LIMITED
    assert (
        "focus ✓ by the compositor" in finding.description
        and "keyboard and mouse ✗ there is no such device" in finding.description
    )
    assert "Plug one in" in finding.hint
