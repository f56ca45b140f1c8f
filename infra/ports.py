"""Who listens on a port of this machine, in words."""

from __future__ import annotations

import errno
import socket

import psutil

from neural_focus.addresses import LOOPBACK
from neural_focus.errors import ConfigurationError
from neural_focus.settings import PREFIX


def is_taken(port: int, host: str = LOOPBACK) -> bool:
    """True if nothing else could listen on ``port`` now.

    Raises:
        ConfigurationError: this machine does not have the address ``host``.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except OSError as error:
        if error.errno in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT):
            raise ConfigurationError(
                f"{PREFIX}HOST is {host!r}",
                why="this machine has no such address",
                hint=f"Give one that it has: {', '.join(_own_addresses())}",
            ) from error
        return True
    return False


def _own_addresses() -> list[str]:
    """This machine's addresses that a server can listen on; those of a link alone need its name as well."""
    kinds = (socket.AF_INET, socket.AF_INET6)
    found = [each.address for some in psutil.net_if_addrs().values() for each in some if each.family in kinds]
    return [address for address in found if "%" not in address]


def holder(port: int) -> str:
    """Name and pid of the process that listens on ``port``, as far as this user may see it."""
    try:
        connections = psutil.net_connections("tcp")
    except (psutil.AccessDenied, OSError):
        return "another process"
    for connection in connections:
        local = connection.laddr
        if connection.status == psutil.CONN_LISTEN and local and local.port == port and connection.pid:
            try:
                return f"{psutil.Process(connection.pid).name()} (pid {connection.pid})"
            except psutil.NoSuchProcess:
                break
    return "another process"


def free_port(host: str = LOOPBACK) -> int:
    """A port that nothing listens on at this moment."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((host, 0))
        port: int = probe.getsockname()[1]
        return port
