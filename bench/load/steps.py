"""One number of desktops against one running server: what was answered and when, and what it took."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from multiprocessing.connection import Connection
from typing import Any

import numpy as np

from bench.load.client_process import client_process, receive
from bench.load.desktops import Job, Sample, serve_job
from bench.load.server import Server
from bench.processes import machine_cpu_seconds, memory_mib
from neural_focus.errors import ServiceError

LOOK_SECONDS = 1.0
MEMORY_POINTS = 240
MOST_UNANSWERED = 0.01
Row = dict[str, Any]
Memory = list[tuple[float, float]]
Show = Callable[[str, float | None], None]


@dataclass(frozen=True, slots=True)
class DesktopsRow:
    """A row of ``build/load.jsonl``: times in ms from when a snapshot was due until its prediction came; processor
    time in cores, ``other_cores`` that of all else on the machine; ``rss_mib`` as (second, MiB of all the server's
    processes); ``lost`` connections by reason, ``other`` messages beside predictions by kind."""

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
    other_cores: float
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
    with client_process(serve_job, job) as channel:
        sample, memory, cores = _watched(server, job, channel, show)
    return _row(server, job, sample, memory, cores)


def _watched(server: Server, job: Job, channel: Connection, show: Show) -> tuple[Sample, Memory, list[float]]:
    """The sample; over the measured time memory, and the cores of the server, its database and the whole machine."""
    name = f"{server.name}, {len(job.machines):,} desktops"
    began, used, cores = 0.0, (0.0, 0.0, 0.0), [0.0, 0.0, 0.0]
    memory: Memory = []
    while True:
        message = receive(channel, LOOK_SECONDS)
        seconds = time.monotonic() - began
        match message:
            case Sample():
                return message, memory[:: -(-len(memory) // MEMORY_POINTS) or 1], cores
            case Exception():
                why = str(message) or type(message).__name__
                raise ServiceError(f"{name}: one had no answer", why=why, hint="Try fewer desktops")
            case "begin":
                began, used = time.monotonic(), (*server.used(), machine_cpu_seconds())
            case "end":
                both = zip((*server.used(), machine_cpu_seconds()), used, strict=True)
                cores = [(now - before) / seconds for now, before in both]
            case int():
                show(f"{name}: {message:,} connected", None)
            case None if began:
                memory.append((round(seconds, 1), round(memory_mib(server.pid), 1)))
                show(f"{name}, {memory[-1][1]:,.0f} MiB", min(1.0, seconds / job.seconds))


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
        other_cores=max(0.0, cores[2] - cores[0] - cores[1] - sample.cpu_seconds / job.seconds),
        client_late_p99_ms=float(np.quantile(sample.late_ms, 0.99)),
        rss_mib=memory,
    )
