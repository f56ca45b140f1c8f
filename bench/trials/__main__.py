"""Runs every trial of this folder, or those named on the command line: ``python -m bench.trials [name …]``."""

from __future__ import annotations

import importlib
import pkgutil
import sys

import bench.trials
from neural_focus.errors import InputError

NOT_TRIALS = ("report",)


def names() -> list[str]:
    """The trials there are."""
    found = sorted(info.name for info in pkgutil.iter_modules(bench.trials.__path__))
    return [name for name in found if not name.startswith("_") and name not in NOT_TRIALS]


def main(chosen: list[str]) -> list[str]:
    """Run them one after another; each prints its own table. Returns those that found something out of its band.

    Raises:
        InputError: there is no trial of that name.
    """
    unknown = sorted(set(chosen) - set(names()))
    if unknown:
        raise InputError(f"no trial is called {', '.join(unknown)}", hint=f"Choose among {', '.join(names())}")
    return [name for name in chosen or names() if importlib.import_module(f"bench.trials.{name}").main() is False]


if __name__ == "__main__":
    try:
        sys.exit(1 if main(sys.argv[1:]) else 0)
    except InputError as error:
        sys.exit(str(error))
