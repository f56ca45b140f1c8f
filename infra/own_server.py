"""Calls to servers of ours: straight there, whatever proxy the surroundings name."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Mapping
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from typing import Any, cast
from urllib.error import HTTPError

from collector.desktop import desktop_of
from infra.machine_token import read_token
from neural_focus.addresses import link_netloc, service_address
from neural_focus.errors import InputError, ServiceError
from neural_focus.settings import Settings
from neural_focus.tls import client_context


def open_own(
    url: str,
    *,
    certificate: Path | None = None,
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
    method: str | None = None,
    seconds: float = 10.0,
) -> HTTPResponse:
    """The answer to a GET of ``url``, to a POST of ``body``, or to another ``method``; ``certificate``: the server's,
    where it is this machine's own (``settings.tls_certificate``).

    Raises:
        OSError: nobody answers in time, or the status is above 399 (urllib.error.HTTPError).
        HTTPException: what answers does not speak HTTP.
    """
    request = urllib.request.Request(url, body, dict(headers or {}), method=method)  # noqa: S310 - http to a server of ours
    encrypted = urllib.request.HTTPSHandler(context=client_context(url, certificate))
    straight = urllib.request.build_opener(urllib.request.ProxyHandler({}), encrypted)
    return cast(HTTPResponse, straight.open(request, timeout=seconds))


def read_links(settings: Settings, token: str) -> list[dict[str, str]]:
    """Where the parts are, as the service says to a browser that came by the name of our links.

    Raises:
        OSError: the service does not answer.
    """
    headers = {"Authorization": f"Bearer {token}", "Host": link_netloc(settings)}
    address = f"{service_address(settings)}/api/v1/links"
    with open_own(address, certificate=settings.tls_certificate, headers=headers) as answer:
        found: list[dict[str, str]] = json.load(answer)
    return found


def ask_service(
    settings: Settings, path: str, body: Mapping[str, object] | None = None, *, method: str | None = None
) -> Any:
    """What the service's REST answers this machine's person: a GET of ``path`` below ``/api/v1``, a POST of ``body``,
    or another ``method``; None where it answers nothing. The service is the one that the machine is paired with, else
    this installation's own.

    Raises:
        ServiceError: the service does not answer.
        InputError: it refuses, with its reason.
    """
    desktop = desktop_of(settings)
    paired = desktop.paired_with()
    address, certificate = (paired, None) if paired else (service_address(settings), settings.tls_certificate)
    if not (paired or settings.secrets.exists()):  # nobody has made a token
        raise ServiceError(f"nothing was started in {settings.home} yet", hint="Start the platform: make run")
    headers = {"Authorization": f"Bearer {read_token(settings, desktop)}"}
    return ask(f"{address}/api/v1{path}", body, certificate=certificate, headers=headers, method=method)


def ask(
    url: str,
    body: Mapping[str, object] | None = None,
    *,
    certificate: Path | None = None,
    headers: Mapping[str, str] | None = None,
    method: str | None = None,
) -> Any:
    """What a service answers. Raises as ``ask_service``."""
    sent = None if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json", **(headers or {})}
    try:
        with open_own(url, certificate=certificate, headers=headers, body=sent, method=method) as answer:
            text = answer.read()
            return json.loads(text) if text else None
    except HTTPError as error:
        raise _refusal(error) from None
    except (OSError, HTTPException, ValueError) as error:
        why = str(getattr(error, "reason", error))
        hint = "Start the platform: make run; or see: neural-focus doctor"
        raise ServiceError(f"the service does not answer at {url}", why=why, hint=hint) from None


def _refusal(error: HTTPError) -> InputError | ServiceError:
    """The service's problem document as an error."""
    with error:
        try:
            told = json.load(error)
            title, detail, hint = (str(told.get(name) or "") for name in ("title", "detail", "hint"))
        except (ValueError, AttributeError, OSError, HTTPException):
            return ServiceError(f"the service answers {error.code}", hint="See its log: neural-focus doctor")
    return InputError(title, why=detail.removeprefix(title).lstrip(": "), hint=hint)
