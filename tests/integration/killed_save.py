"""Saves a stored model again in children of its own, each killed -9 a step later than the last, until one is through.

``python killed_save.py HOME TAG``: says a line with the exit status of each child, and goes on at a line it is told.
The libraries are imported once, before the children are forked.
"""

from __future__ import annotations

import itertools
import os
import signal
import sys
from pathlib import Path
from typing import Any

import bentoml._internal.models.model  # noqa: F401 - what a save imports

from neural_focus.registry import model_store
from neural_focus.registry.bundle import TrainedBundle
from neural_focus.settings import Settings


def save_and_die(settings: Settings, bundle: TrainedBundle, at: int) -> None:
    """Saves, and is killed the ``at``-th time, from 0, that a file or folder of the store is made or moved."""
    left = itertools.count(at, -1)

    def watch(event: str, told: tuple[Any, ...]) -> None:
        makes = event in ("os.mkdir", "os.rename") or (event == "open" and told[2] & (os.O_WRONLY | os.O_RDWR))
        if makes and str(told[0]).startswith(str(settings.home)) and next(left) == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(watch)
    model_store.save(settings, bundle)


def main() -> None:
    settings = Settings(home=Path(sys.argv[1]))
    bundle = model_store.read_bundle(settings, sys.argv[2])
    status = -1
    for at in itertools.count():
        if status == 0:
            return
        child = os.fork()
        if child == 0:
            save_and_die(settings, bundle, at)
            os._exit(0)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        print(status, flush=True)  # noqa: T201
        sys.stdin.readline()


if __name__ == "__main__":
    main()
