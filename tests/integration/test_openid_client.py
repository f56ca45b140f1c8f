"""The provider's description, asked for by Authlib: of a real provider, of none, and of what is no provider."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from provider_process import CLIENT_ID, CLIENT_SECRET, asked, running_provider

from infra.ports import free_port
from neural_focus.identity_provider import IdentityProvider
from serving import openid_client
from serving.openid_client import OpenIdClient, SignInAttempt
from serving.problems import ProblemError

BACK = "http://127.0.0.1:9/signin/oidc/callback"
ATTEMPT = SignInAttempt("state" * 9, "nonce" * 9, "verifier" * 8)


def client_of(issuer: str, clock: Any = None) -> OpenIdClient:
    provider = IdentityProvider(issuer, CLIENT_ID, "Example", None, CLIENT_SECRET)
    return OpenIdClient(provider, BACK, **({} if clock is None else {"clock": clock}))


@contextmanager
def describing(document: object) -> Iterator[str]:
    """A server that answers everything with this document; its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(document).encode())

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


def test_a_provider_that_was_away_is_asked_again_some_seconds_later(tmp_path: Path) -> None:
    now, port = 100.0, free_port()
    client = client_of(f"http://127.0.0.1:{port}", lambda: now)
    with pytest.raises(ProblemError, match="does not answer") as refused:
        asyncio.run(client.begin(ATTEMPT))
    assert refused.value.status == 503
    with running_provider(port, BACK, {}, tmp_path / "provider.log"):
        with pytest.raises(ProblemError):
            asyncio.run(client.begin(ATTEMPT))
        now += openid_client.RETRY_SECONDS
        sent = asked(asyncio.run(client.begin(ATTEMPT)))
    assert (sent["state"], sent["nonce"], sent["redirect_uri"]) == (ATTEMPT.state, ATTEMPT.nonce, BACK)
    assert ATTEMPT.verifier not in str(sent) and CLIENT_SECRET not in str(sent)


def test_a_provider_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openid_client, "DEADLINE_SECONDS", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(ProblemError) as refused:
        asyncio.run(client_of(f"http://127.0.0.1:{silent.getsockname()[1]}").begin(ATTEMPT))
    assert refused.value.status == 503


@pytest.mark.parametrize(
    "changed",
    [
        {"issuer": "https://evil.example"},
        {"issuer": None},
        {"token_endpoint": "http://evil.example/token"},
        {"jwks_uri": "http://10.0.0.1/keys"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"userinfo_endpoint": "http://10.0.0.1/me"},
        {"userinfo_endpoint": ["https://login.example/me"]},
        {"token_endpoint": "https://login.example:port/token"},
        {"jwks_uri": "https://[::1/keys"},
        {"token_endpoint_auth_methods_supported": "client_secret_basic"},
        {"token_endpoint_auth_methods_supported": 5},
    ],
)
def test_a_description_that_is_not_the_providers_own_is_refused(changed: dict[str, Any]) -> None:
    document = dict.fromkeys(("authorization_endpoint", "token_endpoint", "jwks_uri"), "https://login.example/x")
    with describing(document) as issuer:
        document["issuer"] = issuer
        asyncio.run(client_of(issuer).begin(ATTEMPT))
        document.update(changed)
        with pytest.raises(ProblemError, match="does not answer as it should") as refused:
            asyncio.run(client_of(issuer).begin(ATTEMPT))
    assert refused.value.status == 503


@pytest.mark.parametrize("document", [[], {}, "text", {"issuer": 5}])
def test_what_is_no_description_is_refused(document: object) -> None:
    with describing(document) as issuer, pytest.raises(ProblemError) as refused:
        asyncio.run(client_of(issuer).begin(ATTEMPT))
    assert refused.value.status == 503


def test_keys_that_cannot_be_read_are_not_kept() -> None:
    document: dict[str, Any] = {"keys": [{"kty": "RSA", "n": 5, "e": "AQAB", "kid": "a"}]}
    with describing(document) as address:
        client = client_of(address)
        with pytest.raises(ValueError, match="keys cannot be read"):
            asyncio.run(client._key_set({"jwks_uri": address}))
        document["keys"] = [{"kty": "RSA", "n": "wQ" * 171, "e": "AQAB", "kid": "a"}]
        found = asyncio.run(client._key_set({"jwks_uri": address}))
    assert [key.kid for key in found.keys] == ["a"]
