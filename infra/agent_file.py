"""What the agent that runs says of itself."""

from __future__ import annotations

import time
from typing import Any

from infra.up.counts import read_counters
from neural_focus.settings import Settings

SILENT_SECONDS = 10.0
"""An agent writes its counters every two seconds."""


def live_agent(settings: Settings) -> dict[str, Any] | None:
    """agent.json of the local person's agent; None where it has ended, or was silent for so long."""
    counted = read_counters(settings.home / "agent.json")
    silent_s = time.time() - counted.get("t_us", 0) / 1e6
    lives = counted.get("state") in ("running", "paused") and silent_s <= SILENT_SECONDS and not counted.get("is_demo")
    return counted if lives else None
