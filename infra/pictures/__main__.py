"""``python -m infra.pictures [NAME…]``: takes the README's pictures, in a real browser.

They come from a platform of their own, so nobody's real data is in them; ``--running`` takes them from the platform
that runs here. A shot that fails keeps no other from being taken; the command then ends with what is missing.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from infra.interruption import interruptible
from infra.person_shown import person_shown
from infra.pictures.own_platform import START_SECONDS, own_platform
from infra.pictures.shots import SHOTS, Shot
from infra.pictures.stage import browser_stage, save
from neural_focus.errors import NeuralFocusError, ServiceError
from neural_focus.secrets import load_secrets
from neural_focus.settings import Settings, read_settings

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def pictures(
    names: Annotated[list[str] | None, typer.Argument(help=f"Which: {', '.join(SHOTS)}; by default all")] = None,
    out: Annotated[Path, typer.Option(help="Folder of the pictures")] = Path("docs/pictures"),
    running: Annotated[bool, typer.Option("--running", help="Take them from the platform that runs here")] = False,
) -> None:
    """Take the README's pictures."""
    if strange := [name for name in names or () if name not in SHOTS]:
        raise typer.BadParameter(f"there is no {strange[0]!r}; choose from {', '.join(SHOTS)}")
    chosen = {name: shot for name, shot in SHOTS.items() if name in (names or SHOTS)}
    console = Console(soft_wrap=True, highlight=False)
    try:
        with interruptible(), _platform(console, running=running) as settings:
            failures = take(chosen, settings, out, console)
        if failures:
            raise ServiceError("Pictures are missing", why="; ".join(failures), hint="Take them again by their names")
    except NeuralFocusError as error:
        Console(stderr=True, soft_wrap=True).print(f"pictures: {error}", style="bold red", markup=False)
        raise typer.Exit(1) from None
    except KeyboardInterrupt:
        raise typer.Exit(130) from None


@contextmanager
def _platform(console: Console, *, running: bool) -> Iterator[Settings]:
    if running:
        yield read_settings()
        return
    console.print(f"Starting a platform for the pictures; the first start takes at most {START_SECONDS // 60} min.")
    with own_platform() as settings:
        yield settings


def take(chosen: dict[str, Shot], settings: Settings, out: Path, console: Console) -> list[str]:
    """Take shots one by one and save their pictures in ``out``; returns what failed, in words.

    Raises:
        ServiceError: there is no browser.
    """
    secrets = load_secrets(settings.secrets)
    user = person_shown(settings)
    out.mkdir(parents=True, exist_ok=True)
    latest = time.strftime("%H:%M", time.localtime(time.time() + sum(shot.at_most_s for shot in chosen.values())))
    console.print(f"Taking {', '.join(chosen)}; done at {latest} at the latest.")
    failures = []
    with browser_stage(settings, secrets, user, console.print) as stage:
        for name, shot in chosen.items():
            try:
                with stage.attempt():
                    for picture, png in shot.take(stage).items():
                        path = out / f"{picture}.png"
                        save(png, path)
                        console.print(f"{path} {path.stat().st_size // 1024} KB")
            except NeuralFocusError as error:
                failures.append(f"{name}: {error}")
    return failures


if __name__ == "__main__":
    app()
