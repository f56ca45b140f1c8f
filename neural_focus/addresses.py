"""The addresses of our two servers, the service and Prefect's: one answer for whoever listens, calls, links or guards.

listens  ``settings.host``: one address of this machine, or 0.0.0.0 or :: for all of them; what other machines reach
         is encrypted, by ``settings.tls_certificate`` or by a proxy of ``settings.proxies``
called   by programs of this machine: the same address, loopback where all are meant
links    that people get: the first of ``settings.host_names``, else as programs call it; behind a proxy the page is
         at the usual port of https
guards   let in a Host that is loopback, ``settings.host`` or one of ``settings.host_names``; where all addresses
         are meant, also the address that the request came to. A page that rebinds its name knows none of these.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from neural_focus.errors import ConfigurationError

if TYPE_CHECKING:
    from neural_focus.settings import Settings

LOOPBACK = "127.0.0.1"
NO_PROXIES = {"NO_PROXY": "*", "no_proxy": "*"}
"""For programs of ours that call nobody but our own servers: whatever proxy the surroundings name is not for them."""
_CALLED = {"0.0.0.0": LOOPBACK, "::": "::1"}  # noqa: S104 - compared only
_NAME = re.compile(r"[a-z0-9_]([a-z0-9_-]*[a-z0-9])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9])?)*")


def read_host(variable: str, text: str) -> str:
    """The address to listen on, as the operating system writes it.

    Raises:
        ConfigurationError: it is no address.
    """
    try:
        address = ipaddress.ip_address(LOOPBACK if text.lower() == "localhost" else text.strip("[]"))
    except ValueError:
        address = None
    if address is None or "%" in text or address.is_multicast:
        raise ConfigurationError(
            f"{variable} is {text!r}",
            why="it is no address that a server can listen on",
            hint=f"Give an address of this machine such as {LOOPBACK} or ::1; 0.0.0.0 or :: for all of them",
        )
    return str(address)


def read_host_names(variable: str, text: str) -> tuple[str, ...]:
    """Names or addresses apart by commas, as a Host header has them.

    Raises:
        ConfigurationError: one of them cannot be a Host.
    """
    names = tuple(name.strip().lower() for name in text.split(",") if name.strip())
    return tuple(_read_name(variable, name) for name in names)


def _read_name(variable: str, name: str) -> str:
    try:
        return url_host(str(ipaddress.ip_address(name.strip("[]"))))
    except ValueError:
        if _NAME.fullmatch(name):
            return name
    raise ConfigurationError(
        f"{variable} has {name!r}",
        why="that is no host name",
        hint="Give names without http:// and without a port, apart by commas: desk.lan,192.168.1.5",
    )


def url_host(address: str) -> str:
    """An address as URLs and Host headers write it: IPv6 in brackets."""
    return f"[{address}]" if ":" in address else address


def called_host(host: str) -> str:
    """Where programs of this machine call a server that listens on ``host``."""
    return _CALLED.get(host, host)


def read_proxies(variable: str, text: str) -> tuple[str, ...]:
    """Addresses of proxies, apart by commas.

    Raises:
        ConfigurationError: one of them is no address.
    """
    return tuple(read_host(variable, name.strip()) for name in text.split(",") if name.strip())


def service_address(settings: Settings) -> str:
    """Where programs call the service."""
    return _url(settings, settings.serving_port)


def prefect_address(settings: Settings) -> str:
    """Where programs call Prefect's server."""
    return _url(settings, settings.prefect_port)


def link_host(settings: Settings) -> str:
    """The name in links that people get, as URLs write it."""
    return settings.host_names[0] if settings.host_names else url_host(called_host(settings.host))


def service_link(settings: Settings) -> str:
    """Where people open the page."""
    return f"{_link_scheme(settings)}://{link_netloc(settings)}"


def link_netloc(settings: Settings) -> str:
    """Name and port of the page in links; a proxy has the usual one."""
    return link_host(settings) if settings.proxies else f"{link_host(settings)}:{settings.serving_port}"


def prefect_link(settings: Settings) -> str:
    """Where people open Prefect's pages."""
    return f"{_link_scheme(settings)}://{link_host(settings)}:{settings.prefect_port}"


def exposure(settings: Settings) -> str:
    """What it means that other machines can call the servers; empty where they cannot."""
    if ipaddress.ip_address(settings.host).is_loopback:
        return ""
    where = "every address of this machine" if settings.host in _CALLED else settings.host
    how = str(settings.tls_certificate or "the proxy at " + " or ".join(settings.proxies))
    return (
        f"The page and Prefect listen on {where}, encrypted by {how}: whoever reaches it and has a sign-in link or the "
        "login gets in"
    )


class HostGuard:
    """Which Host and Origin headers mean the server that listens on ``host`` and ``port``.

    ``proxied``: a proxy is in front, and its names count without a port too.
    """

    def __init__(self, host: str, port: int, host_names: Iterable[str] = (), *, proxied: bool = False) -> None:
        self._port, self._all, host_names = port, host in _CALLED, tuple(host_names)
        names = {LOOPBACK, "localhost", url_host("::1"), *host_names}
        self._hosts = {f"{name}:{port}" for name in (names if self._all else names | {url_host(host)})}
        self._hosts |= set(host_names) if proxied else set()

    def admits(self, host: str, arrived_at: str) -> bool:
        """Whether the Host header ``host`` means this server; ``arrived_at``: the address that the request came to."""
        return host.lower() in self._hosts or (
            self._all and bool(arrived_at) and host.lower() == f"{url_host(_plain(arrived_at))}:{self._port}"
        )

    def admits_origin(self, origin: str, arrived_at: str, *, encrypted: bool = False) -> bool:
        """Whether the Origin header names a page of this server; ``encrypted``: as the request is."""
        scheme, _, host = origin.lower().partition("://")
        return scheme == ("https" if encrypted else "http") and self.admits(host, arrived_at)

    def example(self) -> str:
        """A host that is admitted."""
        return min(self._hosts)


def _plain(address: str) -> str:
    """An IPv4 address that came through an IPv6 socket, as IPv4 writes it."""
    try:
        mapped = getattr(ipaddress.ip_address(address), "ipv4_mapped", None)
    except ValueError:  # a socket file has no address
        return address
    return str(mapped or address)


def _url(settings: Settings, port: int) -> str:
    scheme = "https" if settings.tls_certificate else "http"
    return f"{scheme}://{url_host(called_host(settings.host))}:{port}"


def _link_scheme(settings: Settings) -> str:
    return "https" if settings.tls_certificate or settings.proxies else "http"
