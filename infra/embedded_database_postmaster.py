"""What the cluster's folder tells about its server: is it alive, on which port, why did it not start."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import psutil

TAIL_BYTES = 8192
SHARED_MEMORY = Path("/proc/sysvipc/shm")


@dataclass(frozen=True, slots=True)
class Postmaster:
    """A living server."""

    pid: int
    port: int


def postmaster(data: Path) -> Postmaster | None:
    """The living server of ``data``; None for none, and for a stale pid that another program has got by now."""
    try:
        lines = (data / "postmaster.pid").read_text().splitlines()
        pid, port = int(lines[0]), int(lines[3])
    except (OSError, ValueError, IndexError):
        return None
    return Postmaster(pid, port) if _serves(pid, data) else None


def was_killed(data: Path) -> bool:
    """True if the last server left its pid file behind."""
    return (data / "postmaster.pid").exists() and postmaster(data) is None


def forget_reused_pid(data: Path) -> bool:
    """Removes the pid file of a killed server where PostgreSQL would take another process, or a zombie, for it.

    Returns False while orphans of that server still hold its shared memory: starting then would ruin the data.
    Where the pid is simply gone, the file stays: PostgreSQL judges it itself.
    """
    path = data / "postmaster.pid"
    try:
        lines = path.read_text().splitlines()
        pid, memory = int(lines[0]), lines[6].split()[-1]
    except (OSError, ValueError, IndexError):
        return True
    if not psutil.pid_exists(pid) or _serves(pid, data):
        return True
    if _attached(memory):
        return False
    path.unlink(missing_ok=True)
    return True


def _attached(memory: str) -> int:
    """How many processes hold a System V shared memory segment; 0 where the system does not say."""
    try:
        rows = SHARED_MEMORY.read_text().splitlines()
    except OSError:
        return 0
    header = rows[0].split()
    segments = (dict(zip(header, row.split(), strict=False)) for row in rows[1:])
    return next((int(segment["nattch"]) for segment in segments if segment["shmid"] == memory), 0)


def log_reason(log: Path) -> str:
    """The last FATAL or PANIC line of the server's log with its detail, without stamps; empty for none."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - TAIL_BYTES))
            lines = file.read().decode(errors="replace").splitlines()
    except OSError:
        return ""
    for line in reversed(lines):
        for mark in ("FATAL:", "PANIC:"):
            if mark in line:
                return line.partition(mark)[2].strip()
        if "LOG:  starting PostgreSQL" in line:
            break
    return ""


def _serves(pid: int, data: Path) -> bool:
    try:
        process = psutil.Process(pid)
        return process.status() != psutil.STATUS_ZOMBIE and str(data) in process.cmdline()
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return False
