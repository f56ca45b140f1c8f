"""``neural-focus agent``: the desktop agent alone, on the display given or that of the session."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from contextlib import closing
from types import FrameType
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from neural_focus.addresses import service_address
from neural_focus.errors import ConfigurationError
from neural_focus.settings import Settings, read_settings
from neural_focus.tls import client_context

if TYPE_CHECKING:
    from ssl import SSLContext

    from collector.desktop import Desktop
    from collector.prompt import Click, Decide

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def agent(
    display: Annotated[str, typer.Option(help="X display to capture; default: that of the session")] = "",
    consent: Annotated[str, typer.Option(help="yes: I agree to be watched; no: I do not (any more)")] = "",
    demo: Annotated[str, typer.Option(help="Run as the desktop of up's demo person, who answers by itself")] = "",
    service: Annotated[bool, typer.Option(help="Send records and snapshots to the service")] = True,
    seconds: Annotated[float, typer.Option(help="Stop after so many seconds; 0: run until Ctrl-C")] = 0.0,
) -> None:
    """Capture this desktop, send its events to the service and talk to it."""
    from collector.agent import Agent, Options
    from collector.consent import require_consent
    from collector.desktop import desktop_of
    from collector.installed_apps import application_folders
    from collector.service_token import ServiceToken
    from collector.source import find_source, has_session_bus
    from collector.zone_watch import ZoneWatch
    from infra.machine_token import service_token

    settings, console = read_settings(), Console(stderr=True, soft_wrap=True)
    if consent not in ("", "yes", "no"):
        raise ConfigurationError(f"--consent is {consent!r}", hint="Give yes or no")
    desktop = desktop_of(settings, demo or None)
    terminal = sys.stdin.isatty()
    if consent == "no":
        _revoke(settings, desktop, console)
        return
    agreed = require_consent(
        desktop.consent,
        titles=settings.titles,
        flag=consent or None,
        ask=(lambda text: console.input(text, markup=False)) if terminal else None,
    )
    source = find_source(display or None)
    address, encryption = _service(settings, desktop)
    options = Options(
        desktop=desktop,
        consent=agreed,
        source=source,
        counters=settings.home / "agent.json",
        zone=settings.zone,
        zone_watch=ZoneWatch(settings.zone) if settings.zone_follows else None,
        titles=settings.titles,
        rules=settings.home / "categories.toml",
        application_folders=() if demo else application_folders(os.environ),
        address=address if service else None,
        encryption=encryption,
        ship=settings.ship == "events",
        token=service_token(settings, desktop) if service else ServiceToken(""),
        decide=_demo_policy() if demo and settings.demo_answers else None,
        click=_demo_hands(display or os.environ.get("DISPLAY", "")) if demo else None,
        terminal=terminal and not demo,
        open_page=None if demo else _open_page,
        present=not demo and has_session_bus(os.environ),
    )
    running = Agent(options, lambda text: console.print(text, markup=False, highlight=False))
    stop = _stop_event(seconds)
    console.print(f"Capturing {source.name} for {desktop.username}; Ctrl-C stops.", markup=False, highlight=False)
    last = running.run(stop)
    words = f"{last['captured']} captured, {last['spooled']} spooled, {last['shipped']} shipped"
    console.print(f"Stopped: {words}.", markup=False, highlight=False)


def _stop_event(seconds: float) -> threading.Event:
    """Set by SIGINT, SIGTERM, or after so many seconds."""
    stop = threading.Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    if seconds > 0:
        timer = threading.Timer(seconds, stop.set)
        timer.daemon = True
        timer.start()
    return stop


def _service(settings: Settings, desktop: Desktop) -> tuple[str, SSLContext | None]:
    """Where the service is, and how it is called: the one that this machine is paired with, else its own."""
    if paired := desktop.paired_with():
        return paired, client_context(paired)
    own = service_address(settings)
    return own, client_context(own, settings.tls_certificate)


def _open_page() -> None:
    """The page in the browser, signed in once. A program of its own: the agent stays light."""
    from infra.up.mark import unmarked

    command = [sys.executable, "-m", "infra.cli", "signin", "--open"]
    subprocess.Popen(command, env=unmarked(os.environ), start_new_session=True)


def _revoke(settings: Settings, desktop: Desktop, console: Console) -> None:
    """Takes the consent back, at the service too where that answers."""
    from collector.consent import revoke
    from infra.machine_token import service_token
    from neural_focus.client.generated import ServiceApi
    from neural_focus.errors import NeuralFocusError

    revoke(desktop.consent)
    console.print("You do not agree any more: nothing is captured from now on.", markup=False)
    address, encryption = _service(settings, desktop)
    try:
        with closing(ServiceApi(address, service_token(settings, desktop), encryption)) as client:
            client.revoke_consent()
    except NeuralFocusError as error:
        console.print(f"Your consent is taken back here, not at the service: {error}", markup=False)


def _demo_policy() -> Decide:
    from dataclasses import asdict

    import numpy as np

    from neural_focus.messages import InterventionOffered
    from neural_focus.simulation.person import answer

    rng = np.random.default_rng()

    def decide(offer: InterventionOffered) -> tuple[str, float]:
        return answer(asdict(offer), rng)

    return decide


def _demo_hands(display: str) -> Click:
    from neural_focus._x11 import Injector

    injector = Injector(display)

    def click(x: int, y: int) -> None:
        back = injector.pointer()
        injector.move(x, y)
        injector.click()
        injector.move(*back)

    return click
