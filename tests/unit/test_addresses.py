"""One host setting: where the servers listen, where they are called, what links say, and whom they let in."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.artifacts import page_address
from flows.server import client_environment
from neural_focus.addresses import HostGuard, exposure, prefect_address, prefect_link, service_address, service_link
from neural_focus.secrets import Secrets
from neural_focus.settings import Settings
from serving.launch import service_command
from serving.queries import links

HOME = Path("/nowhere")


@pytest.mark.parametrize(
    ("host", "called"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("127.0.0.2", "127.0.0.2"),
        ("192.168.1.5", "192.168.1.5"),
        ("0.0.0.0", "127.0.0.1"),
        ("::1", "[::1]"),
        ("::", "[::1]"),
        ("fd00::5", "[fd00::5]"),
    ],
)
def test_programs_and_people_reach_what_listens(host: str, called: str) -> None:
    settings = Settings(home=HOME, host=host, serving_port=3210, prefect_port=4321)
    assert service_command(settings)[5:9] == ["--host", host, "--port", "3210"]
    assert service_address(settings) == service_link(settings) == f"http://{called}:3210"
    assert prefect_address(settings) == prefect_link(settings) == f"http://{called}:4321"
    environment = client_environment(settings, Secrets("a", "b", "c", "d"))
    assert environment["PREFECT_API_URL"] == f"http://{called}:4321/api"
    assert page_address(settings, "ab/index.html") == f"http://{called}:3210/reports/ab/index.html"


def test_links_have_the_name_that_people_use_and_calls_do_not() -> None:
    settings = Settings(home=HOME, host="0.0.0.0", host_names=("desk.lan", "192.168.1.5"))
    assert (service_link(settings), prefect_link(settings)) == ("http://desk.lan:3000", "http://desk.lan:4200")
    assert service_address(settings) == "http://127.0.0.1:3000"


def test_with_a_certificate_or_behind_a_proxy_links_are_encrypted() -> None:
    own = Settings(home=HOME, host="0.0.0.0", host_names=("desk.lan",), tls_certificate=HOME / "own.pem")
    assert (service_link(own), service_address(own)) == ("https://desk.lan:3000", "https://127.0.0.1:3000")
    proxied = Settings(home=HOME, host_names=("focus.example",), proxies=("127.0.0.1",))
    assert (service_link(proxied), prefect_link(proxied)) == ("https://focus.example", "https://focus.example:4200")
    assert service_address(proxied) == "http://127.0.0.1:3000"


def test_links_keep_the_name_by_which_the_browser_came() -> None:
    for here, start in (("http://[::1]:3000", "http://[::1]"), ("https://desk.lan", "https://desk.lan")):
        assert all(link.url.startswith((f"{here}/", f"{start}:4200")) for link in links(Settings(home=HOME), here))


def test_what_other_machines_reach_is_said_plainly() -> None:
    assert not any(exposure(Settings(home=HOME, host=host)) for host in ("127.0.0.1", "127.9.9.9", "::1"))
    by_proxy = exposure(Settings(home=HOME, host="192.168.1.5", proxies=("192.168.1.6",)))
    assert "listen on 192.168.1.5, encrypted by the proxy at 192.168.1.6" in by_proxy
    encrypted = exposure(Settings(home=HOME, host="::", tls_certificate=HOME / "own.pem"))
    assert "every address of this machine, encrypted by /nowhere/own.pem" in encrypted


@pytest.mark.parametrize(
    ("host", "arrived_at", "admitted"),
    [
        ("127.0.0.1:3210", "127.0.0.1", True),
        ("LOCALHOST:3210", "127.0.0.1", True),
        ("[::1]:3210", "::1", True),
        ("127.0.0.2:3210", "127.0.0.2", False),
        ("127.0.0.1:3211", "127.0.0.1", False),
        ("127.0.0.1", "127.0.0.1", False),
        ("evil.example:3210", "127.0.0.1", False),
        ("", "127.0.0.1", False),
        ("", "", False),
    ],
)
def test_on_loopback_only_loopback_names_are_let_in(host: str, arrived_at: str, admitted: bool) -> None:
    guard = HostGuard("127.0.0.1", 3210)
    assert guard.admits(host, arrived_at) is admitted
    assert guard.admits_origin(f"http://{host}", arrived_at) is admitted
    assert not guard.admits_origin(f"https://{host}", arrived_at)


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_on_every_address_the_one_that_was_called_is_let_in_and_the_names_given(host: str) -> None:
    guard = HostGuard(host, 3210, ("desk.lan",))
    assert guard.admits("192.168.1.5:3210", "192.168.1.5")
    assert guard.admits("192.168.1.5:3210", "::ffff:192.168.1.5")
    assert guard.admits("[fd00::5]:3210", "fd00::5")
    assert guard.admits("desk.lan:3210", "192.168.1.5")
    assert guard.admits("localhost:3210", "127.0.0.1")
    for other in ("192.168.1.6:3210", "0.0.0.0:3210", "[::]:3210", "other.lan:3210", "192.168.1.5:80"):
        assert not guard.admits(other, "192.168.1.5")
    assert not guard.admits(":3210", "")


def test_a_proxy_is_asked_by_its_name_alone() -> None:
    guard = HostGuard("127.0.0.1", 3210, ("focus.example",), proxied=True)
    assert guard.admits("focus.example", "127.0.0.1")
    assert guard.admits_origin("https://focus.example", "127.0.0.1", encrypted=True)
    assert not guard.admits_origin("http://focus.example", "127.0.0.1", encrypted=True)
    assert not guard.admits("other.example", "127.0.0.1") and not guard.admits("127.0.0.1", "127.0.0.1")
    assert not HostGuard("127.0.0.1", 3210, ("focus.example",)).admits("focus.example", "127.0.0.1")


def test_a_single_address_is_let_in_by_itself_and_by_its_names() -> None:
    guard = HostGuard("fd00::5", 3210, ("desk.lan",))
    assert guard.admits("[fd00::5]:3210", "fd00::5") and guard.admits("desk.lan:3210", "fd00::5")
    assert not guard.admits("[fd00::6]:3210", "fd00::6")
    assert guard.example() == "127.0.0.1:3210"
