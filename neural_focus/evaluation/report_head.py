"""How pages about models begin: evaluations, reports, and the list of them that the service answers with."""

from __future__ import annotations

import html

_STYLE = """:root{--ink:#1b2430;--soft:#5b6675;--line:#d9dee6;--paper:#fff;--link:#2f5fd0;--mark:#8a5a00;--bad:#b3362b}
@media(prefers-color-scheme:dark){:root{--ink:#e6eaf0;--soft:#9aa5b5;--line:#313a47;--paper:#12161c;--link:#86a8ff;
--mark:#ffcf7d;--bad:#f08a80}img{filter:invert(1) hue-rotate(180deg)}}
body{font:15px/1.5 system-ui,sans-serif;max-width:72rem;margin:2rem auto;padding:0 1rem;color:var(--ink);
background:var(--paper)}a{color:var(--link)}img{max-width:100%}h1+p{font-size:1.2rem}.soft{color:var(--soft)}
table{border-collapse:collapse;margin:1rem 0 .4rem;font-variant-numeric:tabular-nums}
td,th{padding:.25rem .7rem;text-align:right;border-bottom:1px solid var(--line)}th{color:var(--soft);font-weight:600}
td:first-child,th:first-child,.text{text-align:left}.scroll{overflow-x:auto}.scroll+.soft{margin-top:0;font-size:.87rem}
h2::first-letter{text-transform:uppercase}.models td,time{white-space:nowrap}.failed{color:var(--bad)}
.demo{border:1px solid var(--mark);border-radius:.4rem;padding:.5rem 1rem}"""


def head(title: str, first: str = "") -> str:
    return (
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>"
        "<meta name=color-scheme content='light dark'>"
        f"<title>{html.escape(title)}</title><style>{_STYLE}</style><h1>{html.escape(title)}</h1>"
        + (f"<p>{first}</p>" if first else "")
    )
