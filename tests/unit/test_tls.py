"""Who may be answered: what is encrypted, or stays on the machine; by whose word."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Any

import pytest
from encryption import certificate_of
from starlette.types import Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from neural_focus.errors import ConfigurationError
from neural_focus.secrets import Secrets
from neural_focus.settings import Settings, listening_environment
from neural_focus.tls import check_certificate, client_context
from serving.auth import Caller
from serving.gate import AccessGate

SETTINGS = Settings(Path("/nowhere"), host="10.0.0.5", host_names=("focus.example",), proxies=("10.0.0.2",))
SECRETS = Secrets("a-token", "b", "c", "d")


class HereAlready:
    """What the gate asks of a runtime whose only person is known."""

    settings, secrets = SETTINGS, SECRETS

    def __init__(self) -> None:
        self.callers = self

    async def person_id(self, _known: int) -> int:
        return 1

    async def by_person(self, user_id: int) -> Caller:
        return Caller(user_id, "person")


def status(client: str, *, host: str = "focus.example", **headers: str) -> int:
    """What the service answers to a request that comes from the address ``client``, as uvicorn hands it on."""
    asked = {"host": host, "authorization": "Bearer a-token"} | {k.replace("_", "-"): v for k, v in headers.items()}
    scope: Scope = {
        "type": "http",
        "scheme": "http",
        "method": "GET",
        "path": "/api/v1/me",
        "client": (client, 40_000),
        "server": ("10.0.0.5", 3000),
        "headers": [(name.encode(), value.encode()) for name, value in asked.items()],
    }
    told: list[Any] = []

    async def application(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def keep(message: Any) -> None:
        told.append(message)

    async def nothing() -> Any:
        return {"type": "http.request"}

    gate = AccessGate(application, runtime=HereAlready)  # type: ignore[arg-type] # it asks no more of it
    believed = listening_environment(SETTINGS)["FORWARDED_ALLOW_IPS"]
    asyncio.run(ProxyHeadersMiddleware(gate, believed)(scope, nothing, keep))  # type: ignore[arg-type]
    return int(told[0]["status"])


def test_a_named_proxy_says_who_asks_and_whether_it_is_encrypted() -> None:
    assert status("10.0.0.2", x_forwarded_for="203.0.113.9", x_forwarded_proto="https") == 200
    assert status("10.0.0.2", x_forwarded_for="203.0.113.9", x_forwarded_proto="http") == 403
    assert status("10.0.0.2", x_forwarded_for="203.0.113.9") == 403
    assert status("10.0.0.2", x_forwarded_for="127.0.0.1, nonsense") == 403


def test_nobody_else_says_so() -> None:
    assert status("203.0.113.9") == 403
    assert status("203.0.113.9", x_forwarded_for="127.0.0.1", x_forwarded_proto="https") == 403


def test_programs_of_the_machine_need_no_encryption() -> None:
    assert status("127.0.0.1", host="127.0.0.1:3000") == 200
    assert status("10.0.0.5", host="10.0.0.5:3000") == 200
    assert status("127.0.0.1", host="evil.example") == 421


def test_a_certificate_that_no_server_can_use_is_named_with_the_reason(tmp_path: Path) -> None:
    certificate, key = certificate_of(tmp_path, "desk.lan")
    check_certificate(certificate, key)
    (tmp_path / "other").mkdir()
    other = certificate_of(tmp_path / "other", "desk.lan")[1]
    torn = tmp_path / "torn.pem"
    torn.write_bytes(certificate.read_bytes()[:200])
    for wrong, with_key in ((certificate, other), (torn, key), (tmp_path / "none.pem", key)):
        with pytest.raises(ConfigurationError, match=re.escape(str(wrong))) as error:
            check_certificate(wrong, with_key)
        assert error.value.why and "PEM" in error.value.hint
    with pytest.raises(ConfigurationError, match=r"none\.pem"):
        client_context("https://desk.lan", tmp_path / "none.pem")
    assert client_context("http://127.0.0.1:3000", certificate) is None
