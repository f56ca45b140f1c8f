"""SIGKILL for one process of a running platform at a time, and what there is instead of it afterwards."""

from __future__ import annotations

import json
import signal
from dataclasses import dataclass, replace

import psutil
from installation import Installation, RunningPlatform
from virtual_desktop import wait_for

from infra.embedded_database import EmbeddedServer
from infra.embedded_database_postmaster import postmaster
from infra.up import plan
from infra.up.mark import ProcessMark

PROGRAMS = {"flows": 1, "service": 2, "Prefect server": 1, "demo person": 1, "agent": 1, "virtual display": 1}
"""How many processes each has while no flow runs: the service a parent and a worker."""
AGAIN_SECONDS = 240
"""A machine may be busy: it only ends what hangs."""
EVERY_SECONDS = 0.2


@dataclass(frozen=True)
class Programs:
    """The processes of a running platform."""

    installation: Installation
    platform: RunningPlatform

    @property
    def mark(self) -> ProcessMark:
        """By which they are found."""
        return ProcessMark.of(self.installation.home, self.installation.secrets)

    def first(self, name: str) -> psutil.Process:
        """The process of ``name`` that ``up`` started."""
        return next(one for one in self.mark.processes(name) if one.ppid() == self.platform.process.pid)

    def kill(self, name: str) -> int:
        """Kills what ``up`` started of ``name``, and returns how many processes it left, when they are replaced too."""
        before = set(self.mark.processes(name))
        self.first(name).kill()
        wait_for(lambda: self._replaced(name, before), AGAIN_SECONDS, EVERY_SECONDS)
        return len(before) - 1

    def kill_worker(self) -> None:
        """Kills the service's worker; its parent starts another."""
        parent = self.first("service")
        [worker] = parent.children()
        worker.kill()
        wait_for(lambda: [one for one in parent.children() if one != worker], AGAIN_SECONDS, EVERY_SECONDS)

    def kill_database(self) -> None:
        """Kills the postmaster."""
        data = self.installation.home / "database" / "data"
        before = postmaster(data)
        assert before is not None
        psutil.Process(before.pid).kill()
        wait_for(lambda: postmaster(data) not in (None, before), AGAIN_SECONDS, EVERY_SECONDS)

    def kill_up(self) -> int:
        """Kills ``up``; returns how many processes it leaves."""
        self.platform.process.send_signal(signal.SIGKILL)
        self.platform.interrupt()
        return len(self.mark.processes())

    def missing(self) -> list[str]:
        """What does not work (yet), and what runs more than once."""
        settings, secrets = self.installation.settings, self.installation.secrets
        settings = replace(settings, database_url=EmbeddedServer.from_settings(settings).url())
        servers = (plan.prefect_server(settings, secrets), plan.flows_server(settings, secrets))
        found = [missing for one in (*servers, plan.service(settings, demo=True)) if (missing := one.ready())]
        running = {name: len(self.mark.processes(name)) for name in PROGRAMS}
        found += [f"{name}: {running[name]} of {count}" for name, count in PROGRAMS.items() if running[name] != count]
        agent = json.loads((self.installation.home / "agent.json").read_text())
        return found if agent["connected"] and agent["captured"] > 0 else [*found, "the agent is not connected"]

    def _replaced(self, name: str, before: set[psutil.Process]) -> bool:
        now = set(self.mark.processes(name))
        return bool(now) and not now & before
