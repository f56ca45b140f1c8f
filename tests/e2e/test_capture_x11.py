"""Capture on a real X server: what hands and windows do there, and nothing of which keys they were."""

from __future__ import annotations

import ctypes
import itertools
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from virtual_desktop import Recorder, virtual_desktop, wait_for

from collector.capture import DesktopCapture, X11Source
from collector.installed_apps import InstalledApps
from collector.wall_clock import WallClock, unix_offset_us
from infra.virtual_display import start_virtual_display
from neural_focus._native import validate
from neural_focus._x11 import Capture, Injector, Prompt
from neural_focus.categories import Rules
from neural_focus.errors import CaptureError
from neural_focus.events import KEY_CLASS_MASK, KEY_CLASS_SHIFT, CategoryFlag, EventType, KeyClass, KeyFlag


@pytest.fixture(scope="module")
def display() -> Iterator[str]:
    with virtual_desktop() as name:
        yield name


@pytest.fixture
def hands(display: str) -> Injector:
    injector = Injector(display)
    injector.activate(0)
    return injector


@pytest.fixture
def recorder(display: str, hands: Injector) -> Iterator[Recorder]:
    made = Recorder(display)
    time.sleep(0.05)
    made.drain()
    yield made
    made.capture.stop()


def flags_of(records: np.ndarray) -> list[int]:
    return [int(flags) for flags in records["data"][:, 2]]


def classes_of(records: np.ndarray) -> list[KeyClass]:
    return [KeyClass((flags & KEY_CLASS_MASK) >> KEY_CLASS_SHIFT) for flags in flags_of(records)]


def test_keys_keep_their_class_and_nothing_else(hands: Injector, recorder: Recorder) -> None:
    hands.type_text("canary")
    for name in ("BackSpace", "Left", "F5", "Return"):
        hands.tap(name)
    presses = recorder.wait(EventType.KEY_PRESS, 10)
    releases = recorder.wait(EventType.KEY_RELEASE, 10)
    assert len(presses) == len(releases) == 10
    expected = [KeyClass.TEXT] * 6 + [KeyClass.DELETING, KeyClass.NAVIGATION, KeyClass.FUNCTION, KeyClass.ENTER_TAB]
    assert classes_of(presses) == expected
    for records in (presses, releases):
        assert not records["data"][:, :2].any()
        assert all(flags & KeyFlag.REDACTED for flags in flags_of(records))
    text = presses[:6]  # two people who type different words of one length leave the same bytes but for the time
    assert len({record["data"].tobytes() for record in text}) == 1


def test_modifiers_and_repeats(hands: Injector, recorder: Recorder) -> None:
    hands.press("Control_L")
    hands.tap("c")
    hands.release("Control_L")
    hands.press("x")
    hands.press("x")
    hands.release("x")
    flags = flags_of(recorder.wait(EventType.KEY_PRESS, 4))
    assert not flags[0] & KeyFlag.CTRL and flags[1] & KeyFlag.CTRL
    assert [bool(one & KeyFlag.AUTO_REPEAT) for one in flags] == [False, False, False, True]
    assert not flags[2] & KeyFlag.CTRL


def test_motion_is_at_most_125_a_second_with_its_speed(hands: Injector, recorder: Recorder) -> None:
    hands.move(100, 100)
    recorder.wait(EventType.MOUSE_MOVE)
    began = time.monotonic()
    step = 0
    while time.monotonic() - began < 0.4:
        step += 1
        hands.move(100 + step % 900, 100 + (step * 7) % 500)
    at_rest = hands.pointer()
    wait_for(lambda: tuple(recorder.of(EventType.MOUSE_MOVE)[-1]["data"][:2]) == at_rest)
    moves = recorder.of(EventType.MOUSE_MOVE)
    assert step > 200, "the test moved too slowly to show anything"
    assert np.diff(moves["timestamp_us"].astype(np.int64)).min() >= 3_900
    assert len(moves) <= 0.45 * 125 + 2
    for before, after in itertools.pairwise(moves):
        elapsed = int(after["timestamp_us"]) - int(before["timestamp_us"])
        distance = np.hypot(*(after["data"][:2].astype(np.int64) - before["data"][:2]))
        assert int(after["data"][2]) == (int(distance * 1e6 / elapsed) if elapsed <= 1_000_000 else 0)


def test_buttons_and_wheel(hands: Injector, recorder: Recorder) -> None:
    hands.move(300, 200)
    for number in (1, 2, 3):
        hands.click(number)
    hands.wheel(2)
    hands.wheel(-1)
    clicks, wheel = recorder.wait(EventType.MOUSE_CLICK, 3), recorder.wait(EventType.MOUSE_WHEEL, 3)
    assert clicks["data"].tolist() == [[300, 200, 1], [300, 200, 3], [300, 200, 2]]
    assert wheel["data"][:, 2].astype(np.int32).tolist() == [120, 120, -120]


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
    assert all(flags & CategoryFlag.ANNOUNCED for flags in flags_of(announced))
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
        comm = Path(f"/proc/{process.pid}/comm").read_bytes().rstrip()
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


def test_idle_begins_and_ends(display: str, hands: Injector) -> None:
    recorder = Recorder(display, idle_after_ms=200)
    hands.tap("a")
    started = recorder.wait(EventType.IDLE_START)[0]
    press = recorder.wait(EventType.KEY_RELEASE)[0]
    time.sleep(0.1)
    hands.move_by(3, 3)
    ended = recorder.wait(EventType.IDLE_END)[0]
    recorder.capture.stop()
    last_input_us = int(press["timestamp_us"])
    assert abs(int(started["timestamp_us"]) - int(started["data"][0]) * 1000 - last_input_us) < 5_000
    assert abs(int(ended["timestamp_us"]) - int(ended["data"][0]) * 1000 - last_input_us) < 5_000
    assert 200 <= started["data"][0] < 260
    kinds = recorder.drain()["event_type"].tolist()
    assert kinds.index(EventType.IDLE_END) + 1 == kinds.index(EventType.MOUSE_MOVE)


def test_nothing_is_recorded_behind_the_lock(hands: Injector, recorder: Recorder) -> None:
    recorder.capture.set_locked(True)
    recorder.wait(EventType.SCREEN_LOCK)
    hands.type_text("password")
    hands.click()
    time.sleep(0.1)
    recorder.capture.set_locked(False)
    recorder.wait(EventType.SCREEN_UNLOCK)
    assert [EventType(kind).name for kind in recorder.drain()["event_type"]] == ["SCREEN_LOCK", "SCREEN_UNLOCK"]


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


def test_a_full_ring_costs_records_that_are_counted_and_never_the_hook(display: str, hands: Injector) -> None:
    capture = Capture(display, offset_us=unix_offset_us(), ring_capacity=16)
    capture.start()
    hands.move(10, 10)
    hands.type_text("nobody drains meanwhile" * 3)
    hands.click()
    wait_for(lambda: capture.dropped()[EventType.MOUSE_CLICK] == 1)  # the hook still reads what comes last
    dropped = capture.dropped()
    records, _ = capture.drain(1000)
    assert len(records) == 16
    assert dropped[EventType.KEY_PRESS] + dropped[EventType.KEY_RELEASE] + 1 == sum(dropped)
    assert dropped[EventType.KEY_PRESS] + int((records["event_type"] == EventType.KEY_PRESS).sum()) == 69
    assert capture.captured == 16 + sum(dropped)
    hands.tap("a")
    later: list[int] = []  # press and release may come in two draughts
    wait_for(lambda: later.append(len(capture.drain(1000)[0])) or sum(later) == 2)  # there is room again
    capture.stop()


def test_idle_begins_after_five_seconds(hands: Injector, display: str) -> None:
    hands.tap("a")
    capture = Capture(display, offset_us=unix_offset_us())
    capture.start()
    hands.tap("a")
    told: list[tuple[int, int]] = []

    def idle() -> bool:
        records, _ = capture.drain(1000)
        told.extend((int(one["event_type"]), int(one["data"][0])) for one in records)
        return bool(told) and told[-1][0] == EventType.IDLE_START

    wait_for(idle)
    capture.stop()
    assert 5000 <= told[-1][1] < 9000, "five seconds, and the moment until the thread was waked"


def test_stamps_never_go_behind_the_last_record(display: str, hands: Injector) -> None:
    floor_us = time.time_ns() // 1000 + 300_000
    recorder = Recorder(display, floor_us=floor_us)
    time.sleep(0.05)
    hands.type_text("abc")
    recorder.wait(EventType.KEY_RELEASE, 3)
    assert recorder.capture.clamped >= 6
    wait_for(lambda: time.time_ns() // 1000 > floor_us)
    hands.tap("d")
    recorder.wait(EventType.KEY_RELEASE, 4)
    recorder.capture.stop()
    stamps = recorder.drain()["timestamp_us"].astype(np.int64)
    assert stamps[0] == floor_us and stamps[-1] > floor_us
    assert (np.diff(stamps) >= 0).all()


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


def test_capture_outlives_the_x_server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    first = start_virtual_display(folder=tmp_path)
    name = first.display
    monkeypatch.setenv("XAUTHORITY", str(first.authority))
    capture = DesktopCapture(X11Source(name), Rules.load(), clock=WallClock(), floor_us=0, titles=False)
    first.process.kill()
    first.process.wait()
    wait_for(lambda: capture.drain() and capture.lost)
    second = subprocess.Popen(["Xvfb", name, "-auth", first.authority, "-nolisten", "tcp", "-noreset"])
    try:
        wait_for(lambda: capture.drain() and not capture.lost)
        assert capture.restarts == 1
        Injector(name).tap("a")
        wait_for(lambda: len(capture.drain().records))
        capture.stop()
    finally:
        second.terminate()
        second.wait()


def test_no_display_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CaptureError, match="cannot be opened"):
        DesktopCapture(X11Source(":9999"), Rules.load(), clock=WallClock(), floor_us=0, titles=False)
