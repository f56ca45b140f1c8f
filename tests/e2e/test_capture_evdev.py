"""Input timing by evdev: the kernel's own bytes, through FIFOs in place of /dev/input, become redacted records."""

from __future__ import annotations

import os
import random
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from recorded_input import (
    BACKSPACE,
    BTN_LEFT,
    BTN_MIDDLE,
    BTN_RIGHT,
    BTN_SIDE,
    BTN_TOOL_DOUBLETAP,
    BTN_TOOL_FINGER,
    BTN_TOUCH,
    ENTER,
    EV_ABS,
    EV_KEY,
    EV_REL,
    EV_SYN,
    F1,
    KEYS,
    LEFT_CTRL,
    LEFT_SHIFT,
    REL_HWHEEL,
    REL_WHEEL,
    REL_WHEEL_HI_RES,
    REL_X,
    REL_Y,
    SPACE,
    SYN_DROPPED,
    UP,
    Device,
    Recorder,
    packed,
)
from virtual_desktop import wait_for

from neural_focus._wayland import boot_clock_us, count_inputs
from neural_focus.events import EventType

PRESS, RELEASE = EventType.KEY_PRESS, EventType.KEY_RELEASE
SHIFT, CTRL, REPEAT, REDACTED = 1 << 0, 1 << 1, 1 << 8, 1 << 9
TEXT, DELETING, NAVIGATION, MODIFIER, FUNCTION, ENTER_TAB = (kind << 16 for kind in range(1, 7))


def test_keys_keep_their_time_and_class_and_nothing_else(tmp_path: Path) -> None:
    keyboard = Device(tmp_path, "event0")
    with Recorder(tmp_path) as recorder:
        stamps = list[int]()
        keys = [(LEFT_SHIFT, 1), (KEYS["a"], 1), (KEYS["a"], 2), (KEYS["a"], 0), (LEFT_SHIFT, 0)]
        keys += [(code, 1) for code in (BACKSPACE, ENTER, UP, F1, SPACE, LEFT_CTRL, KEYS["5"])]
        for key in keys:
            stamps.append(keyboard.key(*key))
            wait_for(lambda: len(recorder.of(PRESS, RELEASE)) == len(stamps))
    records = recorder.of(PRESS, RELEASE)
    assert records["event_type"].tolist() == [1, 1, 1, 2, 2] + [1] * 7
    kept = records["timestamp_us"].astype(np.int64) - recorder.offset_us
    # A key that is written while the capture looks at its clock has the clock's time: a moment early, never late.
    early = np.array(stamps) - kept
    assert np.median(early) <= 2 and early.min() >= -2 and early.max() < 5_000_000
    assert not records["data"][:, :2].any()
    assert (records["data"][:, 2] ^ REDACTED).tolist() == [
        MODIFIER, TEXT | SHIFT, TEXT | SHIFT | REPEAT, TEXT | SHIFT, MODIFIER,
        DELETING, ENTER_TAB, NAVIGATION, FUNCTION, TEXT, MODIFIER, TEXT | CTRL,
    ]  # fmt: skip


def test_what_is_typed_cannot_be_told_from_the_records(tmp_path: Path) -> None:
    """Two texts of the same rhythm give the same bytes."""
    seen = []
    for index, canary in enumerate(("thequickbrownfox", "jumpsoverlazydog")):
        folder = tmp_path / str(index)
        folder.mkdir()
        keyboard = Device(folder, "event0")
        with Recorder(folder) as recorder:
            for letter in canary:
                keyboard.tap(KEYS[letter])
            wait_for(lambda recorder=recorder: len(recorder.of(PRESS, RELEASE)) == 32)
        records = recorder.of(PRESS, RELEASE).copy()
        records["timestamp_us"] = 0
        seen.append(records.tobytes())
    assert seen[0] == seen[1]


def test_pointer_moves_from_where_it_was_and_wheels_turn(tmp_path: Path) -> None:
    mouse = Device(tmp_path, "event3")
    with Recorder(tmp_path) as recorder:
        for step in range(4):
            mouse.frame((EV_REL, REL_X, 3), (EV_REL, REL_Y, -4))
            wait_for(lambda step=step: len(recorder.of(EventType.MOUSE_MOVE)) == step + 1)
        for button in (BTN_LEFT, BTN_RIGHT, BTN_MIDDLE, BTN_SIDE):
            mouse.frame((EV_KEY, button, 1))
            mouse.frame((EV_KEY, button, 0))
        mouse.frame((EV_REL, REL_WHEEL, -1))
        mouse.frame((EV_REL, REL_WHEEL_HI_RES, 120), (EV_REL, REL_WHEEL, 1))
        mouse.frame((EV_REL, REL_WHEEL_HI_RES, 30))
        mouse.frame((EV_REL, REL_HWHEEL, 1))
        wait_for(lambda: len(recorder.of(EventType.MOUSE_WHEEL)) == 3)
    moves = recorder.of(EventType.MOUSE_MOVE)
    assert moves["data"][:, :2].astype(np.int32).tolist() == [[3, -4], [6, -8], [9, -12], [12, -16]]
    assert moves["data"][1:, 2].tolist() == (5e6 // np.diff(moves["timestamp_us"])).tolist()
    clicks = recorder.of(EventType.MOUSE_CLICK)["data"].astype(np.int32)
    assert clicks.tolist() == [[12, -16, button] for button in (1, 2, 3, 4)]
    assert recorder.of(EventType.MOUSE_WHEEL)["data"][:, 2].astype(np.int32).tolist() == [-120, 120, 30]


def test_motion_comes_at_most_125_times_a_second(tmp_path: Path) -> None:
    mouse = Device(tmp_path, "event0")
    recorder = Recorder(tmp_path)
    begin = boot_clock_us()
    for step in range(1000):
        mouse.frame((EV_REL, REL_X, 1), at_us=begin + step * 500)
    mouse.frame((EV_KEY, BTN_LEFT, 1), at_us=begin + 500_000)
    time.sleep(0.5)
    with recorder:  # what it reads now has waited in the kernel
        wait_for(lambda: len(recorder.of(EventType.MOUSE_CLICK)) == 1)
    moves = recorder.of(EventType.MOUSE_MOVE)
    assert 55 <= len(moves) <= 64
    assert moves["data"][-1, 0] == 1000


def test_a_touchpad_moves_with_one_finger_and_scrolls_with_two(tmp_path: Path) -> None:
    pad = Device(tmp_path, "event0")
    at = [(EV_ABS, 0, 500), (EV_ABS, 1, 500)]
    with Recorder(tmp_path) as recorder:
        pad.frame((EV_KEY, BTN_TOUCH, 1), (EV_KEY, BTN_TOOL_FINGER, 1), *at)
        pad.frame((EV_ABS, 0, 510), (EV_ABS, 1, 520))
        pad.frame((EV_KEY, BTN_TOUCH, 0), (EV_KEY, BTN_TOOL_FINGER, 0))
        pad.frame((EV_KEY, BTN_TOUCH, 1), (EV_KEY, BTN_TOOL_DOUBLETAP, 1), (EV_ABS, 0, 0), (EV_ABS, 1, 200))
        pad.frame((EV_ABS, 1, 90))
        wait_for(lambda: len(recorder.of(EventType.MOUSE_WHEEL)) == 1)
    assert recorder.of(EventType.MOUSE_MOVE)["data"].tolist() == [[10, 20, 0]]
    assert recorder.of(EventType.MOUSE_WHEEL)["data"].tolist() == [[10, 20, 240]]


def test_devices_come_and_go(tmp_path: Path) -> None:
    with Recorder(tmp_path) as recorder:
        assert recorder.capture.inputs == (0, 0, 0)
        late = Device(tmp_path, "event7")
        wait_for(lambda: recorder.capture.inputs == (1, 1, 0))
        late.tap(KEYS["x"])
        wait_for(lambda: len(recorder.of(PRESS)) == 1)
        late.unplug()
        wait_for(lambda: recorder.capture.inputs == (0, 0, 0))
        kept = tmp_path / "recorded"
        kept.write_bytes(packed(boot_clock_us(), EV_KEY, KEYS["y"], 1))
        kept.rename(tmp_path / "event7")
        wait_for(lambda: len(recorder.of(PRESS)) == 2)
        wait_for(lambda: recorder.capture.inputs == (0, 0, 0))
        (tmp_path / "mouse0").write_bytes(packed(boot_clock_us(), EV_KEY, KEYS["y"], 1))
        again = Device(tmp_path, "event8")
        again.tap(KEYS["z"])
        wait_for(lambda: len(recorder.of(PRESS)) == 3)


def test_broken_bytes_cost_their_device_and_nothing_else(tmp_path: Path) -> None:
    draw = random.Random(4)
    broken, well = Device(tmp_path, "event0"), Device(tmp_path, "event1")
    with Recorder(tmp_path) as recorder:
        wait_for(lambda: recorder.capture.inputs == (2, 2, 0))
        broken.raw(draw.randbytes(24 * 40) + b"rest")
        wait_for(lambda: recorder.capture.inputs == (1, 1, 0))
        recorder.drain()
        well.tap(KEYS["a"])
        wait_for(lambda: recorder.of(PRESS)[-1:]["data"][:, 2].tolist() == [TEXT | REDACTED])
    assert (np.diff(recorder.records["timestamp_us"].astype(np.int64)) >= 0).all()


def test_two_devices_are_told_in_the_order_of_their_stamps(tmp_path: Path) -> None:
    one, two = Device(tmp_path, "event0"), Device(tmp_path, "event1")
    recorder = Recorder(tmp_path)
    begin = boot_clock_us()
    for step in range(20):
        (two if step % 2 else one).frame((EV_KEY, KEYS["a"] if step % 2 else ENTER, 1), at_us=begin + step * 1000)
    time.sleep(0.03)
    with recorder:
        wait_for(lambda: len(recorder.of(PRESS)) == 20)
    presses = recorder.of(PRESS)
    assert ((presses["data"][:, 2] ^ REDACTED).tolist()) == [ENTER_TAB, TEXT] * 10
    assert np.diff(presses["timestamp_us"]).tolist() == [1000] * 19


def test_a_pause_begins_after_its_time_and_ends_with_input(tmp_path: Path) -> None:
    keyboard = Device(tmp_path, "event0")
    with Recorder(tmp_path, idle_after_ms=300) as recorder:
        last = keyboard.key(KEYS["a"], 1)
        wait_for(lambda: len(recorder.of(EventType.IDLE_START)) == 1)
        keyboard.key(KEYS["a"], 0)
        wait_for(lambda: len(recorder.of(EventType.IDLE_END)) == 1)
    start = recorder.of(EventType.IDLE_START)[0]
    lasted_us = int(start["timestamp_us"]) - recorder.offset_us - last
    assert 300_000 <= lasted_us < 30_000_000
    assert start["data"][0] == lasted_us // 1000


def test_a_full_buffer_of_the_kernel_is_counted_and_its_rest_left_out(tmp_path: Path) -> None:
    device = Device(tmp_path, "event0")
    with Recorder(tmp_path) as recorder:
        device.key(LEFT_SHIFT, 1)
        device.frame((EV_REL, REL_X, 5), (EV_SYN, SYN_DROPPED, 0), (EV_REL, REL_X, 7), (EV_KEY, KEYS["b"], 1))
        device.key(KEYS["a"], 1)
        wait_for(lambda: len(recorder.of(PRESS)) == 2)
    assert recorder.capture.missed_events == 1
    assert recorder.of(PRESS)[1]["data"][2] == TEXT | REDACTED, "Shift may have been released meanwhile"
    assert len(recorder.of(EventType.MOUSE_MOVE)) == 0


def test_input_at_another_terminal_or_behind_a_lock_is_not_recorded(tmp_path: Path) -> None:
    shown = tmp_path / "active"
    shown.write_text("tty2\n")
    keyboard = Device(tmp_path, "event0")
    with Recorder(tmp_path, active_file=str(shown), own_terminal="tty2") as recorder:
        keyboard.key(KEYS["a"], 1)
        wait_for(lambda: len(recorder.of(PRESS)) == 1)
        shown.write_text("tty3\n")
        keyboard.key(KEYS["b"], 1)
        wait_for(lambda: len(recorder.of(EventType.SCREEN_LOCK)) == 1)
        shown.write_text("tty2\n")
        keyboard.key(KEYS["c"], 1)
        wait_for(lambda: len(recorder.of(PRESS)) == 2)
        recorder.capture.set_locked(True)
        wait_for(lambda: len(recorder.of(EventType.SCREEN_LOCK)) == 2)
        before = recorder.capture.behind_lock
        keyboard.key(KEYS["d"], 1)
        keyboard.key(KEYS["d"], 0)
        wait_for(lambda: recorder.capture.behind_lock == before + 2)  # they were read
        recorder.capture.set_locked(False)
        wait_for(lambda: len(recorder.of(EventType.SCREEN_UNLOCK)) == 2)
    assert recorder.drain()["event_type"].tolist() == [1, 12, 13, 1, 12, 13]


def test_devices_that_may_not_be_read_are_counted() -> None:
    before = os.geteuid()
    with TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        device = Device(folder, "event0")
        assert count_inputs(name) == (1, 1, 0)
        device.path.chmod(0)
        if before == 0:  # root reads everything
            os.seteuid(65534)
        try:
            assert count_inputs(name) == (0, 0, 1)
        finally:
            os.seteuid(before)
        assert count_inputs(f"{name}/nowhere") == (0, 0, 0)
