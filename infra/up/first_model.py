"""History → features → labels → quality → train → promote, once, where there is no model yet.

The work runs in a child (``python -m infra.up.first_model``), so that its libraries and memory go with it. It says how
far it is in lines of JSON. A model that fails its gates, or data that nothing can be learned from, stops nothing:
rules of thumb serve, and the nightly learning tries again.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from infra.interruption import whole
from infra.up.mark import ProcessMark
from infra.up.process import log_tail
from neural_focus.errors import InputError, NeuralFocusError, QualityError, ServiceError
from neural_focus.settings import Settings, read_settings

NAME = "first model"
Report = Callable[[str, float], None]


@dataclass(frozen=True, slots=True)
class _Result:
    """What the child said at its end: why no model serves, or what failed."""

    refusal: str = ""
    failure: str = ""


def make_first_model(settings: Settings, environment: Mapping[str, str], mark: ProcessMark, report: Report) -> str:
    """Runs the marked child to its end; returns why no model serves, "" where one does.

    Raises:
        ServiceError: it failed; with what it said last.
    """
    log = settings.logs / "first-model.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    child: subprocess.Popen[str] | None = None
    told = _Result()
    try:
        with whole():
            child = _start(log, {**environment, **mark.variables(NAME)})
        told = _follow(child, report)
        code = child.wait()
    finally:
        if child is not None:
            child.kill()
            child.wait()
            mark.end(NAME)
    if code != 0:
        why = told.failure or log_tail(log)
        raise ServiceError("the first model could not be made", why=why, hint=f"{log} says more")
    return told.refusal


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


def _follow(child: subprocess.Popen[str], report: Report) -> _Result:
    """Reports the child's progress until it ends; returns what it said of its end."""
    found = _Result()
    for line in child.stdout or ():
        try:
            told = json.loads(line)
        except ValueError:
            continue  # a library's own words
        if isinstance(told, dict) and "share" in told:
            report(str(told["text"]), float(told["share"]))
        elif isinstance(told, dict) and "error" in told:
            found = _Result(failure=str(told["error"]))
        elif isinstance(told, dict) and "refused" in told:
            found = _Result(refusal=str(told["refused"]))
    return found


def main() -> int:
    """The child's side."""
    from flows.bootstrap import bootstrap
    from neural_focus.models.champion import refusal

    def say(**told: object) -> None:
        sys.stdout.write(json.dumps(told) + "\n")
        sys.stdout.flush()

    settings = read_settings()
    try:
        if not bootstrap(settings, lambda text, share: say(text=text, share=share)):
            say(refused=refusal(settings) or "another run was judging it")
    except (InputError, QualityError) as error:
        say(refused=f"none could be trained: {error}")
    except NeuralFocusError as error:
        say(error=str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
