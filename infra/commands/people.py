"""``neural-focus people``: who uses this installation. For whoever runs it, on the service's machine."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from infra.commands.database import started_url
from neural_focus.errors import InputError
from neural_focus.secrets import load_secrets
from neural_focus.settings import read_settings
from neural_focus.store.database import connect
from neural_focus.store.users import ensure_user, list_users, read_user, roles_of, set_role

app = typer.Typer(
    add_completion=False, rich_markup_mode=None, no_args_is_help=True, help="People of this installation."
)
Name = Annotated[str, typer.Argument(help="The person's name here")]
Role = Annotated[str, typer.Option(help="person, analyst or operator")]


@app.command()
def invite(name: Name, role: Role = "person") -> None:
    """Make a person, and print a link that signs their browser in, once, within an hour."""
    from serving.auth import make_signin_link

    settings = read_settings()
    with connect(started_url(settings)) as connection:
        if read_user(connection, name) is not None:
            raise InputError(f"{name!r} is here already", hint=f"Another link: neural-focus signin --user {name}")
        user_id = ensure_user(connection, name)
        set_role(connection, user_id, role)
    typer.echo(make_signin_link(settings, load_secrets(settings.secrets), user_id))
    typer.echo(f"Whoever opens this link first is {name}. On their machine: neural-focus pair --service URL")


@app.command()
def role(name: Name, role: Annotated[str, typer.Argument(help="person, analyst or operator")]) -> None:
    """Say what a person may do besides their own affairs; it holds within seconds."""
    with connect(started_url(read_settings())) as connection:
        found = read_user(connection, name)
        if found is None:
            raise InputError(f"nobody here is called {name!r}", hint="See: neural-focus people list")
        set_role(connection, found.id, role)
    typer.echo(f"{name} is {role} now.")


@app.command("list")
def list_() -> None:
    """List the people and what they may do."""
    with connect(started_url(read_settings())) as connection:
        people = list_users(connection)
        roles = roles_of(connection, [one.id for one in people])
    table = Table("name", "role", "since", "")
    for one in people:
        table.add_row(one.username, roles[one.id], f"{one.created_at:%Y-%m-%d}", "demo" if one.is_demo else "")
    Console().print(table)
