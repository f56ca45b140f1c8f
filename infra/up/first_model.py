"""History → features → labels → quality → train → promote, once, where there is no model yet.

The work runs in a child (``python -m infra.up.first_model``), so that its libraries and memory go with it. It says how
far it is in lines of JSON.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from infra.interruption import whole
from infra.up.process import log_tail
from neural_focus.errors import NeuralFocusError, ServiceError
from neural_focus.settings import Settings, read_settings

Report = Callable[[str, float], None]


def make_first_model(settings: Settings, environment: Mapping[str, str], report: Report) -> None:
    """Runs the child to its end.

    Raises:
        ServiceError: it failed; with what it said last.
    """
    log = settings.logs / "first-model.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    child: subprocess.Popen[str] | None = None
    try:
        with whole():
            child = _start(log, environment)
        failure = _follow(child, report)
        code = child.wait()
    finally:
        if child is not None:
            with suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
            child.wait()
    if code != 0:
        raise ServiceError("the first model could not be made", why=failure or log_tail(log), todo=f"{log} says more")


def _start(log: Path, environment: Mapping[str, str]) -> subprocess.Popen[str]:
    with log.open("ab") as errors:
        return subprocess.Popen(
            [sys.executable, "-m", "infra.up.first_model"],
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            start_new_session=True,
        )


def _follow(child: subprocess.Popen[str], report: Report) -> str:
    """Reports the child's progress until it ends; returns the error it named."""
    failure = ""
    for line in child.stdout or ():
        try:
            told = json.loads(line)
        except ValueError:
            continue  # a library's own words
        if isinstance(told, dict) and "share" in told:
            report(str(told["text"]), float(told["share"]))
        elif isinstance(told, dict) and "error" in told:
            failure = str(told["error"])
    return failure


def main() -> int:
    """The child's side."""
    from flows.bootstrap import bootstrap

    def say(**told: object) -> None:
        sys.stdout.write(json.dumps(told) + "\n")
        sys.stdout.flush()

    try:
        bootstrap(read_settings(), lambda text, share: say(text=text, share=share))
    except NeuralFocusError as error:
        say(error=str(error))
        return 1
    return 0


def log_path(settings: Settings) -> Path:
    """Where the child's own log is."""
    return settings.logs / "first-model.log"


if __name__ == "__main__":
    sys.exit(main())
