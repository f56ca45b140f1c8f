"""The apps on a simulated desk: names as Linux shows them, documents, and the kind of each."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from neural_focus.categories import Rules
from neural_focus.simulation.parameters import Kind


class App(NamedTuple):
    """One app: its name in a record, its kind, the titles its window shows in turn."""

    name: str
    kind: Kind
    titles: tuple[str, ...]


APPS: tuple[App, ...] = (
    App("code", Kind.WORK, ("engine.cpp - ring - Code", "test_engine.py - ring - Code", "notes.md - Code")),
    App("kitty", Kind.WORK, ("make test", "git log --oneline", "~/work/ring")),
    App("firefox", Kind.WORK, ("numpy.lib documentation - Mozilla Firefox", "Pull requests · GitHub",
                               "asyncio - Stack Overflow - Mozilla Firefox")),
    App("libreoffice-writer", Kind.WORK, ("Report Q3.odt - LibreOffice Writer", "Plan.odt - LibreOffice Writer")),
    App("obsidian", Kind.WORK, ("Ideas - Obsidian", "Weekly review - Obsidian")),
    App("okular", Kind.WORK, ("mark2016.pdf - Okular", "boruvka2018.pdf - Okular")),
    App("slack", Kind.SHALLOW, ("general - Slack", "Direct messages - Slack")),
    App("thunderbird", Kind.SHALLOW, ("Inbox - Mozilla Thunderbird", "Write: Re: Plan - Thunderbird")),
    App("element-desktop", Kind.SHALLOW, ("Element | Team", "Element | Standup")),
    App("chromium", Kind.LEISURE, ("Hacker News - Chromium", "Lo-fi beats - YouTube - Chromium",
                                   "r/aww - Reddit - Chromium")),
    App("spotify", Kind.LEISURE, ("Spotify Premium", "Discover Weekly - Spotify")),
    App("discord", Kind.LEISURE, ("Friends - Discord", "#random - Discord")),
    App("vlc", Kind.LEISURE, ("trailer.mp4 - VLC media player", "clip.webm - VLC media player")),
)  # fmt: skip
APPS_OF_KIND: dict[Kind, list[int]] = {
    kind: [number for number, app in enumerate(APPS) if app.kind is kind] for kind in Kind
}


def title_of(app: int, document: int) -> str:
    """The title that app number ``app`` shows for its ``document``-th document."""
    titles = APPS[app].titles
    return titles[document % len(titles)]


@lru_cache(maxsize=1024)
def _hint(app: int, number: int) -> int:
    return _rules().hint(APPS[app].name, APPS[app].titles[number])


def hint_of(app: int, document: int) -> int:
    """``category_hint`` of an app and its document by the packaged rules."""
    return _hint(app, document % len(APPS[app].titles))


@lru_cache(maxsize=1)
def _rules() -> Rules:
    return Rules.load(None)
