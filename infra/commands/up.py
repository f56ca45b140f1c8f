"""``neural-focus up``: the whole platform under supervision."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer
from rich.console import Console

from collector.consent import require_consent
from collector.desktop import desktop_of
from collector.source import find_source
from infra.interruption import deaf, interruptible
from infra.machine_token import read_token
from infra.up.live import first_counts, prove, watch
from infra.up.platform import DEMO_PERSON, RunningPlatform, only_one
from infra.up.table import print_table
from neural_focus.errors import CaptureError, ConfigurationError, ServiceError
from neural_focus.settings import Settings, read_settings

PLAIN_WIDTH = 120
"""Columns where the output is no terminal."""

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def up(
    once: Annotated[bool, typer.Option("--once", help="Check that everything works, then stop")] = False,
    stay: Annotated[bool, typer.Option("--stay", help="Keep running without a terminal too")] = False,
    consent: Annotated[str, typer.Option(help="yes: I agree to be watched")] = "",
) -> None:
    """Start everything here and watch over it; Ctrl-C stops it. Without a terminal it is --once."""
    if consent not in ("", "yes"):
        raise ConfigurationError(f"--consent is {consent!r}", hint="Give yes, or leave it out")
    settings, console = read_settings(), Console(width=None if sys.stdout.isatty() else PLAIN_WIDTH)
    if elsewhere := desktop_of(settings).paired_with():
        raise ConfigurationError(
            f"this machine is paired with {elsewhere}",
            hint=f"Run its agent: neural-focus agent; or remove {desktop_of(settings).service} to run a platform here",
        )
    terminal = sys.stdin.isatty() and sys.stdout.isatty()
    proving = once or not (terminal or stay)
    os.umask(0o077)
    with only_one(settings.home), interruptible():
        demo = proving or not _has_desktop(console)
        if not demo:
            _ask_consent(settings, console, consent, terminal=terminal)
        _run(RunningPlatform(settings, console, demo), proving=proving)


def _run(platform: RunningPlatform, *, proving: bool) -> None:
    """Starts, shows, and stops again whatever happens."""
    console, running = platform.console, False
    try:
        run = platform.start()
        counts, wrong = prove(platform, run) if proving else (first_counts(platform, run), [])
        token = _token(platform)
        print_table(console, platform.settings, platform.secrets, counts, run.user_id, token, demo=platform.demo)
        platform.log(f"Memory        at most {platform.memory.peak_bytes / 2**30:.1f} GB, all processes together\n")
        if wrong:
            raise ServiceError(wrong[0], why="; ".join(wrong[1:]), hint=f"{platform.settings.logs} says more")
        if not proving:
            console.print("  Ctrl-C stops everything. Your data stay.\n")
            running = True
            watch(platform)
    except KeyboardInterrupt:
        if not running:
            raise
    finally:
        deaf()
        platform.stop()


def _token(platform: RunningPlatform) -> str:
    """Of the person whose desktop was started."""
    if not platform.demo:
        return platform.secrets.api_token
    return read_token(platform.settings, desktop_of(platform.settings, DEMO_PERSON))


def _has_desktop(console: Console) -> bool:
    """Whether the local person's desktop can be captured; says so loudly where it would be silently empty."""
    try:
        find_source(None)
    except CaptureError as error:
        if os.environ.get("WAYLAND_DISPLAY") or os.environ.get("XDG_SESSION_TYPE") == "wayland":
            console.print(f"  ! Your own desktop cannot be captured: {error}", style="bold yellow", markup=False)
        console.print("  A demo person works on a virtual display instead.")
        return False
    return True


def _ask_consent(settings: Settings, console: Console, consent: str, *, terminal: bool) -> None:
    """Before anything starts: nothing is captured without it."""
    require_consent(
        desktop_of(settings).consent,
        titles=settings.titles,
        flag=consent or None,
        ask=(lambda text: console.input(text, markup=False)) if terminal else None,
    )
