"""The templates of the HTML pages: one base, one style sheet, everything escaped, nothing loaded from elsewhere."""

from __future__ import annotations

import re

import pytest
from jinja2 import UndefinedError

from neural_focus.evaluation.evaluation_page import evaluation_page
from neural_focus.pages import FOLDER, STYLE, render

PARTS = {"base", "figures", "plots"}
MARKUP = '"><script>alert(1)</script>'


def test_every_page_extends_the_base_and_none_has_a_style_or_a_script_of_its_own() -> None:
    sources = {path.name.removesuffix(".html.j2"): path.read_text("utf-8") for path in FOLDER.glob("*.html.j2")}
    assert len(sources) >= 8 and sources.keys() > PARTS
    for name, source in sources.items():
        assert name in PARTS or source.startswith('{% extends "base.html.j2" %}'), name
        assert not re.search(r"<script|<link|https?://|\bstyle=|\|\s*safe\b|autoescape", source), name
        assert name == "base" or "<style" not in source, name
    assert not re.search(r"url\(|@import|https?:", STYLE.read_text("utf-8"))


def test_whatever_comes_in_is_escaped() -> None:
    pages = (
        render("plain", title=MARKUP, text=MARKUP, meta={"offer": MARKUP}, forward=MARKUP),
        evaluation_page([], [], {}, [MARKUP]),
        render("data_docs", title="x", checked=[{"suite": MARKUP, "rows": 1, "met": 1, "failed": 0, "result": MARKUP}]),
    )
    for page in pages:
        assert "&lt;script&gt;" in page and "<script" not in page


def test_a_value_that_is_missing_is_an_error() -> None:
    with pytest.raises(UndefinedError, match="text"):
        render("plain", title="x")
