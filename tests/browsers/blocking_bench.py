"""A bench for the extension: the real service, sites on this machine, a person whose rows order blocks."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Protocol
from uuid import uuid4

import httpx
import psutil
import psycopg
import pytest
from told_inputs import told_inputs
from websockets.sync.client import ClientConnection, connect

from infra.database_logins import with_login
from infra.desktop_token import pair_machine
from infra.ports import free_port
from neural_focus.features import FEATURE_NAMES, SEQUENCE_LENGTH
from neural_focus.messages import PredictionMade, SiteInFront, Snapshot, decode_server, encode
from neural_focus.secrets import load_secrets
from neural_focus.settings import Settings
from neural_focus.store.database import connect as connect_database
from neural_focus.store.users import ensure_user
from serving.auth import make_signin_link
from serving.launch import service_command, service_environment

SITE, OTHER, WORK = "focus-thief.com", "time-sink.co.uk", "workplace.org"
START_SECONDS = 300.0
COVERED = "!!document.querySelector('[data-neural-focus=cover]')"
OWN_ORIGIN = "chrome-extension://flamlnonjfofhcmlbboenbpejobjpflp"


class Browser(Protocol):
    """What the tests ask of a browser; ``base`` is where the extension's pages are."""

    base: str

    def open(self, address: str) -> str: ...
    def go(self, tab: str, address: str) -> None: ...
    def address(self, tab: str) -> str: ...
    def evaluate(self, tab: str, script: str) -> Any: ...
    def close_tab(self, tab: str) -> None: ...
    def tabs(self) -> list[str]: ...
    def kill_background(self) -> None: ...
    def background_runs(self) -> bool: ...
    def start(self) -> None: ...
    def kill(self) -> None: ...


class Sites:
    """All sites of the world: each answers with its own name, and what was asked of it is kept."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        sites = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                name = self.headers["Host"].partition(":")[0]
                if self.path != "/favicon.ico":
                    sites.asked.append(f"{name}{self.path}")
                link = f"<a id=out href='http://{SITE}:{sites.port}/by-link'>out</a>"
                body = f"<!doctype html><title>{name}</title><h1>{name}</h1><textarea id=t></textarea>{link}".encode()
                self.send_response(200)
                self.send_header("content-type", "text/html")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def url(self, site: str, path: str = "/") -> str:
        return f"http://{site}:{self.port}{path}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@dataclass
class Desk:
    """A desktop's socket."""

    socket: ClientConnection

    def next(self, kind: type, seconds: float) -> Any:
        """The next message of a kind. Raises TimeoutError."""
        until = time.monotonic() + seconds
        while not isinstance(
            found := decode_server(self.socket.recv(timeout=max(0.01, until - time.monotonic()))), kind
        ):
            pass
        return found

    def next_site(self, seconds: float) -> SiteInFront:
        """What a browser told next. Raises TimeoutError."""
        told: SiteInFront = self.next(SiteInFront, seconds)
        return told


class Bench:
    """The service on a test database, and one person of it."""

    def __init__(self, database_url: str, home: Path) -> None:
        self.database_url, self.home, self.sites = database_url, home, Sites()
        self.settings = Settings(home=home, database_url=database_url, serving_port=free_port())
        self.secrets = load_secrets(self.settings.secrets)
        self._its_own = with_login("service", self.settings, self.secrets, pytest.fail)
        self.user_id, self._second, self._token = 0, "", ""
        self.process: subprocess.Popen[bytes] | None = None
        self.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.settings.serving_port}"

    def start(self) -> None:
        """Start the service (again), on the same port."""
        log = self.home / "service.log"
        with log.open("ab") as output:
            environment = service_environment(self._its_own, os.environ)
            self.process = subprocess.Popen(
                service_command(self.settings), env=environment, stdout=output, stderr=output, start_new_session=True
            )
        until = time.monotonic() + START_SECONDS
        while not self._is_ready():
            assert self.process.poll() is None and time.monotonic() < until, log.read_text()[-3000:]
            time.sleep(0.3)

    def _is_ready(self) -> bool:
        try:
            return httpx.get(f"{self.url}/readyz", timeout=20).status_code == 200
        except httpx.TransportError:
            return False

    def new_person(self) -> None:
        """Whoever the next browser is paired for."""
        with connect_database(self.database_url) as connection:
            self.user_id, self._second = ensure_user(connection, f"person {uuid4().hex[:8]}"), ""
            self._token = pair_machine(connection, self.user_id, "a test")
            connection.commit()

    def kill(self) -> None:
        """kill -9 of all of the service's processes: its worker would serve on without the one that started it."""
        if self.process is not None:
            own = psutil.Process(self.process.pid)
            all_of_it = [own, *own.children(recursive=True)]
            for each in all_of_it:
                with suppress(psutil.NoSuchProcess):
                    each.kill()
            self.process.wait()
            psutil.wait_procs(all_of_it, 20)
            self.process = None

    def close(self) -> None:
        self.kill()
        self.sites.close()

    def http(self) -> httpx.Client:
        return httpx.Client(base_url=self.url, headers={"Authorization": f"Bearer {self._token}"}, timeout=60)

    def signin(self) -> str:
        """A link that signs a browser in."""
        return make_signin_link(self.settings, self.secrets, self.user_id)

    def order(self, site: str, seconds: float) -> int:
        """A row of accepted help that blocks a site from now on; its id."""
        rows = self.query(
            "INSERT INTO interventions (user_id, triggered_at, type, action, target, predicted_risk, arm, probability,"
            " contributing_factors, ordered_at, ends_at) VALUES (%s, now(), 'PREDICTIVE_BLOCK', %s, %s, 0.7,"
            " 'PREDICTIVE_BLOCK', 0.5, %s, now(), now() + make_interval(secs => %s)) RETURNING id",
            *(self.user_id, f"BLOCK_{site.upper()}", site, '["You switch a lot"]', seconds),
        )
        self.nudge()
        return int(rows[0][0])

    def undo(self, row: int) -> None:
        """The person undid it on the page."""
        with self.http() as client:
            assert client.post(f"/api/v1/interventions/{row}/undo").json()["repeated"] is False

    def jail(self, *sites: str, minutes: int = 25) -> list[int]:
        """A session whose jail blocks these sites; the ids of its rows."""
        with self.http() as client:
            listed = client.get("/api/v1/settings/help").json() | {"block_sites": sites}
            assert client.put("/api/v1/settings/help", json=listed).status_code == 200
            asked = {"type": "pomodoro", "duration_minutes": minutes, "jail_enabled": True}
            session = client.post("/api/v1/sessions", json=asked).json()["id"]
        found = self.query("SELECT id FROM interventions WHERE session_id = %s ORDER BY id", session)
        return [int(row) for (row,) in found]

    def row(self, row: int) -> dict[str, Any]:
        names = ("applied_at", "applied_where", "refused_reason", "undone_at", "undone_reason", "ends_at")
        found = self.query(f"SELECT {', '.join(names)} FROM interventions WHERE id = %s", row)
        return dict(zip(names, found[0], strict=True))

    def nudge(self) -> None:
        """Another browser of the person comes and goes: all of them hear what is to be blocked."""
        if not self._second:
            with self.http() as client:
                code = client.post("/api/v1/browsers/pairing").json()["code"]
            headers = {"Origin": OWN_ORIGIN}
            request = {"code": code, "browser": "second 1"}
            self._second = httpx.post(f"{self.url}/browser/pair", json=request, headers=headers, timeout=60).json()[
                "token"
            ]
        address = f"ws://127.0.0.1:{self.settings.serving_port}/ws/browser"
        with connect(address, subprotocols=["neural-focus.1", f"token.{self._second}"], origin=OWN_ORIGIN) as socket:  # type: ignore[list-item, arg-type]
            socket.recv(timeout=30)

    @contextmanager
    def desktop(self) -> Iterator[Desk]:
        """The person's desktop, in use."""
        address = f"ws://127.0.0.1:{self.settings.serving_port}/ws?machine_id={uuid4()}"
        bearer = {"Authorization": f"Bearer {self._token}"}
        with connect(address, additional_headers=bearer, open_timeout=60) as socket:
            features = dict.fromkeys(FEATURE_NAMES, 0.0)
            now_us, types = int(time.time()) * 1_000_000, (1,) * SEQUENCE_LENGTH
            socket.send(encode(Snapshot(now_us, features, types, inputs=told_inputs().to_text())))
            desk = Desk(socket)
            desk.next(PredictionMade, 60)
            yield desk

    def query(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.database_url, autocommit=True) as connection:
            cursor = connection.execute(statement, values)
            return cursor.fetchall() if cursor.description else []


def pair(browser: Browser, bench: Bench) -> None:
    """As a person does: sign in, open /pair, accept on the extension's own page."""
    tab = browser.open(bench.signin())
    eventually(lambda: browser.address(tab) == f"{bench.url}/")
    browser.go(tab, f"{bench.url}/pair")
    settings = eventually(
        lambda: next((each for each in browser.tabs() if browser.address(each).startswith(browser.base)), None)
    )
    eventually(lambda: browser.evaluate(settings, "document.getElementById('offer').hidden === false"))
    browser.evaluate(settings, "(document.getElementById('accept').click(), true)")
    eventually(lambda: "connected" in str(browser.evaluate(settings, "document.getElementById('status').textContent")))
    browser.close_tab(settings)


def closed_tab(browser: Browser, bench: Bench, address: str) -> str:
    """A new tab with our page in place of the address, which says so."""
    tab = browser.open(address)
    eventually(lambda: browser.address(tab) == f"{browser.base}pages/blocked.html#{address}")
    words = "document.querySelector('main').innerText"
    assert "is closed for now" in eventually(lambda: browser.evaluate(tab, f"{words}.includes(' left') && {words}"))
    return tab


def eventually(check: Callable[[], Any], seconds: float = 60.0, every: float = 0.1) -> Any:
    """The first truthy answer of ``check``."""
    until = time.monotonic() + seconds
    while not (found := check()):
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(every)
    return found
