"""The service where other machines reach it, on IPv6 too: every call of ours finds it, whatever proxy is set."""

from __future__ import annotations

import asyncio
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
import psutil
import pytest
from encryption import certificate_of
from serving_process import Service, eventually, running_service
from surroundings import DEAD_PROXIES, HAS_IPV6
from websockets.asyncio.client import connect

from collector.service_token import ServiceToken
from collector.websocket_client import WebSocketClient
from infra.diagnosis import check_network, check_service
from infra.finding import Grade
from infra.pictures.shots import report_address
from infra.ports import free_port, is_taken
from infra.up.health import answers
from infra.up.table import addresses
from neural_focus.addresses import called_host, prefect_link, service_address, url_host
from neural_focus.client.generated import ServiceApi
from neural_focus.errors import ConfigurationError
from neural_focus.messages import DesktopStatus, decode_server
from neural_focus.settings import Settings
from neural_focus.tls import client_context
from serving.auth import make_signin_link

HOST = "::" if HAS_IPV6 else "0.0.0.0"


@pytest.fixture(scope="module")
def service(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """It listens on every address of this machine, encrypted."""
    home = tmp_path_factory.mktemp("home of the service")
    certificate, key = certificate_of(home, "desk.lan")
    reached = Settings(home, host=HOST, host_names=("desk.lan",), tls_certificate=certificate, tls_key=key)
    with running_service(module_database_url, home, reached) as running:
        yield running


@pytest.fixture
def dead_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in DEAD_PROXIES.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(urllib.request, "_opener", None)  # it would remember the proxies of before


def test_calls_of_ours_find_it_whatever_proxy_is_set(service: Service, dead_proxies: None) -> None:
    settings, secrets = service.settings, service.secrets
    assert answers(f"{service_address(settings)}/readyz", settings.tls_certificate)() == ""
    assert check_service(settings).state is Grade.WELL
    assert report_address(settings) == f"https://desk.lan:{settings.serving_port}/reports/ab/index.html"
    told = addresses(settings, secrets, 1, secrets.api_token, demo=False)
    assert any(f"https://desk.lan:{settings.serving_port}/signin?code=" in line for line in told)
    assert any(line.split()[-1] == prefect_link(settings) for line in told if "Prefect" in line)


def test_the_agent_finds_it_whatever_proxy_is_set(service: Service, dead_proxies: None) -> None:
    address, token = service_address(service.settings), ServiceToken(service.secrets.api_token)
    link = WebSocketClient(address, token, str(uuid4()), encryption=service.encryption)
    link.start()
    try:
        eventually(lambda: link.connected)
    finally:
        link.finish()
    with closing(ServiceApi(address, token, service.encryption)) as client:
        client.revoke_consent()  # of nobody: it answers


def test_a_browser_is_let_in_by_each_name_and_finds_the_rest_by_it(service: Service) -> None:
    """The cookie of a sign-in is for one name: links of another one would meet a closed door."""
    port, prefect_port = service.settings.serving_port, service.settings.prefect_port
    for name in ("desk.lan", "localhost", url_host(called_host(service.settings.host))):
        prefect = f"{name}:{prefect_port}"
        with service.anyone() as browser:
            browser.headers["Host"] = f"{name}:{port}"
            place = urlsplit(make_signin_link(service.settings, service.secrets))
            signed_in = browser.get(f"{place.path}?{place.query}")
            assert (signed_in.status_code, "Secure" in signed_in.headers["set-cookie"]) == (200, True)
        with service.http(Host=f"{name}:{port}", Origin=f"https://{name}:{port}") as browser:
            found = browser.get("/api/v1/links").raise_for_status().json()
        assert {urlsplit(link["url"])[:2] for link in found} == {("https", f"{name}:{port}"), ("https", prefect)}


def test_other_names_and_other_pages_stay_out(service: Service) -> None:
    port = service.settings.serving_port
    with service.http() as client:
        for name in ("evil.example", "0.0.0.0", "192.0.2.7", "[::]"):
            refused = client.get("/api/v1/me", headers={"Host": f"{name}:{port}"})
            assert (refused.status_code, "NEURAL_FOCUS_HOST_NAMES" in refused.text) == (421, True)
        for foreign in (f"https://evil.example:{port}", f"http://desk.lan:{port}"):  # a page that others can change
            assert client.get("/api/v1/me", headers={"Origin": foreign}).status_code == 403


def test_on_every_address_each_address_of_the_machine_is_let_in(service: Service) -> None:
    found = [each.address for some in psutil.net_if_addrs().values() for each in some if each.family.name == "AF_INET"]
    for address in {*found, "127.0.0.9", url_host(called_host(HOST))}:
        with service.http() as client:
            answer = client.get(f"https://{address}:{service.settings.serving_port}/api/v1/me")
        assert answer.status_code == 200, address


def test_nobody_is_answered_unencrypted_or_by_another_certificate(service: Service, tmp_path: Path) -> None:
    port, (other, _) = service.settings.serving_port, certificate_of(tmp_path, "desk.lan")
    with pytest.raises(httpx.RemoteProtocolError):
        httpx.get(f"http://127.0.0.1:{port}/readyz", trust_env=False, timeout=60)
    for strange in (client_context(service.url, other), True):
        with pytest.raises(httpx.ConnectError, match="certificate verify failed"):
            httpx.get(f"https://127.0.0.1:{port}/readyz", trust_env=False, verify=strange, timeout=60)


def test_a_socket_is_let_in(service: Service) -> None:
    """By a client of one thread: Python 3.11 lets two threads into one encrypted connection at once, and an answer can
    be lost."""
    address, token = f"{service.url.replace('http', 'ws', 1)}/ws?role=page", service.secrets.api_token
    headers = {"Authorization": f"Bearer {token}"}

    async def first_word() -> object:
        encryption = service.encryption
        async with connect(address, additional_headers=headers, open_timeout=60, ssl=encryption, proxy=None) as page:
            return decode_server(await asyncio.wait_for(page.recv(), 60))

    assert isinstance(asyncio.run(first_word()), DesktopStatus)


def test_the_doctor_says_who_reaches_it(service: Service, tmp_path: Path) -> None:
    found = check_network(service.settings)
    assert found.state is Grade.WELL and "every address of this machine, encrypted by" in found.description
    assert "only programs of this machine" in check_network(replace(service.settings, host="::1")).description
    other = certificate_of(tmp_path, "desk.lan")[1]
    broken = check_network(replace(service.settings, tls_key=other))
    assert broken.state is Grade.BROKEN and str(other) in broken.description


def test_an_address_of_another_machine_is_one_line() -> None:
    with pytest.raises(
        ConfigurationError, match=r"HOST is '192\.0\.2\.7': this machine has no .* Give one .*127\.0\.0\.1"
    ):
        is_taken(free_port(), "192.0.2.7")
