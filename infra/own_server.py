"""Calls to servers of ours: straight there, whatever proxy the surroundings name."""

from __future__ import annotations

import urllib.request
from collections.abc import Mapping
from http.client import HTTPResponse
from typing import cast

_STRAIGHT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def open_own(
    url: str, *, headers: Mapping[str, str] | None = None, body: bytes | None = None, seconds: float = 10.0
) -> HTTPResponse:
    """The answer to a GET of ``url``, or to a POST of ``body``.

    Raises:
        OSError: nobody answers in time, or the status is above 399 (urllib.error.HTTPError).
        HTTPException: what answers does not speak HTTP.
    """
    request = urllib.request.Request(url, body, dict(headers or {}))  # noqa: S310 - http to a server of ours
    return cast(HTTPResponse, _STRAIGHT.open(request, timeout=seconds))
