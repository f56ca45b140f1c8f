"""A real OpenID Connect provider for tests (``identity_provider/provider.mjs``), and a browser that uses it."""

from __future__ import annotations

import html
import json
import re
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit

import httpx
from node_here import find_node
from stopping import stopped

FOLDER = Path(__file__).parent / "identity_provider"
CLIENT_ID, CLIENT_SECRET = "neural-focus", "a secret of a test +/=&%:"
START_SECONDS = 120.0


@dataclass(frozen=True)
class RunningProvider:
    """``issuer``: its address."""

    issuer: str
    log: Path


@contextmanager
def running_provider(
    port: int, redirect_address: str, accounts: Mapping[str, Mapping[str, Any]], log: Path
) -> Iterator[RunningProvider]:
    """The provider on a port of loopback, until the end; ``accounts`` as ``provider.mjs`` has them."""
    assert (FOLDER / "node_modules").exists(), "the provider's packages are missing, run: TEST=1 bash infra/setup.sh"
    told = {
        "port": port,
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
        "redirect_uri": redirect_address,
        "accounts": accounts,
    }
    with log.open("ab") as output:
        process = subprocess.Popen(
            [find_node(), "provider.mjs"], cwd=FOLDER, stdin=subprocess.PIPE, stdout=output, stderr=output
        )
    assert process.stdin is not None
    process.stdin.write(json.dumps(told).encode())
    process.stdin.close()
    issuer = f"http://127.0.0.1:{port}"
    with stopped(process):
        _wait(process, issuer, log)
        yield RunningProvider(issuer, log)


def _wait(process: subprocess.Popen[bytes], issuer: str, log: Path) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and process.poll() is None:
        try:
            if httpx.get(f"{issuer}/.well-known/openid-configuration", timeout=20, trust_env=False).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise AssertionError(f"the provider did not start:\n{log.read_text()[-2000:]}")


class TeamBrowser:
    """A browser: it keeps cookies by site and follows the provider's forms. ``address``: the one that it asks from."""

    def __init__(self, service: str, address: str = "127.0.0.1") -> None:
        self.service = service
        none_kept = httpx.Limits(max_keepalive_connections=0)  # nobody has to close a browser
        transport = httpx.HTTPTransport(local_address=address, limits=none_kept)
        self.ours = httpx.Client(base_url=service, transport=transport, timeout=60, headers={"Accept": "text/html"})
        self.theirs = httpx.Client(timeout=60, trust_env=False, limits=none_kept)

    def begin(self) -> str:
        """Click on "Sign in with": where the browser is sent."""
        begun = self.ours.get("/signin/oidc")
        assert begun.status_code == 303, begun.text
        return begun.headers["location"]

    def at_provider(self, address: str, login: str) -> str:
        """Type the login there, and agree: where the provider sends the browser back to."""
        answer = self.theirs.get(address)
        while True:
            if answer.is_redirect:
                there = urljoin(str(answer.url), answer.headers["location"])
                if there.startswith(self.service):
                    return there
                answer = self.theirs.get(there)
                continue
            assert answer.status_code == 200, answer.text
            form = re.search(r'<form[^>]*action="([^"]+)"', answer.text)
            prompt = re.search(r'name="prompt" value="(\w+)"', answer.text)
            assert form and prompt, answer.text
            sent = {"prompt": prompt[1], "login": login, "password": "any"}
            answer = self.theirs.post(urljoin(str(answer.url), html.unescape(form[1])), data=sent)

    def sign_in(self, login: str) -> httpx.Response:
        """All of it; the service's last answer."""
        return self.ours.get(self.at_provider(self.begin(), login))

    def who(self) -> str | None:
        """Whom the service takes this browser for, None where it is signed out."""
        answer = self.ours.get("/api/v1/me", headers={"Accept": "application/json"})
        return str(answer.json()["username"]) if answer.status_code == 200 else None


def asked(address: str) -> dict[str, str]:
    """The parameters of an address."""
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
