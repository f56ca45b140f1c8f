"""One number of desktops against one running server: what was answered and when, and what it took."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from bench.load.desktops import DRAIN_SECONDS, Job, Sample, serve_job
from bench.processes import cpu_seconds, memory_mib
from neural_focus.errors import ServiceError

LOOK_SECONDS = 1.0
MEMORY_POINTS = 240
MOST_UNANSWERED = 0.01
Row = dict[str, Any]
Memory = list[tuple[float, float]]
Show = Callable[[str, float | None], None]


@dataclass(frozen=True, slots=True)
class Server:
    """What is measured: its name, its process, and that of its database (0: it has none)."""

    name: str
    pid: int
    database_pid: int = 0


@dataclass(frozen=True, slots=True)
class DesktopsRow:
    """A row of ``build/load.jsonl``: times in ms from when a snapshot was due until its prediction came; processor
    time in cores, ``rss_mib`` as (second, MiB of all the server's processes)."""

    kind: str
    service: str
    desktops: int
    seconds: int
    sent: int
    answered: int
    unanswered: int
    twice: int
    lost: dict[str, int]
    other: dict[str, int]
    p50_ms: float | None
    p99_ms: float | None
    p999_ms: float | None
    most_ms: float | None
    service_cores: float
    database_cores: float
    client_cores: float
    client_late_p99_ms: float
    rss_mib: Memory

    @property
    def unanswered_share(self) -> float:
        """0 to 1."""
        return self.unanswered / self.sent

    def row(self) -> Row:
        """The row as one JSON object."""
        return asdict(self)


def in_steps(server: Server, job_of: Callable[[int], Job], desktops: Iterable[int], show: Show) -> Iterator[Row]:
    """A row for each number of desktops, ended by one that says why where too many snapshots are never answered."""
    for count in desktops:
        found = measure_desktops(server, job_of(count), show)
        yield found.row()
        if found.unanswered_share > MOST_UNANSWERED:
            why = f"{found.unanswered_share:.1%} of the snapshots were never answered"
            yield {"kind": "stopped", "service": server.name, "desktops": count, "why": why}
            return


def measure_desktops(server: Server, job: Job, show: Show) -> DesktopsRow:
    """Runs the job in a process of its own and watches the server meanwhile.

    Raises:
        ServiceError: not every desktop had a first answer of the job's model.
    """
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=serve_job, args=(job, theirs))
    process.start()
    theirs.close()
    try:
        sample, memory, cores = _watched(server, job, ours, show)
    finally:
        process.join(DRAIN_SECONDS)
        if process.is_alive():
            process.kill()
            process.join()
    return _row(server, job, sample, memory, cores)


def _watched(
    server: Server, job: Job, channel: Any, show: Show
) -> tuple[Sample, list[tuple[float, float]], list[float]]:
    """The sample, memory over the measured time, and cores of the server and its database during it."""
    count, begin = len(job.machines), 0.0
    memory: Memory = []
    cores, used = [0.0, 0.0], [0.0, 0.0]
    name = f"{server.name}, {count} desktops"
    while True:
        message = _next(channel)
        seconds = time.monotonic() - begin
        match message:
            case Sample():
                return message, memory[:: -(-len(memory) // MEMORY_POINTS) or 1], cores
            case Exception():
                raise ServiceError(
                    f"{name}: a desktop had no answer",
                    why=str(message) or type(message).__name__,
                    hint="Read the service's log",
                )
            case "begin":
                begin, used = time.monotonic(), _used(server)
            case "end":
                cores = [(now - before) / seconds for now, before in zip(_used(server), used, strict=True)]
            case int():
                show(f"{name}: {message} connected", None)
            case None if begin:
                memory.append((round(seconds, 1), round(memory_mib(server.pid), 1)))
                show(f"{name}, {memory[-1][1]:,.0f} MiB", min(1.0, seconds / job.seconds))


def _next(channel: Any) -> object:
    """What the desktops tell next; None where they told nothing for a second."""
    try:
        return channel.recv() if channel.poll(LOOK_SECONDS) else None
    except EOFError:
        return ConnectionError("the process of the desktops ended")


def _used(server: Server) -> list[float]:
    return [cpu_seconds(pid) if pid else 0.0 for pid in (server.pid, server.database_pid)]


def _row(server: Server, job: Job, sample: Sample, memory: Memory, cores: list[float]) -> DesktopsRow:
    answered = np.sort(sample.latency_ms[~np.isnan(sample.latency_ms)])
    of = [float(np.quantile(answered, share)) for share in (0.5, 0.99, 0.999, 1.0)] if len(answered) else [None] * 4
    return DesktopsRow(
        kind="desktops",
        service=server.name,
        desktops=len(job.machines),
        seconds=job.seconds,
        sent=sample.latency_ms.size,
        answered=len(answered),
        unanswered=sample.latency_ms.size - len(answered),
        twice=sample.twice,
        lost=dict(sample.lost),
        other=dict(sample.other),
        p50_ms=of[0],
        p99_ms=of[1],
        p999_ms=of[2],
        most_ms=of[3],
        service_cores=cores[0],
        database_cores=cores[1],
        client_cores=sample.cpu_seconds / job.seconds,
        client_late_p99_ms=float(np.quantile(sample.late_ms, 0.99)),
        rss_mib=memory,
    )
