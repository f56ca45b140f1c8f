"""Encryption between machines: what a client trusts, and whether nobody in between can read a request.

On the machine of the service its own certificate is trusted as it is, by whatever address it is called: it is read from
the same file that the server uses. From other machines the system's authorities count, with what OpenSSL's
``SSL_CERT_FILE`` adds.
"""

from __future__ import annotations

import ipaddress
import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from neural_focus.errors import ConfigurationError


def client_context(address: str, certificate: Path | None = None) -> ssl.SSLContext | None:
    """How to call ``address``, a URL; None where it is not encrypted. ``certificate``: of the machine's own server.

    Raises:
        ConfigurationError: the certificate cannot be read.
    """
    if not address.startswith(("https:", "wss:")):
        return None
    if certificate is None:
        return ssl.create_default_context()
    try:
        context = ssl.create_default_context(cafile=certificate)
    except OSError as error:
        raise _unusable(certificate, error) from None
    context.check_hostname = False  # its names are those that other machines use
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN  # whoever signed it
    return context


def check_certificate(certificate: Path, key: Path) -> None:
    """Whether a server can use both.

    Raises:
        ConfigurationError: one is missing, cannot be read, or they do not belong together.
    """
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, password=_no_password)
    except (OSError, ValueError) as error:
        raise _unusable(certificate, error, key) from None


def is_private(scope: Mapping[str, Any]) -> bool:
    """Whether nobody in between reads this ASGI request: it is encrypted, or does not leave the machine.

    The scheme and the client are those that a proxy tells, where it is one of ``settings.proxies``.
    """
    if scope["scheme"] in ("https", "wss"):
        return True
    client, server = (str((scope.get(end) or ("",))[0]) for end in ("client", "server"))
    try:
        return not client or client == server or ipaddress.ip_address(client.removeprefix("::ffff:")).is_loopback
    except ValueError:
        return False


def _no_password() -> str:
    raise ValueError("the key has a password: give one without, that only its owner can read")


def _unusable(certificate: Path, error: Exception, key: Path | None = None) -> ConfigurationError:
    both = f"{certificate} with {key}" if key else str(certificate)
    why = getattr(error, "strerror", None) or getattr(error, "reason", None) or str(error)
    hint = "Give PEM files: the certificate with what signed it, and its private key"
    return ConfigurationError(f"the certificate cannot be used: {both}", why=str(why), hint=hint)
