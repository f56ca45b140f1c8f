"""A Wayland session as a source of records: devices of the kernel, the compositor, an extension of the desktop."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from collector.capabilities import Seen
from collector.capture import IDLE_AFTER_MS, MOST_RECORDS, MOTION_HZ
from neural_focus.errors import CaptureError

if TYPE_CHECKING:
    from collector.desktop_focus import Focused

INPUT_FOLDER = "/dev/input"
ACTIVE_TERMINAL = "/sys/class/tty/tty0/active"
OWN_APP = "neural-focus"


@dataclass(slots=True)
class WaylandSource:
    """One session. ``terminal``: its virtual terminal, such as tty2; empty: not known, so not looked at."""

    socket: str
    desktop: str
    terminal: str = ""
    input_folder: str = INPUT_FOLDER
    active_file: str = ACTIVE_TERMINAL
    _hook: Any = field(default=None, repr=False)
    _focused: Focused | None = field(default=None, repr=False)

    @property
    def name(self) -> str:
        """In words."""
        return f"the Wayland session at {self.socket}"

    def open(self, *, offset_us: int, floor_us: int) -> Any:
        """``neural_focus._wayland.Capture``; what the desktop told before is told to it again."""
        from neural_focus._wayland import HAS_COMPOSITOR, Capture

        self._hook = Capture(
            input_folder=self.input_folder,
            socket=self.socket if HAS_COMPOSITOR else "",
            active_file=self.active_file if Path(self.active_file).exists() else "",
            own_terminal=self.terminal,
            own_app=OWN_APP,
            own_pid=os.getpid(),
            offset_us=offset_us,
            floor_us=floor_us,
            ring_capacity=MOST_RECORDS,
            motion_hz=MOTION_HZ,
            idle_after_ms=IDLE_AFTER_MS,
        )
        if self._focused is not None:
            self.receive(self._focused)
        return self._hook

    def receive(self, focused: Focused) -> None:
        """The desktop's extension tells which window holds the focus. Any thread."""
        self._focused = focused
        hook = self._hook
        if hook is not None and not hook.tells_windows:  # the compositor itself knows better
            hook.set_focus(focused.window, focused.pid, focused.app, focused.title)

    def look(self, *, bus: str = "") -> Seen:
        """How things are with the running hook. ``bus``: why the session bus cannot be used."""
        from neural_focus._wayland import HAS_COMPOSITOR

        hook = self._hook
        reported = self._focused is not None
        return Seen(self.desktop, hook.inputs, HAS_COMPOSITOR, hook.tells_windows, hook.tells_idle, reported, bus)

    def probe(self) -> Seen:
        """How things would be, without capturing anything."""
        from neural_focus._wayland import HAS_COMPOSITOR, compositor_tells, count_inputs

        try:
            windows, idle = compositor_tells(self.socket) if HAS_COMPOSITOR else (False, False)
        except CaptureError:
            windows, idle = False, False
        return Seen(self.desktop, count_inputs(self.input_folder), HAS_COMPOSITOR, windows, idle, reported=False)


def wayland_session(environ: Mapping[str, str]) -> WaylandSource | None:
    """The session that ``environ`` names; None where there is none."""
    if not environ.get("WAYLAND_DISPLAY") and environ.get("XDG_SESSION_TYPE") != "wayland":
        return None
    number = environ.get("XDG_VTNR", "")
    return WaylandSource(
        environ.get("WAYLAND_DISPLAY") or "wayland-0",
        environ.get("XDG_CURRENT_DESKTOP", ""),
        f"tty{number}" if number else "",
        INPUT_FOLDER,
    )
