"""``neural-focus label``: say what the last minutes were. Bind it to a key of your desktop."""

from __future__ import annotations

import time
from enum import StrEnum
from typing import Annotated

import typer

from infra.commands.database import started_url
from neural_focus.errors import ConfigurationError, InputError
from neural_focus.settings import read_settings
from neural_focus.store.database import connect
from neural_focus.store.labels import HOTKEY_US, say
from neural_focus.store.users import read_user

MOST_MINUTES = 12 * 60
app = typer.Typer(add_completion=False, rich_markup_mode=None)


class Word(StrEnum):
    """What a person can call a stretch."""

    FOCUSED = "focused"
    DISTRACTED = "distracted"
    PSEUDO = "pseudo"


OUTCOMES = {Word.FOCUSED: "FOCUSED", Word.DISTRACTED: "DISTRACTED", Word.PSEUDO: "PSEUDO_PRODUCTIVE"}


@app.command()
def label(
    word: Annotated[Word, typer.Argument(help="what it was; pseudo: it only looked like work")],
    minutes: Annotated[int, typer.Option(help="of how many minutes back; 0: the last five, as by a hotkey")] = 0,
) -> None:
    """Say what the last five minutes were, or with --minutes a longer stretch that ends now."""
    if not 0 <= minutes <= MOST_MINUTES:
        raise ConfigurationError(f"--minutes is {minutes}", todo=f"Give 1 to {MOST_MINUTES}")
    settings, now_us = read_settings(), time.time_ns() // 1000
    with connect(started_url(settings)) as connection:
        user = read_user(connection, settings.username)
        if user is None:
            raise InputError(f"nobody here is called {settings.username!r}", todo="Start capturing first")
        length_us = minutes * 60_000_000 or HOTKEY_US
        start_us, outcome = now_us - length_us, OUTCOMES[word]
        changed = say(connection, user.id, start_us, now_us, outcome, "RETROSPECTIVE" if minutes else "HOTKEY")
    typer.echo(f"the last {length_us // 60_000_000} min were {word.value}: {changed} predictions know their outcome")
