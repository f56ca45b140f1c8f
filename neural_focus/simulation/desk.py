"""The apps on a simulated desk: names as Linux shows them, documents, and the kind of each."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from neural_focus.categories import Rules
from neural_focus.simulation.parameters import AppKind


class App(NamedTuple):
    """One app: its name in a record, its kind, the titles its window shows in turn."""

    name: str
    kind: AppKind
    titles: tuple[str, ...]


APPS: tuple[App, ...] = (
    App("code", AppKind.WORK, ("engine.cpp - ring - Code", "test_engine.py - ring - Code", "notes.md - Code")),
    App("kitty", AppKind.WORK, ("make test", "git log --oneline", "~/work/ring")),
    App("firefox", AppKind.WORK, ("numpy.lib documentation - Mozilla Firefox", "Pull requests · GitHub",
                               "asyncio - Stack Overflow - Mozilla Firefox")),
    App("libreoffice-writer", AppKind.WORK, ("Report Q3.odt - LibreOffice Writer", "Plan.odt - LibreOffice Writer")),
    App("obsidian", AppKind.WORK, ("Ideas - Obsidian", "Weekly review - Obsidian")),
    App("okular", AppKind.WORK, ("mark2016.pdf - Okular", "boruvka2018.pdf - Okular")),
    App("slack", AppKind.SHALLOW, ("general - Slack", "Direct messages - Slack")),
    App("thunderbird", AppKind.SHALLOW, ("Inbox - Mozilla Thunderbird", "Write: Re: Plan - Thunderbird")),
    App("element-desktop", AppKind.SHALLOW, ("Element | Team", "Element | Standup")),
    App("chromium", AppKind.LEISURE, ("Hacker News - Chromium", "Lo-fi beats - YouTube - Chromium",
                                   "r/aww - Reddit - Chromium")),
    App("spotify", AppKind.LEISURE, ("Spotify Premium", "Discover Weekly - Spotify")),
    App("discord", AppKind.LEISURE, ("Friends - Discord", "#random - Discord")),
    App("vlc", AppKind.LEISURE, ("trailer.mp4 - VLC media player", "clip.webm - VLC media player")),
)  # fmt: skip
APPS_OF_KIND: dict[AppKind, list[int]] = {
    kind: [number for number, app in enumerate(APPS) if app.kind is kind] for kind in AppKind
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
