"""All settings, read once at an entry point into one frozen object.

Every name can be set as ``NEURAL_FOCUS_<NAME>`` in the environment; ``DATABASE_URL`` keeps its usual name.
"""

from __future__ import annotations

import getpass
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from neural_focus.addresses import read_host, read_host_names
from neural_focus.errors import ConfigurationError
from neural_focus.machine_zone import is_zone, machine_zone

PREFIX = "NEURAL_FOCUS_"


def default_home() -> Path:
    """/var/lib/neural-focus for root (the database server's own user must reach it), else the user's data folder."""
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        return Path("/var/lib/neural-focus")
    return Path(platformdirs.user_data_dir("neural-focus", appauthor=False))


@dataclass(frozen=True, slots=True)
class Settings:
    """Where things live and which doors are open. Ports are on ``host``, loopback by default."""

    home: Path
    database_url: str | None = None
    host: str = "127.0.0.1"
    """The address to listen on; ``neural_focus.addresses`` says what follows from it."""
    host_names: tuple[str, ...] = ()
    """Names by which browsers may ask for the servers, beside loopback and ``host``; the first one is in links."""
    database_port: int = 15432
    prefect_port: int = 4200
    serving_port: int = 3000
    username: str = "local"
    """The local person's ``users.username``; by default the name they logged in with."""
    zone: str = "UTC"
    zone_follows: bool = False
    """Whether ``zone`` is what /etc says, which may change while a program runs."""
    titles: bool = False
    ship: str = "events"
    """``events``: raw events go to the database; ``features``: only snapshots leave the desktop."""
    redis: str | None = None
    """``host:port[,option=value]`` of a Redis that holds the current snapshots instead of the local SQLite file."""

    demo_people: int = 12
    """Simulated people whose history is written at first start, marked as demo everywhere."""
    demo_days: int = 28

    opportunity_seconds: int | None = None
    """A demo person's first intervention is offered this long after their first snapshot; real people have none."""
    demo_answers: bool = True
    """Whether a demo person answers offers; else they stay open until they time out."""
    timeout_seconds: int = 30
    """An offer without an answer by then is stored as TIMEOUT."""
    snooze_seconds: int = 300

    @property
    def spool(self) -> Path:
        """Segments that wait for the shipper."""
        return self.home / "spool"

    @property
    def secrets(self) -> Path:
        """0600 file with the passwords and tokens made at first start (``neural_focus.secrets``)."""
        return self.home / "secrets.json"

    @property
    def logs(self) -> Path:
        """One file a supervised process."""
        return self.home / "logs"

    @property
    def models(self) -> Path:
        """BentoML's home, with its model store."""
        return self.home / "bentoml"

    @property
    def feast(self) -> Path:
        """Registry, offline Parquet and online store of Feast."""
        return self.home / "feast"

    @property
    def reports(self) -> Path:
        """Evaluation, data-quality and A/B reports (HTML and JSON)."""
        return self.home / "reports"


def read_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Settings from the environment.

    Raises:
        ConfigurationError: a port that is no number from 1 to 65535, a host that is no address, a host name that is
            none, an unknown zone or ship mode.
    """
    env = os.environ if environ is None else environ

    def number(name: str, default: int, most: int) -> int:
        text = env.get(PREFIX + name, "") or str(default)
        if not text.isdecimal() or not 0 < int(text) <= most:
            raise ConfigurationError(f"{PREFIX}{name} is {text!r}", todo=f"Give a number from 1 to {most}")
        return int(text)

    zone = env.get(PREFIX + "ZONE", "")
    if zone and not is_zone(zone):
        raise ConfigurationError(f"{PREFIX}ZONE is {zone!r}", todo="Give an IANA time zone such as Europe/Berlin")
    ship = env.get(PREFIX + "SHIP", "events")
    if ship not in ("events", "features"):
        raise ConfigurationError(f"{PREFIX}SHIP is {ship!r}", todo="Give 'events' or 'features'")
    return Settings(
        home=Path(env.get(PREFIX + "HOME", "") or default_home()).expanduser().resolve(),
        database_url=env.get("DATABASE_URL") or None,
        host=read_host(PREFIX + "HOST", env.get(PREFIX + "HOST", "") or "127.0.0.1"),
        host_names=read_host_names(PREFIX + "HOST_NAMES", env.get(PREFIX + "HOST_NAMES", "")),
        database_port=number("DATABASE_PORT", 15432, 65535),
        prefect_port=number("PREFECT_PORT", 4200, 65535),
        serving_port=number("SERVING_PORT", 3000, 65535),
        username=env.get(PREFIX + "USERNAME") or _login_name(),
        zone=zone or machine_zone(env),
        zone_follows=not zone and "TZ" not in env,
        titles=env.get(PREFIX + "TITLES", "0") in ("1", "true", "yes"),
        ship=ship,
        redis=env.get(PREFIX + "REDIS") or None,
        demo_people=number("DEMO_PEOPLE", 12, 1000),
        demo_days=number("DEMO_DAYS", 28, 365),
        opportunity_seconds=number("OPPORTUNITY_SECONDS", 1, 86400)
        if env.get(PREFIX + "OPPORTUNITY_SECONDS")
        else None,
        demo_answers=env.get(PREFIX + "DEMO_ANSWERS", "1") not in ("0", "false", "no"),
        timeout_seconds=number("TIMEOUT_SECONDS", 30, 3600),
        snooze_seconds=number("SNOOZE_SECONDS", 300, 86400),
    )


def _login_name() -> str:
    try:
        return getpass.getuser()[:50]
    except (KeyError, OSError):  # an account without an entry, as in containers
        return "local"
