"""The A/B report in a real browser: nothing of it is cut off, and a phone scrolls its tables inside their own boxes."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser
from trial_moments import NOW, draw_moments

from neural_focus.experiments.analysis import analyse
from neural_focus.experiments.report import report_html

WIDTHS = """() => ({
    page: document.documentElement.scrollWidth,
    tables: [...document.querySelectorAll('.scroll')].map((box) => [box.scrollWidth, box.clientWidth]),
})"""


@pytest.mark.parametrize("width", [1280, 390])
def test_no_table_is_cut_off(browser: Browser, width: int) -> None:
    """The widest tables: large counts, wide intervals, and the simulated group's column of true effects."""
    moments = draw_moments() + draw_moments(12, demo=True, experiment="simulated") + draw_moments(1, 60, demo=True)
    findings = analyse(moments, {"BLOCK_SITES": 11.0, "SUGGEST_BREAK": 0.1})
    page = browser.new_page(viewport={"width": width, "height": 900})
    page.set_content(report_html(findings, NOW, 90))
    measured = page.evaluate(WIDTHS)
    page.close()
    assert measured["page"] == width
    assert len(measured["tables"]) == 6
    if width == 1280:
        assert all(whole <= shown for whole, shown in measured["tables"]), measured
    else:
        assert all(shown < width for _, shown in measured["tables"]), measured
        assert any(whole > shown for whole, shown in measured["tables"]), "the widest table scrolls in its box"
