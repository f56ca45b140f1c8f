"""The A/B report in a real browser: nothing of it is cut off, and a phone scrolls its tables inside their own boxes."""

from __future__ import annotations

from typing import Literal

import pytest
from playwright.sync_api import Browser
from trial_moments import NOW, draw_moments

from neural_focus.experiments.analysis import analyse
from neural_focus.experiments.report import report_html

WIDTHS = """() => ({
    page: document.documentElement.scrollWidth,
    tables: [...document.querySelectorAll('.scroll')].map((box) => [box.scrollWidth, box.clientWidth]),
})"""

CONTRAST = """() => {
    const light = (color) => color.match(/[\\d.]+/g).slice(0, 3).map(Number).map((v) => v / 255)
        .map((v) => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
        .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
    const under = (node) => {
        const color = getComputedStyle(node).backgroundColor;
        return color.endsWith(', 0)') && node.parentElement ? under(node.parentElement) : color;
    };
    const shown = [...document.querySelectorAll('p, td, th, dt, dd, h1, h2, h3, figcaption, .badge, .span')];
    return shown.map((node) => {
        const [a, b] = [light(getComputedStyle(node).color), light(under(node))].sort((x, y) => y - x);
        return (a + 0.05) / (b + 0.05);
    });
}"""
"""WCAG's contrast of all text with what lies under it."""


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_no_table_is_cut_off(browser: Browser, width: int, scheme: Literal["light", "dark"]) -> None:
    """The widest tables: large counts, wide intervals, and the simulated group's column of true effects."""
    moments = draw_moments() + draw_moments(12, demo=True, experiment="simulated") + draw_moments(1, 60, demo=True)
    findings = analyse(moments, {"BLOCK_SITES": 11.0, "SUGGEST_BREAK": 0.1})
    page = browser.new_page(viewport={"width": width, "height": 900})
    page.emulate_media(color_scheme=scheme)
    page.set_content(report_html(findings, NOW, 90))
    measured = page.evaluate(WIDTHS)
    told = page.evaluate(CONTRAST)
    page.close()
    assert len(told) > 200 and min(told) >= 4.5, f"text must be readable, {scheme}"
    assert measured["page"] == width
    assert len(measured["tables"]) == 11, "four a group, and the smallest has too little for contexts"
    if width == 1280:
        assert all(whole <= shown for whole, shown in measured["tables"]), measured
    else:
        assert all(shown < width for _, shown in measured["tables"]), measured
        assert any(whole > shown for whole, shown in measured["tables"]), "the widest table scrolls in its box"
