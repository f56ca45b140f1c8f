"""Debian's Chromium with the extension, asked over its debugging port only while a question lasts: a debugger that
stays attached would keep the extension's worker alive, which nothing does for a person."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import signal
import subprocess
import time
import urllib.request
from contextlib import suppress
from pathlib import Path
from typing import Any

from websockets.sync.client import connect

from infra.ports import free_port

EXTENSION = Path(__file__).parents[2] / "collector" / "extensions" / "browser"
START_SECONDS = 90


def extension_id() -> str:
    """As Chromium makes it of the manifest's key."""
    key = base64.b64decode(json.loads((EXTENSION / "manifest.json").read_text())["key"])
    return "".join(chr(ord("a") + int(digit, 16)) for digit in hashlib.sha256(key).hexdigest()[:32])


class Chromium:
    """A headless Chromium; every name but 127.0.0.1 leads to this machine. A tab is a target's id."""

    def __init__(self, profile: Path) -> None:
        self._profile = profile
        self.base = f"chrome-extension://{extension_id()}/"
        self.start()

    def start(self, *addresses: str) -> None:
        """Start it (again) on the same profile."""
        self._port = free_port()
        arguments = [
            *("--headless=new", "--no-sandbox", "--no-first-run", "--disable-gpu", "--disable-background-networking"),
            *(f"--user-data-dir={self._profile}", f"--remote-debugging-port={self._port}"),
            *(f"--disable-extensions-except={EXTENSION}", f"--load-extension={EXTENSION}"),
            "--host-resolver-rules=MAP * 127.0.0.1, EXCLUDE 127.0.0.1",
            "--disable-features=HttpsUpgrades,HttpsFirstBalancedModeAutoEnable",
        ]
        self.process = subprocess.Popen(
            ["chromium", *arguments, *(addresses or ["about:blank"])],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        until = time.monotonic() + START_SECONDS
        while True:
            with suppress(OSError):
                self._targets()
                break
            assert time.monotonic() < until, "Chromium did not start"
            time.sleep(0.2)
        self._ask_until(until)

    def _ask_until(self, until: float) -> None:
        """Until the extension answers on its own page."""
        tab = self.open(f"{self.base}pages/settings.html")
        while not self.evaluate(tab, "document.getElementById('status')?.textContent"):
            assert time.monotonic() < until, "the extension did not start"
            time.sleep(0.2)
        self.close_tab(tab)

    def open(self, address: str) -> str:
        """A new tab at a typed address."""
        return str(self._http(f"/json/new?{urllib.request.quote(address, safe='')}", "PUT")["id"])

    def go(self, tab: str, address: str) -> None:
        """A typed address in a tab."""
        self._command(tab, "Page.navigate", url=address, transitionType="typed")

    def address(self, tab: str) -> str:
        """What the tab shows."""
        return next(str(target["url"]) for target in self._targets() if target["id"] == tab)

    def evaluate(self, tab: str, script: str) -> Any:
        """The value of an expression in the tab's page; None where the page is on its way."""
        with suppress(StopIteration):
            answer = self._command(
                tab, "Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True, userGesture=True
            )
            return answer.get("result", {}).get("value")
        return None

    def close_tab(self, tab: str) -> None:
        self._http(f"/json/close/{tab}", "GET")

    def tabs(self) -> list[str]:
        return [target["id"] for target in self._targets() if target["type"] == "page"]

    def kill_background(self) -> None:
        """SIGKILL for the extension's process, in which its pages are, too."""
        for pid in self.extension_processes():
            os.kill(pid, signal.SIGKILL)

    def background_runs(self) -> bool:
        return bool(self.extension_processes())

    def kill(self) -> None:
        """SIGKILL, all of it."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    quit = kill  # a headless browser of a test has nothing to lose

    def extension_processes(self) -> list[int]:
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                words = (folder / "cmdline").read_bytes()
                if b"--extension-process" in words and str(self._profile).encode() in words:
                    found.append(int(folder.name))
        return found

    def _targets(self) -> list[dict[str, Any]]:
        return list(self._http("/json/list", "GET"))

    def _http(self, path: str, method: str) -> Any:
        request = urllib.request.Request(f"http://127.0.0.1:{self._port}{path}", method=method)
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - the same
            text = answer.read()
        return json.loads(text) if text[:1] in (b"{", b"[") else text

    def _command(self, tab: str, method: str, **parameters: Any) -> dict[str, Any]:
        address = next(target["webSocketDebuggerUrl"] for target in self._targets() if target["id"] == tab)
        with connect(address, max_size=None, open_timeout=30) as socket:
            socket.send(json.dumps({"id": 1, "method": method, "params": parameters}))
            while (answer := json.loads(socket.recv(timeout=30))).get("id") != 1:
                pass
        return dict(answer.get("result", {}))
