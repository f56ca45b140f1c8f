"""``neural-focus database``: the embedded server by hand."""

from __future__ import annotations

import os

import typer

from infra.database_programs import find_program, without_password
from infra.database_schema import make_database, migrate
from infra.embedded_database import EmbeddedServer
from infra.restore_mark import refuse_half_restored
from neural_focus.errors import ConfigurationError, StoreError
from neural_focus.settings import Settings, read_settings

app = typer.Typer(no_args_is_help=True, add_completion=False, rich_markup_mode=None)


def started_url(settings: Settings) -> str:
    """``DATABASE_URL`` as it is, else the embedded server's URL, started first if need be."""
    refuse_half_restored(settings.home)
    if settings.database_url:
        return settings.database_url
    server = EmbeddedServer.from_settings(settings, report=lambda text: typer.echo(text, err=True))
    return server.start()


@app.command()
def start() -> None:
    """Start the server and bring its database to the newest schema."""
    url = started_url(read_settings())
    make_database(url)
    typer.echo(f"the database runs, schema {migrate(url)}")


@app.command()
def stop() -> None:
    """Stop the server."""
    _embedded(read_settings()).stop()
    typer.echo("the database is stopped")


@app.command()
def url() -> None:
    """Print where to connect, password included."""
    settings = read_settings()
    typer.echo(settings.database_url or _embedded(settings).url())


@app.command("migrate")
def migrate_() -> None:
    """Bring the database to the newest schema."""
    settings = read_settings()
    typer.echo(f"schema {migrate(settings.database_url or _running(settings).url())}")


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def psql(context: typer.Context) -> None:
    """Open psql on the database; arguments are psql's."""
    settings = read_settings()
    place, environ = without_password(settings.database_url or _running(settings).url())
    program = find_program(settings, "psql")
    os.execve(program, [program, place, *context.args], environ)  # noqa: S606


def _embedded(settings: Settings) -> EmbeddedServer:
    if settings.database_url:
        raise ConfigurationError("DATABASE_URL names a server of yours", hint="Start and stop it yourself")
    return EmbeddedServer.from_settings(settings)


def _running(settings: Settings) -> EmbeddedServer:
    server = _embedded(settings)
    if not server.running():
        raise StoreError("the database does not run", hint="Run: neural-focus database start")
    return server
