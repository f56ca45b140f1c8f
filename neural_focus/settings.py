"""All settings, read once at an entry point into one frozen object.

Every name can be set as ``NEURAL_FOCUS_<NAME>`` in the environment; ``DATABASE_URL`` keeps its usual name.
"""

from __future__ import annotations

import getpass
import ipaddress
import os
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Annotated, Any, Literal

import platformdirs
from msgspec import Meta

from neural_focus.addresses import read_host, read_host_names, read_proxies
from neural_focus.errors import ConfigurationError, InputError
from neural_focus.identity_provider import IdentityProvider, read_provider
from neural_focus.machine_zone import is_zone, machine_zone
from neural_focus.validation import validate

PREFIX = "NEURAL_FOCUS_"
_NOT_BY_NAME = ("database_url", "zone_follows", "identity_provider")
Port = Annotated[int, Meta(ge=1, le=65535)]


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
    tls_certificate: Path | None = None
    """PEM file with the servers' certificate and what signed it; ``tls_key`` is its private key."""
    tls_key: Path | None = None
    proxies: tuple[str, ...] = ()
    """Addresses of the proxies that encrypt: their X-Forwarded-For and -Proto are believed, nobody else's."""
    identity_provider: IdentityProvider | None = None
    """By which a team signs in, beside the one-time links."""
    database_port: Port = 15432
    prefect_port: Port = 4200
    serving_port: Port = 3000
    username: str = "local"
    """The local person's ``users.username``; by default the name they logged in with."""
    zone: str = "UTC"
    zone_follows: bool = False
    """Whether ``zone`` is what /etc says, which may change while a program runs."""
    titles: bool = False
    ship: Literal["events", "features"] = "events"
    """``events``: raw events go to the database; ``features``: only snapshots leave the desktop."""
    redis: str | None = None
    """``host:port[,option=value]`` of a Redis that holds the current snapshots instead of the local SQLite file."""

    demo_people: Annotated[int, Meta(ge=1, le=1000)] = 12
    """Simulated people whose history is written at first start, marked as demo everywhere."""
    demo_days: Annotated[int, Meta(ge=1, le=365)] = 28

    opportunity_seconds: Annotated[int, Meta(ge=1, le=86400)] | None = None
    """A demo person's first intervention is offered this long after their first snapshot; real people have none."""
    demo_answers: bool = True
    """Whether a demo person answers offers; else they stay open until they time out."""
    timeout_seconds: Annotated[int, Meta(ge=1, le=3600)] = 30
    """An offer without an answer by then is stored as TIMEOUT."""
    snooze_seconds: Annotated[int, Meta(ge=1, le=86400)] = 300

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
            none, an unknown zone or ship mode; a host that other machines reach without encryption; half a provider.
    """
    env = os.environ if environ is None else environ
    names = [field.name for field in fields(Settings) if field.name not in _NOT_BY_NAME]
    given: dict[str, Any] = {name: text for name in names if (text := env.get(PREFIX + name.upper()))}
    zone = given.get("zone")
    if zone and not is_zone(zone):
        raise ConfigurationError(f"{PREFIX}ZONE is {zone!r}", hint="Give an IANA time zone such as Europe/Berlin")
    given |= {
        "home": Path(given.get("home", default_home())).expanduser().resolve(),
        "database_url": env.get("DATABASE_URL") or None,
        "host": read_host(PREFIX + "HOST", given.get("host", "127.0.0.1")),
        "host_names": read_host_names(PREFIX + "HOST_NAMES", given.get("host_names", "")),
        "proxies": read_proxies(PREFIX + "PROXIES", given.get("proxies", "")),
        "username": given.get("username") or _login_name(),
        "zone": zone or machine_zone(env),
        "zone_follows": not zone and "TZ" not in env,
    }
    given |= {
        name: Path(given[name]).expanduser().resolve() for name in ("tls_certificate", "tls_key") if name in given
    }
    try:
        settings = validate(Settings, given, "", strict=False)
    except InputError as error:
        name, _, found = error.what.removeprefix(".").partition(" ")
        raise ConfigurationError(f"{PREFIX}{name.upper()} {found}", hint=error.hint) from None
    _check_encryption(settings)
    return replace(settings, identity_provider=read_provider(env))


def listening_environment(settings: Settings) -> dict[str, str]:
    """How our two servers are reached, as variables for the processes that are them."""
    return {
        f"{PREFIX}HOST": settings.host,
        f"{PREFIX}HOST_NAMES": ",".join(settings.host_names),
        f"{PREFIX}TLS_CERTIFICATE": str(settings.tls_certificate or ""),
        f"{PREFIX}TLS_KEY": str(settings.tls_key or ""),
        f"{PREFIX}PROXIES": ",".join(settings.proxies),
        "FORWARDED_ALLOW_IPS": ",".join(settings.proxies),  # uvicorn would believe every program of this machine
    }


def _check_encryption(settings: Settings) -> None:
    both = f"{PREFIX}TLS_CERTIFICATE and {PREFIX}TLS_KEY"
    if (settings.tls_certificate is None) != (settings.tls_key is None):
        raise ConfigurationError(f"only one of {both} is set", hint="Give both, or leave both out")
    if settings.proxies and not settings.host_names:
        what = f"{PREFIX}PROXIES is set without {PREFIX}HOST_NAMES"
        raise ConfigurationError(what, hint="Give the name by which browsers ask the proxy: focus.example.org")
    if ipaddress.ip_address(settings.host).is_loopback or settings.proxies or settings.tls_certificate:
        return
    raise ConfigurationError(
        f"{PREFIX}HOST is {settings.host}",
        why="other machines would reach it unencrypted",
        hint=f"Give {both}, or name the proxy that encrypts in {PREFIX}PROXIES, or leave {PREFIX}HOST out",
    )


def _login_name() -> str:
    try:
        return getpass.getuser()[:50]
    except (KeyError, OSError):  # an account without an entry, as in containers
        return "local"
