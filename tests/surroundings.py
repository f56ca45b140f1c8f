"""What a machine may have around us that must change nothing."""

from __future__ import annotations

import socket

_NAMES = ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy")
DEAD_PROXIES = {
    **{name: "http://127.0.0.1:9" for name in _NAMES[:4]},
    **{name: "socks5://127.0.0.1:9" for name in _NAMES[4:]},
    "NO_PROXY": "",
    "no_proxy": "",
}
"""Proxies that nobody answers at, and no exception for this machine. httpx does not even start where it hears of
such a SOCKS proxy."""


def _has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


HAS_IPV6 = _has_ipv6()
