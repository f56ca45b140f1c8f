"""``neural-focus quality``: days that data-quality gates hold back, why, what to do; and to release one."""

from __future__ import annotations

from typing import Annotated

import typer

from neural_focus.errors import ConfigurationError
from neural_focus.quarantine import HeldDay, hold_again, read_held, release
from neural_focus.settings import read_settings

app = typer.Typer(add_completion=False, rich_markup_mode=None)
TRY = "Try: neural-focus quality list, release STREAM DAY, or hold STREAM DAY"


@app.command()
def quality(
    action: Annotated[str, typer.Argument(help="list, release or hold")] = "list",
    stream: Annotated[str, typer.Argument(help="as listed, or its beginning")] = "",
    day: Annotated[str, typer.Argument(help="as listed: YYYY-MM-DD")] = "",
) -> None:
    """List the days that nothing learns from, release one although a gate fails it, or take that back.

    A day is free by itself once the flow data_quality finds it good. A released one is held again if another gate
    fails it.
    """
    feast = read_settings().feast
    if action == "list" and not stream:
        _show(read_held(feast), read_held(feast, released=True))
    elif action == "release" and day:
        one = _chosen(read_held(feast), stream, day, "held back")
        release(feast, one)
        typer.echo(f"{one.day} of {one.stream_id} is released: models may learn from it from now on")
    elif action == "hold" and day:
        one = _chosen(read_held(feast, released=True), stream, day, "released")
        hold_again(feast, one)
        typer.echo(f"{one.day} of {one.stream_id} is held back again")
    else:
        raise ConfigurationError(
            f"{action} needs a stream and a day" if action in ("release", "hold") else f"unknown action {action!r}",
            hint=TRY,
        )


def _show(held: list[HeldDay], released: list[HeldDay]) -> None:
    if not held and not released:
        typer.echo("No day is held back: models learn from all of them.")
    for words, days in (("held back", held), ("released", released)):
        for one in days:
            typer.echo(f"{one.stream_id}  {one.day}  {words}")
            for reason in one.reasons:
                typer.echo(f"    {reason.gate}: {reason.found}\n    → {reason.advice}")


def _chosen(days: list[HeldDay], stream: str, day: str, what: str) -> HeldDay:
    """The one day that is meant.

    Raises:
        ConfigurationError: none is, or several are.
    """
    found = [one for one in days if one.stream_id.startswith(stream) and one.day == day]
    if len(found) != 1:
        known = ", ".join(f"{one.stream_id} {one.day}" for one in found or days[:5])
        raise ConfigurationError(
            f"{len(found)} days {what} are {stream} {day}",
            hint=f"{'Such' if not found else 'These'} are: {known or 'none'}",
        )
    return found[0]
