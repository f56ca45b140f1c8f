"""``neural-focus label``: say what the last minutes were. Bind it to a key of your desktop."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from infra.commands.database import started_url
from neural_focus.errors import ConfigurationError, InputError
from neural_focus.settings import read_settings
from neural_focus.store.database import Connection, connect
from neural_focus.store.labels import HOTKEY_US, insert_label
from neural_focus.store.users import read_user
from neural_focus.time import moment, wall_clock_us

MOST_MINUTES = 12 * 60
CAPTURE_FIRST = "Start capturing first: neural-focus agent"
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
    minutes: Annotated[int, typer.Option(help="how many minutes to label; 0: the last five, like a hotkey")] = 0,
) -> None:
    """Label the last five minutes, or with --minutes a longer stretch that ends now."""
    if not 0 <= minutes <= MOST_MINUTES:
        raise ConfigurationError(f"--minutes is {minutes}", hint=f"Give 1 to {MOST_MINUTES}")
    settings, now_us = read_settings(), wall_clock_us()
    with connect(started_url(settings)) as connection:
        user = read_user(connection, settings.username)
        if user is None:
            raise InputError(f"nobody here is called {settings.username!r}", hint=CAPTURE_FIRST)
        length_us = minutes * 60_000_000 or HOTKEY_US
        start_us, outcome = now_us - length_us, OUTCOMES[word]
        stretch = _stretch(length_us // 60_000_000)
        if not _predicted(connection, user.id, start_us, now_us):
            raise InputError(
                f"nothing was captured of {settings.username!r} in {stretch[0]}",
                why="no prediction of that time can get the label, so nothing was stored",
                hint=CAPTURE_FIRST,
            )
        changed = insert_label(connection, user.id, start_us, now_us, outcome, "RETROSPECTIVE" if minutes else "HOTKEY")
    sentence = "1 prediction got this label" if changed == 1 else f"{changed:,} predictions got this label"
    typer.echo(f"{' '.join(stretch)} {word.value}: {sentence}")


def _stretch(minutes: int) -> tuple[str, str]:
    """The stretch in words, and its verb."""
    return ("the last minute", "was") if minutes == 1 else (f"the last {minutes} min", "were")


def _predicted(connection: Connection, user_id: int, start_us: int, end_us: int) -> bool:
    """Whether any snapshot of the person in (start, end] has a prediction."""
    found = connection.execute(
        "SELECT 1 FROM model_predictions WHERE user_id = %s AND snapshot_time > %s AND snapshot_time <= %s LIMIT 1",
        (user_id, moment(start_us), moment(end_us)),
    )
    return found.fetchone() is not None
