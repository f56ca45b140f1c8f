"""What was drawn for a moment, before it is stored: the arm, and the rows that it becomes."""

from __future__ import annotations

import re
from dataclasses import dataclass

from neural_focus.experiments.assignment import Arm, Draw, Trigger
from neural_focus.messages import InterventionType

TYPE_OF: dict[Arm, InterventionType] = {
    Arm.NO_OP: "NO_OP",
    Arm.SUGGEST_BREAK: "SUGGEST_BREAK",
    Arm.BLOCK_SITES: "PREDICTIVE_BLOCK",
}


@dataclass(frozen=True, slots=True)
class Drawn:
    """An opportunity whose arm is drawn and that is not stored yet."""

    trigger: Trigger
    draw: Draw
    opportunity_id: str
    sites: tuple[str, ...]

    @property
    def targets(self) -> list[tuple[str, str | None]]:
        """(action, target) of each row."""
        if self.draw.arm is Arm.BLOCK_SITES:
            return [(block_action(site), site) for site in self.sites]
        return [(self.draw.arm.value, None)]


def block_action(site: str) -> str:
    """BLOCK_REDDIT for reddit.com, BLOCK_YCOMBINATOR for news.ycombinator.com."""
    labels = site.lower().removeprefix("www.").split(".")
    return "BLOCK_" + re.sub(r"[^A-Z0-9]+", "_", labels[-2 if len(labels) > 1 else 0].upper())
