"""``neural-focus pause``: 30m, until 17:00, or off."""

from __future__ import annotations

import re
import time
from datetime import timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from collector.desktop import desktop_of
from collector.pause import LONGEST_SECONDS, Clocks, Pause, read_pause, write_pause
from infra.agent_file import live_agent
from neural_focus.errors import ConfigurationError, InputError
from neural_focus.settings import Settings, read_settings
from neural_focus.time import local_clock, microseconds, moment

HEARD_SECONDS = 10.0
"""An agent looks each second."""
_LENGTH = re.compile(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?")
_CLOCK = re.compile(r"(\d\d?):(\d\d)")
EXAMPLES = "Give a length such as 30m or 1h30m, until 17:00, or off"
app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def pause(words: Annotated[list[str], typer.Argument(help="30m, 1h30m, until 17:00, or off")]) -> None:
    """Capture nothing for so long, also in an agent that starts meanwhile; off: capture again."""
    settings = read_settings()
    asked = None if words == ["off"] else parse_pause(words, Clocks.read(), settings.zone)
    path = desktop_of(settings).pause
    try:
        write_pause(path, asked)
    except OSError as error:
        raise InputError(f"{path} cannot be written", why=str(error), hint="Check the folder's rights") from error
    typer.echo(_outcome(settings, asked))


def parse_pause(words: list[str], clocks: Clocks, zone: str) -> Pause:
    """The pause that was asked for; a time of day is the next one on the clock of ``zone``.

    Raises:
        ConfigurationError: it is none, or longer than a month.
    """
    match words:
        case [length] if (found := _LENGTH.fullmatch(length)) and any(found.groups()):
            hours, minutes, seconds = (int(part or 0) for part in found.groups())
            total = hours * 3600 + minutes * 60 + seconds
            if 0 < total <= LONGEST_SECONDS:
                return Pause.lasting(total, clocks)
        case ["until", clock] if (found := _CLOCK.fullmatch(clock)) and int(found[1]) < 24 and int(found[2]) < 60:
            now = moment(clocks.now_us).astimezone(ZoneInfo(zone))
            until = now.replace(hour=int(found[1]), minute=int(found[2]), second=0, microsecond=0, fold=0)
            ahead = until if microseconds(until) > clocks.now_us else until + timedelta(days=1)
            return Pause(microseconds(ahead))
        case _:
            pass
    raise ConfigurationError(f"the pause is {' '.join(words)[:40]!r}", hint=EXAMPLES)


def _outcome(settings: Settings, asked: Pause | None) -> str:
    """What the agent made of it, as far as one runs that says so."""
    until = "" if asked is None else f" until {local_clock(asked.until_us, '%a %H:%M:%S')}"
    deadline = time.monotonic() + HEARD_SECONDS
    while (agent := live_agent(settings)) is not None and time.monotonic() < deadline:
        held = agent.get("held")
        if asked is not None and held and held["reason"] == "pause":
            return f"Nothing is captured{until}."
        if asked is None and not held:
            return "The agent captures."
        if held and held["reason"] != "pause":
            return f"Nothing is captured: {held['words']}. The pause{until or ' is over'} is noted beside that."
        time.sleep(0.1)
    if agent is not None:
        raise InputError(
            "the agent did not take it up", why=f"waited {HEARD_SECONDS:.0f} s", hint="See neural-focus doctor"
        )
    return (
        f"No agent captures here now; one that starts captures nothing{until}."
        if asked
        else "No pause is noted any more; no agent captures here now."
    )


def noted_pause(settings: Settings) -> Pause | None:
    """The pause that lasts, None where none does. Raises InputError for a file that cannot be read."""
    found = read_pause(desktop_of(settings).pause)
    return found if found is not None and found.left_us(Clocks.read()) > 0 else None
