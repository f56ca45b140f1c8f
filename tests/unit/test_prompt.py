"""What an offer on the desktop says: it asks, and promises nothing that this version does not do."""

from __future__ import annotations

import pytest

from collector.prompt import OFFER_NOTE, Asker
from neural_focus.messages import InterventionOffered, InterventionType


class PaperPrompt:
    """Keeps what was shown."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.labels: list[str] = []

    def show(self, lines: list[str], buttons: list[tuple[str, str]]) -> int:
        self.lines, self.labels = lines, [label for _, label in buttons]
        return 0

    def buttons(self) -> dict[str, tuple[int, int]]:
        return {}

    def poll(self) -> str | None:
        return None

    def hide(self) -> None:
        self.lines = []


@pytest.mark.parametrize(
    ("kind", "targets", "asked", "accept"),
    [
        ("PREDICTIVE_BLOCK", ("reddit.com", "x.com"), "Stay off reddit.com, x.com for a while?", "I stay off"),
        ("PREDICTIVE_BLOCK", (), "Stay off distracting sites for a while?", "I stay off"),
        ("SUGGEST_BREAK", (), "How about a short break?", "Take a break"),
    ],
)
def test_an_offer_says_that_the_person_does_it(
    kind: InterventionType, targets: tuple[str, ...], asked: str, accept: str
) -> None:
    paper, said = PaperPrompt(), list[str]()
    offer = InterventionOffered(1, "2026-01-01T00:00:00Z", kind, "Your focus breaks", 0.6, 30, kind, targets)
    Asker(lambda: paper, said.append, ignore=lambda window: None).show(offer)
    assert paper.lines[0] == asked and paper.labels == [accept, "Not now", "In 5 minutes"]
    assert "blocks nothing and starts no break" in OFFER_NOTE
    assert " ".join(paper.lines[1:]) == f"Your focus breaks {OFFER_NOTE}"
    assert said == [f"{asked} Your focus breaks. {OFFER_NOTE}"]
