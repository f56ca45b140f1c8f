"""Which desktop is captured: an X display, or a Wayland session with what is possible there."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from collector.capabilities import Capability, is_useful, missing, of_wayland, of_x11
from collector.capture import X11Source, check_desktop, is_xwayland
from collector.wayland import WaylandSource, wayland_session
from neural_focus.errors import CaptureError


def find_source(display: str | None, environ: Mapping[str, str] | None = None) -> X11Source | WaylandSource:
    """The display given, else the session's. A Wayland session is never taken for its X programs alone.

    Raises:
        CaptureError: there is none, or nothing of it could be captured.
    """
    env = os.environ if environ is None else environ
    session = wayland_session(env)
    if display or session is None or _is_plain_x(env.get("DISPLAY", "")):
        return X11Source(check_desktop(display, env))
    seen = session.probe()
    if not is_useful(seen):
        lacking = missing(of_wayland(seen, lock=True))
        raise CaptureError(
            "nothing of this Wayland session can be captured yet",
            why="; ".join(f"{one.subject}: {one.said}" for one in lacking),
            todo="; or ".join(dict.fromkeys(one.todo for one in lacking)) + "; or log in with an Xorg (X11) session",
        )
    return session


def capabilities(
    source: X11Source | WaylandSource, *, lock: bool, running: bool = True, bus: str = ""
) -> tuple[Capability, ...]:
    """What can be captured of it; ``running``: its hook is open, so that is asked."""
    if isinstance(source, X11Source):
        return of_x11(lock=lock)
    return of_wayland(source.look(bus=bus) if running else source.probe(), lock=lock)


def _is_plain_x(name: str) -> bool:
    if not name:
        return False
    try:
        return not is_xwayland(name)
    except CaptureError:
        return False


def has_session_bus(environ: Mapping[str, str]) -> bool:
    """Whether there is a bus to join."""
    if environ.get("DBUS_SESSION_BUS_ADDRESS"):
        return True
    runtime = environ.get("XDG_RUNTIME_DIR", "")
    return bool(runtime) and Path(runtime, "bus").exists()
