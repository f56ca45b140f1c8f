"""Servers that a measurement starts: up until they answer, watched while they work, ended with all their processes."""

from __future__ import annotations

import os
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from neural_focus.errors import ServiceError

START_SECONDS = 400.0
STOP_SECONDS = 20.0
_DIRECTLY = urllib.request.build_opener(urllib.request.ProxyHandler({}))
"""A proxy of the environment does not know this machine's loopback."""


@contextmanager
def running(command: list[str], environment: Mapping[str, str], log: Path | None = None) -> Iterator[int]:
    """The pid of a server in a session of its own, what it prints in ``log``. Ended by SIGINT, else killed."""
    with (log or Path(os.devnull)).open("wb") as output:
        process = subprocess.Popen(command, env=environment, stdout=output, stderr=output, start_new_session=True)
    try:
        yield process.pid
    finally:
        everybody = _tree(process.pid)
        process.send_signal(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            process.wait(STOP_SECONDS)
        for one in everybody:
            with suppress(psutil.NoSuchProcess):
                one.kill()
        process.wait()


def wait_for(address: str, pid: int, log: Path) -> None:
    """Returns when ``address`` answers 200.

    Raises:
        ServiceError: it ended, or did not answer in time; the end of its log is the reason.
    """
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
        with suppress(urllib.error.URLError, OSError), _DIRECTLY.open(address, timeout=5):
            return
        time.sleep(0.2)
    last = log.read_text(errors="replace").strip().splitlines()[-1:]
    raise ServiceError(f"{address} does not answer", why=" ".join(last)[:300], hint="Try again on a less busy machine")


def memory_mib(pid: int) -> float:
    """Resident memory of a process and all below it, MiB; pages that they share count once for each."""
    total = 0
    for one in _tree(pid):
        with suppress(psutil.NoSuchProcess):
            total += one.memory_info().rss
    return total / 2**20


def cpu_seconds(pid: int) -> float:
    """Processor time that a process and all below it have used, those that ended included."""
    total = 0.0
    for one in _tree(pid):
        with suppress(psutil.NoSuchProcess):
            total += sum(one.cpu_times()[:4])  # its own and, of those that ended, user and system
    return total


def machine_cpu_seconds() -> float:
    """Processor time that everything on this machine has used since it started."""
    times = psutil.cpu_times()
    return float(times.user + times.nice + times.system)


def _tree(pid: int) -> list[psutil.Process]:
    try:
        root = psutil.Process(pid)
        return [root, *root.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []
