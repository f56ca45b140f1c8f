"""What the desktop agent costs while somebody moves the mouse at 125 Hz and types: CPU of a core, and memory.

Everybody looks at the same hands at the same time: the agent alone, an agent that talks to a service, and
ActivityWatch's window and input watchers.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psutil

from bench.activitywatch import Watchers, watchers
from bench.answering_service import answering_service
from bench.figure import Figure, beside
from infra.virtual_display import VirtualDisplay, start_virtual_display, stop_virtual_display
from neural_focus._x11 import Injector
from neural_focus.errors import ConfigurationError, ServiceError

SECONDS = 30.0
SETTLE_SECONDS = 6.0
MOTION_HZ, KEY_HZ = 125, 6
CORE_LIMIT_PERCENT, MEMORY_LIMIT_MB, AGE_LIMIT_MS = 1.0, 100.0, 150.0
LIMIT = "the limit set for it"
ALONE, CONNECTED = "agent, at 125 Hz motion and typing", "agent, the same, a snapshot a second to a service"
WATCHERS, SERVER = "ActivityWatch's window and input watchers", "its watchers and aw-server"


def figures() -> Iterator[Figure]:
    """The agents with capture, spool and live engine; without a database, which costs on its side."""
    display = start_virtual_display((1280, 800))
    os.environ.update(display.environment)
    try:
        costs, ages_ms = measure(display)
    finally:
        stop_virtual_display(display)
    yield beside("snapshot at the service, after its second's end: median", statistics.median(ages_ms), "ms", LIMIT,
                 AGE_LIMIT_MS, less_is_better=True)  # fmt: skip
    peers = [(name, costs[name]) for name in (WATCHERS, SERVER) if name in costs]
    for name, limit in ((ALONE, LIMIT), (CONNECTED, LIMIT)):
        cpu, memory = costs[name]
        yield beside(name, cpu, "% of a core", limit, CORE_LIMIT_PERCENT, less_is_better=True)
        for peer, (their_cpu, _) in peers:
            yield beside(name, cpu, "% of a core", peer, their_cpu, less_is_better=True)
        yield beside(f"{name}: memory", memory, "MB", limit, MEMORY_LIMIT_MB, less_is_better=True)
        for peer, (_, their_memory) in peers:
            yield beside(f"{name}: memory", memory, "MB", peer, their_memory, less_is_better=True)


def measure(display: VirtualDisplay) -> tuple[dict[str, tuple[float, float]], list[float]]:
    """{who: (percent of a core, resident MB)}, children included, while hands are at work; the snapshots' ages, ms."""
    with ExitStack() as stack:
        homes = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        port, answered = stack.enter_context(answering_service())
        who = {
            ALONE: [stack.enter_context(agent(display.display, homes / "alone", "--no-service"))],
            CONNECTED: [stack.enter_context(agent(display.display, homes / "connected", port=port))],
        }
        theirs = _activitywatch(stack, display, homes / "activitywatch")
        if theirs is not None:
            who |= {WATCHERS: theirs.pids, SERVER: [*theirs.pids, theirs.server_pid]}
        hands = Injector(display.display)
        hands.activate(hands.open_window("code", "main.py", pid=os.getpid()))
        work(hands, SETTLE_SECONDS)
        before = {name: sum(map(cpu_seconds, pids)) for name, pids in who.items()}
        already = len(answered)
        took = work(hands, SECONDS)
        costs = {
            name: ((sum(map(cpu_seconds, pids)) - before[name]) / took * 100, sum(map(resident_mb, pids)))
            for name, pids in who.items()
        }
        _check(took, len(answered) - already, theirs)
    return costs, answered[already:]


def _activitywatch(stack: ExitStack, display: VirtualDisplay, home: Path) -> Watchers | None:
    """Their watchers; None, said on the terminal, where they cannot be had."""
    home.mkdir()
    try:
        return stack.enter_context(watchers(display, home))
    except ConfigurationError as error:
        sys.stderr.write(f"bench agent: {error}\n")
        return None


def _check(took: float, answered: int, theirs: Watchers | None) -> None:
    """Nobody was measured asleep."""
    if answered < took - 2:
        raise ServiceError(f"only {answered} snapshots came in {took:.0f} s", hint="Run it on a quieter machine")
    seen = theirs.seen() if theirs else {}
    if theirs and not (seen["presses"] and seen["distance"] and "code" in seen["apps"]):
        raise ServiceError(f"ActivityWatch's watchers saw {seen}", why="keys, motion and the app were there")


@contextmanager
def agent(display: str, home: Path, *more: str, port: int = 0) -> Iterator[int]:
    """An agent on a display that has begun to capture: its process."""
    environment = os.environ | {
        "NEURAL_FOCUS_HOME": str(home), "NEURAL_FOCUS_SHIP": "features", "NEURAL_FOCUS_SERVING_PORT": str(port or 1),
    }  # fmt: skip
    command = [sys.executable, "-m", "infra.cli", "agent", "--display", display, "--consent", "yes", *more]
    process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
    try:
        while not (home / "agent.json").exists():
            if process.poll() is not None:
                raise ServiceError("the agent did not start", hint=f"Run it: {' '.join(command)}")
            time.sleep(0.1)
        yield process.pid
    finally:
        process.terminate()
        process.wait()


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
    """User and system time so far of a process, its children and theirs."""
    process = psutil.Process(pid)
    return sum(sum(one.cpu_times()[:4]) for one in (process, *process.children(recursive=True)))


def resident_mb(pid: int) -> float:
    """Resident memory of a process and its children."""
    process = psutil.Process(pid)
    return sum(one.memory_info().rss for one in (process, *process.children(recursive=True))) / 1e6
