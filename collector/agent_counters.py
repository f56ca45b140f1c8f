"""What an agent has done so far and what is wrong with it, from all of its parts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from collector.actions.runner import ActionRunner
from collector.recording import Recording
from collector.service_session import ServiceSession
from collector.session_watch import SessionWatch
from collector.shipper import Shipper, describe
from collector.websocket_client import WebSocketClient


@dataclass(frozen=True, slots=True)
class AgentCounters:
    """The parts of one agent; None: it has no such part."""

    recording: Recording
    service: ServiceSession
    actions: ActionRunner
    shipper: Shipper | None
    link: WebSocketClient | None
    session: SessionWatch | None

    def read(self, *problems: str) -> dict[str, Any]:
        """As agent.json has them: captured = dropped + spooled, and spooled = shipped once all is sent.

        ``problems``: the agent's own, empty ones left out.
        """
        link = self.link
        return {
            **self.recording.counters(),
            **describe(self.shipper),
            "snapshots_sent": link.counters["snapshots_sent"] if link else 0,
            **self.service.counters,
            "closed": dict(self.service.closed),
            "link": dict(link.counters) if link else {},
            **(self.session.describe() if self.session else {}),
            "connected": bool(link and link.connected),
            "problems": [text for text in (*problems, *self._problems()) if text],
        }

    def _problems(self) -> tuple[str, ...]:
        return (
            self.shipper.problem if self.shipper else "",
            self.link.problem if self.link else "",
            self.service.problem,
            self.actions.problem,
        )
