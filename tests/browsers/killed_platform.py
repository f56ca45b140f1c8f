"""The programs that help acts through, as ``up`` starts and watches them: each can be killed, held and waited for.

Database, service, agent and virtual display are under the platform's own supervision; the browser is the person's, who
starts it again. Prefect and the models are left out: nothing that is done on a desktop passes through them.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import psutil
from action_rows import ActionRows
from blocking_bench import COVERED, SITE, Sites, eventually, pair
from chromium_here import Chromium
from PIL import ImageGrab
from rich.console import Console
from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

from collector.desktop import desktop_of
from infra.database_schema import make_database, migrate
from infra.desktop_token import give_token
from infra.embedded_database import EmbeddedServer
from infra.embedded_database_postmaster import postmaster
from infra.machine_token import read_token
from infra.up import plan
from infra.up.display import start_display
from infra.up.platform import RunningPlatform
from neural_focus._x11 import Injector, Minimizer
from neural_focus.messages import DesktopStatus, decode_server
from neural_focus.settings import read_settings
from neural_focus.store.database import connect as connect_database
from neural_focus.store.users import ensure_user
from serving.auth import make_signin_link

PERSON, APP = "demo-faults", "spotify"
GAME = f"game{secrets.token_hex(4)}"
"""Of this run alone: every program of its name is ended, whoever started it."""
LISTS = {"block_sites": [SITE], "minimize_apps": [APP], "end_apps": [GAME]}
BREAK_SCREEN = (0x16, 0x30, 0x2B)
"""The colour of the break screen; nothing else shows it."""
CORNER = (4, 4)


class KilledPlatform:
    """Started by its maker, until ``close``. ``home`` has to be open to the database's account."""

    def __init__(self, home: Path) -> None:
        self._stop = threading.Event()
        self.sites, self.home = Sites(), home
        self._log = (home / "up.log").open("a")
        self._platform = RunningPlatform(read_settings(), Console(file=self._log), demo=True)
        self._secrets, self._supervisor = self._platform.secrets, self._platform.supervisor
        server = self._platform.embedded = EmbeddedServer.from_settings(self._platform.settings)
        self.database_url = server.start()
        make_database(self.database_url)
        migrate(self.database_url)
        self.rows = ActionRows(self.database_url)
        settings = self._platform.settings = replace(self._platform.settings, database_url=self.database_url)
        with connect_database(self.database_url) as connection:
            self.user_id = ensure_user(connection, PERSON, is_demo=True)
            connection.commit()
            give_token(desktop_of(settings, PERSON), connection, self.user_id)
        self._token = read_token(settings, desktop_of(settings, PERSON))
        self._supervisor.launch(plan.service(settings, demo=False))
        variables = start_display(settings, self._supervisor)
        os.environ.update(variables)
        self.display = variables["DISPLAY"]
        self._supervisor.wait_ready("service")
        self._supervisor.start(plan.agent(settings, variables, demo=PERSON))
        self._watch = threading.Thread(target=self._tend, daemon=True)
        self._watch.start()
        self.hands = Injector(self.display)
        self.windows = [self.hands.open_window(name, name, 200, 200, 600, 400) for name in (APP, APP, "code")]
        eventually(lambda: len(Minimizer(self.display).windows()) == len(self.windows))
        self.hands.activate(self.windows[-1])
        self.browser = Chromium(home / "profile")
        pair(self.browser, self)
        with self.http() as client:
            lists = client.get("/api/v1/settings/help").json() | LISTS
            assert client.put("/api/v1/settings/help", json=lists).status_code == 200

    def close(self) -> None:
        """Stops everything."""
        self._stop.set()
        self._watch.join()
        self.browser.kill()
        self._platform.supervisor.stop_all()
        if self._platform.embedded is not None:
            self._platform.embedded.stop()
        self.sites.close()
        self._log.close()

    def _tend(self) -> None:
        """As ``up`` does it."""
        while not self._stop.wait(0.5):
            self._platform.tend()

    # ----------------------------------------------------------------------------------------- what is there to be seen

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._platform.settings.serving_port}"

    def signin(self) -> str:
        """A link that signs a browser in."""
        return make_signin_link(self._platform.settings, self._secrets, self.user_id)

    def answers(self) -> bool:
        """Whether the service does its work, for which it needs the database."""
        with suppress(httpx.HTTPError):
            return httpx.get(f"{self.url}/readyz", timeout=20).status_code == 200
        return False

    def http(self) -> httpx.Client:
        return httpx.Client(base_url=self.url, headers={"Authorization": f"Bearer {self._token}"}, timeout=60)

    def agent(self) -> dict[str, Any]:
        """What the agent's file says."""
        found: dict[str, Any] = json.loads((self.home / "agent.json").read_text())
        return found

    def away(self) -> list[bool]:
        """Of each window of the app, whether it is minimised, as the window manager says."""
        return [minimised for _, app, minimised in Minimizer(self.display).windows() if app == APP]

    def screen_is_covered(self) -> bool:
        """Whether a break screen is over everything."""
        return bool(ImageGrab.grab(xdisplay=self.display).getpixel(CORNER)[:3] == BREAK_SCREEN)

    def until_ready(self) -> None:
        """Until a jail would do everything: the desktop says that it can, and so does the browser."""
        self.hands.activate(self.windows[-1])
        self.hands.tap("a")  # somebody is there

        def able() -> bool:
            with suppress(OSError, httpx.HTTPError, WebSocketException, ValueError, KeyError), self.http() as client:
                told, now = decode_server(self._page_hears()), self.agent()
                browsers = client.get("/api/v1/browsers").json()
                shown = client.get("/api/v1/now").json()
                return (
                    isinstance(told, DesktopStatus)
                    and {"SUGGEST_BREAK", "MINIMIZE", "KILL"} <= {one.action for one in told.abilities if one.able}
                    and any(one["connected"] and one["allowed"] for one in browsers)
                    and now["connected"]
                    and shown["prediction"] is not None  # it knows which desktop is in use
                    and not now["actions"]
                    and (shown["session"] is None or shown["session"]["session_type"] == "natural")
                )
            return False

        eventually(able, 180, 0.5)

    def _page_hears(self) -> str | bytes:
        """The first thing that a page is told: what the desktop says of itself."""
        bearer = {"Authorization": f"Bearer {self._token}"}
        with connect(f"{self.url.replace('http', 'ws')}/ws?role=page", additional_headers=bearer) as socket:
            return socket.recv(timeout=10)

    def site_is_open(self, tab: str) -> bool:
        """Whether a tab shows the site, uncovered."""
        return (
            self.browser.address(tab).startswith(self.sites.url(SITE)) and self.browser.evaluate(tab, COVERED) is False
        )

    # ---------------------------------------------------------------------------------------------- what is done to it

    def order_all(self) -> list[int]:
        """One of each action for a minute, by the service; their rows' ids."""
        with self.http() as client:
            return self.rows.order_all(client, self.user_id, self.agent()["machine_id"])

    @contextmanager
    def held(self, *names: str) -> Iterator[None]:
        """SIGSTOP for all processes of ``names``, until the end."""
        stopped = [one for name in names for one in self.processes(name)]
        assert stopped
        _signal(stopped, signal.SIGSTOP)
        try:
            yield
        finally:
            _signal(stopped, signal.SIGCONT)

    def processes(self, name: str) -> list[psutil.Process]:
        """What a name of ``KILLS`` runs as."""
        if name == "worker":
            return [psutil.Process(pid) for pid in eventually(self.browser.extension_processes)]
        if name == "browser":
            own = psutil.Process(self.browser.process.pid)
            return [own, *own.children(recursive=True)]
        return self._supervisor.mark.processes(name)

    def kill(self, name: str) -> None:
        """kill -9. A browser is started again by its person; everything else by whoever watches over it."""
        if name == "database":
            found = postmaster(self.home / "database" / "data")
            assert found is not None
            psutil.Process(found.pid).kill()
            return
        _signal(self.processes(name), signal.SIGKILL)
        if name == "browser":
            self.browser.kill()
            self.browser.start()

    def start_another_agent(self) -> str:
        """A second agent on the same desktop; what it says when it gives up."""
        command = [sys.executable, "-m", "infra.cli", "agent", "--demo", PERSON, "--display", self.display]
        done = subprocess.run([*command, "--consent", "yes"], capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 1, done.stderr
        return done.stderr

    @contextmanager
    def game(self) -> Iterator[subprocess.Popen[bytes]]:
        """A program that a jail ends."""
        program = self.home / GAME
        if not program.exists():
            shutil.copy2(shutil.which("sleep") or "sleep", program)
        process = subprocess.Popen([program, "600"])
        try:
            yield process
        finally:
            process.kill()
            process.wait()


def _signal(processes: list[psutil.Process], number: signal.Signals) -> None:
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.send_signal(number)


def wait_until(moment_s: float) -> None:
    """Sleeps until a Unix time."""
    time.sleep(max(0.0, moment_s - time.time()))
