"""What of this desktop can act, known before anything is promised, and the actions made of it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, get_args

from collector.actions.action import Action, Note, Touched
from collector.actions.break_places import NotificationPlace, X11Screen
from collector.actions.end_process import WARN_SECONDS, EndProcess, was_ended
from collector.actions.minimize import AppWindows, MinimizeApp
from collector.actions.show_card import ShowCard
from collector.actions.sway_windows import SwayWindows, sway_socket
from collector.actions.take_break import BreakPlace, TakeBreak
from collector.actions.warning_board import WarningBoard
from collector.actions.x11_windows import X11Windows
from collector.capture import DesktopCapture, X11Source
from collector.prompt import NoPrompt, PromptWindow
from collector.wayland import WaylandSource
from neural_focus.apps import app_id
from neural_focus.errors import CaptureError
from neural_focus.help_settings import program_refusal
from neural_focus.messages import Ability, ApplyAction

Kind = Literal["SUGGEST_BREAK", "MINIMIZE", "KILL", "PLACEBO"]
KINDS: tuple[Kind, ...] = get_args(Kind)
SHOWN: tuple[Kind, ...] = ("SUGGEST_BREAK", "PLACEBO")
"""These name no program."""
Reason = tuple[str, str]
"""Why something cannot be done here, and what would help; both empty where it can."""
ABLE: Reason = ("", "")
LATE_SECONDS = 1.0
"""A busy window manager does what a run that was killed had asked for within this time."""
NO_NOTIFICATIONS: Reason = ("nobody shows notifications here", "Start a notification daemon, such as mako or dunst")


@dataclass(frozen=True, slots=True)
class Hands:
    """Not for several threads. ``windows`` None: nothing here lets a program put away another's windows."""

    place: Callable[[], BreakPlace]
    windows: AppWindows | None
    board: WarningBoard
    card: Callable[[], PromptWindow]
    """What a placebo is shown by."""
    ignore: Callable[[int], None]
    """Told each window of ours."""
    shows: Callable[[], Reason]
    """Whether a break, a card and a warning can be shown."""
    sees_input: Callable[[], Reason]
    """Whether it can be seen that somebody rests."""
    now_us: Callable[[], int]
    newest_input: Callable[[], int | None]
    warn_seconds: float = WARN_SECONDS

    def abilities(self) -> tuple[Ability, ...]:
        """What can be done here now, and how to get what cannot."""
        return tuple(Ability(kind, why == "", why, hint) for kind in KINDS for why, hint in [self._refusal(kind)])

    def make(self, order: ApplyAction, note: Note) -> Action | str:
        """What will carry the order out; or a sentence why nobody will."""
        kind, app = kind_of(order.action), app_id(order.target or "")
        if kind is None:
            return f"The desktop does not know how to do {order.action[:40]}."
        if kind not in SHOWN and (why := program_refusal(order.target or "")):
            return f"{(order.target or 'A program without a name')[:40]} stays as it is: {why}."
        if kind == "KILL" and order.type != "MANUAL_JAIL":
            return "A program is ended in a jail only."
        why, hint = self._refusal(kind)
        if why:
            return f"It cannot be done here: {why}." + (f" {hint}." if hint else "")
        if kind == "KILL":
            return EndProcess(app, self.board, note, warn_seconds=self.warn_seconds)
        if kind == "MINIMIZE" and self.windows is not None:
            return MinimizeApp(app, self.windows, note)
        if kind == "PLACEBO":
            return ShowCard(order.target, self.card(), self.ignore, where=self.place().where)
        return TakeBreak(
            order.why, self.place(), now_us=self.now_us, clock=boot_clock_us, newest_input=self.newest_input
        )

    def clean_up(self, action: str, touched: tuple[Touched, ...]) -> bool:
        """Takes back what a run that was killed had done; whether it had done anything.

        A screen and a warning went with the process that showed them; a program that was ended stays so. Raises
        CaptureError.
        """
        if kind_of(action) == "KILL":
            return was_ended(touched)
        if kind_of(action) != "MINIMIZE" or self.windows is None or not touched:
            return False
        found, until = 0, time.monotonic() + LATE_SECONDS
        while time.monotonic() < until:  # what was asked for just before the end may be done only now
            found += self.windows.put_back(list(touched))
            time.sleep(0.05)
        return found > 0

    def where(self, action: str) -> str:
        """What would have done it."""
        kind = kind_of(action)
        return self.windows.where if kind == "MINIMIZE" and self.windows is not None else "process"

    def turn(self) -> None:
        """Draws warnings that are shown."""
        self.board.turn()

    def _refusal(self, kind: Kind) -> Reason:
        if kind == "MINIMIZE":
            if self.windows is None:
                why = "this compositor lets no program put away the windows of another"
                return why, "Log in with Sway or an Xorg session"
            try:
                return self.windows.refusal()
            except CaptureError as error:
                return str(error), ""
        if kind == "KILL" and not hasattr(os, "pidfd_open"):
            return "this system cannot name a process safely", "Linux 5.3 or later can"
        if kind in ("KILL", "PLACEBO"):
            return self.shows()
        return self.shows() if self.shows() != ABLE else self.sees_input()


def kind_of(action: str) -> Kind | None:
    """The action itself, MINIMIZE of MINIMIZE_<APP>, KILL of KILL_<PROCESS>; None for anything else."""
    if action.startswith("MINIMIZE_"):
        return "MINIMIZE"
    if action.startswith("KILL_"):
        return "KILL"
    return next((kind for kind in SHOWN if kind == action), None)


def boot_clock_us() -> int:
    """Microseconds since this machine started, sleep included."""
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1000


def make_hands(source: X11Source | WaylandSource, presence: Any, capture: DesktopCapture) -> Hands:
    """The hands of a desktop. ``presence`` None: there is no session bus."""
    if isinstance(source, X11Source):
        display = source.display

        def window() -> PromptWindow:
            from neural_focus._x11 import Prompt

            return Prompt(display)

        return Hands(
            place=lambda: X11Screen(display, capture),
            windows=X11Windows(display, capture),
            board=WarningBoard(window, capture.ignore),
            card=window,
            ignore=capture.ignore,
            shows=lambda: ABLE,
            sees_input=lambda: ABLE,
            now_us=capture.now_us,
            newest_input=capture.newest_input_us,
        )
    socket = sway_socket(source.socket, os.environ)
    notices = (presence.break_notice, presence.warning, presence.card) if presence is not None else (NoPrompt(),) * 3

    def sees_input() -> Reason:
        seen = source.look()
        if seen.inputs[0] + seen.inputs[1] > 0 or seen.tells_idle:
            return ABLE
        return "nothing tells of input here, so a rest could not be seen", "neural-focus doctor says how to get it"

    return Hands(
        place=lambda: NotificationPlace(notices[0]),
        windows=SwayWindows(socket, capture) if socket is not None else None,
        board=WarningBoard(lambda: notices[1], capture.ignore),
        card=lambda: notices[2],
        ignore=capture.ignore,
        shows=lambda: ABLE if presence is not None and presence.shows_notifications else NO_NOTIFICATIONS,
        sees_input=sees_input,
        now_us=capture.now_us,
        newest_input=capture.newest_input_us,
    )
