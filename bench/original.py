"""The plan's first extractor, in our own words: unpack each record, keep two deques, compute from scratch.

For benchmarks only: windows are lists that are filtered again for every feature of every snapshot.
"""

from __future__ import annotations

import itertools
import math
import statistics
import struct
from collections import deque
from dataclasses import dataclass

SHORT, LONG = 30.0, 300.0
_RECORD = struct.Struct("<QII32sI12s")
_WORDS = struct.Struct("<iiI")


@dataclass
class Event:
    """One parsed record."""

    time: float
    kind: int
    app: str
    data: tuple[int, int, int]


def parse(raw: memoryview) -> Event:
    """64 bytes → one Event."""
    time_us, kind, _, app, _, data = _RECORD.unpack(raw)
    return Event(time_us / 1e6, kind, app.split(b"\0")[0].decode(), _WORDS.unpack(data))


class Extractor:
    """Two windows of events, and every feature from the lists in them."""

    def __init__(self) -> None:
        self._short: deque[Event] = deque()
        self._long: deque[Event] = deque()
        self._start: float | None = None
        self._switched = 0.0
        self._app = ""

    def add(self, event: Event) -> None:
        """Append, and evict what fell out of the windows."""
        if self._start is None:
            self._start = self._switched = event.time
        if event.kind == 6 and event.app != self._app:
            self._app, self._switched = event.app, event.time
        for window, seconds in ((self._short, SHORT), (self._long, LONG)):
            window.append(event)
            while window[0].time <= event.time - seconds:
                window.popleft()

    def features(self, now: float) -> dict[str, float]:
        """All that this extractor knows at ``now``."""
        presses = [event.time for event in self._short if event.kind == 1]
        gaps = [b - a for a, b in itertools.pairwise(presses)]
        moves = [event for event in self._short if event.kind == 3]
        speeds = [event.data[2] for event in moves]
        pairs = list(itertools.pairwise(moves))
        lasting = sum(b.time - a.time for a, b in pairs)
        focus = [event for event in self._long if event.kind == 6]
        return {
            "seconds_since_session_start": now - (self._start or now),
            "keystroke_count": len(presses),
            "keystroke_rate": len(presses) / SHORT,
            "keystroke_interval_mean": statistics.fmean(gaps) if gaps else 0.0,
            "keystroke_interval_std": statistics.pstdev(gaps) if len(gaps) > 1 else 0.0,
            "keystroke_interval_trend": _slope(gaps),
            "mouse_distance_pixels": sum(math.hypot(b.data[0] - a.data[0], b.data[1] - a.data[1]) for a, b in pairs),
            "mouse_speed_mean": statistics.fmean(speeds) if speeds else 0.0,
            "mouse_speed_std": statistics.pstdev(speeds) if len(speeds) > 1 else 0.0,
            "mouse_acceleration_mean": sum(abs(b.data[2] - a.data[2]) for a, b in pairs) / lasting if lasting else 0,
            "mouse_click_count": sum(event.kind == 4 for event in self._short),
            "context_switches_30s": sum(event.kind == 6 for event in self._short),
            "context_switches_5min": len(focus),
            "time_in_current_app": now - self._switched,
            "unique_apps_5min": len({event.app for event in focus}),
            "idle_event_count_5min": sum(event.kind == 10 for event in self._long),
            "window_title_changed_30s": float(any(event.kind == 7 for event in self._short)),
            "recent_events": float(len(list(self._long)[-10:])),
        }


def _slope(gaps: list[float]) -> float:
    if len(gaps) < 2:
        return 0.0
    middle, average = (len(gaps) - 1) / 2, statistics.fmean(gaps)
    rise = sum((i - middle) * (gap - average) for i, gap in enumerate(gaps))
    return rise / sum((i - middle) ** 2 for i in range(len(gaps)))


def compute(records: memoryview) -> int:
    """One snapshot at the end of every second with events; returns how many."""
    extractor, snapshots, second = Extractor(), 0, 0
    for start in range(0, len(records), 64):
        event = parse(records[start : start + 64])
        if math.ceil(event.time) > second:
            if second:
                extractor.features(second)
                snapshots += 1
            second = math.ceil(event.time)
        extractor.add(event)
    return snapshots
