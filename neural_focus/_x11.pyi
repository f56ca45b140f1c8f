"""X11: capture of input and windows, injection of real input."""

from collections.abc import Sequence

import numpy
import numpy.typing


def boot_clock_us() -> int:
    """Microseconds since this machine started, suspension included."""

def is_xwayland(display: str = '') -> bool:
    """Whether the server belongs to a Wayland session."""

class Capture:
    """Input and windows of one X display as redacted records."""

    def __init__(self, display: str = '', *, offset_us: int, floor_us: int = 0, own_pid: int = 0, ring_capacity: int = 32768, motion_hz: int = 125, idle_after_ms: int = 5000) -> None:
        """
        offset_us: Unix time minus boot clock. Raises CaptureError without a display or XInput 2.2.
        """

    def start(self) -> None: ...

    def stop(self) -> None: ...

    def drain(self, most: int) -> tuple[numpy.typing.NDArray[numpy.void], list[tuple[int, str]]]:
        """
        (EVENT_DTYPE[n], [(index of a focus or title record, the window's title)]). Hints are not set yet.
        """

    def set_locked(self, locked: bool) -> None:
        """Any thread: the screen was locked or unlocked."""

    def set_engaged(self, engaged: bool) -> None:
        """
        Any thread: somebody is there, whether there is input or not: no pause begins.
        """

    def ignore(self, window: int) -> None:
        """A window of ours: it is no switch, input into it is not recorded."""

    def set_covered(self, covered: bool, gone_ms: int | None = None) -> None:
        """
        Any thread: a screen of ours lies over everything: no switch, and input is not recorded. gone_ms: when it went, on the X server's clock; what was pressed before is not recorded either.
        """

    def expect_our_doing(self, milliseconds: int) -> None:
        """
        Any thread: what windows do for so long is our doing: no switch, nothing minimised by the person.
        """

    @property
    def newest_input_us(self) -> int:
        """
        Boot clock of the newest input, into windows of ours and behind the lock too; 0: none yet.
        """

    @property
    def alive(self) -> bool:
        """False when the X server went away."""

    @property
    def full_screen(self) -> bool:
        """Whether the window that holds the focus fills the screen."""

    @property
    def behind_lock(self) -> int:
        """How often there was input while the screen was locked."""

    @property
    def captured(self) -> int:
        """Records made, dropped ones included."""

    @property
    def clamped(self) -> int:
        """Records whose stamp was held back by a later one before."""

    @property
    def titles_lost(self) -> int:
        """Titles that gave way to later ones before a drain."""

    def dropped(self) -> list[int]:
        """Records dropped because the ring was full, by event type (16 counts)."""

class Injector:
    """
    Real keys, pointer and windows through the X server. Names of keys are keysyms (a, Return).
    """

    def __init__(self, display: str = '') -> None:
        """Raises CaptureError when the display cannot be opened."""

    def press(self, keysym: str) -> None: ...

    def release(self, keysym: str) -> None: ...

    def tap(self, keysym: str) -> None:
        """Press and release; Shift around it where the key needs it."""

    def type_text(self, text: str) -> None:
        """Tap every character, without pauses."""

    def move(self, x: int, y: int) -> None: ...

    def move_by(self, dx: int, dy: int) -> None: ...

    def button(self, number: int, down: bool) -> None:
        """X numbers: 1 left, 2 middle, 3 right."""

    def click(self, number: int = 1) -> None: ...

    def wheel(self, notches: int) -> None:
        """Positive is away from the user."""

    def pointer(self) -> tuple[int, int]:
        """Pixels from the top left."""

    def screen_size(self) -> tuple[int, int]: ...

    def open_window(self, app: str, title: str, x: int = 50, y: int = 50, width: int = 640, height: int = 400, pid: int = 0) -> int:
        """A window of class `app`; returns its id. pid 0: the window names none."""

    def set_title(self, window: int, title: str) -> None: ...

    def activate(self, window: int) -> None:
        """Raise and focus it; 0: no window holds the focus."""

    def focus_input(self, window: int) -> None:
        """Only the input focus, as without a window manager."""

    def forget_active_window(self) -> None:
        """From now on nobody tells which window is active."""

    def minimize(self, window: int, on: bool = True) -> None: ...

    def maximize(self, window: int, on: bool = True) -> None: ...

    def fill_screen(self, window: int, on: bool = True) -> None: ...

    def close_window(self, window: int) -> None: ...

    def active_window(self) -> int: ...

    def window_manager_runs(self) -> bool: ...

class Prompt:
    """
    A small window with a question and buttons; it takes neither focus nor keys.
    """

    def __init__(self, display: str = '') -> None:
        """Raises CaptureError when the display cannot be opened."""

    def show(self, lines: Sequence[str], buttons: Sequence[tuple[str, str]]) -> int:
        """Lines of text and (answer, label) pairs; returns the window."""

    def buttons(self) -> dict[str, tuple[int, int]]:
        """
        {answer: (x, y)}: the middle of each button on the screen, in pixels; empty while hidden.
        """

    def poll(self) -> str | None:
        """The answer that was clicked since the last call, or None. Never waits."""

    def hide(self) -> None: ...

class BreakScreen:
    """A screen over all others; Escape or its button leaves it."""

    def __init__(self, display: str = '') -> None:
        """Raises CaptureError when the display cannot be opened."""

    def show(self, lines: Sequence[str], leave: str) -> int:
        """
        Lines, the first one large, and the button's label; returns the window.
        """

    def write(self, lines: Sequence[str]) -> None:
        """Other lines on the screen that is shown."""

    def poll(self) -> bool:
        """Whether the person left it since the last call. Never waits."""

    def hide(self) -> int | None:
        """
        When it went, ms on the X server's clock; None where that is not known.
        """

    @property
    def lost(self) -> bool:
        """Whether the X server went away, and the screen with it."""

class Minimizer:
    """Other programs' windows, put away and brought back; never closed."""

    def __init__(self, display: str = '') -> None:
        """Raises CaptureError when the display cannot be opened."""

    def manager(self) -> str:
        """The window manager's name; empty where none runs that can minimise."""

    def windows(self) -> list[tuple[int, str, bool]]:
        """(window, app, minimised) of each."""

    def minimize(self, window: int) -> None: ...

    def bring_back(self, windows: Sequence[int]) -> None:
        """
        Shows minimised windows again; the window that is active is so afterwards.
        """

    def active(self) -> int:
        """The window that holds the focus; 0: none."""

    @property
    def lost(self) -> bool:
        """Whether the X server went away."""
