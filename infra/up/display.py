"""The virtual display under supervision: the first start finds a free number, a restart takes the same one.

With it a window manager where one is installed: without one no window can be minimised, and nothing says otherwise.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping

from infra.interruption import whole
from infra.up.plan import desktop_environment
from infra.up.process import Program
from infra.up.supervisor import Supervisor
from infra.virtual_display import start_virtual_display
from neural_focus.settings import Settings

NAME = "virtual display"
WINDOW_MANAGER = "openbox"


def start_display(settings: Settings, supervisor: Supervisor) -> Mapping[str, str]:
    """Starts Xvfb and hands it to the supervisor; returns the variables for those who use it.

    Raises:
        ConfigurationError: Xvfb is not installed.
        ServiceError: it did not come up.
    """
    with whole():
        return _start(settings, supervisor)


def _start(settings: Settings, supervisor: Supervisor) -> Mapping[str, str]:
    variables = {**desktop_environment(settings), **supervisor.mark.variables(NAME)}
    display = start_virtual_display(folder=settings.home / "display", environ=variables)
    arguments = [str(argument) for argument in display.process.args]  # type: ignore[union-attr]
    number = arguments.index("-displayfd")
    arguments[number : number + 2] = [display.display]
    log = settings.logs / "display.log"
    supervisor.adopt(Program(NAME, tuple(arguments), desktop_environment(settings), log), display.process)
    manager = shutil.which(WINDOW_MANAGER)
    if manager is not None:
        variables = {**desktop_environment(settings), **display.environment}
        log = settings.logs / "window-manager.log"
        supervisor.start(Program("window manager", (manager, "--sm-disable"), variables, log))
    return display.environment
