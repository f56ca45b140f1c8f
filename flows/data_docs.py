"""Great Expectations' pages made to stand alone, as our service shows them: no scripts, nothing from other hosts.

As they come, they load Bootstrap, jQuery and a dozen more from six hosts, and the index is a table that scripts fill.
What is left of each page is its HTML with our style sheet; the index is written anew.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from neural_focus import pages

STYLE = Path(__file__).with_name("data_docs.css")
STYLE_PLACE = "static/styles/neural_focus.css"
_SCRIPT = re.compile(r"<script\b.*?</script\s*>", re.DOTALL | re.IGNORECASE)
_STYLE = re.compile(r"<style\b.*?</style\s*>|<link\b[^>]*rel=.stylesheet[^>]*>", re.DOTALL | re.IGNORECASE)
_HANDLER = re.compile(r"\son[a-z]+=(\"[^\"]*\"|'[^']*')", re.IGNORECASE)
_LOGO = re.compile(r"https?://great-expectations-web-assets[^\"']*/logo-long\.png[^\"']*")
_UPSELL = re.compile(r"<footer\b.*?</footer\s*>", re.DOTALL | re.IGNORECASE)


class CheckedSuite(NamedTuple):
    """One suite's line in the index."""

    suite: str
    rows: int
    met: int
    failed: int


def stand_alone(folder: Path, checked: Sequence[CheckedSuite]) -> None:
    """Rewrites every page under ``folder`` and its index; ``checked`` is what the last run found."""
    for page in folder.rglob("*.html"):
        depth = len(page.relative_to(folder).parts) - 1
        page.write_text(without_scripts(page.read_text("utf-8"), "../" * depth), "utf-8")
    style = folder / STYLE_PLACE
    style.parent.mkdir(parents=True, exist_ok=True)
    style.write_text(pages.STYLE.read_text("utf-8") + STYLE.read_text("utf-8"), "utf-8")
    shown = [one._asdict() | {"result": _newest_result(folder, one.suite)} for one in checked]
    (folder / "index.html").write_text(pages.render("data_docs", title="Data docs", checked=shown), "utf-8")


def without_scripts(html: str, root: str) -> str:
    """``html`` without scripts, handlers, foreign styles and pictures; ``root`` is the way up to the index."""
    for what in (_SCRIPT, _STYLE, _HANDLER, _UPSELL):
        html = what.sub("", html)
    html = _LOGO.sub(f"{root}static/images/logo-long.png", html)
    return html.replace("</head>", f'<link rel="stylesheet" href="{root}{STYLE_PLACE}"></head>', 1)


def _newest_result(folder: Path, suite: str) -> str:
    results = sorted((folder / "validations" / suite).rglob("*.html"))
    return results[-1].relative_to(folder).as_posix() if results else ""
