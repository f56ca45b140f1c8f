"""``neural-focus models``: list what is stored, promote one, go back to the one before."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from neural_focus.errors import ConfigurationError
from neural_focus.models import registry
from neural_focus.settings import Settings, read_settings

app = typer.Typer(add_completion=False)


@app.command()
def models(
    action: Annotated[str, typer.Argument(help="list, promote or rollback")] = "list",
    tag: Annotated[str | None, typer.Argument(help="the model to promote, e.g. xgboost_v3")] = None,
) -> None:
    """List the stored models, promote one, or roll back to the champion before."""
    settings = read_settings()
    if action == "list":
        _show(settings)
    elif action == "promote" and tag:
        before = registry.promote(settings, tag)
        Console().print(f"{tag} serves now" + (f"; before it {before}" if before else ""))
    elif action == "rollback":
        Console().print(f"{registry.rollback(settings)} serves again")
    else:
        raise ConfigurationError(
            "promote needs the model's tag" if action == "promote" else f"unknown action {action!r}",
            todo="Try: neural-focus models list, promote TAG, or rollback",
        )


def _show(settings: Settings) -> None:
    table = Table("model", "serves", "trained on", "moments", "switch AUC", "recency alone", "break AUC")
    for model in registry.list_models(settings):
        switch = model.manifest["metrics"].get("switch", {})
        broken = model.manifest["metrics"].get("break", {})
        table.add_row(
            model.version,
            "●" if model.champion else "",
            model.manifest["trained_on"],
            str(model.manifest["data"]["moments"]),
            _number(switch.get("auc")),
            _number(switch.get("recency_auc")),
            _number(broken.get("auc")),
        )
    Console().print(table)


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"
