"""Capture of windows on a real X server: which holds the focus, how it and its app are called, and which are ours."""

from __future__ import annotations

import ctypes
import os
import subprocess
import time
from pathlib import Path

import pytest
from virtual_desktop import Recorder, wait_for

from collector.capture import DesktopCapture, X11Source
from collector.installed_apps import InstalledApps
from collector.wall_clock import WallClock
from neural_focus._native import validate
from neural_focus._x11 import Injector, Prompt
from neural_focus.categories import Rules
from neural_focus.events import CategoryFlag, EventType


def test_focus_titles_and_states(hands: Injector, recorder: Recorder) -> None:
    editor = hands.open_window("code", "main.py", pid=4242)
    mail = hands.open_window("Thunderbird", "Inbox — ünïcode")
    hands.activate(editor)
    recorder.wait(EventType.WINDOW_FOCUS_CHANGE, 1)
    hands.activate(0)  # the way window managers do it: through no window
    hands.activate(mail)
    focus = recorder.wait(EventType.WINDOW_FOCUS_CHANGE, 2)
    assert [record["app_name"] for record in focus] == [b"code", b"Thunderbird"]
    assert focus[0]["process_id"] == 4242
    assert focus[1]["data"][:2].tolist() == [editor, mail]
    announced = recorder.wait(EventType.WINDOW_TITLE_CHANGE, 2)
    assert announced["data"][:, 1].tolist() == [len("main.py"), len("Inbox — ünïcode")]
    assert all(flags & CategoryFlag.ANNOUNCED for flags in announced["data"][:, 2].tolist())
    hands.set_title(mail, "Write")
    changed = recorder.wait(EventType.WINDOW_TITLE_CHANGE, 3)[2]
    assert changed["data"].tolist() == [0, 5, 0]
    assert "Write" in recorder.texts.values()
    hands.maximize(mail)
    hands.minimize(editor)
    assert recorder.wait(EventType.WINDOW_MAXIMIZE)[0]["window_handle"] == mail
    assert recorder.wait(EventType.WINDOW_MINIMIZE)[0]["app_name"] == b"code"
    hands.type_text("a")
    assert recorder.wait(EventType.KEY_PRESS)[0]["app_name"] == b"Thunderbird"


def set_class(display: str, window: int, raw: bytes) -> None:
    """WM_CLASS as any program may write it: bytes of type STRING."""
    x11 = ctypes.CDLL("libX11.so.6")
    x11.XOpenDisplay.restype = ctypes.c_void_p
    connection = ctypes.c_void_p(x11.XOpenDisplay(display.encode()))
    wm_class, string = ctypes.c_ulong(67), ctypes.c_ulong(31)
    x11.XChangeProperty(connection, ctypes.c_ulong(window), wm_class, string, 8, 0, raw, len(raw))
    x11.XCloseDisplay(connection)


@pytest.mark.parametrize(
    ("raw", "stored"),
    [
        (b"x\0" + "日本語のアプリケーション".encode() + b"\0", "日本語のアプリケーシ"),
        (b"x\0" + "メモ帳".encode()[:-1], "メモ"),
        (b"x\0caf\xe9\0", "café"),
        (b"x\0" + "編集".encode() + b"\xff\xfe\0", "ç·¨é\ufffd\ufffdÿþ"),
        (b"x\0evil\x1b[2J\x07\0", "evil\ufffd[2J\ufffd"),
    ],
    ids=["cut at 31 bytes", "cut by the program", "Latin-1", "no UTF-8", "control characters"],
)
def test_a_class_that_is_no_text_is_repaired_and_recorded(
    display: str, hands: Injector, recorder: Recorder, raw: bytes, stored: str
) -> None:
    window = hands.open_window("before", "title")
    set_class(display, window, raw)
    hands.activate(window)
    focus = recorder.wait(EventType.WINDOW_FOCUS_CHANGE, 1)
    hands.tap("a")
    press = recorder.wait(EventType.KEY_PRESS, 1)
    assert [bytes(record["app_name"]).decode() for record in (*focus, *press)] == [stored, stored]
    assert validate(recorder.drain())[0].all()
    hands.close_window(window)


def test_a_process_name_that_the_kernel_cut_inside_a_letter_is_repaired(
    hands: Injector, recorder: Recorder, tmp_path: Path
) -> None:
    program = tmp_path / "a日本語日本語"
    program.symlink_to("/bin/sleep")
    with subprocess.Popen([program, "60"]) as process:
        while not (comm := Path(f"/proc/{process.pid}/comm").read_bytes().rstrip()).startswith(b"a"):
            time.sleep(0.01)  # the kernel lets go of what Popen waits for before it writes the new name
        window = hands.open_window("", "title", pid=process.pid)
        hands.activate(window)
        focus = recorder.wait(EventType.WINDOW_FOCUS_CHANGE, 1)
        process.terminate()
    assert len(comm) == 15 and comm.decode(errors="ignore").encode() != comm
    assert focus[0]["app_name"].decode() == "a日本語日"
    hands.close_window(window)


def test_an_app_that_no_rule_knows_has_the_category_of_its_desktop_file(
    display: str, hands: Injector, tmp_path: Path
) -> None:
    (tmp_path / "org.example.Surfer.desktop").write_text(
        "[Desktop Entry]\nType=Application\nExec=surfer\nCategories=Network;WebBrowser;\n"
    )
    rules = Rules.load(installed=InstalledApps((tmp_path,)).hint)
    window = hands.open_window("Surfer", "Cats - YouTube")
    capture = DesktopCapture(X11Source(display), rules, clock=WallClock(), floor_us=0, titles=False)
    hands.activate(window)
    drained = []
    wait_for(lambda: drained.append(capture.drain()) or any(len(one.records) for one in drained))
    capture.stop()
    focus = next(one for one in drained if len(one.records)).records[0]
    assert focus["app_name"] == b"Surfer"
    assert focus["data"][2] & 0x3F == CategoryFlag.BROWSER | CategoryFlag.ENTERTAINMENT


def test_windows_that_die_while_they_are_read(hands: Injector, recorder: Recorder) -> None:
    for number in range(100):
        window = hands.open_window(f"app{number}", "short-lived")
        hands.activate(window)
        hands.close_window(window)
    survivor = hands.open_window("survivor", "still here")
    hands.activate(survivor)
    wait_for(lambda: b"survivor" in recorder.of(EventType.WINDOW_FOCUS_CHANGE)["app_name"])
    assert recorder.capture.alive


def test_without_a_window_manager_the_input_focus_counts(hands: Injector, recorder: Recorder) -> None:
    first, second = hands.open_window("first", "one"), hands.open_window("second", "two")
    hands.forget_active_window()
    for window, name in ((first, b"first"), (second, b"second")):
        hands.focus_input(window)
        wait_for(lambda name=name: name in recorder.of(EventType.WINDOW_FOCUS_CHANGE)["app_name"])


def test_our_own_windows_are_no_switch_and_no_input(display: str, hands: Injector) -> None:
    recorder = Recorder(display, own_pid=os.getpid())
    app = hands.open_window("code", "main.py")
    ours = hands.open_window("neural-focus", "How about a break?", pid=os.getpid())
    hands.activate(app)
    recorder.wait(EventType.WINDOW_TITLE_CHANGE)
    before = len(recorder.drain())
    hands.activate(ours)
    time.sleep(0.1)
    hands.type_text("yes")
    time.sleep(0.1)
    hands.activate(app)
    time.sleep(0.1)
    recorder.capture.stop()
    assert len(recorder.drain()) == before


def test_an_answer_on_the_prompt_is_not_recorded(display: str, hands: Injector, recorder: Recorder) -> None:
    prompt = Prompt(display)
    recorder.capture.ignore(prompt.show(["How about a short break?"], [("accept", "Yes"), ("reject", "No")]))
    places = prompt.buttons()
    prompt.poll()
    recorder.drain()
    hands.move(*places["reject"])
    hands.click()
    wait_for(lambda: prompt.poll() == "reject")
    assert len(recorder.of(EventType.MOUSE_CLICK)) == 0
    prompt.hide()
    assert prompt.buttons() == {}
    hands.click()
    recorder.wait(EventType.MOUSE_CLICK)


def test_a_window_manager_is_understood(display: str, hands: Injector) -> None:
    manager = subprocess.Popen(["openbox"], env={**os.environ, "DISPLAY": display}, stderr=subprocess.DEVNULL)
    try:
        wait_for(hands.window_manager_runs)
        recorder = Recorder(display)
        windows = [hands.open_window(name, f"title of {name}") for name in ("alpha", "beta")]
        for window in windows:  # asked again: the manager takes a moment to adopt a window
            wait_for(lambda window=window: hands.activate(window) or hands.active_window() == window)
        # The manager itself gives each new window the focus, so there may be more switches than ours.
        wait_for(lambda: recorder.of(EventType.WINDOW_FOCUS_CHANGE)["app_name"][-1:].tolist() == [b"beta"])
        hands.maximize(windows[1])
        recorder.wait(EventType.WINDOW_MAXIMIZE)
        hands.minimize(windows[1])
        recorder.wait(EventType.WINDOW_MINIMIZE)
        recorder.capture.stop()
    finally:
        manager.terminate()
        manager.wait()


@pytest.mark.parametrize("titles", [False, True])
def test_hints_and_titles_leave_as_settings_say(display: str, hands: Injector, titles: bool) -> None:
    browser = hands.open_window("firefox", "Cats - YouTube")
    capture = DesktopCapture(X11Source(display), Rules.load(), clock=WallClock(), floor_us=0, titles=titles)
    hands.activate(browser)
    drained = []
    wait_for(lambda: drained.append(capture.drain()) or any(len(one.records) for one in drained))
    capture.stop()
    one = next(one for one in drained if len(one.records))
    expected = CategoryFlag.BROWSER | CategoryFlag.ENTERTAINMENT
    assert one.records[0]["event_type"] == EventType.WINDOW_FOCUS_CHANGE
    assert one.records[0]["data"][2] & 0x3F == expected
    assert one.records[1]["data"][2] & 0x3F == expected
    assert one.titles == ({1: "Cats - YouTube"} if titles else {})
    assert one.records[1]["data"][0] == (1 if titles else 0)
