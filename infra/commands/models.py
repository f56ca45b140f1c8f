"""``neural-focus models``: list what is stored, promote one, go back to the one before."""

from __future__ import annotations

import sys
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from neural_focus.errors import ConfigurationError
from neural_focus.models import registry
from neural_focus.settings import Settings, read_settings

app = typer.Typer(add_completion=False)
PLAIN_WIDTH = 140
"""Columns where the output is no terminal."""


@app.command()
def models(
    action: Annotated[str, typer.Argument(help="list, promote, rollback, shadow or decisions")] = "list",
    tag: Annotated[str | None, typer.Argument(help="the model to promote or to shadow, e.g. xgboost_v3")] = None,
) -> None:
    """List the stored models, promote one, roll back to the champion before, or let one predict in the shadow.

    A shadow predicts beside the champion, for the log alone; "models shadow off" ends it.
    """
    settings = read_settings()
    if action == "list":
        _show(settings)
    elif action == "promote" and tag:
        before = registry.promote(settings, tag)
        Console().print(f"{tag} serves now" + (f"; before it {before}" if before else ""))
    elif action == "rollback":
        Console().print(f"{registry.rollback(settings)} serves again")
    elif action == "shadow" and tag:
        Console().print(_shadow(settings, tag))
    elif action == "decisions":
        _show_decisions(settings)
    else:
        raise ConfigurationError(
            f"{action} needs the model's tag" if action in ("promote", "shadow") else f"unknown action {action!r}",
            todo="Try: neural-focus models list, promote TAG, rollback, shadow TAG, shadow off, or decisions",
        )


def _shadow(settings: Settings, tag: str) -> str:
    if tag == "off":
        return "no model predicts in the shadow now" if registry.clear_shadow(settings) else "there was no shadow"
    registry.set_shadow(settings, tag)
    return f"{tag} predicts in the shadow from now on: logged, never shown"


def _show_decisions(settings: Settings) -> None:
    """What was decided, by whom, and the gates that failed."""
    table = Table("when", "model", "decision", "by", "before it", "gates that failed")
    for line in registry.decisions(settings):
        failed = [gate["name"] for gate in line["gates"] if not gate["passed"]]
        model, before = (str(line[name] or "–").split(":")[-1] for name in ("model", "before"))
        cells = (line["at"][:16].replace("T", " "), model, line["decision"], line["by"], before, "; ".join(failed))
        table.add_row(*cells)
    _console().print(table)


def _show(settings: Settings) -> None:
    beside = registry.shadow(settings)
    table = Table("model", "serves", "trained on", "moments", "switch AUC", "recency alone", "break AUC")
    for model in registry.list_models(settings):
        switch = model.manifest["metrics"].get("switch", {})
        broken = model.manifest["metrics"].get("break", {})
        table.add_row(
            model.version,
            "●" if model.champion else "shadow" if beside and beside.tag == model.tag else "",
            model.manifest["trained_on"],
            str(model.manifest["data"]["moments"]),
            _number(switch.get("auc")),
            _number(switch.get("recency_auc")),
            _number(broken.get("auc")),
        )
    _console().print(table)


def _console() -> Console:
    return Console(width=None if sys.stdout.isatty() else PLAIN_WIDTH)


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"
