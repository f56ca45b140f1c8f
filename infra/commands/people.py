"""``neural-focus people``: who uses this installation. For whoever runs it, on the service's machine."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from infra.commands.database import started_url
from neural_focus.addresses import service_link
from neural_focus.errors import InputError
from neural_focus.secrets import load_secrets
from neural_focus.settings import Settings, read_settings
from neural_focus.store import identities
from neural_focus.store.database import Connection, connect
from neural_focus.store.users import (
    User,
    disabled_people,
    ensure_user,
    list_users,
    read_user,
    roles_of,
    set_disabled,
    set_role,
    sign_out,
)

app = typer.Typer(
    add_completion=False, rich_markup_mode=None, no_args_is_help=True, help="People of this installation."
)
Name = Annotated[str, typer.Argument(help="The person's name here")]
Role = Annotated[str, typer.Option(help="person, analyst or operator")]
Email = Annotated[str, typer.Option(help="Let them sign in by this address at the team's identity provider")]


@app.command()
def invite(name: Name, role: Role = "person", email: Email = "") -> None:
    """Make a person, and print a link that signs their browser in, once, within an hour.

    With --email they sign in at the team's identity provider, and there is no link.
    """
    from serving.auth import make_signin_link

    settings = read_settings()
    with connect(started_url(settings)) as connection:
        if read_user(connection, name) is not None:
            raise InputError(f"{name!r} is here already", hint=f"Another link: neural-focus signin --user {name}")
        user_id = ensure_user(connection, name)
        set_role(connection, user_id, role)
        address = identities.invite(connection, user_id, email) if email else ""
    if address:
        _say_how(settings, name, address)
        return
    typer.echo(make_signin_link(settings, load_secrets(settings.secrets), user_id))
    typer.echo(f"Whoever opens this link first is {name}. On their machine: neural-focus pair --service URL")


@app.command()
def role(name: Name, role: Annotated[str, typer.Argument(help="person, analyst or operator")]) -> None:
    """Say what a person may do besides their own affairs; it holds within seconds."""
    with connect(started_url(read_settings())) as connection:
        set_role(connection, _known(connection, name).id, role)
    typer.echo(f"{name} is {role} now.")


@app.command()
def email(name: Name, address: Annotated[str, typer.Argument(help="As the identity provider knows it")]) -> None:
    """Let a person sign in by this address; the account that they came by before lets them in no more.

    Their browsers are signed out within seconds. Their machines and browser extensions stay paired.
    """
    settings = read_settings()
    with connect(started_url(settings)) as connection:
        user_id = _known(connection, name).id
        stored = identities.invite(connection, user_id, address)
        sign_out(connection, user_id)
    _say_how(settings, name, stored)


@app.command()
def disable(name: Name) -> None:
    """Let a person in no more, by any link, cookie, token or account, within seconds. Their rows stay."""
    settings = read_settings()
    if name == settings.username:
        raise InputError(f"{name!r} is whose installation this is", hint="Disable others")
    with connect(started_url(settings)) as connection:
        changed = set_disabled(connection, _known(connection, name).id, disabled=True)
    typer.echo(f"{name} is let in no more." if changed else f"{name} is disabled already.")


@app.command()
def enable(name: Name) -> None:
    """Let a person in again that was disabled. Their machines go on; their browsers sign in anew."""
    with connect(started_url(read_settings())) as connection:
        changed = set_disabled(connection, _known(connection, name).id, disabled=False)
    typer.echo(f"{name} is let in again." if changed else f"{name} is not disabled.")


@app.command("list")
def list_() -> None:
    """List the people and what they may do."""
    with connect(started_url(read_settings())) as connection:
        people = list_users(connection)
        roles = roles_of(connection, [one.id for one in people])
        known, disabled = (
            {one.user_id: one for one in identities.list_identities(connection)},
            disabled_people(connection),
        )
    table = Table("name", "role", "since", "signs in by", "")
    for one in people:
        words = ("demo" if one.is_demo else "", "disabled" if one.id in disabled else "")
        account = _account(known.get(one.id))
        table.add_row(one.username, roles[one.id], f"{one.created_at:%Y-%m-%d}", account, " ".join(filter(None, words)))
    Console().print(table)


def _known(connection: Connection, name: str) -> User:
    found = read_user(connection, name)
    if found is None:
        raise InputError(f"nobody here is called {name!r}", hint="See: neural-focus people list")
    return found


def _account(identity: identities.Identity | None) -> str:
    if identity is None:
        return "links"
    return identity.email if identity.bound_at else f"{identity.email} (not yet)"


def _say_how(settings: Settings, name: str, address: str) -> None:
    provider = settings.identity_provider
    if provider is None:
        typer.echo(f"{name} is invited by {address}. No identity provider is set: see docs/operations.md, People")
        return
    typer.echo(f"{name} signs in with {provider.name}, by {address}: {service_link(settings)}/signin/oidc")
