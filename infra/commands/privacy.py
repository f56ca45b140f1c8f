"""``neural-focus privacy``: what is kept from it, by which rules, and whether a file of rules can be used."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from collector.desktop import desktop_of
from infra.agent_file import live_agent
from infra.commands.pause import noted_pause
from neural_focus.capture_hours import WEEKDAYS, CaptureHours
from neural_focus.errors import ConfigurationError, NeuralFocusError
from neural_focus.privacy_rules import PrivacyRules
from neural_focus.settings import Settings, read_settings
from neural_focus.time import local_clock

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def privacy(
    check: Annotated[str, typer.Option(help="check this file of rules, and change nothing")] = "",
    shipped: Annotated[bool, typer.Option(help="list the shipped rules, too")] = False,
) -> None:
    """Show what you keep from it: your rules, pause and hours, and what they kept out in the last hour."""
    settings = read_settings()
    path = Path(check) if check else desktop_of(settings).privacy
    if check and not path.exists():
        raise ConfigurationError(f"{path} does not exist", hint="Give a file of rules")
    _show_state(settings)
    rules = PrivacyRules.load(path)
    _show_rules(rules, path, shipped=shipped)


def _show_rules(rules: PrivacyRules, path: Path, *, shipped: bool) -> None:
    typer.echo(f"{path}: " + ("it can be used" if path.exists() else "there is none: only the shipped rules hold"))
    for file, table, key, entries in rules.listed():
        if file == "shipped" and not shipped:
            typer.echo(f"  [{table}] {key}, shipped: {len(entries)} entries (--shipped lists them)")
        else:
            typer.echo(f"  [{table}] {key}{', shipped' if file == 'shipped' else ''}: {', '.join(entries)}")
    if rules.hours is not None:
        typer.echo(f"  [hours] {_hours(rules.hours)}")


def _hours(hours: CaptureHours) -> str:
    days = (
        f"{day} {', '.join(f'{a // 60:02}:{a % 60:02}-{b // 60:02}:{b % 60:02}' for a, b in spans)}"
        for day, spans in zip(WEEKDAYS, hours.spans, strict=True)
        if spans
    )
    return "; ".join(days) or "no day has any: nothing is captured"


def _show_state(settings: Settings) -> None:
    try:
        noted = noted_pause(settings)
        if noted is not None:
            typer.echo(f"A pause is noted until {local_clock(noted.until_us, '%a %H:%M:%S')}.")
    except NeuralFocusError as error:
        typer.echo(str(error))
    agent = live_agent(settings)
    if agent is None:
        typer.echo("No agent of yours runs now.")
        return
    held = agent.get("held")
    typer.echo(f"Nothing is captured: {held['words']}." if held else "The agent captures.")
    counts = agent.get("withheld_last_hour", {})
    words = ", ".join(f"{count:,} by {rule}" for rule, count in sorted(counts.items())) or "none"
    typer.echo(f"Records and titles not kept in the last hour: {words}.")
