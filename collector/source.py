"""Which desktop is captured, an X display or a Wayland session, and what the agent gets from each: what can be seen, a
place to ask, the session bus, the screen lock."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from collector.capabilities import Capability, is_useful, missing, of_gamepads, of_wayland, of_x11
from collector.capture import X11Source, check_desktop, is_xwayland
from collector.gamepads import unreadable
from collector.prompt import NoPrompt, PromptWindow
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
            why="; ".join(f"{one.subject}: {one.description}" for one in lacking),
            hint="; or ".join(dict.fromkeys(one.hint for one in lacking)) + "; or log in with an Xorg (X11) session",
        )
    return session


def capabilities(
    source: X11Source | WaylandSource, *, lock: bool, running: bool = True, bus: str = ""
) -> tuple[Capability, ...]:
    """What can be captured of it; ``running``: its hook is open, so that is asked."""
    pads = of_gamepads(unreadable())
    if isinstance(source, X11Source):
        return of_x11(lock=lock) + pads
    return of_wayland(source.look(bus=bus) if running else source.probe(), lock=lock) + pads


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


def make_presence(source: X11Source | WaylandSource, news: Callable[[], None]) -> Any:
    """The agent on the session bus, joined. Not imported where nobody needs it: it costs 4 MB."""
    from collector.desktop_integration import DesktopIntegration

    presence = DesktopIntegration(news, source.receive if isinstance(source, WaylandSource) else None)
    presence.start()
    return presence


def make_prompt(source: X11Source | WaylandSource, presence: Any) -> PromptWindow:
    """What shows offers there: a window of ours on X11, else a notification."""
    if isinstance(source, X11Source):
        from neural_focus._x11 import Prompt

        return Prompt(source.display)
    if presence is not None:
        notification: PromptWindow = presence.prompt
        return notification
    return NoPrompt()


def watch_session(news: Callable[[], None], full_screen: Callable[[], bool]) -> Any:
    """Watches the screen lock, and who is there without any input. Not imported where nobody needs it."""
    from collector.session_watch import SessionWatch

    watch = SessionWatch(news, full_screen=full_screen)
    watch.start_and_join()
    return watch
