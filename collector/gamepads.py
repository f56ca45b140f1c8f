"""Gamepads and joysticks: they make no input that a desktop or X tells of, and somebody who plays is there.

Nothing of what is pressed leaves this module. A stick that rests a little off its middle, or trembles, is no use.
"""

from __future__ import annotations

import fcntl
import os
import struct
from pathlib import Path

import numpy as np

INPUT = Path("/dev/input")
NAMES = Path("/sys/class/input")
_EVENT = np.dtype([("s", "<i8"), ("us", "<i8"), ("type", "<u2"), ("code", "<u2"), ("value", "<i4")])
_KEY, _ABS = 1, 3
_BTN_JOYSTICK, _BTN_GAMEPAD = 0x120, 0x130
_AXES, _THROTTLE = 0x40, 0x06
_TRIGGERS = frozenset((0x02, 0x05, 0x09, 0x0A))
"""ABS_Z, RZ, GAS, BRAKE: they rest at their lower end. A throttle rests anywhere, and does not count."""
_AWAY = 0.25
"""Of an axis's half range: so far from its middle it is held there."""


def is_gamepad(keys: str) -> bool:
    """Whether the kernel's ``capabilities/key`` of a device (hexadecimal words, the highest first) names one."""
    bits = 0
    for word in keys.split():
        bits = bits << 64 | int(word, 16)
    return bool(bits >> _BTN_JOYSTICK & 1 or bits >> _BTN_GAMEPAD & 1)


def find(names: Path = NAMES) -> list[str]:
    """The event devices that are gamepads, such as event7; whether they may be read or not."""
    found = []
    for path in sorted(names.glob("event*")):
        try:
            if is_gamepad((path / "device" / "capabilities" / "key").read_text()):
                found.append(path.name)
        except OSError:  # it was pulled out just now
            continue
    return found


def unreadable(names: Path = NAMES, folder: Path = INPUT) -> list[str]:
    """Gamepads that this user may not read."""
    return [name for name in find(names) if (folder / name).exists() and not os.access(folder / name, os.R_OK)]


class Gamepads:
    """All that can be read, as they come and go."""

    def __init__(self, names: Path = NAMES, folder: Path = INPUT) -> None:
        self._names, self._folder = names, folder
        self._open: dict[str, tuple[int, dict[int, tuple[float, float]]]] = {}

    def used(self) -> bool:
        """Whether one was used since the last call. Sixty-four events at most are looked at: more are the same."""
        there = find(self._names)
        for name in [name for name in self._open if name not in there]:
            self._close(name)
        for name in there:
            if name not in self._open and os.access(self._folder / name, os.R_OK):
                self._add(name)
        return any([self._read(name) for name in list(self._open)])

    def close(self) -> None:
        """Gives the devices back."""
        for name in list(self._open):
            self._close(name)

    def _add(self, name: str) -> None:
        try:
            descriptor = os.open(self._folder / name, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError:  # it was pulled out just now
            return
        axes = {axis: _range(descriptor, axis) for axis in range(_AXES) if axis != _THROTTLE}
        self._open[name] = (descriptor, {axis: found for axis, found in axes.items() if found})

    def _close(self, name: str) -> None:
        os.close(self._open.pop(name)[0])

    def _read(self, name: str) -> bool:
        descriptor, axes = self._open[name]
        used = False
        try:
            while raw := os.read(descriptor, 64 * _EVENT.itemsize):
                events = np.frombuffer(raw[: len(raw) - len(raw) % _EVENT.itemsize], _EVENT)
                used = used or bool((events["type"] == _KEY).any()) or _held(events[events["type"] == _ABS], axes)
        except BlockingIOError:
            return used
        except OSError:
            pass
        self._close(name)  # it is gone
        return used


def _range(descriptor: int, axis: int) -> tuple[float, float] | None:
    """An axis's middle and half range; None where there is none."""
    info = bytearray(24)
    try:
        fcntl.ioctl(descriptor, 0x80184540 + axis, info)  # EVIOCGABS
    except OSError:
        return None
    _, low, high, *_ = struct.unpack("<6i", info)
    return ((low + high) / 2, (high - low) / 2) if high > low else None


def _held(moves: np.ndarray, axes: dict[int, tuple[float, float]]) -> bool:
    """Whether a stick or hat is away from its middle, or a trigger pressed beyond it."""
    for code, value in zip(moves["code"].tolist(), moves["value"].tolist(), strict=True):
        middle, half = axes.get(code, (0.0, 0.0))
        away = value - middle if code in _TRIGGERS else abs(value - middle)
        if half and away > _AWAY * half:
            return True
    return False
