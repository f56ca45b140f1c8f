"""Calls to servers of ours: straight there, whatever proxy the surroundings name."""

from __future__ import annotations

import urllib.request
from collections.abc import Mapping
from http.client import HTTPResponse
from pathlib import Path
from typing import cast

from collector.desktop import desktop_of
from infra.machine_token import read_token
from neural_focus.addresses import link_netloc, service_address
from neural_focus.client.generated import Link, ServiceApi
from neural_focus.errors import ServiceError
from neural_focus.settings import Settings
from neural_focus.tls import client_context

SECONDS = 10.0
HOW = "Start the platform: make run; or see: neural-focus doctor"


def open_own(
    url: str,
    *,
    certificate: Path | None = None,
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
    seconds: float = SECONDS,
) -> HTTPResponse:
    """The answer to a GET of ``url``, or to a POST of ``body``; ``certificate``: the server's, where it is this
    machine's own (``settings.tls_certificate``).

    Raises:
        OSError: nobody answers in time, or the status is above 399 (urllib.error.HTTPError).
        HTTPException: what answers does not speak HTTP.
    """
    request = urllib.request.Request(url, body, dict(headers or {}))  # noqa: S310 - http to a server of ours
    encrypted = urllib.request.HTTPSHandler(context=client_context(url, certificate))
    straight = urllib.request.build_opener(urllib.request.ProxyHandler({}), encrypted)
    return cast(HTTPResponse, straight.open(request, timeout=seconds))


def read_links(settings: Settings, token: str) -> list[Link]:
    """Where the parts are, as the service says to a browser that came by the name of our links.

    Raises:
        ServiceError: the service does not answer.
    """
    address, certificate = service_address(settings), settings.tls_certificate
    encryption, named = client_context(address, certificate), link_netloc(settings)
    return ServiceApi(address, token, encryption, seconds=SECONDS, keep_open=False, host=named, hint=HOW).get_links()


def own_service(settings: Settings) -> ServiceApi:
    """The service, for this machine's person: the one that the machine is paired with, else this installation's own.

    Raises:
        ServiceError: nobody has made a token yet.
    """
    desktop = desktop_of(settings)
    paired = desktop.paired_with()
    address, certificate = (paired, None) if paired else (service_address(settings), settings.tls_certificate)
    if not (paired or settings.secrets.exists()):
        raise ServiceError(f"nothing was started in {settings.home} yet", hint="Start the platform: make run")
    return service_at(address, read_token(settings, desktop), certificate)


def service_at(address: str, token: str | None = None, certificate: Path | None = None) -> ServiceApi:
    """A service for a command, which asks it a few times; ``certificate`` as ``open_own`` takes it."""
    encryption = client_context(address, certificate)
    return ServiceApi(address, token, encryption, seconds=SECONDS, keep_open=False, hint=HOW)
