"""ActivityWatch's window and input watchers at work beside the agent: real ones, with the real aw-server.

The server and the client library come from PyPI into an environment of their own (``build/activitywatch``). The
watchers are not on PyPI: they are taken from the folder that ``NEURAL_FOCUS_ACTIVITYWATCH`` names (one with checkouts
aw-watcher-window, aw-watcher-input and aw-watcher-afk, whose listeners the input watcher uses), else cloned.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from infra.ports import free_port
from infra.virtual_display import VirtualDisplay
from neural_focus.errors import ConfigurationError, ServiceError

PLACE = Path("build/activitywatch")
PACKAGES = ("aw-server==0.12.0", "aw-client==0.5.15", "aw-core==0.5.18", "pynput==1.8.2", "python-xlib==0.31",
            "setuptools<81")  # fmt: skip
WATCHERS = {
    "aw-watcher-window": "a7690ac00393cf5b354f474dacf24a907d0ced72",
    "aw-watcher-input": "9bb5045456524b215ae11f422b80ec728c93bac7",
    "aw-watcher-afk": "",
}
START_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Watchers:
    """Running: the two watchers, and the server that they report to."""

    pids: list[int]
    server_pid: int
    address: str

    def seen(self) -> dict[str, Any]:
        """What reached the server: key presses and distance of the pointer, and the apps that were in front."""
        buckets: dict[str, Any] = httpx.get(f"{self.address}/api/0/buckets/").json()
        events = {
            bucket["client"]: httpx.get(f"{self.address}/api/0/buckets/{name}/events").json()
            for name, bucket in buckets.items()
        }
        told = [event["data"] for event in events.get("aw-watcher-input", [])]
        return {
            "presses": sum(data.get("presses", 0) for data in told),
            "distance": sum(data.get("deltaX", 0) + data.get("deltaY", 0) for data in told),
            "apps": sorted({event["data"]["app"] for event in events.get("aw-watcher-window", [])}),
        }


def prepare() -> tuple[Path, list[Path]]:
    """The environment's Python, and the folders that the watchers are imported from.

    Raises:
        ConfigurationError: they cannot be had here.
    """
    python = PLACE / "bin" / "python"
    stamp = PLACE / ".packages"
    if not stamp.exists() or stamp.read_text() != " ".join(PACKAGES):
        PLACE.parent.mkdir(exist_ok=True)
        _run([sys.executable, "-m", "venv", str(PLACE)])
        _run([str(python), "-m", "pip", "install", "--disable-pip-version-check", "-q", *PACKAGES])
        stamp.write_text(" ".join(PACKAGES))
    given = os.environ.get("NEURAL_FOCUS_ACTIVITYWATCH")
    folder = Path(given) if given else PLACE / "source"
    for name, commit in WATCHERS.items():
        if not (folder / name).is_dir():
            _run(["git", "clone", "-q", f"https://github.com/ActivityWatch/{name}", str(folder / name)])
            if commit:
                _run(["git", "-C", str(folder / name), "checkout", "-q", commit])
    return python.absolute(), [
        (folder / name / part).absolute() for name in WATCHERS for part in ("src", ".") if (folder / name).is_dir()
    ]


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ConfigurationError(
            "ActivityWatch's watchers cannot be had here",
            why=(done.stderr or done.stdout).strip().splitlines()[-1][:200],
            hint="Set NEURAL_FOCUS_ACTIVITYWATCH to a folder with their checkouts",
        )


@contextmanager
def watchers(display: VirtualDisplay, home: Path) -> Iterator[Watchers]:
    """Both watchers on a display, reporting to a server of their own that keeps what it hears in memory.

    Raises:
        ConfigurationError: they cannot be had here.
        ServiceError: they did not come up.
    """
    python, sources = prepare()
    port = free_port()
    config = home / "config" / "activitywatch" / "aw-client"
    config.mkdir(parents=True)
    (config / "aw-client.toml").write_text(f'[server-testing]\nhostname = "127.0.0.1"\nport = "{port}"\n')
    environment = os.environ | {
        "DISPLAY": display.display, "XAUTHORITY": str(_authority(display, home)),
        "HOME": str(home), "XDG_CONFIG_HOME": str(home / "config"), "XDG_DATA_HOME": str(home / "data"),
        "XDG_CACHE_HOME": str(home / "cache"), "PYTHONPATH": os.pathsep.join(map(str, sources)),
    }  # fmt: skip
    started: list[subprocess.Popen[bytes]] = []

    def start(*arguments: str) -> int:
        with (home / f"{arguments[0]}.log").open("wb") as log:
            process = subprocess.Popen([python, "-m", *arguments], env=environment, stdout=log, stderr=log)
        started.append(process)
        return process.pid

    address = f"http://127.0.0.1:{port}"
    try:
        server = start("aw_server", "--testing", "--storage", "memory", "--host", "127.0.0.1", "--port", str(port))
        _wait(lambda: httpx.get(f"{address}/api/0/info").status_code == 200)
        pids = [start("aw_watcher_window", "--testing"), start("aw_watcher_input", "--testing")]
        _wait(lambda: len(httpx.get(f"{address}/api/0/buckets/").json()) == len(pids))
        yield Watchers(pids, server, address)
    finally:
        for process in reversed(started):
            process.terminate()
            process.wait()


def _authority(display: VirtualDisplay, home: Path) -> Path:
    """The display's cookie under this host's name: python-xlib knows no entry for any host."""
    path, cookie = home / "Xauthority", display.authority.read_bytes()[-16:].hex()
    path.touch(0o600)
    _run(["xauth", "-q", "-f", str(path), "add", display.display, ".", cookie])
    return path


def _wait(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + START_SECONDS
    while True:
        try:
            if condition():
                return
        except httpx.HTTPError:
            pass  # not up yet
        if time.monotonic() > until:
            raise ServiceError("ActivityWatch did not come up", hint="Read the logs in its home folder")
        time.sleep(0.2)
