"""``neural-focus signin``: a new one-time link that signs one browser in."""

from __future__ import annotations

import webbrowser
from typing import Annotated

import typer

from neural_focus.errors import InputError, ServiceError
from neural_focus.secrets import load_secrets
from neural_focus.settings import Settings, read_settings

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def signin(
    user: Annotated[str, typer.Option(help="Sign in as this person; default: the person whose desktop is live")] = "",
    open_: Annotated[bool, typer.Option("--open", help="Open it in the browser at once")] = False,
) -> None:
    """Print a link that signs one browser in, once, within an hour."""
    from infra.person_shown import person_shown
    from serving.auth import make_signin_link

    settings = read_settings()
    if not settings.secrets.exists():
        raise ServiceError(f"nothing was started in {settings.home} yet", hint="Start the platform: make run")
    secrets = load_secrets(settings.secrets)
    user_id = _user_id(settings, user) if user else person_shown(settings)
    link = make_signin_link(settings, secrets, user_id)
    typer.echo(link)
    if open_ and not webbrowser.open(link):
        raise ServiceError("no browser could be started", hint="Open the link above yourself")


def _user_id(settings: Settings, name: str) -> int:
    from infra.embedded_database import EmbeddedServer
    from neural_focus.store.database import connect
    from neural_focus.store.users import read_user

    with connect(settings.database_url or EmbeddedServer.from_settings(settings).url()) as connection:
        found = read_user(connection, name)
    if found is None:
        raise InputError(f"nobody here is called {name!r}")
    return found.id
