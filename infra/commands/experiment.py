"""``neural-focus experiment``: plan, start, stop, list and report experiments."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from infra.commands.database import started_url
from neural_focus.errors import InputError
from neural_focus.experiments.declaration import Experiment, default_experiment, midnight, read_experiment
from neural_focus.experiments.running import experiment_of
from neural_focus.settings import Settings, read_settings
from neural_focus.store.database import Connection, connect
from neural_focus.store.experiments import (
    LIST,
    Started,
    list_experiments,
    read_running,
    start_experiment,
    stop_experiment,
)
from neural_focus.store.users import list_users

app = typer.Typer(add_completion=False, rich_markup_mode=None, no_args_is_help=True)
PLAIN_WIDTH = 140
"""Columns where the output is no terminal."""
File = Annotated[Path | None, typer.Argument(help="The experiment's TOML file; without one, the platform's own")]


@app.command()
def plan(file: File = None) -> None:
    """Say how many weeks an experiment needs to find its smallest effect worth knowing."""
    from neural_focus.experiments.planning import assumptions, weeks_needed
    from neural_focus.experiments.planning import plan as planned_arms

    experiment = _read(file)
    planned, asked = planned_arms(experiment), experiment.plan
    table = Table("arm", "probability", f"weeks for power {asked.power:.0%}", "power then", "opportunities")
    for one in planned:
        weeks = "more than 104" if one.weeks is None else str(one.weeks)
        table.add_row(one.arm, f"{one.probability:g}", weeks, f"{one.power:.0%}", f"{one.opportunities:,.0f}")
    _echo(
        f"{experiment.seed}: effect {asked.effect:g} on {experiment.outcome.metric} against {experiment.control.label}"
    )
    _console().print(table)
    for sentence in assumptions(experiment):
        _echo(sentence)
    weeks_all = weeks_needed(planned)
    if weeks_all is None:
        _echo("Two years are not enough. Ask for a larger effect, more people or fewer arms.")
    else:
        _echo(f"It needs {weeks_all} {'week' if weeks_all == 1 else 'weeks'}.")


@app.command()
def start(file: Annotated[Path, typer.Argument(help="The experiment's TOML file")]) -> None:
    """Start an experiment. A service that runs draws from it within seconds."""
    experiment, settings = read_experiment(file), read_settings()
    _refuse_unfit_models(settings, experiment)
    with connect(started_url(settings)) as connection:
        number = start_experiment(connection, experiment)
        taking_part = _people_in(connection, number)
        connection.commit()
    begins = f"draws from {experiment.start} on" if experiment.start else "draws from now on"
    ends = f" until {experiment.end}" if experiment.end else ", until you stop it"
    _echo(f"{experiment.seed} {begins}{ends}: {taking_part} in it. The service takes it up within seconds.")


@app.command()
def stop(
    name: Annotated[str, typer.Argument(help="The experiment's name, without its version")],
    reason: Annotated[str, typer.Option(help="Why it stops; kept with it")],
) -> None:
    """Stop an experiment for good; what it drew stays."""
    with connect(started_url(read_settings())) as connection:
        stopped = stop_experiment(connection, name, reason)
        left = [one.spec for one in read_running(connection)]
        connection.commit()
    _echo(f"{stopped} is stopped. The service draws no more from it within seconds.")
    if not any(spec.unit == "opportunity" and spec.rest_of_layer and not spec.demo_people for spec in left):
        _echo("Whoever is in no other experiment of the layer help is offered nothing now; demo people have their own.")


@app.command("list")
def list_() -> None:
    """List every experiment, with what it drew so far."""
    with connect(started_url(read_settings())) as connection:
        found = list_experiments(connection)
    if not found:
        _echo("No experiment yet: the service starts the platform's own one with its first start.")
        return
    table = Table("experiment", "layer", "people", "state", "taken part", "opportunities", "stopped arms")
    for one in found:
        share = "the rest" if one.traffic is None else f"{one.traffic[1] - one.traffic[0]:.0%}"
        drawn = ", ".join(f"{arm} {count}" for arm, count in one.exposures.items()) or "none"
        stops = ", ".join(one.stops) or "–"
        table.add_row(one.spec.seed, one.spec.layer, share, _state(one), str(one.people), drawn, stops)
    _console().print(table)


@app.command()
def report(name: Annotated[str | None, typer.Argument(help="One experiment; without a name, all")] = None) -> None:
    """Write the A/B report, and print its first sentence and what each experiment did."""
    from neural_focus.experiments.report import write_report

    settings = read_settings()
    with connect(started_url(settings)) as connection:
        found = list_experiments(connection, name)
        if name and not found:
            raise InputError(f"there is no experiment called {name!r}", hint=LIST)
        page = write_report(connection, settings.reports / "ab", now=datetime.now(UTC))
    _echo(json.loads((page.parent / "report.json").read_text("utf-8"))["sentence"])
    for one in found:
        _echo(f"{one.spec.seed}: {_state(one)}; {one.spec.hypothesis}")
        for arm in one.spec.arms:
            stop = one.stops.get(arm.label)
            why = "" if stop is None else f"; stopped, {stop.why} (since {stop.at:%Y-%m-%d %H:%M} UTC)"
            _echo(f"  {arm.label} {arm.probability:g}: {one.exposures.get(arm.label, 0):,} opportunities{why}")
        for move in one.moves:
            _echo(f"  {move.arm} moved to {move.probability:.2f} ({move.context}) on {move.since:%Y-%m-%d}: {move.why}")
    _echo(str(page))


def _read(file: Path | None) -> Experiment:
    return default_experiment() if file is None else read_experiment(file)


def _refuse_unfit_models(settings: Settings, experiment: Experiment) -> None:
    """Raises for an arm's model that is not there, that this code cannot serve, or that could never offer help."""
    from neural_focus.models.champion import load

    for version in experiment.models:
        if "break" not in load(settings, version).targets:
            raise InputError(
                f"{version} does not predict breaks of settled focus, which offers follow",
                hint="Name another version: neural-focus models",
            )


def _people_in(connection: Connection, number: int) -> str:
    """How many of the people here are in the experiment, in words."""
    running, people = read_running(connection), list_users(connection)
    mine = next(one for one in running if one.id == number)
    inside = [
        one
        for one in people
        if experiment_of(running, mine.spec.layer, one.id, mine.started_at, is_demo=one.is_demo) is mine
    ]
    return f"{len(inside)} of the {len(people)} {'person' if len(people) == 1 else 'people'} here"


def _state(one: Started) -> str:
    if one.stopped_at is not None:
        return f"stopped {one.stopped_at:%Y-%m-%d}: {one.stop_reason}"
    now = datetime.now(UTC)
    if one.spec.end and now >= midnight(one.spec.end):
        return f"ended {one.spec.end}"
    if not one.spec.draws_at(now):
        return f"from {one.spec.start}"
    return f"runs since {one.started_at:%Y-%m-%d}"


def _echo(text: str) -> None:
    _console().print(text, markup=False, highlight=False, soft_wrap=True)


def _console() -> Console:
    return Console(width=None if sys.stdout.isatty() else PLAIN_WIDTH)
