"""`POST /predict` at 16 connections, servers in turn: none of them has the machine at a better time than another."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from bench.load.client_process import client_process, receive
from bench.load.installation import Installation
from bench.load.requests import RequestJob, RequestSample, serve_requests
from bench.load.server import Server
from bench.load.steps import Row, Show, measure_desktops
from neural_focus.errors import ServiceError

CONNECTIONS, ROUNDS = 16, 3


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where one server is asked, with which token; ``before`` each round it is given what it answers about."""

    server: Server
    path: str
    token: str = ""
    before: Callable[[], object] = lambda: None

    @property
    def shown(self) -> str:
        """The path without what names a machine."""
        return self.path.partition("?")[0]


@dataclass(slots=True)
class _Found:
    """The samples of an endpoint's rounds, and what its server used in them."""

    samples: list[RequestSample] = field(default_factory=list)
    cpu_seconds: float = 0.0


def endpoints_of(installed: Installation, ours: Server, constant: Server, plain: Server) -> list[Endpoint]:
    """The service's two, which answer alike, and the peers'; a desktop sends a snapshot before each round."""
    one = {server.name: installed.job(server, desktops=1, seconds=1) for server in (ours, plain)}
    of_us, of_plain = (partial(measure_desktops, server, one[server.name], _nobody) for server in (ours, plain))
    [token], [machine] = one[ours.name].tokens, one[plain.name].machines
    return [
        Endpoint(ours, "/predict", token, of_us),
        Endpoint(ours, "/api/v1/predict", token, of_us),
        Endpoint(constant, "/predict"),
        Endpoint(plain, f"/predict?machine_id={machine}", before=of_plain),
    ]


def _nobody(text: str, share: float | None) -> None:
    """Shows nothing."""


def in_rounds(endpoints: Sequence[Endpoint], seconds: float, show: Show) -> Iterator[Row]:
    """A row an endpoint, of ``ROUNDS`` rounds of so many seconds each.

    Raises:
        ServiceError: an endpoint does not answer.
    """
    found = [_Found() for _ in endpoints]
    turns = [(endpoint, rounds) for _ in range(ROUNDS) for endpoint, rounds in zip(endpoints, found, strict=True)]
    for number, (endpoint, rounds) in enumerate(turns):
        endpoint.before()
        show(f"{endpoint.server.name}, {endpoint.shown}", number / len(turns))
        used = sum(endpoint.server.used())
        rounds.samples.append(_asked(endpoint, seconds))
        rounds.cpu_seconds += sum(endpoint.server.used()) - used
    for endpoint, rounds in zip(endpoints, found, strict=True):
        yield _row(endpoint, rounds)


def _asked(endpoint: Endpoint, seconds: float) -> RequestSample:
    job = RequestJob(endpoint.server.port, endpoint.path, endpoint.token, CONNECTIONS, seconds)
    with client_process(serve_requests, job) as channel:
        sample = receive(channel)
    if not isinstance(sample, RequestSample):
        what = f"{endpoint.server.name} does not answer {endpoint.shown}"
        raise ServiceError(what, why=str(sample), hint="Try again on a less busy machine")
    return sample


def _row(endpoint: Endpoint, rounds: _Found) -> Row:
    took = np.concatenate([one.took_ms for one in rounds.samples])
    seconds = sum(one.seconds for one in rounds.samples)
    failed: dict[str, int] = {}
    for one in rounds.samples:
        failed |= {why: failed.get(why, 0) + count for why, count in one.failed.items()}
    p50, p99 = (float(np.quantile(took, share)) for share in (0.5, 0.99)) if len(took) else (None, None)
    return {
        "kind": "requests",
        "service": endpoint.server.name,
        "path": endpoint.shown,
        "connections": CONNECTIONS,
        "seconds": seconds,
        "answered": len(took),
        "failed": failed,
        "requests_per_s": len(took) / seconds,
        "p50_ms": p50,
        "p99_ms": p99,
        "service_cores": rounds.cpu_seconds / seconds,
        "client_cores": sum(one.cpu_seconds for one in rounds.samples) / seconds,
    }
