"""A platform for the pictures alone: its own home and ports, a demo person, and offers that wait to be looked at.

The home is kept, so that the next start is quick.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from infra.ports import free_port
from neural_focus.errors import ServiceError
from neural_focus.settings import PREFIX, Settings, default_home, read_settings

RUN: Mapping[str, str] = {
    PREFIX + "DEMO_ANSWERS": "0",
    PREFIX + "OPPORTUNITY_SECONDS": "1680",
    PREFIX + "DEMO_LIFE": "303",
}
"""Once the half hour is nearly full an offer is open nearly always: nobody answers it, and it is made again. In that
life focus is settled for much of the minutes then; in another one, or late at night, it may not be for an hour."""
START_SECONDS, LOOK_SECONDS = 30 * 60, 1.0
_NOT_OURS = ("DATABASE_URL", "DISPLAY", "WAYLAND_DISPLAY", "XDG_SESSION_TYPE")
"""With these a platform would show whoever sits at this machine."""


@contextmanager
def own_platform() -> Iterator[Settings]:
    """The platform once it is up, until the block ends.

    Raises:
        ServiceError: it did not come up; why is printed above.
    """
    environ = surroundings(os.environ)
    settings = read_settings(environ)
    header = settings.home / "curl-header"  # written last of all
    header.unlink(missing_ok=True)
    process = subprocess.Popen([sys.executable, "-m", "infra.cli", "up", "--stay"], env=environ)
    try:
        _wait(process, header.exists)
        yield settings
    finally:
        process.terminate()
        process.wait()


def surroundings(environ: Mapping[str, str]) -> dict[str, str]:
    """Variables of such a platform; a home, a port or a setting of the run that is given counts."""
    found = {name: value for name, value in environ.items() if name not in _NOT_OURS}
    own = {PREFIX + "HOME": str(default_home().with_name("neural-focus-pictures")), **RUN}
    ports = {f"{PREFIX}{name}_PORT": str(free_port()) for name in ("DATABASE", "PREFECT", "SERVING")}
    return {**own, **ports, **found}


def _wait(process: subprocess.Popen[bytes], is_up: Callable[[], bool]) -> None:
    until = time.monotonic() + START_SECONDS
    while not is_up():
        if process.poll() is not None or time.monotonic() > until:
            why = "it ended" if process.poll() is not None else f"it is not up after {START_SECONDS // 60} min"
            raise ServiceError("The platform for the pictures did not start", why=why, hint="See above")
        time.sleep(LOOK_SECONDS)
