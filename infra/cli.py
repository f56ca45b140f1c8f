"""The ``neural-focus`` command. Each subcommand's module is imported only when it is called."""

from __future__ import annotations

import importlib
import sys

from rich.console import Console

from infra.restore_mark import refuse_half_restored
from neural_focus import __version__
from neural_focus.errors import NeuralFocusError, StoreError
from neural_focus.settings import read_settings

COMMANDS: dict[str, tuple[str, str]] = {
    "up": ("infra.commands.up", "Start the whole platform here and watch over it"),
    "agent": ("infra.commands.agent", "Run only the desktop agent"),
    "pause": ("infra.commands.pause", "Capture nothing for a while, or end that"),
    "privacy": ("infra.commands.privacy", "Show what you keep from it, and check your rules"),
    "signin": ("infra.commands.signin", "Print a new sign-in link for the page"),
    "pair": ("infra.commands.pair", "Pair this machine with a service on another one"),
    "machines": ("infra.commands.machines", "List, approve, revoke your machines, or give this one another token"),
    "people": ("infra.commands.people", "Invite people, list them, say what they may do"),
    "extension": ("infra.commands.extension", "Say where the browser extension is and how a browser gets it"),
    "status": ("infra.commands.status", "Show the moment in the terminal, with keys for labels, sessions and answers"),
    "quality": ("infra.commands.quality", "List the days that data-quality gates hold back, and release one"),
    "doctor": ("infra.commands.doctor", "List what works here, what does not, and what to do"),
    "features": ("infra.commands.features", "Compute the features of an event table"),
    "evaluate": ("infra.commands.evaluate", "Train and evaluate the models on event tables"),
    "report": ("infra.commands.report", "Write the A/B report"),
    "experiment": ("infra.commands.experiment", "Plan, start, stop, list and report experiments"),
    "models": ("infra.commands.models", "List, promote, shadow and roll back models"),
    "session": ("infra.commands.session", "Start, end and look at a focus session"),
    "label": ("infra.commands.label", "Label the last minutes: focused, distracted or pseudo"),
    "demo": ("infra.commands.demo", "Write the demo people's history, or run one of them"),
    "database": ("infra.commands.database", "Start, stop and migrate the embedded database"),
    "backup": ("infra.commands.backup", "Back up everything of this installation into one file"),
    "restore": ("infra.commands.restore", "Restore a backup into an empty home"),
    "import": ("infra.commands.import_history", "Import what other tools logged of you"),
    "forget": ("infra.commands.forget", "Forget a time, or an app, in every store"),
    "erase": ("infra.commands.erase", "Erase everything of one person"),
    "export": ("infra.commands.export", "Export everything of one person"),
}
"""Subcommand → (module with a Typer ``app``, one line of help)."""
WITHOUT_HOME = ("evaluate", "features", "restore")
"""They work on files that they are given; every other command refuses a home that is half restored."""


def usage() -> str:
    """The list of subcommands, for ``--help``."""
    width = max(map(len, COMMANDS))
    lines = [f"  {name:{width}}  {text}" for name, (_, text) in COMMANDS.items()]
    head = "Usage: neural-focus COMMAND [ARGS]...    (neural-focus COMMAND --help says more)"
    return "\n".join([head, "", *lines])


def main() -> None:
    """Entry point: an error that a person can act on is one line and exit code 1, never a traceback."""
    name = sys.argv[1] if len(sys.argv) > 1 else "--help"
    if name in ("--help", "-h"):
        print(usage())
        return
    if name == "--version":
        print(f"neural-focus {__version__}")
        return
    if name not in COMMANDS:
        print(f"neural-focus: there is no command {name!r}. Choose from: {', '.join(COMMANDS)}", file=sys.stderr)
        sys.exit(2)
    try:
        if name not in WITHOUT_HOME and "--help" not in sys.argv:
            refuse_half_restored(read_settings().home)
        importlib.import_module(COMMANDS[name][0]).app(args=sys.argv[2:], prog_name=f"neural-focus {name}")
    except NeuralFocusError as error:
        _refuse(error)
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:
        psycopg = sys.modules.get("psycopg")  # where nothing loaded the driver, nothing of it was raised
        if psycopg is None or not isinstance(error, psycopg.Error):
            raise
        why = (str(error).strip().splitlines() or [type(error).__name__])[0]
        _refuse(StoreError("the database refuses", why=why, hint="See how it is: neural-focus doctor"))


def _refuse(error: NeuralFocusError) -> None:
    Console(stderr=True, soft_wrap=True).print(f"neural-focus: {error}", style="bold red", markup=False)
    sys.exit(1)


if __name__ == "__main__":
    main()
