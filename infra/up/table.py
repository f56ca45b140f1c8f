"""The table at the end of the start: counts, the champion, and where everything is."""

from __future__ import annotations

import math
import shlex

from rich.console import Console
from rich.table import Table

from flows.server import login
from infra.own_server import read_links
from infra.person_shown import show_person
from infra.up.counts import Counts
from neural_focus.addresses import prefect_link, service_link
from neural_focus.prediction import TARGET_WORDS
from neural_focus.registry.champion_pointer import champion
from neural_focus.registry.model_store import list_models
from neural_focus.secrets import Secrets
from neural_focus.settings import Settings
from serving.auth import make_signin_link

_WORDS = ("stage", "predicts", "")
"""Columns of words; the others hold figures."""


def print_table(
    console: Console, settings: Settings, secrets: Secrets, counts: Counts, user_id: int, token: str, *, demo: bool
) -> None:
    """Prints the whole table; the curl line works as pasted. ``token``: of the person."""
    console.print(counts_table(counts, demo=demo))
    console.print(champion_table(settings))
    for line in addresses(settings, secrets, user_id, token, demo=demo):
        console.print(line, markup=False, highlight=False, soft_wrap=True)  # an address cut in two cannot be opened


def counts_table(counts: Counts, *, demo: bool) -> Table:
    """Stage by stage."""
    reasons = ", ".join(f"{count} {reason}" for reason, count in counts.dropped.items()) or "none"
    whose = "the demo person, through the X server" if demo else "this desktop"
    table = _table(f"Events of {whose}", "stage", "count", "")
    table.add_row("captured", f"{counts.captured:,}", "")
    table.add_row("dropped", f"{sum(counts.dropped.values()):,}", reasons)
    table.add_row("spooled", f"{counts.spooled:,}", "")
    table.add_row("stored in the database", f"{counts.stored:,}", "counted by SQL")
    table.add_row("snapshots", f"{counts.snapshots:,}", "one a second")
    table.add_row("predictions", f"{counts.predictions:,}", f"{counts.stored_predictions:,} in the database")
    table.add_row("interventions", f"{counts.interventions:,}", f"{counts.stored_interventions:,} in the database")
    table.add_row("answers", f"{counts.answers:,}", f"{counts.stored_answers:,} in the database")
    done = f"{counts.applied:,} reported as done, {counts.refused:,} as not possible"
    table.add_row("help ordered", f"{counts.ordered:,}", done)
    return table


def champion_table(settings: Settings) -> Table:
    """The champion, or the newest that was refused, beside the time since the last switch, on held-out days."""
    models, tag = list_models(settings), champion(settings)
    serving = next((model for model in models if model.tag == tag), None)
    shown = serving or (models[-1] if models else None)
    manifest = shown.manifest if shown else {}
    trained_on = {"demo": "demo people", "people": "real people"}.get(manifest.get("trained_on", ""), "nobody yet")
    refused = "" if serving else "Rules of thumb serve; "
    table = _table(
        f"{refused}{shown.tag if shown else 'no model'}, trained on {trained_on}; held-out days",
        *("predicts", "moments", "AUC", "last switch\nalone", "calibration\nerror"),
    )
    for target, words in TARGET_WORDS.items():
        figures = manifest.get("metrics", {}).get(target, {})
        if figures.get("n"):
            cells = (_figure(figures.get(name)) for name in ("auc", "recency_auc", "ece"))
            table.add_row(words, f"{figures['n']:,}", *cells)
    return table


def addresses(settings: Settings, secrets: Secrets, user_id: int, token: str, *, demo: bool) -> list[str]:
    """Where to look, and how to get in."""
    whose = "the demo person's page" if demo else "your page"
    link = make_signin_link(settings, secrets, user_id)
    lines = ["", f"  {'Dashboard':<13} {link}", f"  {'':<13} ({whose}; the link signs in one browser, within an hour)"]
    for place in read_links(settings, token):
        lines.append(f"  {place.name:<13} {place.url}")
        if place.url == prefect_link(settings):
            lines.append(f"  {'':<13} (sign in with  {login(secrets)} )")
    lines.append(f"  {'Database':<13} neural-focus database psql")
    lines.append(f"  {'Logs':<13} {settings.logs}")
    show_person(settings, user_id, token)
    header = shlex.quote(str(settings.home / "curl-header"))
    trust = f"--cacert {shlex.quote(str(settings.tls_certificate))} " if settings.tls_certificate else ""
    address = shlex.quote(service_link(settings) + "/api/v1/now")
    command = f"curl -H @{header} {trust}--noproxy '*' {address}"
    return [*lines, "", f"  {command}", ""]


def _figure(value: float | None) -> str:
    return "–" if value is None or math.isnan(value) else f"{value:.3f}"


def _table(title: str, *columns: str) -> Table:
    """Fits 80 columns: what is narrow wraps words, never a number."""
    table = Table(title=title, title_justify="left", title_style="bold", box=None, expand=False)
    for column in columns:
        table.add_column(column, no_wrap=column not in _WORDS, justify="left" if column in _WORDS else "right")
    return table
