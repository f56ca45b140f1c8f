"""``neural-focus pair``: this machine gets a token of its own at a service, once a person has approved its code."""

from __future__ import annotations

import ipaddress
import platform
import time
from typing import Annotated
from urllib.parse import urlsplit

import typer

from collector.desktop import desktop_of
from infra.own_server import service_at
from neural_focus.atomic_write import atomic_write
from neural_focus.client.generated import DeviceCode, MachineAsks, NewMachine, ServiceApi
from neural_focus.errors import ConfigurationError, InputError
from neural_focus.settings import read_settings

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def pair(
    service: Annotated[
        str, typer.Option(help="The service's address, such as https://focus.example or a tunnel's end")
    ],
    name: Annotated[str, typer.Option(help="What to call this machine; default: its host name")] = "",
    unencrypted: Annotated[
        bool, typer.Option("--unencrypted", help="Take an http:// address of another machine")
    ] = False,
) -> None:
    """Show a code, wait until somebody approves it, and keep the token that this machine then gets."""
    settings = read_settings()
    address, desktop = checked_address(service, unencrypted=unencrypted), desktop_of(settings)
    there = service_at(address)
    asked = there.ask_to_pair(NewMachine(name=name or platform.node() or "a machine"))
    shown, minutes = f"{asked.code[:4]}-{asked.code[4:]}", asked.expires_in // 60
    typer.echo(f"\n    {shown}\n")
    typer.echo(
        f"Approve this code within {minutes} minutes: on the page under Help, on a machine of yours that is paired "
        f"already, or on the service's own:\n\n    neural-focus machines approve {shown}\n"
    )
    token = _wait(there, asked)
    atomic_write(desktop.token, token.encode())
    atomic_write(desktop.service, address.encode())
    typer.echo(f"Paired with {address}. The token is in {desktop.token}. Start the agent: neural-focus agent")


def checked_address(text: str, *, unencrypted: bool) -> str:
    """The address without a path.

    Raises:
        ConfigurationError: no http address, or one where the token would be readable on its way.
    """
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.path not in ("", "/"):
        raise ConfigurationError(f"--service is {text!r}", hint="Give an address such as https://focus.example:3000")
    if parts.scheme == "http" and not unencrypted and not _is_here(parts.hostname):
        raise ConfigurationError(
            f"{text} is not encrypted",
            why="the token, and all that this machine sends, could be read on the way",
            hint="Use https, or a tunnel: ssh -L 3000:127.0.0.1:3000 HOST; or say --unencrypted",
        )
    return f"{parts.scheme}://{parts.netloc}"


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _wait(there: ServiceApi, asked: MachineAsks) -> str:
    """The token, as soon as somebody has approved the code."""
    until = time.monotonic() + asked.expires_in
    while time.monotonic() < until:
        time.sleep(asked.interval)
        answer = there.take_token(DeviceCode(device_code=asked.device_code))
        if answer is not None:
            return answer.token
    raise InputError("nobody approved the code", hint="Begin anew: neural-focus pair")
