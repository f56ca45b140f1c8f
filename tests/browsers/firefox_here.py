"""Debian's Firefox ESR with the extension, driven over Marionette, the protocol that geckodriver itself speaks."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import time
import zipfile
from contextlib import suppress
from pathlib import Path
from typing import Any

from chromium_here import EXTENSION, START_SECONDS

from infra.ports import free_port

ADDON = str(json.loads((EXTENSION / "manifest.json").read_text())["browser_specific_settings"]["gecko"]["id"])
PREFERENCES: dict[str, Any] = {
    "network.dns.forceResolve": "127.0.0.1",
    "dom.security.https_first": False,
    "dom.security.https_first_for_unknown_suffixes": False,
    "dom.security.https_first_for_custom_ports": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "xpinstall.signatures.required": False,
    "extensions.autoDisableScopes": 0,
    "app.update.enabled": False,
    "app.normandy.enabled": False,
    "browser.aboutwelcome.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "browser.safebrowsing.malware.enabled": False,
    "browser.safebrowsing.phishing.enabled": False,
    "extensions.getAddons.cache.enabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
}


class Firefox:
    """A headless Firefox; every name leads to this machine. A tab is a window handle."""

    def __init__(self, profile: Path) -> None:
        profile.mkdir(parents=True, exist_ok=True)
        self._profile, self._port, self._sent, self._installed = profile, free_port(), 0, False
        lines = {**PREFERENCES, "marionette.port": self._port}
        text = "".join(f"user_pref({json.dumps(name)}, {json.dumps(value)});\n" for name, value in lines.items())
        (profile / "user.js").write_text(text)
        self.start()

    def start(self) -> None:
        """Start it (again) on the same profile."""
        self.process = subprocess.Popen(
            [
                *("firefox-esr", "--headless", "--marionette", "--remote-allow-system-access", "--no-remote"),
                *("--profile", str(self._profile)),
            ],
            env={**os.environ, "HOME": str(self._profile)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        until = time.monotonic() + START_SECONDS
        while True:
            with suppress(OSError):
                self._socket = socket.create_connection(("127.0.0.1", self._port), timeout=60)
                break
            assert time.monotonic() < until, "Firefox did not start"
            time.sleep(0.2)
        self._read()
        self._command("WebDriver:NewSession", capabilities={})
        self._command("WebDriver:SetTimeouts", pageLoad=20_000, script=20_000)
        if not self._installed:  # for good, so that it is there again after a start; ESR lets one switch signatures off
            packed = self._profile / "extension.xpi"
            with zipfile.ZipFile(packed, "w") as archive:
                for path in sorted(EXTENSION.rglob("*")):
                    archive.write(path, path.relative_to(EXTENSION))
            began = time.time()
            self._command("Addon:Install", path=str(packed), temporary=False)
            self._installed = True
            while not self._is_kept(began):  # it writes its list of add-ons in a quiet moment: a kill before forgets it
                assert time.monotonic() < until, "Firefox does not keep the extension"
                time.sleep(0.1)
        while (name := self._policy("p && p.mozExtensionHostname")) is None:  # its add-ons start after Marionette
            assert time.monotonic() < until, "the extension did not start"
            time.sleep(0.1)
        self.base = f"moz-extension://{name}/"

    def _is_kept(self, since: float) -> bool:
        known, startup = self._profile / "extensions.json", self._profile / "addonStartup.json.lz4"
        there = known.exists() and ADDON in known.read_text()
        return there and startup.exists() and startup.stat().st_mtime >= since

    def open(self, address: str) -> str:
        """A new tab at an address."""
        tab = str(self._command("WebDriver:NewWindow", type="tab", focus=True)["handle"])
        self.go(tab, address)
        return tab

    def go(self, tab: str, address: str) -> None:
        """An address in a tab."""
        self._switch(tab)
        with suppress(MarionetteError):  # a page that was not let through counts as an error there
            self._command("WebDriver:Navigate", url=address)

    def address(self, tab: str) -> str:
        """What the tab shows."""
        self._switch(tab)
        return str(self._command("WebDriver:GetCurrentURL")["value"])

    def evaluate(self, tab: str, script: str) -> Any:
        """The value of an expression in the tab's page; None where the page is on its way."""
        self._switch(tab)
        code = f"const [done] = arguments; Promise.resolve({script}).then(done, () => done(null));"
        with suppress(MarionetteError):
            return self._command("WebDriver:ExecuteAsyncScript", script=code, args=[])["value"]
        return None

    def close_tab(self, tab: str) -> None:
        self._switch(tab)
        self._switch(self._command("WebDriver:CloseWindow")[0])  # it goes on from no tab else

    def tabs(self) -> list[str]:
        return list(self._command("WebDriver:GetWindowHandles"))

    def kill_background(self) -> None:
        """End the event page as Firefox does after 30 s without an event; its pages stay."""
        self._policy(
            "(p.extension.terminateBackground({ignoreDevToolsAttached: true, disableResetIdleForTest: true}), 1)"
        )

    def background_runs(self) -> bool:
        return bool(self._policy("p.extension.backgroundState") == "running")

    def allow(self, allowed: bool) -> None:
        """Give or take the permission to act on sites, as its own settings page does."""
        module = "resource://gre/modules/ExtensionPermissions.sys.mjs"
        origins = "{permissions: [], origins: ['<all_urls>']}"
        self._chrome(
            f"const {{ExtensionPermissions}} = ChromeUtils.importESModule('{module}');"
            f"const {{extension}} = WebExtensionPolicy.getByID({ADDON!r});"
            f"await ExtensionPermissions.{'add' if allowed else 'remove'}({ADDON!r}, {origins}, extension);"
        )

    def kill(self) -> None:
        """SIGKILL, all of it."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self._socket.close()

    quit = kill

    def _policy(self, expression: str) -> Any:
        return self._chrome(f"const p = WebExtensionPolicy.getByID({ADDON!r}); return {expression};")

    def _chrome(self, body: str) -> Any:
        """The value of a function's body with the browser's own rights."""
        self._command("Marionette:SetContext", value="chrome")
        try:
            code = f"const done = arguments[0]; (async () => {{ {body} }})().then(done, (e) => done('failed: ' + e));"
            found = self._command("WebDriver:ExecuteAsyncScript", script=code, args=[], sandbox="system")["value"]
        finally:
            self._command("Marionette:SetContext", value="content")
        assert not str(found).startswith("failed: "), found
        return found

    def _switch(self, tab: str) -> None:
        self._command("WebDriver:SwitchToWindow", handle=tab)

    def _command(self, name: str, **parameters: Any) -> Any:
        self._sent += 1
        text = json.dumps([0, self._sent, name, parameters]).encode()
        self._socket.sendall(b"%d:%s" % (len(text), text))
        _, _, error, result = self._read()
        if error:
            raise MarionetteError(f"{name}: {error.get('message')}")
        return result

    def _read(self) -> Any:
        length = b""
        while (byte := self._socket.recv(1)) != b":":
            assert byte, "Firefox closed the connection"
            length += byte
        text = b""
        while len(text) < int(length):
            text += self._socket.recv(int(length) - len(text))
        return json.loads(text)


class MarionetteError(Exception):
    """Firefox refused a command."""
