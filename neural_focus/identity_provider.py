"""The OpenID Connect provider by which a team signs in: what the settings say of it.

Its secret is in a file, or in a variable that only the service is given; no setting that is printed has it.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from neural_focus.errors import ConfigurationError

ISSUER, CLIENT_ID = "NEURAL_FOCUS_OIDC_ISSUER", "NEURAL_FOCUS_OIDC_CLIENT_ID"
SECRET, SECRET_FILE = "NEURAL_FOCUS_OIDC_CLIENT_SECRET", "NEURAL_FOCUS_OIDC_CLIENT_SECRET_FILE"
NAME = "NEURAL_FOCUS_OIDC_NAME"
VARIABLES = (ISSUER, CLIENT_ID, SECRET, SECRET_FILE, NAME)
TEAM_PATH = "/signin/oidc"
CALLBACK_PATH = f"{TEAM_PATH}/callback"
_MOST_NAME = 40


@dataclass(frozen=True, slots=True)
class IdentityProvider:
    """``issuer``: its address, exactly as it calls itself; ``name``: what people are shown."""

    issuer: str
    client_id: str
    name: str
    secret_file: Path | None = None
    secret: str = field(default="", repr=False)

    def read_secret(self) -> str:
        """What the provider knows this installation by.

        Raises:
            ConfigurationError: the file cannot be read, or is empty.
        """
        if self.secret_file is None:
            return self.secret
        try:
            found = self.secret_file.read_text("utf-8").strip()
        except (OSError, ValueError) as error:
            raise ConfigurationError(
                f"{SECRET_FILE} is {self.secret_file}, which cannot be read",
                why=str(getattr(error, "strerror", None) or error),
            ) from None
        if not found:
            raise ConfigurationError(f"{SECRET_FILE} is {self.secret_file}, which is empty")
        return found


def read_provider(env: Mapping[str, str]) -> IdentityProvider | None:
    """The provider that the environment names, None where it names none.

    Raises:
        ConfigurationError: a part of it is missing, or the address is not encrypted.
    """
    given = {name: env.get(name, "").strip() for name in VARIABLES}
    if not any(given.values()):
        return None
    for name in (ISSUER, CLIENT_ID):
        if not given[name]:
            raise ConfigurationError(f"{name} is not set", hint="See docs/operations.md, A team's sign-in")
    if bool(given[SECRET]) == bool(given[SECRET_FILE]):
        found = "both are set" if given[SECRET] else "neither is set"
        raise ConfigurationError(f"Give either {SECRET_FILE} or {SECRET}", why=found)
    host = _host_of(given[ISSUER])
    if not host:
        why = "that is no https:// address"
        raise ConfigurationError(f"{ISSUER} is {given[ISSUER]!r}", why=why, hint="Give the one that the provider names")
    name = given[NAME] or host
    if len(name) > _MOST_NAME or not name.isprintable():
        raise ConfigurationError(f"{NAME} is {name[:_MOST_NAME]!r}", hint=f"Give at most {_MOST_NAME} characters")
    file = Path(given[SECRET_FILE]).expanduser().resolve() if given[SECRET_FILE] else None
    return IdentityProvider(given[ISSUER], given[CLIENT_ID], name, file, given[SECRET])


def _host_of(issuer: str) -> str:
    """Of an issuer's address; "" where it is none, has more than a path, or could be read by others."""
    try:
        parts = urlsplit(issuer)
        whole = parts.port is None or parts.port > 0
    except ValueError:  # a port that is no number, a bracket that is not closed
        return ""
    plain = whole and issuer.isprintable() and " " not in issuer and not parts.query and not parts.fragment
    return parts.hostname or "" if plain and is_safe(issuer) else ""


def provider_environment(provider: IdentityProvider | None) -> dict[str, str]:
    """The variables that ``read_provider`` reads it from, for the one process that asks it."""
    if provider is None:
        return {}
    values = (provider.issuer, provider.client_id, provider.secret, str(provider.secret_file or ""), provider.name)
    return {name: value for name, value in zip(VARIABLES, values, strict=True) if value}


def is_safe(address: str) -> bool:
    """Whether nobody in between reads what is sent there: it is encrypted, or does not leave the machine.

    Raises:
        ValueError: a bracket in it is not closed.
    """
    parts = urlsplit(address)
    if parts.scheme == "https":
        return True
    if parts.scheme != "http":
        return False
    try:
        return ipaddress.ip_address(parts.hostname or "").is_loopback
    except ValueError:
        return parts.hostname == "localhost"
