"""``neural-focus models``: list what is stored, promote one, go back to the one before."""

from __future__ import annotations

import sys
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from neural_focus.errors import ConfigurationError, ContractError
from neural_focus.models.champion import load, promote, rollback, set_shadow
from neural_focus.registry.champion_pointer import champion, former_champions
from neural_focus.registry.decision_log import decisions, log_decision
from neural_focus.registry.decision_words import not_passed, short, what_was_decided, when
from neural_focus.registry.model_store import full_tag, list_models
from neural_focus.registry.shadow_run import Shadow, clear_shadow, shadow
from neural_focus.settings import Settings, read_settings

app = typer.Typer(add_completion=False)
PLAIN_WIDTH = 140
"""Columns where the output is no terminal."""
NO_MODEL = (
    "No model is stored yet: rules of thumb serve. neural-focus up trains a first model, the flow learning another "
    "each night."
)
TRY = "Try: neural-focus models list, promote TAG, rollback, shadow TAG, shadow off, or decisions"


@app.command()
def models(
    action: Annotated[str, typer.Argument(help="list, promote, rollback, shadow or decisions")] = "list",
    tag: Annotated[str | None, typer.Argument(help="the model to promote or to shadow, e.g. xgboost_v3")] = None,
) -> None:
    """List the stored models, promote one, roll back to the champion before, or let one predict in the shadow.

    A shadow predicts beside the champion, for the log alone; "models shadow off" ends it.
    """
    settings = read_settings()
    if action == "list" and tag is None:
        _show(settings)
    elif action == "promote" and tag:
        _echo(_promote(settings, tag))
    elif action == "rollback" and tag is None:
        _echo(f"{short(rollback(settings))} serves again")
    elif action == "shadow" and tag:
        _echo(_end_shadow(settings) if tag == "off" else _shadow(settings, tag))
    elif action == "decisions":
        _show_decisions(settings, tag)
    else:
        raise _refusal(settings, action, tag)


def _refusal(settings: Settings, action: str, tag: str | None) -> ConfigurationError:
    """What is wrong with the arguments, and what to type instead."""
    if action == "rollback":
        before = former_champions(settings)
        to = f"to {short(before[-1])}, the champion before" if before else "nowhere: no model served before"
        return ConfigurationError(
            f"rollback takes no model ({tag}): it goes back {to}",
            hint=f"Try: neural-focus models rollback, or neural-focus models promote {tag}",
        )
    if action == "list":
        return ConfigurationError(
            f"list takes no model ({tag}): it lists all", hint=f"Try: neural-focus models, or decisions {tag}"
        )
    what = f"{action} needs the model's tag" if action in ("promote", "shadow") else f"unknown action {action!r}"
    return ConfigurationError(what, hint=TRY)


def _promote(settings: Settings, tag: str) -> str:
    _check(settings, tag)
    gated = next((line for line in reversed(decisions(settings, full_tag(tag))) if line["gates"]), None)
    before = promote(settings, tag)
    if before == full_tag(tag):
        return f"{short(tag)} serves already"
    sentence = f"{short(tag)} serves now" + (f"; before it {short(before)}" if before else "")
    failed = not_passed(gated["gates"]) if gated else []
    if gated is not None and failed:
        sentence += f"\nNote: gates refused it on {when(gated)}. It\n  " + "\n  ".join(failed)
    return sentence


def _shadow(settings: Settings, tag: str) -> str:
    serving = champion(settings)
    if serving == full_tag(tag):
        raise ConfigurationError(
            f"{short(tag)} serves: it cannot be its own shadow",
            hint="Name another model (neural-focus models lists them)",
        )
    _check(settings, tag)
    replaced = _in_shadow(settings)
    set_shadow(settings, tag, champion=serving)
    instead = f", instead of {short(replaced.tag)}" if replaced and replaced.tag != full_tag(tag) else ""
    return f"{short(tag)} predicts in the shadow from now on{instead}: its predictions are stored and never shown"


def _in_shadow(settings: Settings) -> Shadow | None:
    """Who is about to leave the shadow; a file that cannot be read stops nobody from ending or replacing it."""
    try:
        return shadow(settings)
    except ContractError:
        return None


def _end_shadow(settings: Settings) -> str:
    ended = _in_shadow(settings)
    if not clear_shadow(settings):
        return "there was no shadow"
    if ended is not None:
        log_decision(settings, "shadow ended", ended.tag, by="a person", before=ended.champion)
    return "no model predicts in the shadow now" + (f"; until now {short(ended.tag)} did" if ended else "")


def _check(settings: Settings, tag: str) -> None:
    """Refuse a model that is not there or not whole with the list of what is: whoever serves is not to blame."""
    stored = {model.tag for model in list_models(settings)}
    others = ", ".join(short(one) for one in sorted(stored - {full_tag(tag)}))
    if full_tag(tag) not in stored:
        raise ConfigurationError(f"there is no model {tag}", hint=f"Stored: {others}" if others else NO_MODEL)
    try:
        load(settings, tag)
    except ContractError as error:
        raise ContractError(
            error.what, why=error.why, hint=f"Nothing was changed. Also stored: {others or 'no other model'}"
        ) from error


def _show_decisions(settings: Settings, tag: str | None) -> None:
    """What was decided, of one model or of all, by whom, and the gates that failed with their figures."""
    found = decisions(settings, full_tag(tag) if tag else None)
    if not found:
        about = f" of {short(tag)}" if tag else ""
        stored = ", ".join(short(model.tag) for model in list_models(settings))
        _echo(f"There is no decision{about} yet. {f'Stored: {stored}' if stored else NO_MODEL}")
    for line in found:
        _echo(f"{when(line)}  {short(line['model'])}  {what_was_decided(line)}")
        for failure in not_passed(line["gates"]):
            _echo(f"    {failure}")


def _show(settings: Settings) -> None:
    stored = list_models(settings)
    if not stored:
        _echo(NO_MODEL)
        return
    serving, beside = champion(settings), shadow(settings)
    table = Table("model", "serves", "trained on", "moments", "switch AUC", "recency alone", "break AUC")
    for model in stored:
        switch = model.manifest["metrics"].get("switch", {})
        broken = model.manifest["metrics"].get("break", {})
        table.add_row(
            model.version,
            "●" if model.tag == serving else "shadow" if beside and beside.tag == model.tag else "",
            model.manifest["trained_on"],
            str(model.manifest["data"]["moments"]),
            _number(switch.get("auc")),
            _number(switch.get("recency_auc")),
            _number(broken.get("auc")),
        )
    _console().print(table)


def _echo(text: str) -> None:
    _console().print(text, markup=False, highlight=False, soft_wrap=True)


def _console() -> Console:
    return Console(width=None if sys.stdout.isatty() else PLAIN_WIDTH)


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"
