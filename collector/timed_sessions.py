"""Sessions with a timer, as the tray starts and shows them; also one after the other, with breaks between.

Page and command ask for such a row, too (ASK_ROUNDS): it is kept here alone, where one knows whether they are back.

    start ─► SESSION_STARTED ─► SESSION_ENDED ─ its time was up, in a row ─► break ─► somebody is back ─► start
                                     └─ any other end: the row is over

The service keeps sessions; what is known here came from it since the agent started. A row lives as long as the agent.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, cast

from neural_focus.messages import (
    AskRounds,
    ClientMessage,
    EndSession,
    JailLeaving,
    LeaveJail,
    Problem,
    Rounds,
    ServerMessage,
    SessionEnded,
    SessionStarted,
    StartSession,
)
from neural_focus.time import iso, local_clock, parse_iso

Kind = Literal["pomodoro", "deep_work"]
Entry = tuple[str, str]
"""A label, and the command that the tray then makes; empty: only words."""
NAMES: dict[str, str] = {"pomodoro": "Pomodoro", "deep_work": "Deep work"}
BREAK_MINUTES: dict[str, int] = {"pomodoro": 5, "deep_work": 15}
LONG_BREAK_MINUTES, POMODOROS_TO_LONG_BREAK = 15, 4
BACK_SECONDS, GIVE_UP_SECONDS = 60.0, 30 * 60.0
"""Input so recent: somebody is there. Nobody for so long after a break: the row is over."""
ANSWER_SECONDS = 30.0
SAME_US = 2_000_000
"""An end that moved less on the wall clock is no news: two clocks never agree to the microsecond."""
UNHEARD_US = 60_000_000
"""A session that should have ended so long ago has: its end came while nobody was connected."""
REASONS = ("I need something blocked for work", "Something urgent came up", "I started it by mistake")
"""A menu has no room to type: ``neural-focus session leave`` takes any reason."""


@dataclass(slots=True)
class _Row:
    """``asked``: when the next session was asked for, ``rests_until``: of a break; both of a monotonic clock.

    ``published_until_us``: the break's end as it was published last, on the wall clock.
    """

    kind: Kind
    done: int = 0
    asked: float | None = None
    session_id: int | None = None
    rests_until: float | None = None
    published_until_us: int = 0


class TimedSessions:
    """On the agent's main thread. ``send`` tells the service; ``now_us`` is wall time, µs."""

    def __init__(
        self,
        send: Callable[[ClientMessage], None],
        *,
        now_us: Callable[[], int],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._send, self._now_us, self._clock = send, now_us, clock
        self._running: SessionStarted | None = None
        self._lifts_us: int | None = None
        self._row: _Row | None = None
        self._news: list[str] = []

    def execute(self, command: list[str]) -> None:
        """A command of the tray, without its first word."""
        match command:
            case ["start", kind, *jail]:
                self._row = None
                self._send(StartSession(cast(Kind, kind), jail_enabled=jail == ["jail"]))
            case ["row", kind]:
                self._row = _Row(cast(Kind, kind))
                self._start_next(self._row)
            case ["skip"] if self._row is not None and self._row.rests_until is not None:
                self._start_next(self._row)
            case ["stop"]:
                self._row = None
            case ["end"] if self._running is not None:
                self._send(EndSession(self._running.id))
            case ["leave", number] if self._running is not None:
                self._send(LeaveJail(self._running.id, REASONS[int(number)]))

    @property
    def rounds(self) -> Rounds | None:
        """What the service is told of the row, None without one."""
        row = self._row
        if row is None:
            return None
        if row.rests_until is None:
            return Rounds(row.kind, row.done, None)
        until_us = self._wall_us(row.rests_until)
        if abs(until_us - row.published_until_us) > SAME_US:
            row.published_until_us = until_us
        return Rounds(row.kind, row.done, iso(row.published_until_us))

    def receive(self, message: ServerMessage) -> None:
        """What the service tells of sessions; anything else is none of ours."""
        row, running = self._row, self._running
        match message:
            case SessionStarted() if message.session_type != "natural":
                self._running, self._lifts_us = message, message.jail_leaving_us
                if row is not None and row.asked is not None and message.session_type == row.kind:
                    row.asked, row.session_id = None, message.id
            case AskRounds(command, kind):
                self.execute({"start": ["row", kind], "skip": ["skip"], "stop": ["stop"]}[command])
            case SessionEnded():
                self._ended(message.session_id, in_time=message.reason == "timer_expired")
            case JailLeaving() if running is not None and running.id == message.session_id:
                self._lifts_us = message.lifts_us
            case Problem() if row is not None and row.asked is not None:
                self._row = None
                self._news.append(f"No session was started: {message.title}")
            case _:
                pass

    def turn(self, input_us: int | None) -> list[str]:
        """Starts what a row has next once somebody is there (``input_us``: the newest input); returns what is new."""
        running = self._running
        if running is not None and running.ends_at and self._now_us() > parse_iso(running.ends_at) + UNHEARD_US:
            self._ended(running.id, in_time=True)
        now, row = self._clock(), self._row
        if row is not None and row.asked is not None and now - row.asked > ANSWER_SECONDS:
            self._row = None
            self._news.append("No session was started: the service does not answer")
        elif row is not None and row.rests_until is not None and now >= row.rests_until:
            if input_us is not None and self._now_us() - input_us <= BACK_SECONDS * 1e6:
                self._start_next(row)
            elif now - row.rests_until > GIVE_UP_SECONDS:
                self._row = None
        news, self._news = self._news, []
        return news

    def menu(self) -> tuple[Entry, ...]:
        """What the tray shows of it."""
        row, running = self._row, self._running
        if running is not None:
            return (*self._of_running(running), *([("No more after this one", "session stop")] if row else []))
        if row is not None and row.rests_until is not None:
            return (
                (f"Break until {self._wall(row.rests_until)}; {row.done} done", ""),
                ("Start the next one now", "session skip"),
                ("No more", "session stop"),
            )
        return tuple(
            entry
            for kind, name in NAMES.items()
            for entry in (
                (f"{name}", f"session start {kind}"),
                (f"{name} in a jail", f"session start {kind} jail"),
                (f"{name}, again and again with breaks", f"session row {kind}"),
            )
        )

    def _of_running(self, running: SessionStarted) -> list[Entry]:
        until = f" until {_clock_time(parse_iso(running.ends_at))}" if running.ends_at else ""
        line = f"{NAMES.get(running.session_type, running.session_type)}{until}"
        if not running.jail_enabled or (self._lifts_us is not None and self._lifts_us <= self._now_us()):
            return [(line, ""), ("End the session", "session end")]
        if self._lifts_us is not None:
            return [(f"{line}; its jail lifts at {_clock_time(self._lifts_us)}", "")]
        exits = [(f"Leave the jail: {reason}", f"session leave {number}") for number, reason in enumerate(REASONS)]
        return [(f"{line}, in a jail", ""), *exits]

    def _start_next(self, row: _Row) -> None:
        row.asked, row.session_id, row.rests_until = self._clock(), None, None
        self._send(StartSession(row.kind))

    def _ended(self, session_id: int, *, in_time: bool) -> None:
        if self._running is not None and self._running.id == session_id:
            self._running = None
        row = self._row
        if row is None or row.session_id != session_id:
            return
        if not in_time:
            self._row = None
            return
        row.done += 1
        long = row.kind == "pomodoro" and row.done % POMODOROS_TO_LONG_BREAK == 0
        minutes = LONG_BREAK_MINUTES if long else BREAK_MINUTES[row.kind]
        row.session_id, row.rests_until = None, self._clock() + minutes * 60
        self._news.append(f"Time for a break of {minutes} minutes, until {self._wall(row.rests_until)}")

    def _wall(self, moment: float) -> str:
        return _clock_time(self._wall_us(moment))

    def _wall_us(self, moment: float) -> int:
        return self._now_us() + round((moment - self._clock()) * 1e6)


def _clock_time(t_us: int) -> str:
    return local_clock(t_us)
