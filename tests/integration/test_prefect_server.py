"""Prefect's server is closed: no password, no entry; a foreign page or a foreign name cannot start a flow."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
from base64 import b64encode
from dataclasses import replace
from functools import partial
from pathlib import Path

import psycopg
import pytest
import websockets.sync.client
from encryption import certificate_of
from prefect_server import PrefectServer, running_prefect
from surroundings import DEAD_PROXIES, HAS_IPV6
from websockets.exceptions import ConnectionClosed, InvalidStatus

from flows.server import DATABASE, login, prefect_database_url, server_environment
from infra.database_logins import login_of
from infra.database_roles import PREFECT
from infra.embedded_database import EmbeddedServer
from infra.ports import free_port
from neural_focus.errors import ConfigurationError
from neural_focus.settings import Settings
from neural_focus.tls import client_context

HOME = Path("/home/nf")


def ask(server: PrefectServer, headers: dict[str, str], method: str = "POST") -> int:
    """The answer to a question that would list the flows, from a page or program that sends ``headers``."""
    connection = http.client.HTTPConnection("127.0.0.1", server.settings.prefect_port, timeout=120)
    sent = {"Host": f"127.0.0.1:{server.settings.prefect_port}", "Content-Type": "application/json", **headers}
    body = json.dumps({}) if method == "POST" else None
    connection.putrequest(method, "/api/flows/filter" if method == "POST" else "/", skip_host=True)
    for name, value in {**sent, "Content-Length": str(len(body or ""))}.items():
        connection.putheader(name, value)
    connection.endheaders(body.encode() if body else None)
    status = connection.getresponse().status
    connection.close()
    return status


def password(server: PrefectServer) -> dict[str, str]:
    return {"Authorization": "Basic " + b64encode(login(server.secrets).encode()).decode()}


def test_the_password_is_required(prefect_server: PrefectServer) -> None:
    assert ask(prefect_server, {}) == 401
    assert ask(prefect_server, {"Authorization": "Basic " + b64encode(b"neural-focus:guess").decode()}) == 401
    assert ask(prefect_server, password(prefect_server)) == 200


@pytest.mark.parametrize(
    "foreign",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Host": "evil.example"},
        {"Host": "127.0.0.1"},
        {"Sec-Fetch-Site": "cross-site"},
    ],
)
def test_a_foreign_page_or_name_gets_nothing_even_with_the_password(
    prefect_server: PrefectServer, foreign: dict[str, str]
) -> None:
    assert ask(prefect_server, {**password(prefect_server), **foreign}) == 403


def test_its_own_page_is_served(prefect_server: PrefectServer) -> None:
    own = {"Origin": prefect_server.address, "Sec-Fetch-Site": "same-origin"}
    assert ask(prefect_server, {**password(prefect_server), **own}) == 200
    assert ask(prefect_server, {}, method="GET") == 200
    link = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    assert ask(prefect_server, link, method="GET") == 307  # to its own pages


def test_websockets_are_guarded_too(prefect_server: PrefectServer) -> None:
    address = prefect_server.address.replace("http", "ws") + "/api/events/in"
    connect = partial(websockets.sync.client.connect, address, open_timeout=120)
    with pytest.raises(InvalidStatus), connect(origin="http://evil.example"):  # type: ignore[arg-type]
        pass
    with (
        connect(subprotocols=["prefect"]) as socket,  # type: ignore[list-item]
        pytest.raises(ConnectionClosed),
    ):
        socket.send(json.dumps({"type": "auth", "token": "guess"}))
        socket.recv(timeout=120)


def test_it_keeps_its_rows_in_a_database_of_its_own(prefect_server: PrefectServer) -> None:
    url = (prefect_server.settings.database_url or "").rsplit("/", 1)[0] + f"/{DATABASE}"
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT to_regclass('flow_run')").fetchone() == ("flow_run",)
        owners = connection.execute("SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'public'").fetchall()
        assert owners == [(PREFECT,)]
        logins = connection.execute(
            "SELECT DISTINCT usename FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()"
            " AND backend_type = 'client backend'",
            (DATABASE,),
        ).fetchall()
        assert logins == [(login_of(PREFECT, prefect_server.secrets)[0],)]


def test_the_settings_are_closed_and_quiet(prefect_server: PrefectServer) -> None:
    environment = server_environment(prefect_server.settings, prefect_server.secrets)
    assert environment["PREFECT_SERVER_API_HOST"] == "127.0.0.1"
    assert environment["PREFECT_SERVER_ANALYTICS_ENABLED"] == "false"
    assert environment["PREFECT_HOME"].startswith(str(prefect_server.settings.home))


def test_its_clients_ignore_proxies(prefect_server: PrefectServer) -> None:
    assert clients_of(prefect_server) == ["None", "events"]


def clients_of(server: PrefectServer) -> list[str]:
    """What clients of it are told, made as flows make them: by HTTP for runs, by a WebSocket for events."""
    asked = (
        "import asyncio, prefect\n"
        "from prefect.events.clients import PrefectEventsClient\n"
        "async def ask():\n"
        "    async with prefect.get_client() as client: print(await client.api_healthcheck())\n"
        "    async with PrefectEventsClient() as client: print('events')\n"
        "asyncio.run(ask())"
    )
    environment = os.environ | DEAD_PROXIES | server.environment
    done = subprocess.run([sys.executable, "-c", asked], env=environment, capture_output=True, text=True, check=False)
    return done.stdout.split() or [done.stderr]


@pytest.mark.skipif(not HAS_IPV6, reason="this machine has no ::1")
def test_on_every_address_its_page_asks_where_it_came_from(database_server: EmbeddedServer, tmp_path: Path) -> None:
    url, port = database_server.url("postgres"), free_port("::1")
    settings = Settings(home=tmp_path, database_url=url, host="::", host_names=("desk.lan",), prefect_port=port)
    certificate, key = certificate_of(tmp_path, "desk.lan")
    with running_prefect(replace(settings, tls_certificate=certificate, tls_key=key)) as server:
        assert server.address == f"https://[::1]:{port}"
        asked = (
            ("::1", "[::1]", 200),
            ("::1", "desk.lan", 200),
            ("::1", "evil.example", 403),
            ("127.0.0.9", "127.0.0.9", 200),
            ("127.0.0.9", "127.0.0.8", 403),
        )
        for address, name, status in asked:
            trusted = client_context(server.address, certificate)
            connection = http.client.HTTPSConnection(address, port, timeout=120, context=trusted)
            host = f"{name}:{port}"
            connection.request("GET", "/ui-settings", headers={"Host": host, "Origin": f"https://{host}"})
            answer = connection.getresponse()
            assert (answer.status, json.load(answer).get("api_url", "/api")) == (status, "/api")
            connection.close()
        assert clients_of(server) == ["None", "events"]


def test_database_addresses_are_translated() -> None:
    settings = Settings(home=HOME, database_url="postgresql://u:p%40@h:5/db?sslmode=require")
    assert prefect_database_url(settings) == "postgresql+asyncpg://u:p%40@h:5/prefect?ssl=require"
    with pytest.raises(ConfigurationError, match="DATABASE_URL"):
        prefect_database_url(Settings(home=HOME))
