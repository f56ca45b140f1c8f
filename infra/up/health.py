"""Is a program of ours doing its work? Each check says what is missing, or nothing."""

from __future__ import annotations

import base64
import json
import urllib.error
from collections.abc import Callable, Mapping
from http.client import HTTPException
from pathlib import Path
from urllib.parse import urlsplit

from infra.own_server import open_own
from infra.ports import is_taken

CHECK_SECONDS = 2.0


def answers(url: str, certificate: Path | None, headers: Mapping[str, str] | None = None) -> Callable[[], str]:
    """A check that ``url`` answers with a status below 400."""

    place = urlsplit(url)

    def check() -> str:
        # Connecting to a port where nobody listens can end in a connection with oneself, and then holds the port.
        if not is_taken(place.port or 80, place.hostname or "127.0.0.1"):
            return f"nobody listens on port {place.port}"
        try:
            with open_own(url, certificate=certificate, headers=headers, seconds=CHECK_SECONDS):
                return ""
        except urllib.error.HTTPError as error:
            return f"{url} answers {error.code}"
        except (OSError, HTTPException) as error:
            return f"{url} does not answer: {getattr(error, 'reason', error)}"

    return check


def active_deployments(api: str, certificate: Path | None, login: str, wanted: int) -> Callable[[], str]:
    """A check that Prefect's ``api`` knows so many deployments of ours that are not paused."""
    asked = {"deployments": {"tags": {"all_": ["neural-focus"]}}, "limit": 200}
    headers, body = basic(login) | {"Content-Type": "application/json"}, json.dumps(asked).encode()
    url = f"{api}/deployments/filter"

    def check() -> str:
        try:
            with open_own(url, certificate=certificate, headers=headers, body=body, seconds=CHECK_SECONDS) as answer:
                active = sum(not deployment["paused"] for deployment in json.load(answer))
        except (OSError, HTTPException, ValueError) as error:
            return f"Prefect does not tell its deployments: {error}"
        return "" if active >= wanted else f"{active} of {wanted} deployments are active"

    return check


def basic(login: str) -> dict[str, str]:
    """The header for ``user:password``."""
    return {"Authorization": "Basic " + base64.b64encode(login.encode()).decode()}
