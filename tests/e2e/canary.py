"""Secrets that somebody types and has in window titles, and how they get as far as anything of a person can get."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import httpx
from canary_search import Canary, draw_canary
from installation import Installation
from virtual_desktop import wait_for
from websockets.sync.client import connect

from flows.server import login
from infra.person_shown import token_shown
from infra.up.mark import ProcessMark
from neural_focus._x11 import Injector
from neural_focus.addresses import prefect_address, service_address

FLOWS = ("features/every-5-minutes", "labels/hourly", "consistency/daily", "report/daily")
PAGES = ("now", "me", "recent", "interventions", "model", "links", "analytics/daily?date={today}")
DONE = ("COMPLETED", "FAILED", "CRASHED", "CANCELLED")


def type_canary(installation: Installation, display: str) -> Canary:
    """Opens a window with a secret title where the demo person works, types a secret there, renames the window."""
    canary = draw_canary()
    with _cookie(installation), _held(installation, "demo person"):
        hands = Injector(display)
        window = hands.open_window(canary.app, canary.titles[0])
        hands.activate(window)
        wait_for(lambda: _is_spooled(installation, canary.app), every=0.1)
        for letter in canary.typed:
            hands.tap(letter)
        hands.set_title(window, canary.titles[1])
        time.sleep(0.3)
        hands.close_window(window)
    return canary


def _is_spooled(installation: Installation, app: str) -> bool:
    """Whether the agent has recorded that the app holds the focus: it may be busy, or still start."""
    for path in installation.home.rglob("*.segment"):
        with suppress(FileNotFoundError):  # shipped meanwhile
            if app.encode() in path.read_bytes():
                return True
    return False


def start_flows(installation: Installation, names: Sequence[str] = FLOWS) -> list[str]:
    """Asks Prefect for a run of each, by default of what a live person's data goes through; returns the runs' ids."""
    with prefect(installation) as client:
        ids = []
        for name in names:
            deployment = client.get(f"/deployments/name/{name}").raise_for_status().json()
            run = client.post(f"/deployments/{deployment['id']}/create_flow_run", json={}).raise_for_status().json()
            ids.append(str(run["id"]))
        return ids


def wait_for_flows(installation: Installation, ids: list[str], seconds: float = 240) -> dict[str, str]:
    """Name → state of the runs once they have ended."""
    deadline = time.monotonic() + seconds
    with prefect(installation) as client:
        while True:
            runs = client.post("/flow_runs/filter", json={"flow_runs": {"id": {"any_": ids}}}).raise_for_status().json()
            if all(run["state_type"] in DONE for run in runs) or time.monotonic() > deadline:
                return {run["name"]: run["state_type"] for run in runs}
            time.sleep(0.5)


def see_everything(installation: Installation, folder: Path) -> None:
    """Writes what a browser of the person can get from the service into ``folder``."""
    bearer = {"Authorization": f"Bearer {token_shown(installation.settings)}"}
    own, today = service_address(installation.settings), datetime.now(UTC).date().isoformat()
    with httpx.Client(base_url=own, headers=bearer, timeout=120) as client:
        for number, page in enumerate(PAGES):
            answer = client.get(f"/api/v1/{page.format(today=today)}").raise_for_status()
            (folder / f"api-{number}.json").write_bytes(answer.content)
    with connect(f"{own.replace('http', 'ws', 1)}/ws?role=page", additional_headers=bearer, open_timeout=60) as socket:
        told = [str(socket.recv(timeout=120)) for _ in range(3)]
    (folder / "socket.txt").write_text("\n".join(told))


@contextmanager
def prefect(installation: Installation) -> Iterator[httpx.Client]:
    """A client of its Prefect server's API."""
    user, _, password = login(installation.secrets).partition(":")
    base = f"{prefect_address(installation.settings)}/api"
    with httpx.Client(base_url=base, auth=(user, password), timeout=120) as client:
        yield client


@contextmanager
def _cookie(installation: Installation) -> Iterator[None]:
    """Inside, this process may use the platform's virtual display."""
    before = os.environ.get("XAUTHORITY")
    os.environ["XAUTHORITY"] = str(installation.home / "display" / "Xauthority")
    try:
        yield
    finally:
        os.environ.pop("XAUTHORITY")
        if before is not None:
            os.environ["XAUTHORITY"] = before


@contextmanager
def _held(installation: Installation, name: str) -> Iterator[None]:
    """A program that rests inside."""
    [process] = ProcessMark.of(installation.home, installation.secrets).processes(name)
    process.suspend()
    try:
        yield
    finally:
        process.resume()
