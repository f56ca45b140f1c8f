"""A page of a heading and a sentence, for browsers that cannot be shown the real one."""

from __future__ import annotations

import html


def plain_page(title: str, text: str, head: str = "") -> str:
    """HTML of ``title`` and ``text``, both escaped; ``head`` goes in as it is."""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="color-scheme" content="light dark">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{html.escape(title)} - Neural Focus</title>"
        f"{head}</head><body><h1>{html.escape(title)}</h1><p>{html.escape(text)}</p></body></html>"
    )
