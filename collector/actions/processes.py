"""Processes of the person, known by number and start time, so that a number given anew is never mistaken for one."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from pathlib import Path

from collector.actions.action import Touched
from neural_focus.apps import app_id
from neural_focus.help_settings import program_refusal

PROC = Path("/proc")
_STATE, _PARENT, _START = 0, 1, 19
"""Fields 3, 4 and 22 of /proc/PID/stat (proc(5)), counted after the name, which may hold anything."""


def running(app: str, proc: Path = PROC) -> list[Touched]:
    """The person's own processes of an app (an id of ``neural_focus.apps``), without their children of the same app.

    What ``program_refusal`` protects is left out by its real name too, and so is this process with all above it.
    """
    found: dict[int, tuple[int, Touched]] = {}
    above = _ancestors(os.getpid(), proc)
    for folder in proc.iterdir():
        if not folder.name.isdecimal() or int(folder.name) in above:
            continue
        try:
            if folder.stat().st_uid != os.getuid():
                continue
            names = _names(folder)
            parent, start = _parent_and_start(folder)
        except (OSError, ValueError, IndexError):  # it ended meanwhile
            continue
        if any(app_id(name) == app for name in names) and not any(program_refusal(name) for name in names):
            found[int(folder.name)] = parent, Touched(int(folder.name), since=start)
    return [process for parent, process in found.values() if parent not in found]


def is_alive(process: Touched, proc: Path = PROC) -> bool:
    """Whether it is this process that still runs."""
    try:
        fields = _stat(proc / str(process.handle))
        return int(fields[_START]) == process.since and fields[_STATE] not in ("Z", "X")
    except (OSError, ValueError, IndexError):
        return False


def send(process: Touched, number: signal.Signals) -> bool:
    """Sends a signal to this very process; False where it is gone, or its number is another's by now.

    The descriptor is opened before the start time is read: whoever has this start time then was there when it was
    opened, and the signal reaches nobody else, however soon the number is given anew.
    """
    try:
        descriptor = os.pidfd_open(process.handle)
    except ProcessLookupError:
        return False
    try:
        if not is_alive(process) or (PROC / str(process.handle)).stat().st_uid != os.getuid():
            return False
        signal.pidfd_send_signal(descriptor, number)
        return True
    except (ProcessLookupError, FileNotFoundError, PermissionError):
        return False
    finally:
        os.close(descriptor)


def _names(folder: Path) -> set[str]:
    names = {(folder / "comm").read_text().strip()}
    with suppress(OSError):  # a thread of the kernel, or not ours to look at
        names.add((folder / "exe").readlink().name.removesuffix(" (deleted)"))
    return names


def _stat(folder: Path) -> list[str]:
    return (folder / "stat").read_text().rpartition(")")[2].split()


def _parent_and_start(folder: Path) -> tuple[int, int]:
    fields = _stat(folder)
    return int(fields[_PARENT]), int(fields[_START])


def _ancestors(number: int, proc: Path) -> set[int]:
    found = set[int]()
    while number > 0 and number not in found:
        found.add(number)
        try:
            number, _ = _parent_and_start(proc / str(number))
        except (OSError, ValueError, IndexError):
            break
    return found
