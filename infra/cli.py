"""The ``neural-focus`` command. Each subcommand's module is imported only when it is called."""

from __future__ import annotations

import importlib
import sys

import typer.core
from rich.console import Console

from neural_focus.errors import NeuralFocusError

COMMANDS: dict[str, tuple[str, str]] = {
    "up": ("infra.commands.up", "Start the whole platform here and watch over it"),
    "agent": ("infra.commands.agent", "Run only the desktop agent"),
    "doctor": ("infra.commands.doctor", "Say what works here, what does not, and what to do"),
    "features": ("infra.commands.features", "Compute the features of an event table"),
    "evaluate": ("infra.commands.evaluate", "Train and judge the models on event tables"),
    "report": ("infra.commands.report", "Write the A/B report"),
    "models": ("infra.commands.models", "List, promote and roll back models"),
    "demo": ("infra.commands.demo", "Write the demo people's history, or be one of them"),
    "database": ("infra.commands.database", "Start, stop and migrate the embedded database"),
    "erase": ("infra.commands.erase", "Erase everything of one person"),
    "export": ("infra.commands.export", "Export everything of one person"),
}
"""Subcommand → (module with a Typer ``app``, one line of help)."""


class _LazyGroup(typer.core.TyperGroup):
    """Lists commands from ``COMMANDS`` and imports only the one that is asked for."""

    def list_commands(self, ctx: object) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: object, name: str):  # type: ignore[no-untyped-def]
        if name not in COMMANDS:
            return None
        module = importlib.import_module(COMMANDS[name][0])
        command = typer.main.get_command(module.app)
        command.name, command.short_help = name, COMMANDS[name][1]
        return command

    def format_commands(self, ctx: object, formatter) -> None:  # type: ignore[no-untyped-def]
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


app = typer.Typer(cls=_LazyGroup, no_args_is_help=True, add_completion=False, rich_markup_mode=None)


@app.callback()
def root() -> None:
    """Neural Focus: feels when focus is about to break, and steps in with help that is proven to work."""


def main() -> None:
    """Entry point: an error that a person can act on is one line and exit code 1, never a traceback."""
    try:
        app()
    except NeuralFocusError as error:
        Console(stderr=True, soft_wrap=True).print(f"neural-focus: {error}", style="bold red", markup=False)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
