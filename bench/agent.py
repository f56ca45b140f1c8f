"""What the desktop agent costs while somebody moves the mouse at 125 Hz and types: CPU of a core, and memory."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bench.figure import Figure, beside
from infra.virtual_display import start_virtual_display, stop_virtual_display
from neural_focus._x11 import Injector

SECONDS = 12.0
SETTLE_SECONDS = 3.0
MOTION_HZ, KEY_HZ = 125, 6
CORE_LIMIT_PERCENT, MEMORY_LIMIT_MB = 1.0, 100.0


def figures() -> Iterator[Figure]:
    """The agent with capture, spool and live engine; without database and service, which cost on their side."""
    display = start_virtual_display((1280, 800))
    os.environ.update(display.environment)
    try:
        with tempfile.TemporaryDirectory() as home:
            percent, megabytes = measure(display.display, Path(home))
    finally:
        stop_virtual_display(display)
    yield beside("agent, at 125 Hz motion and typing", percent, "% of a core", "the limit set for it",
                 CORE_LIMIT_PERCENT, less_is_better=True)  # fmt: skip
    yield beside("agent, memory", megabytes, "MB", "the limit set for it", MEMORY_LIMIT_MB, less_is_better=True)


def measure(display: str, home: Path) -> tuple[float, float]:
    """(percent of a core, resident MB) of an agent process while hands are at work."""
    environment = os.environ | {"NEURAL_FOCUS_HOME": str(home), "NEURAL_FOCUS_SHIP": "features"}
    command = [sys.executable, "-m", "infra.cli", "agent", "--display", display, "--consent", "yes", "--no-service"]
    agent = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
    try:
        while not (home / "agent.json").exists():
            time.sleep(0.1)
        hands = Injector(display)
        hands.activate(hands.open_window("code", "main.py"))
        work(hands, SETTLE_SECONDS)
        before = cpu_seconds(agent.pid)
        took = work(hands, SECONDS)
        return (cpu_seconds(agent.pid) - before) / took * 100, resident_mb(agent.pid)
    finally:
        agent.terminate()
        agent.wait()


def work(hands: Injector, seconds: float) -> float:
    """Move and type for so long; returns how long it really took."""
    start = time.monotonic()
    step = 0
    while (now := time.monotonic() - start) < seconds:
        hands.move(100 + step % 1000, 100 + step % 600)
        if step % (MOTION_HZ // KEY_HZ) == 0:
            hands.tap("a")
        step += 1
        time.sleep(max(0.0, start + step / MOTION_HZ - time.monotonic()))
    return now


def cpu_seconds(pid: int) -> float:
    """User and system time of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_mb(pid: int) -> float:
    """Resident memory of a process."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
