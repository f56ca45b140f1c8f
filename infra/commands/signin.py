"""``neural-focus signin``: a new sign-in link, without a restart."""

from __future__ import annotations

import typer

from infra.person_shown import person_shown
from neural_focus.errors import ServiceError
from neural_focus.secrets import load_secrets
from neural_focus.settings import read_settings
from serving.auth import SIGNIN_SECONDS, make_signin_link

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def signin() -> None:
    """Print a link that signs one browser in to the page, once, within an hour."""
    settings = read_settings()
    if not settings.secrets.exists():
        raise ServiceError(
            "Nobody can sign in yet", why=f"there is no platform in {settings.home}", todo="Start it: make run"
        )
    secrets = load_secrets(settings.secrets)
    typer.echo(make_signin_link(settings, secrets, person_shown(settings, secrets)))
    typer.echo(f"signs one browser in, within {SIGNIN_SECONDS // 60} minutes", err=True)
