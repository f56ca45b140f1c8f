"""Great Expectations' pages made to stand alone, as our service shows them: no scripts, nothing from other hosts.

As they come, they load Bootstrap, jQuery and a dozen more from six hosts, and the index is a table that scripts fill.
What is left of each page is its HTML with a style sheet of ours; the index is written anew.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import NamedTuple

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
    shutil.copyfile(STYLE, style)
    (folder / "index.html").write_text(index(folder, checked), "utf-8")


def without_scripts(html: str, root: str) -> str:
    """``html`` without scripts, handlers, foreign styles and pictures; ``root`` is the way up to the index."""
    for what in (_SCRIPT, _STYLE, _HANDLER, _UPSELL):
        html = what.sub("", html)
    html = _LOGO.sub(f"{root}static/images/logo-long.png", html)
    return html.replace("</head>", f'<link rel="stylesheet" href="{root}{STYLE_PLACE}"></head>', 1)


def index(folder: Path, checked: Sequence[CheckedSuite]) -> str:
    """The first page: each suite with its result, linked to the page that says more."""
    rows = "".join(_row(folder, one) for one in checked)
    failed = sum(one.failed for one in checked)
    words = "1 expectation" if failed == 1 else f"{failed} expectations"
    sentence = f"{words} failed: nothing is trained." if failed else "Every expectation is met."
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Data docs - Neural Focus</title>'
        f'<meta name="viewport" content="width=device-width"><link rel="stylesheet" href="{STYLE_PLACE}"></head>'
        f'<body class="index"><h1>Data docs</h1><p class="lead">{sentence} Great Expectations checks snapshots and '
        "labels before anything is trained on them.</p>"
        "<table><thead><tr><th>Status</th><th>Suite</th><th>Rows</th><th>Met</th><th>Failed</th><th></th></tr></thead>"
        f"<tbody>{rows}</tbody></table></body></html>"
    )


def _row(folder: Path, one: CheckedSuite) -> str:
    icon = "fa-times text-danger" if one.failed else "fa-check-circle text-success"
    results = sorted((folder / "validations" / one.suite).rglob("*.html"))
    result = escape(str(results[-1].relative_to(folder).as_posix())) if results else ""
    name = escape(one.suite)
    return (
        f'<tr><td><i class="fas {icon}"></i></td><td><a href="{result}">{name}</a></td>'
        f'<td class="number">{one.rows:,}</td><td class="number">{one.met}</td><td class="number">{one.failed}</td>'
        f'<td><a href="expectations/{name}.html">its expectations</a></td></tr>'
    )
