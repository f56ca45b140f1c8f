"""Calls to servers of ours: straight there, whatever proxy the surroundings name."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Mapping
from http.client import HTTPResponse
from typing import cast

from neural_focus.addresses import link_host, service_address
from neural_focus.settings import Settings


def open_own(
    url: str, *, headers: Mapping[str, str] | None = None, body: bytes | None = None, seconds: float = 10.0
) -> HTTPResponse:
    """The answer to a GET of ``url``, or to a POST of ``body``.

    Raises:
        OSError: nobody answers in time, or the status is above 399 (urllib.error.HTTPError).
        HTTPException: what answers does not speak HTTP.
    """
    request = urllib.request.Request(url, body, dict(headers or {}))  # noqa: S310 - http to a server of ours
    straight = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    return cast(HTTPResponse, straight.open(request, timeout=seconds))


def read_links(settings: Settings, token: str) -> list[dict[str, str]]:
    """Where the parts are, as the service says to a browser that came by the name of our links.

    Raises:
        OSError: the service does not answer.
    """
    headers = {"Authorization": f"Bearer {token}", "Host": f"{link_host(settings)}:{settings.serving_port}"}
    with open_own(f"{service_address(settings)}/api/v1/links", headers=headers) as answer:
        found: list[dict[str, str]] = json.load(answer)
    return found
