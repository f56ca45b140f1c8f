"""The tray's icon, drawn here: the page's ring, open at the bottom, with its dot; the colour is the state."""

from __future__ import annotations

import numpy as np

COLOURS = {
    "CAPTURING": (0x2F, 0xA8, 0x6B),
    "PAUSED": (0x8A, 0x8F, 0x98),
    "CLOSED": (0x8A, 0x8F, 0x98),
    "LIMITED": (0xE0, 0x9A, 0x1C),
    "UNCONNECTED": (0xC0, 0x4B, 0x4B),
}
_SAMPLES = 4


def draw(size: int, colour: tuple[int, int, int]) -> tuple[int, int, bytes]:
    """(width, height, ARGB32 in network byte order), edges smoothed."""
    fine = size * _SAMPLES
    y, x = np.mgrid[0:fine, 0:fine]
    right, down = (x + 0.5) / fine - 0.5, (y + 0.5) / fine - 0.5
    radius = np.hypot(right, down)
    ring = (radius > 0.33) & (radius < 0.45) & ~((down > 0) & (np.abs(right) < down * 0.75))
    inside = ring | (radius < 0.14)
    alpha = inside.reshape(size, _SAMPLES, size, _SAMPLES).mean(axis=(1, 3)) * 255
    pixels = np.empty((size, size, 4), np.uint8)
    pixels[..., 0] = np.round(alpha)
    pixels[..., 1:] = colour
    return size, size, pixels.tobytes()
