"""Capture of input on a real X server: what hands do there, and nothing of which keys they were."""

from __future__ import annotations

import itertools
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest
from virtual_desktop import Recorder, wait_for

from collector.capture import DesktopCapture, X11Source
from collector.wall_clock import WallClock, unix_offset_us
from infra.virtual_display import start_virtual_display
from neural_focus._x11 import BreakScreen, Capture, Injector, boot_clock_us
from neural_focus.categories import Rules
from neural_focus.errors import CaptureError
from neural_focus.events import KEY_CLASS_MASK, KEY_CLASS_SHIFT, EventType, KeyClass, KeyFlag


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
    step, close, before = 0, 0, began
    while (now := time.monotonic()) - began < 0.4 or close <= 100:  # on a busy machine until enough came in bursts
        step, close, before = step + 1, close + (now - before < 0.004), now
        hands.move(100 + step % 900, 100 + (step * 7) % 500)
    at_rest = hands.pointer()
    wait_for(lambda: tuple(recorder.of(EventType.MOUSE_MOVE)[-1]["data"][:2]) == at_rest)
    moves = recorder.of(EventType.MOUSE_MOVE)
    stamps = moves["timestamp_us"].astype(np.int64)
    assert len(moves) < step and np.diff(stamps).min() >= 3_900
    assert len(moves) <= (stamps[-1] - stamps[0]) / 1e6 * 125 + 8
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


def test_idle_begins_and_ends(display: str, hands: Injector) -> None:
    recorder = Recorder(display, idle_after_ms=200)
    hands.tap("a")
    last_input_us = int(recorder.wait(EventType.KEY_RELEASE)[0]["timestamp_us"])

    def next_of(kind: EventType) -> np.void:
        """The first one since: on a busy machine there may have been a pause before the key, or while it was down."""
        wait_for(lambda: (recorder.of(kind)["timestamp_us"] > last_input_us).any())
        found = recorder.of(kind)
        return found[found["timestamp_us"] > last_input_us][0]

    started = next_of(EventType.IDLE_START)
    time.sleep(0.1)
    hands.move_by(3, 3)
    ended = next_of(EventType.IDLE_END)
    next_of(EventType.MOUSE_MOVE)
    recorder.capture.stop()
    assert abs(int(started["timestamp_us"]) - int(started["data"][0]) * 1000 - last_input_us) < 5_000
    assert abs(int(ended["timestamp_us"]) - int(ended["data"][0]) * 1000 - last_input_us) < 5_000
    assert 200 <= started["data"][0] < 30_000, "and the moment until the thread was waked"
    records = recorder.drain()
    kinds = records[records["timestamp_us"] > last_input_us]["event_type"].tolist()
    assert kinds.index(EventType.IDLE_END) + 1 == kinds.index(EventType.MOUSE_MOVE)


def test_nothing_is_recorded_behind_the_lock(hands: Injector, recorder: Recorder) -> None:
    recorder.capture.set_locked(True)
    recorder.wait(EventType.SCREEN_LOCK)
    hands.type_text("password")
    hands.click()
    wait_for(lambda: recorder.capture.behind_lock >= 2 * len("password") + 1)  # all of it was read
    recorder.capture.set_locked(False)
    recorder.wait(EventType.SCREEN_UNLOCK)
    assert [EventType(kind).name for kind in recorder.drain()["event_type"]] == ["SCREEN_LOCK", "SCREEN_UNLOCK"]


def test_what_was_pressed_before_our_screen_went_is_no_input_however_late_it_is_read(
    display: str, hands: Injector, recorder: Recorder
) -> None:
    """By the server's clock: as if the screen went half a minute from now, then as if it went now."""
    screen = BreakScreen(display)

    def server_ms() -> int:
        screen.show(["A break"], "Leave it")
        gone_ms = screen.hide()
        assert gone_ms is not None and screen.hide() is None
        return gone_ms

    recorder.capture.set_covered(True)
    recorder.capture.set_covered(False, (server_ms() + 30_000) % 2**32)
    hands.move(400, 300)
    hands.click()
    hands.press("a")
    pressed_us = boot_clock_us()
    hands.press("b")
    wait_for(lambda: recorder.capture.newest_input_us > pressed_us)
    assert len(recorder.drain()) == 0
    recorder.capture.set_covered(False, server_ms())
    time.sleep(0.002)  # the server counts milliseconds
    for key in ("a", "b"):
        hands.release(key)
    hands.tap("c")
    hands.click()
    recorder.wait(EventType.MOUSE_CLICK)
    kinds = (EventType.KEY_PRESS, EventType.KEY_RELEASE, EventType.MOUSE_CLICK)
    assert [len(recorder.of(kind)) for kind in kinds] == [1, 1, 1]


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
    assert 5000 <= told[-1][1] < 60_000, "five seconds, and the moment until the thread was waked"


def test_stamps_never_go_behind_the_last_record(display: str, hands: Injector) -> None:
    for ahead_us in (3_600_000_000, 300_000):
        floor_us = time.time_ns() // 1000 + ahead_us
        recorder = Recorder(display, floor_us=floor_us)
        hands.type_text("abc")
        recorder.wait(EventType.KEY_RELEASE, 3)
        if ahead_us == 3_600_000_000:
            assert recorder.capture.clamped >= 6 and (recorder.drain()["timestamp_us"] == floor_us).all()
        else:
            wait_for(lambda until_us=floor_us: time.time_ns() // 1000 > until_us)  # type: ignore[misc]
            hands.tap("d")
            recorder.wait(EventType.KEY_RELEASE, 4)
            stamps = recorder.drain()["timestamp_us"].astype(np.int64)
            assert stamps[0] >= floor_us and stamps[-1] > floor_us and (np.diff(stamps) >= 0).all()
        recorder.capture.stop()


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
