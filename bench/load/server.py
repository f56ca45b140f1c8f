"""A server that is measured."""

from __future__ import annotations

from dataclasses import dataclass

from bench.processes import cpu_seconds


@dataclass(frozen=True, slots=True)
class Server:
    """Its name, its process, its port on loopback, the version that its predictions name, and what its database is."""

    name: str
    pid: int
    port: int
    model: str = ""
    database_pid: int = 0
    """0: it has none, or what that takes is not measured."""

    def used(self) -> tuple[float, float]:
        """Seconds of processor time so far: its own, its database's."""
        return cpu_seconds(self.pid), cpu_seconds(self.database_pid) if self.database_pid else 0.0
