"""What an offer on the desktop says: what accepting does, for how long, and what no answer does."""

from __future__ import annotations

import pytest

from collector.actions.action import Applied
from collector.actions.show_card import ShowCard, card_line
from collector.prompt import InterventionPrompt
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
    ("kind", "targets", "asked", "accept", "does"),
    [
        (
            "PREDICTIVE_BLOCK",
            ("reddit.com", "x.com", "spotify"),
            "Stay off reddit.com, x.com, spotify for a while?",
            "Keep them away",
            "Accepting keeps reddit.com, x.com blocked in your browser and spotify minimised for 15 min;"
            " you can take it back.",
        ),
        (
            "PREDICTIVE_BLOCK",
            ("spotify",),
            "Stay off spotify for a while?",
            "Keep them away",
            "Accepting keeps spotify minimised for 15 min; you can take it back.",
        ),
        (
            "SUGGEST_BREAK",
            (),
            "How about a short break?",
            "Take a break",
            "Accepting shows a break screen for 15 min; one key leaves it.",
        ),
    ],
)
@pytest.mark.parametrize("acts", [False, True])
def test_an_offer_says_what_an_answer_does(
    kind: InterventionType, targets: tuple[str, ...], asked: str, accept: str, does: str, acts: bool
) -> None:
    paper, said = PaperPrompt(), list[str]()
    offer = InterventionOffered(
        1, "2026-01-01T00:00:00Z", kind, "Your focus breaks", 0.6, 30, kind, targets, minutes=15, acts_by_itself=acts
    )
    InterventionPrompt(lambda: paper, said.append, ignore=lambda window: None).show(offer)
    assert paper.lines[0] == asked and paper.labels == [accept, "Not now", "In 5 minutes"]
    silence = "it is done all the same" if acts else "nothing is done"
    assert " ".join(paper.lines[1:]) == f"Your focus breaks {does} Without an answer {silence}."
    assert said == [f"{asked} Your focus breaks. {does} Without an answer {silence}."]


def test_a_placebos_card_says_what_is_so_and_has_nothing_to_accept() -> None:
    paper, ours = PaperPrompt(), []
    card = ShowCard("12", paper, ours.append, where="screen")
    assert card.apply(5) == Applied("screen") and card.expires_at == 5
    assert (paper.lines, paper.labels, ours) == (["You have been in this app for 12 minutes."], ["Close"], [0])
    assert card.turn() is None
    card.undo()
    assert paper.lines == []
    said = [card_line(minutes) for minutes in ("1", "0", None, "many")]
    less = "You have been in this app for less than a minute."
    assert said == ["You have been in this app for 1 minute.", less, less, less]
