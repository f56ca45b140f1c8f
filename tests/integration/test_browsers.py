"""Pairing a browser's extension and its socket, with clients that are one or pretend to; a real ``bentoml serve``."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from serving_process import Service, desktop, eventually, problem, query
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from neural_focus.messages import (
    BrowserHello,
    InterventionApplied,
    InterventionUndone,
    PredictionMade,
    Problem,
    ReportStored,
    SiteBlock,
    SiteBlocks,
    SiteInFront,
    StartSession,
    decode_server,
    encode,
)
from neural_focus.store.database import connect as store_connection
from neural_focus.store.users import set_disabled
from serving.auth import CODE_SECONDS, COOKIE_NAME, make_code, make_cookie
from serving.browsers import PING_SECONDS

CHROMIUM = "chrome-extension://flamlnonjfofhcmlbboenbpejobjpflp"
FIREFOX = "moz-extension://0f8fad5b-d9cb-469f-a165-70867728950e"
FOREIGN = ("http://evil.example", "null", "chrome-extension://abcdefghijklmnopabcdefghijklmnop", "moz-extension://x")


def ask_to_pair(service: Service, code: str, origin: str | None) -> httpx.Response:
    headers = {} if origin is None else {"Origin": origin}
    return httpx.post(
        f"{service.url}/browser/pair", json={"code": code, "browser": "it 1"}, headers=headers, timeout=60
    )


def paired(service: Service, user_id: int, origin: str = CHROMIUM) -> str:
    """A token, by the way that a person goes."""
    with service.http(service.token_of(user_id)) as client:
        made = client.post("/api/v1/browsers/pairing")
    assert made.status_code == 201
    answer = ask_to_pair(service, made.json()["code"], origin)
    assert answer.status_code == 201 and answer.headers["access-control-allow-origin"] == origin
    return str(answer.json()["token"])


@contextmanager
def extension(service: Service, token: str, origin: str | None = CHROMIUM, **more: Any) -> Iterator[ClientConnection]:
    address = f"{service.url.replace('http', 'ws', 1)}/ws/browser"
    offered: Any = ["neural-focus.1", f"token.{token}"]
    with connect(address, subprotocols=offered, origin=origin, open_timeout=60, **more) as socket:  # type: ignore[arg-type]
        yield socket


def receive(socket: ClientConnection) -> Any:
    return decode_server(socket.recv(timeout=60))


def receive_blocks(socket: ClientConnection) -> tuple[SiteBlock, ...]:
    """Of the next state."""
    while not isinstance(state := receive(socket), SiteBlocks):
        pass
    return state.blocks


def order(
    url: str, user_id: int, site: str = "reddit.com", *, seconds: int = 600, kind: str = "PREDICTIVE_BLOCK"
) -> int:
    statement = (
        "INSERT INTO interventions (user_id, triggered_at, type, action, target, predicted_risk, arm, probability,"
        " ordered_at, ends_at) VALUES (%s, now(), %s, 'BLOCK_SITE', %s, 0.7, %s, 0.5, now(),"
        " now() + make_interval(secs => %s)) RETURNING id"
    )
    return int(query(url, statement, user_id, kind, site, kind, seconds)[0][0])


def test_a_browser_is_paired_once_by_a_code_that_the_page_carries(service: Service, real_person: int) -> None:
    with service.anyone() as page:
        assert problem(page.get("/pair"))["status"] == 401
        page.headers["cookie"] = f"{COOKIE_NAME}={make_cookie(service.secrets, real_person)}"
        shown = page.get("/pair")
    port, code = re.findall(r'<meta name="neural-focus-pair" content="(\d+):([\w-]+)">', shown.text)[0]
    assert int(port) == service.settings.serving_port and shown.headers["cache-control"] == "no-store"
    token = ask_to_pair(service, code, FIREFOX).json()["token"]
    assert problem(ask_to_pair(service, code, FIREFOX))["status"] == 403
    with extension(service, token, FIREFOX) as socket:
        assert socket.subprotocol == "neural-focus.1"
        assert receive(socket).blocks == ()
    with service.http(service.token_of(real_person)) as client:
        [browser] = client.get("/api/v1/browsers").json()
    assert browser["browser"] == "it 1" and not browser["allowed"]
    assert token not in service.log.read_text() and token not in json.dumps(browser)


def test_only_our_extension_is_let_in_and_its_token_opens_nothing_else(service: Service, real_person: int) -> None:
    token, cookie = paired(service, real_person), make_cookie(service.secrets, real_person)
    for origin in (*FOREIGN, service.url, None):
        code = make_code(service.settings, service.secrets, "pairing", real_person)
        assert problem(ask_to_pair(service, code, origin))["status"] == 403, origin
        with pytest.raises(InvalidStatus) as refused, extension(service, token, origin):
            pass
        assert refused.value.response.status_code == 403, origin
    with pytest.raises(InvalidStatus) as refused, extension(service, token, FIREFOX):
        pass  # another browser has the token
    assert refused.value.response.status_code == 401
    for headers in ({"Origin": CHROMIUM}, {"Origin": CHROMIUM, "Cookie": f"{COOKIE_NAME}={cookie}"}):
        with service.http(token, **headers) as client:
            assert problem(client.get("/api/v1/me"))["status"] == 403
            assert problem(client.post("/api/v1/browsers/pairing"))["status"] == 403
    with service.http(token) as client:
        assert problem(client.get("/api/v1/me"))["status"] == 401
    signed_in = {"Cookie": f"{COOKIE_NAME}={cookie}"}
    with pytest.raises(InvalidStatus) as refused, extension(service, "nobody's", additional_headers=signed_in):
        pass
    assert refused.value.response.status_code == 401


@pytest.mark.parametrize("age", [CODE_SECONDS["pairing"] + 2, CODE_SECONDS["pairing"] - 60])
def test_a_code_is_good_for_one_purpose_and_for_its_time(
    service: Service, real_person: int, age: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as made:
        made.setattr("itsdangerous.TimestampSigner.get_timestamp", lambda _: int(time.time()) - age)
        signin, pairing = (make_code(service.settings, service.secrets, kind, real_person) for kind in CODE_SECONDS)
    assert problem(ask_to_pair(service, signin, CHROMIUM))["status"] == 403
    with service.anyone() as browser:
        assert browser.get(f"/signin?code={pairing}").status_code == 403
    assert ask_to_pair(service, pairing, CHROMIUM).status_code == (201 if age < CODE_SECONDS["pairing"] else 403)
    assert problem(ask_to_pair(service, "../../secrets.json", CHROMIUM))["status"] == 403


def test_an_extension_hears_the_whole_state_and_its_reports_are_stored(
    service: Service, real_person: int, module_database_url: str
) -> None:
    row = order(module_database_url, real_person)
    jail = order(module_database_url, real_person, "time-sink.co.uk", kind="MANUAL_JAIL")
    order(module_database_url, real_person, "over.com", seconds=-1)
    other = order(module_database_url, 1, "theirs.com")
    token, now_us = paired(service, real_person), time.time_ns() // 1000
    with extension(service, token) as socket:
        state = receive(socket)
        assert [(each.intervention_id, each.site, each.wait_seconds, each.jail) for each in state.blocks] == [
            (row, "reddit.com", 5, False),
            (jail, "time-sink.co.uk", 60, True),
        ]
        socket.send(encode(InterventionApplied(row, now_us, "chromium 156", now_us + 600_000_000)))
        socket.send(encode(InterventionApplied(other, now_us, "chromium 156")))
        socket.send(encode(InterventionUndone(row, now_us + 1_000_000, "needed")))
        socket.send(encode(InterventionApplied(jail, now_us, "chromium 156", refused_reason="not allowed")))
        heard = [receive(socket)]
        while heard[-1] != ReportStored(jail, "INTERVENTION_APPLIED"):
            heard.append(receive(socket))
        assert [each for each in heard if isinstance(each, ReportStored)] == [
            ReportStored(row, "INTERVENTION_APPLIED"),
            ReportStored(other, "INTERVENTION_APPLIED"),  # not theirs: it need not come again
            ReportStored(row, "INTERVENTION_UNDONE"),
            ReportStored(jail, "INTERVENTION_APPLIED"),
        ]
        while not any(isinstance(each, SiteBlocks) and len(each.blocks) == 1 for each in heard):
            heard.append(receive(socket))
    columns = "applied_where, refused_reason, undone_reason FROM interventions WHERE id = %s"
    assert query(module_database_url, f"SELECT {columns}", row) == [("chromium 156", None, "needed")]
    assert query(module_database_url, f"SELECT {columns}", jail) == [(None, "not allowed", None)]
    assert query(module_database_url, f"SELECT {columns}", other) == [(None, None, None)]


def test_an_extension_may_not_speak_for_a_desktop_or_a_page(service: Service, real_person: int) -> None:
    with extension(service, paired(service, real_person)) as socket:
        receive(socket)
        socket.send(encode(StartSession("pomodoro")))
        socket.send("{")
        assert isinstance(eventually(lambda: isinstance(said := receive(socket), Problem) and said), Problem)
    with service.http(service.token_of(real_person)) as client:
        assert client.get("/api/v1/now").json()["session"] is None


def test_a_revoked_browser_lifts_first_and_never_comes_back(
    service: Service, real_person: int, module_database_url: str
) -> None:
    row, token = order(module_database_url, real_person), paired(service, real_person)
    with service.http(service.token_of(real_person)) as client:
        [browser] = client.get("/api/v1/browsers").json()
        with extension(service, token) as socket:
            socket.send(encode(BrowserHello("chromium", "156", allowed=True)))
            socket.send(encode(InterventionApplied(row, time.time_ns() // 1000, "chromium 156")))
            eventually(lambda: client.get("/api/v1/browsers").json()[0]["allowed"])
            assert client.delete(f"/api/v1/browsers/{browser['id']}").status_code == 204
            with pytest.raises(ConnectionClosed) as closed:
                while True:
                    state = receive(socket)
            assert isinstance(state, SiteBlocks) and state.blocks == ()
            assert closed.value.rcvd is not None and closed.value.rcvd.code == 4401
        assert problem(client.delete(f"/api/v1/browsers/{browser['id']}"))["status"] == 404
        assert client.get("/api/v1/browsers").json() == []
    with pytest.raises(InvalidStatus), extension(service, token):
        pass


def test_the_browser_of_a_disabled_person_is_cut_off(
    service: Service, real_person: int, module_database_url: str
) -> None:
    row, token = order(module_database_url, real_person), paired(service, real_person)
    code = make_code(service.settings, service.secrets, "pairing", real_person)
    with extension(service, token) as socket:
        socket.send(encode(BrowserHello("chromium", "156", allowed=True)))
        socket.send(encode(InterventionApplied(row, time.time_ns() // 1000, "chromium 156")))
        assert [block.intervention_id for block in receive_blocks(socket)] == [row]
        with store_connection(module_database_url) as connection:
            assert set_disabled(connection, real_person, disabled=True)
        asked = time.monotonic()
        with pytest.raises(ConnectionClosed) as closed:
            while True:
                state = receive(socket)
        assert time.monotonic() - asked < PING_SECONDS / 2, "it does not wait for the next whole state"
        assert isinstance(state, SiteBlocks) and state.blocks == ()
        assert closed.value.rcvd is not None and closed.value.rcvd.code == 4401
    with pytest.raises(InvalidStatus) as refused, extension(service, token):
        pass
    assert refused.value.response.status_code == 401
    told = problem(ask_to_pair(service, code, CHROMIUM))
    assert told["status"] == 403 and "people enable" in told["hint"]
    with store_connection(module_database_url) as connection:
        assert set_disabled(connection, real_person, disabled=False)
    with extension(service, token) as socket:
        assert [block.intervention_id for block in receive_blocks(socket)] == [row]


def test_nobody_revokes_the_browser_of_another_person(service: Service, real_person: int, demo_person: int) -> None:
    paired(service, real_person)
    with service.http(service.token_of(real_person)) as mine, service.http(service.token_of(demo_person)) as theirs:
        [browser] = mine.get("/api/v1/browsers").json()
        assert problem(theirs.delete(f"/api/v1/browsers/{browser['id']}"))["status"] == 404
        assert len(mine.get("/api/v1/browsers").json()) == 1


def test_the_site_in_front_reaches_the_desktop_in_use_and_no_page(service: Service, real_person: int) -> None:
    token, desk = paired(service, real_person), service.token_of(real_person)
    with (
        desktop(service, desk, "11111111-2222-3333-4444-555555555555") as screen,
        desktop(service, desk) as page,
        extension(service, token) as socket,
    ):
        screen.send(screen.snapshot())
        screen.receive(PredictionMade)
        told = SiteInFront("wikipedia.org", time.time_ns() // 1000, "firefox 153")
        socket.send(encode(told))
        assert screen.receive(SiteInFront) == told
        with pytest.raises(TimeoutError):
            page.receive(SiteInFront, seconds=2)


def test_the_extension_in_the_gate_is_the_one_in_the_folder() -> None:
    import base64
    import hashlib

    from serving.gate import _EXTENSION

    manifest = json.loads((Path(__file__).parents[2] / "collector/extensions/browser/manifest.json").read_text())
    digest = hashlib.sha256(base64.b64decode(manifest["key"])).hexdigest()[:32]
    assert _EXTENSION.fullmatch("chrome-extension://" + "".join(chr(ord("a") + int(digit, 16)) for digit in digest))
    assert not _EXTENSION.fullmatch(f"{CHROMIUM}.evil.example")
