"""The HTML pages: a template for each kind, all on one base with one style sheet, escaped by Jinja2.

Each page is one file that loads nothing, so that it can be kept with a model, sent, or printed.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

FOLDER = Path(__file__).parent
STYLE = FOLDER / "page.css"


def render(template: str, **values: Any) -> str:
    """The page that ``template`` (``ab_report``, ``model_report`` …) makes of ``values``, as HTML.

    Raises:
        jinja2.UndefinedError: the template needs a value that is not given.
    """
    return _environment().get_template(f"{template}.html.j2").render(**values)


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
