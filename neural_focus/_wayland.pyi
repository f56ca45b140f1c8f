"""
Wayland: input timing by evdev, windows and pauses as the compositor tells them.
"""

import numpy
import numpy.typing


class Capture:
    """Input and windows of a Wayland session as redacted records."""

    def __init__(self, *, input_folder: str, socket: str, active_file: str = '', own_terminal: str = '', own_app: str = '', own_pid: int = 0, offset_us: int, floor_us: int = 0, ring_capacity: int = 32768, motion_hz: int = 125, idle_after_ms: int = 5000) -> None:
        """
        input_folder: /dev/input, empty for none. socket: the compositor's, empty for none. offset_us: Unix time minus boot clock. Raises CaptureError when the compositor cannot be reached.
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

    def set_focus(self, window: int, pid: int, app: str, title: str) -> None:
        """Any thread: the desktop tells its focus; window 0 is none."""

    def ignore(self, window: int) -> None:
        """Nothing: ours are known by their app and process."""

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
        """False when the compositor went away."""

    @property
    def tells_windows(self) -> bool:
        """Whether the compositor tells which window is focused."""

    @property
    def tells_idle(self) -> bool:
        """Whether the compositor tells of pauses."""

    @property
    def inputs(self) -> tuple[int, int, int]:
        """(keyboards, pointers, devices that may not be read)."""

    @property
    def missed_events(self) -> int:
        """How often the kernel's buffer of a device was full."""

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

HAS_COMPOSITOR: bool = True

def boot_clock_us() -> int:
    """Microseconds since this machine started, suspension included."""

def count_inputs(folder: str) -> tuple[int, int, int]:
    """
    (keyboards, pointers, devices that may not be read) of a folder such as /dev/input.
    """

def compositor_tells(socket: str) -> tuple[bool, bool]:
    """
    (windows, pauses): what the compositor tells. Raises CaptureError when it cannot be reached.
    """
