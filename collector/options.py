"""What an agent is told when it starts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from ssl import SSLContext

from collector.capture import X11Source
from collector.consent import Consent
from collector.desktop import Desktop
from collector.prompt import Click, Decide
from collector.service_token import ServiceToken
from collector.wayland import WaylandSource
from collector.zone_watch import ZoneWatch


@dataclass(frozen=True, slots=True)
class Options:
    """What the composition root decides. ``address`` None: no service, and nothing is shipped."""

    desktop: Desktop
    consent: Consent
    source: X11Source | WaylandSource
    counters: Path
    zone: str = "UTC"
    zone_watch: ZoneWatch | None = None
    """Tells when the machine's zone changes; None where a setting fixes it."""
    titles: bool = False
    rules: Path | None = None
    """The person's own categories, else ``categories.toml`` in the desktop's folder."""
    application_folders: tuple[Path, ...] = ()
    """Where ``.desktop`` files lie, whose categories stand in for apps that no rule names."""
    address: str | None = None
    encryption: SSLContext | None = None
    """Of an https address."""
    ship: bool = True
    """Whether records are sent to the service, too; else they stay in the spool."""
    token: ServiceToken = field(default_factory=lambda: ServiceToken(""))
    decide: Decide | None = None
    click: Click | None = None
    terminal: bool = False
    open_page: Callable[[], None] | None = None
    """Opens the page for the person, signed in."""
    present: bool = False
    """Whether to join the session bus: tray, notifications, focus as the desktop tells it."""
