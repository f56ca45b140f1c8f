"""``neural-focus machines``: the machines that speak for you at the service."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from collector.desktop import desktop_of
from infra.own_server import own_service
from neural_focus.atomic_write import atomic_write
from neural_focus.client.generated import MachineCode
from neural_focus.errors import InputError
from neural_focus.settings import Settings, read_settings

app = typer.Typer(
    add_completion=False, rich_markup_mode=None, no_args_is_help=True, help="Machines that speak for you."
)
Id = Annotated[int, typer.Argument(help="Its number: neural-focus machines list")]


@app.command("list")
def list_() -> None:
    """List your machines with their last use."""
    table = Table("number", "name", "paired", "token since", "last used", "now")
    for one in own_service(read_settings()).get_machines():
        now = "connected" if one.connected else ""
        since = one.rotated_at or one.paired_at
        mark = " (this one)" if one.this else ""
        cells = (_minute(one.paired_at), _minute(since), _minute(one.seen_at or "never"), now)
        table.add_row(str(one.id), f"{one.name}{mark}", *cells)
    Console(width=None).print(table)


@app.command()
def approve(
    code: Annotated[str, typer.Argument(help="The code that the new machine shows")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask")] = False,
) -> None:
    """Let the machine that shows this code speak for you."""
    service, shown = own_service(read_settings()), MachineCode(code=code)
    found = service.get_waiting(shown)
    if not yes and not typer.confirm(f"{found.name}, which asks from {found.address}: is it yours?"):
        raise InputError("nothing was approved", hint="Its code ends within ten minutes")
    service.approve_machine(shown)
    typer.echo(f"{found.name} speaks for you now. To end that: neural-focus machines revoke")


@app.command()
def revoke(machine: Id) -> None:
    """End a machine's token and its connections at once. What it sent stays."""
    own_service(read_settings()).revoke_machine(machine)
    typer.echo(f"Machine {machine} is cut off: its token is worth nothing any more.")


@app.command()
def rotate(
    machine: Annotated[
        int | None, typer.Argument(help="Its number; by default this machine, which keeps the token")
    ] = None,
) -> None:
    """Give a machine another token; the present one ends at once."""
    settings = read_settings()
    own = _own(settings)
    number = own if machine is None else machine
    if number is None:
        raise InputError("this machine has no token of its own", hint="Name one: neural-focus machines list")
    made = own_service(settings).rotate_machine(number)
    if made.id == own:
        atomic_write(desktop_of(settings).token, made.token.encode())
        typer.echo("This machine has another token; a running agent takes it within half a minute.")
    else:
        typer.echo(f"{made.token}\nPut it into the file token of that machine's folder: it is not shown again.")


def _own(settings: Settings) -> int | None:
    """This machine's number at the service."""
    return next((one.id for one in own_service(settings).get_machines() if one.this), None)


def _minute(time: str) -> str:
    return time[:16].replace("T", " ")
