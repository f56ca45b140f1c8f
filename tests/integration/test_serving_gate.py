"""Who may call the service, from where, and what it says of itself; a real ``bentoml serve``."""

from __future__ import annotations

import time
from pathlib import Path

import httpx
import pytest
from serving_process import Service, eventually, problem, query
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from neural_focus.settings import Settings
from neural_focus.store.database import connect as connect_database
from neural_focus.store.users import set_disabled
from serving.auth import CODE_SECONDS, COOKIE_NAME, make_cookie, make_machine_token, make_signin_link
from serving.callers import FRESH_SECONDS
from serving.hub import REVOKED


def test_health_is_open_and_nothing_else_is(service: Service) -> None:
    with service.anyone() as client:
        assert client.get("/healthz").status_code == 200
        for path in ("/", "/api/v1/now", "/api/v1/openapi.json", "/docs.json", "/schema.json", "/metrics", "/bentoml"):
            document = problem(client.get(path))
            assert document["status"] == 401, path


@pytest.mark.parametrize("token", ["x", "nf1.1.AAAA", "nf1.1.", "nf1..", "ü"])
def test_a_wrong_token_is_refused(service: Service, token: str) -> None:
    header = f"Bearer {token}".encode()
    response = httpx.get(f"{service.url}/api/v1/me", headers={b"Authorization": header}, timeout=60)
    assert problem(response)["status"] == 401
    assert response.headers["www-authenticate"] == "Bearer"


def test_a_token_of_another_installation_is_refused(service: Service) -> None:
    with service.http(make_machine_token()) as client:
        assert problem(client.get("/api/v1/me"))["status"] == 401


def test_each_token_speaks_for_its_own_person(service: Service, demo_person: int) -> None:
    with service.http() as local, service.http(service.token_of(demo_person)) as demo:
        assert local.get("/api/v1/me").json()["username"] == "tester"
        assert demo.get("/api/v1/me").json()["id"] == demo_person
        assert demo.get("/api/v1/me").json()["is_demo"] is True


def test_a_token_of_an_erased_person_is_refused(service: Service, real_person: int) -> None:
    with service.http(service.token_of(real_person)) as client:
        assert client.get("/api/v1/now").status_code == 200
        query(service.settings.database_url or "", "DELETE FROM users WHERE id = %s", real_person)
        eventually(lambda: client.get("/api/v1/now").status_code == 401, 3 * FRESH_SECONDS)
        assert problem(client.get("/api/v1/now"))["status"] == 401


def test_nobody_is_believed_to_be_a_proxy(service: Service) -> None:
    """Else this would be a request that came to us unencrypted."""
    with service.http(**{"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "http"}) as client:
        assert client.get("/api/v1/me").status_code == 200


def test_a_foreign_host_and_a_foreign_origin_are_refused(service: Service) -> None:
    with service.http() as client:
        assert problem(client.get("/api/v1/me", headers={"Host": "evil.example"}))["status"] == 421
        assert problem(client.get("/healthz", headers={"Host": "evil.example:3000"}))["status"] == 421
        assert problem(client.get("/api/v1/me", headers={"Origin": "http://evil.example"}))["status"] == 403
        assert problem(client.get("/api/v1/me", headers={"Origin": "null"}))["status"] == 403
        assert client.get("/api/v1/me", headers={"Origin": service.url}).status_code == 200
        assert "access-control-allow-origin" not in client.get("/api/v1/me", headers={"Origin": service.url}).headers


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"Authorization": "Bearer wrong"}, 401),
        ({"Origin": "http://evil.example"}, 403),
    ],
)
def test_a_socket_is_refused_before_it_opens(service: Service, headers: dict[str, str], status: int) -> None:
    address = f"ws://127.0.0.1:{service.settings.serving_port}/ws?role=page"
    if status != 401:
        headers = {"Authorization": f"Bearer {service.secrets.api_token}"} | headers
    with pytest.raises(InvalidStatus) as refused, connect(address, additional_headers=headers, open_timeout=60):
        pass
    assert refused.value.response.status_code == status


def test_a_signin_link_works_once_and_its_cookie_opens_the_page(service: Service) -> None:
    link = make_signin_link(service.settings, service.secrets)
    with service.anyone() as browser:
        first = browser.get(link)
        assert first.status_code == 200
        written = first.headers["set-cookie"].lower()
        assert "httponly" in written and "samesite=strict" in written
        assert browser.get("/api/v1/me").json()["username"] == "tester"
        assert browser.get("/").status_code in (200, 503)
        assert browser.get("/").headers["content-security-policy"].startswith("default-src 'self'")
    with service.anyone() as other:
        assert other.get(link).status_code == 403
        assert problem(other.get("/api/v1/me"))["status"] == 401


def test_a_cookie_acts_only_for_our_own_page(service: Service) -> None:
    value = make_cookie(service.secrets, 1)
    with service.anyone() as browser:
        browser.headers["cookie"] = f"{COOKIE_NAME}={value}"
        body = {"type": "natural"}
        assert problem(browser.post("/api/v1/sessions", json=body))["status"] == 401
        assert browser.post("/api/v1/sessions", json=body, headers={"Origin": service.url}).status_code == 201
    address = f"ws://127.0.0.1:{service.settings.serving_port}/ws?role=page"
    ours, forged = ({"Cookie": f"{COOKIE_NAME}={one}", "Origin": service.url} for one in (value, f"{value[:-1]}_"))
    with connect(address, additional_headers=ours, open_timeout=60):
        pass
    with pytest.raises(InvalidStatus), connect(address, additional_headers=forged, open_timeout=60):
        pass


def test_a_signin_link_for_a_demo_person_is_theirs(service: Service, demo_person: int) -> None:
    with service.anyone() as browser:
        browser.get(make_signin_link(service.settings, service.secrets, demo_person))
        assert browser.get("/api/v1/me").json()["id"] == demo_person


def test_links_that_ran_out_or_were_forged_are_refused(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as made:
        made.setattr(
            "itsdangerous.TimestampSigner.get_timestamp", lambda _: int(time.time()) - CODE_SECONDS["signin"] - 2
        )
        late = make_signin_link(service.settings, service.secrets)
    with service.anyone() as browser:
        assert browser.get(late).status_code == 403
        assert browser.get("/signin?code=../../secrets.json").status_code == 403
        assert browser.get("/signin").status_code == 403


def test_requests_that_do_not_fit_are_problems(service: Service) -> None:
    with service.http() as client:
        assert problem(client.post("/api/v1/sessions", json={"type": "nap"}))["status"] == 422
        assert (
            problem(client.post("/api/v1/sessions", json={"type": "pomodoro", "duration_minutes": 0}))["status"] == 422
        )
        assert problem(client.post("/api/v1/sessions", content=b"{"))["status"] == 422
        assert problem(client.get("/api/v1/recent?minutes=0"))["status"] == 422
        assert problem(client.get("/api/v1/nothing"))["status"] == 404
        assert problem(client.delete("/api/v1/now"))["status"] in (404, 405)


def test_links_are_on_loopback(service: Service) -> None:
    with service.http() as client:
        links = client.get("/api/v1/links").json()
        assert {link["name"] for link in links} >= {"Prefect", "BentoML", "Data docs", "A/B report", "Models"}
        assert all(link["url"].startswith("http://127.0.0.1:") for link in links)


def test_the_bentoml_page_is_served_without_strangers_scripts(service: Service) -> None:
    with service.http() as client:
        response = client.get("/bentoml")
        assert "swagger" in response.text
        assert "default-src 'self'" in response.headers["content-security-policy"]
        assert client.get("/static_content/swagger-ui.css").status_code == 200


def test_the_service_listens_on_loopback_only(service: Service) -> None:
    import psutil

    listening = {
        connection.laddr.ip
        for connection in psutil.net_connections("tcp")
        if connection.status == "LISTEN" and connection.laddr.port == service.settings.serving_port
    }
    assert listening == {"127.0.0.1"}


def test_the_settings_of_the_service_hold_no_secret(service: Service) -> None:
    log = service.log.read_text()
    assert service.secrets.api_token not in log and service.secrets.signing_key not in log


def test_settings_without_a_database_are_refused(tmp_path: Path) -> None:
    from neural_focus.errors import ConfigurationError
    from neural_focus.secrets import load_secrets
    from serving.runtime import Runtime

    with pytest.raises(ConfigurationError, match="DATABASE_URL"):
        Runtime(Settings(home=tmp_path), load_secrets(tmp_path / "secrets.json"))


def test_without_a_provider_there_is_no_such_door(service: Service) -> None:
    with service.anyone() as browser:
        assert browser.get("/api/v1/signin").json() == {"provider": None}
        assert browser.get("/signin/oidc").status_code == 404
        assert browser.get("/signin/oidc/callback?code=a&state=b").status_code == 404
        assert "Sign in with" not in browser.get("/", headers={"Accept": "text/html"}).text
        assert problem(browser.post("/api/v1/signout"))["status"] == 401
        assert problem(browser.put("/api/v1/signin"))["status"] == 405, "an open door is one for its own method"


def test_the_page_of_a_disabled_person_is_closed(service: Service, real_person: int) -> None:
    """Its socket, too, which came by a cookie and asks for nothing any more."""
    cookie = {"Cookie": f"{COOKIE_NAME}={make_cookie(service.secrets, real_person)}", "Origin": service.url}
    address = f"ws://127.0.0.1:{service.settings.serving_port}/ws?role=page"
    with connect(address, additional_headers=cookie) as page:
        page.recv(timeout=60)
        with connect_database(service.settings.database_url or "") as connection:
            assert set_disabled(connection, real_person, disabled=True)
        with pytest.raises(ConnectionClosed) as closed:
            page.recv(timeout=60)
        assert closed.value.rcvd is not None and closed.value.rcvd.code == REVOKED
    with pytest.raises(InvalidStatus) as refused, connect(address, additional_headers=cookie):
        pass
    assert refused.value.response.status_code == 401
