"""Sentences that were not so, or that a reader had to turn round, do not come back to where people read."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
READ = (
    *("README.md", "docs/*.md", "Makefile", "collector/*.py", "flows/*.py", "serving/*.py", "infra/*.py"),
    *("infra/commands/*.py", "infra/up/*.py", "neural_focus/*.py", "neural_focus/models/*.py"),
    *("neural_focus/experiments/*.py", "neural_focus/pages/*.j2", "serving/dashboard/src/**/*.ts*"),
)
NOTHING_ACTS_YET = r"went ahead|goes ahead|It is on its way|Shield me|Shield yourself|it is carried out|is now blocked"
TURNED_ROUND = (
    r"proves? the whole way|what was decided of|warns of nothing|knows? (its|their) outcome|Learning anew|"
    r"ended without a word|probabilities mean what they say|the look before"
)


def pages() -> list[str]:
    return sorted({str(page.relative_to(ROOT)) for pattern in READ for page in ROOT.glob(pattern)})


@pytest.mark.parametrize("wrong", [NOTHING_ACTS_YET, TURNED_ROUND], ids=["nothing acts yet", "turned round"])
def test_no_page_says_it(wrong: str) -> None:
    listed = pages()
    assert len(listed) > 150 and "serving/dashboard/src/words/actions.ts" in listed
    found = [
        f"{page}:{number}: {line.strip()}"
        for page in listed
        for number, line in enumerate((ROOT / page).read_text("utf-8").splitlines(), 1)
        if re.search(wrong, line, re.IGNORECASE)
    ]
    assert found == []
