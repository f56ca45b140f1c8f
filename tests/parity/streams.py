"""Event streams for the parity tests: ordinary work and everything that may go wrong, all from a seed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from neural_focus.events import EVENT_DTYPE, CategoryFlag, EventType
from neural_focus.replay import CONTROL_DTYPE, ControlKind

SECOND = 1_000_000
START = 1_711_843_170_000_000
"""2024-03-31 00:12:50 UTC: 47 min before clocks go forward in Berlin, a Sunday."""
APPS = (b"code", b"firefox", b"slack", b"mpv", b"", b"libreoffice", "é—ü".encode())


@dataclass
class Stream:
    """Records, controls and a zone, in the making."""

    rng: np.random.Generator
    now: int = START
    zone: str = "UTC"
    rows: list[tuple[int, int, bytes, tuple[int, int, int]]] = field(default_factory=list)
    steps: list[tuple[int, int, float]] = field(default_factory=list)

    def event(self, kind: int, *words: int, app: bytes | None = None, at: int | None = None) -> None:
        data = tuple(word & 0xFFFFFFFF for word in (*words, 0, 0, 0)[:3])
        name = APPS[int(self.rng.integers(len(APPS)))] if app is None else app
        self.rows.append((self.now if at is None else at, kind, name, data))  # type: ignore[arg-type]

    def any_event(self, kinds: tuple[int, ...] = tuple(range(1, 16))) -> None:
        rng, kind = self.rng, int(self.rng.choice(kinds))
        if kind in (EventType.KEY_PRESS, EventType.KEY_RELEASE):
            self.event(kind, 0, 0, int(rng.choice([0x200, 0x10200, 0x300])))
        elif kind in (EventType.MOUSE_MOVE, EventType.MOUSE_CLICK):
            extreme = rng.random() < 0.02
            place = rng.integers(-(2**31), 2**31, 2) if extreme else rng.integers(0, 2000, 2)
            speed = int(rng.integers(0, 2**32)) if extreme else int(rng.gamma(2, 500))
            self.event(kind, int(place[0]), int(place[1]), speed)
        elif kind == EventType.WINDOW_FOCUS_CHANGE:
            self.event(kind, 1, 2, int(rng.integers(0, 64)) | int(rng.integers(0, 7)) << 8)
        elif kind == EventType.WINDOW_TITLE_CHANGE:
            flags = int(rng.integers(0, 64)) | int(rng.choice([0, CategoryFlag.ANNOUNCED]))
            self.event(kind, 7, int(rng.integers(0, 512)), flags)
        elif kind == EventType.IDLE_START:
            self.event(kind, int(rng.choice([0, 5_000, 30_000, 299_999, 300_000, 4_000_000])))
        else:
            self.event(kind, int(rng.integers(0, 10_000)))

    def wait(self, us: int) -> None:
        self.now += us

    def control(self, kind: ControlKind, value: float = 0.0) -> None:
        self.steps.append((self.now, kind, value))

    def records(self) -> NDArray[np.void]:
        made = np.zeros(len(self.rows), EVENT_DTYPE)
        for index, (time, kind, app, data) in enumerate(self.rows):
            made[index]["timestamp_us"], made[index]["event_type"] = time, kind
            made[index]["app_name"], made[index]["data"] = app, data
        return made

    def controls(self) -> NDArray[np.void]:
        return np.array(self.steps, CONTROL_DTYPE)


def work(stream: Stream) -> None:
    """Typing, mouse, switches, pauses."""
    for _ in range(40):
        for _ in range(int(stream.rng.integers(1, 12))):
            stream.any_event((1, 1, 2, 3, 3, 3, 4, 5))
            stream.wait(int(stream.rng.integers(1_000, 400_000)))
        stream.any_event((6, 7, 10, 11))
        stream.wait(int(stream.rng.exponential(4 * SECOND)))


def bursts(stream: Stream) -> None:
    """1 kHz, all types."""
    for _ in range(3):
        for _ in range(200):
            stream.any_event()
            stream.wait(1_000)
        stream.wait(int(stream.rng.integers(1, 40)) * SECOND)


def single(stream: Stream) -> None:
    """One event."""
    stream.any_event()


def equal_stamps(stream: Stream) -> None:
    """Many events in the same µs, on and beside whole seconds."""
    for _ in range(8):
        stream.now = stream.now // SECOND * SECOND + int(stream.rng.choice([0, 0, 1, 999_999]))
        for _ in range(int(stream.rng.integers(1, 25))):
            stream.any_event()
        stream.wait(int(stream.rng.choice([1, 30, 31, 299, 300, 301])) * SECOND)


def gaps(stream: Stream) -> None:
    """From one second under a border to one over it, and days."""
    borders = (29, 30, 31, 299, 300, 301, 899, 900, 901, 86_400, 3 * 86_400)
    for _ in range(14):
        for _ in range(int(stream.rng.integers(1, 5))):
            stream.any_event()
            stream.wait(int(stream.rng.integers(0, 2)) * int(stream.rng.integers(0, SECOND)))
        stream.wait(int(stream.rng.choice(borders)) * SECOND + int(stream.rng.choice([-1, 0, 0, 1])))


def clock_steps(stream: Stream) -> None:
    """The clock jumps back and forth."""
    for _ in range(60):
        stream.any_event()
        stream.wait(int(stream.rng.integers(0, 5 * SECOND)))
        if stream.rng.random() < 0.1:
            stream.wait(int(stream.rng.integers(-200, 100)) * SECOND)


def idle_and_lock(stream: Stream) -> None:
    """Idle and lock overlap, repeat, end alone, or never end."""
    for _ in range(50):
        stream.any_event((10, 10, 11, 12, 12, 13, 6, 7, 8))
        if stream.rng.random() < 0.25:
            stream.any_event((1, 2, 3, 4, 5))
        stream.wait(int(stream.rng.choice([0, 500_000, SECOND, 20 * SECOND, 100 * SECOND])))
    stream.any_event((10, 12))
    for _ in range(4):
        stream.wait(150 * SECOND)
        stream.any_event((6, 7))


def timed_sessions(stream: Stream) -> None:
    """Sessions, accepted breaks, scores and restarts between the events, also in their very µs."""
    # SET_BACK has a test of its own: the reference knows one run of time.
    kinds = [kind for kind in ControlKind if kind is not ControlKind.SET_BACK] + [ControlKind.FOCUS_SCORE] * 8
    for _ in range(60):
        if stream.rng.random() < 0.6:
            stream.any_event()
        if stream.rng.random() < 0.5:
            kind = kinds[int(stream.rng.integers(len(kinds)))]
            stream.control(kind, float(stream.rng.uniform(0, 100)) if kind == ControlKind.FOCUS_SCORE else 0.0)
        waits = [0, 1, 250_000, SECOND, 7 * SECOND, 310 * SECOND, 1_000 * SECOND]
        stream.wait(int(stream.rng.choice(waits, p=[0.15, 0.15, 0.2, 0.2, 0.2, 0.06, 0.04])))
        if stream.rng.random() < 0.2:
            stream.now = -(-stream.now // SECOND) * SECOND


def restarts(stream: Stream) -> None:
    """The agent stops, often idle or locked, and starts again: later, at once, or behind its last record."""
    for _ in range(14):
        for _ in range(int(stream.rng.integers(1, 12))):
            stream.any_event()
            stream.wait(int(stream.rng.integers(1, 3 * SECOND)))
        if stream.rng.random() < 0.5:
            stream.any_event((EventType.IDLE_START, EventType.SCREEN_LOCK))
        stream.wait(int(stream.rng.choice([-400, -20, -1, 0, 1, 40, 299, 300, 1_000])) * SECOND)
        stream.control(ControlKind.RESTART)


@dataclass(frozen=True)
class Border:
    """A moment at which a calendar is hard, in a zone: a midnight, or clocks that go forward or back."""

    zone: str
    utc: str

    @property
    def us(self) -> int:
        """Unix time of the border, µs."""
        return int(np.datetime64(self.utc, "us").astype(np.int64))


BORDERS = (
    Border("Asia/Kathmandu", "2024-05-01T18:15"),  # midnight, 5:45 off
    Border("Europe/Berlin", "2024-12-31T23:00"),  # midnight
    Border("Europe/Berlin", "2024-03-31T01:00"),  # 2:00 becomes 3:00
    Border("Europe/Berlin", "2024-10-27T01:00"),  # 3:00 becomes 2:00
    Border("America/New_York", "2024-03-10T07:00"),
    Border("America/New_York", "2024-11-03T06:00"),
    Border("America/Santiago", "2024-09-08T04:00"),  # there is no midnight: 24:00 becomes 1:00
    Border("America/Santiago", "2024-04-07T03:00"),  # Sunday's midnight becomes Saturday 23:00
    Border("Australia/Lord_Howe", "2024-04-06T15:00"),  # half an hour back
    Border("Pacific/Apia", "2011-12-30T10:00"),  # Thursday's midnight becomes Saturday: no Friday
)


def at_border(border: Border) -> Stream:
    """Work from five minutes before to five after it, with events on the border's very second and around it."""
    stream = Stream(np.random.default_rng(border.us), border.us - 300 * SECOND, border.zone)
    while stream.now < border.us - 15 * SECOND:
        stream.any_event()
        stream.wait(int(stream.rng.integers(1, 15)) * SECOND + int(stream.rng.integers(SECOND)))
    for beside in (-SECOND, -1, 0, 0, 1, SECOND):
        stream.now = border.us + beside
        stream.any_event()
    while stream.now < border.us + 300 * SECOND:
        stream.any_event()
        stream.wait(int(stream.rng.integers(1, 15)) * SECOND)
    return stream


def malformed(stream: Stream) -> None:
    """Bad records among good ones."""
    for _ in range(60):
        stream.any_event()
        if stream.rng.random() < 0.4:
            bad = int(stream.rng.integers(5))
            stream.event(
                int(stream.rng.choice([0, 16, 2**32 - 1])) if bad == 0 else 1,
                app=(b"\xff\xfe", b"a\xc3", b"\xed\xa0\x80", b"ok")[min(bad, 3)],
                at=(0, 2**64 - 1, 5 * 10**15)[int(stream.rng.integers(3))] if bad == 4 else None,
            )
        stream.wait(int(stream.rng.integers(0, 3 * SECOND)))


SCENARIOS: tuple[Callable[[Stream], None], ...] = (
    work, bursts, single, equal_stamps, gaps, clock_steps, idle_and_lock, timed_sessions, restarts, malformed,
)  # fmt: skip


def make(scenario: Callable[[Stream], None], seed: int) -> Stream:
    """The stream of a scenario and a seed."""
    stream = Stream(np.random.default_rng([seed, *scenario.__name__.encode()]))
    stream.wait(int(stream.rng.integers(0, SECOND)))
    scenario(stream)
    return stream
