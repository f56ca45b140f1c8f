"""The doctor on help: what this desktop and its browsers can do, and whether it is known that offers are seen."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from infra.finding import Grade
from infra.help_diagnosis import check_actions, check_browsers, unseen_reasons
from infra.ports import free_port
from neural_focus.secrets import load_secrets
from neural_focus.settings import Settings

PAIRED = {"id": 1, "browser": "Chromium 156", "paired_at": "2026-01-02T03:04:05Z", "seen_at": "2026-02-03T03:04:05Z"}


def test_what_the_desktop_cannot_do_is_said_with_what_would_help(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    assert check_actions(settings).state is Grade.WELL
    abilities = [
        {"action": "SUGGEST_BREAK", "able": True, "why": "", "hint": ""},
        {"action": "KILL", "able": True, "why": "", "hint": ""},
    ]
    (tmp_path / "agent.json").write_text(json.dumps({"abilities": abilities}))
    found = check_actions(settings)
    assert (found.state, found.description) == (Grade.WELL, "it can do a break screen, ending programs")
    denied = {"action": "MINIMIZE", "able": False, "why": "GNOME lets no program do it", "hint": "Log in with Xorg"}
    (tmp_path / "agent.json").write_text(json.dumps({"abilities": [*abilities, denied]}))
    found = check_actions(settings)
    assert found.state is Grade.LIMITED and found.hint == "Log in with Xorg"
    assert found.description.endswith("ending programs; not minimising apps: GNOME lets no program do it")


@contextmanager
def service_with(tmp_path: Path, browsers: list[dict[str, Any]]) -> Iterator[Settings]:
    """Settings of a service that knows these browsers, and nobody without the local person's token."""
    settings = Settings(home=tmp_path, serving_port=free_port())
    token = load_secrets(settings.secrets).api_token

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            known = self.headers["Authorization"] == f"Bearer {token}" and self.path == "/api/v1/browsers"
            self.send_response(200 if known else 404)
            self.end_headers()
            self.wfile.write(json.dumps(browsers).encode())

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer((settings.host, settings.serving_port), Answer) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield settings
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("browsers", "state", "said", "hint"),
    [
        ([], Grade.LIMITED, "no browser is paired", "neural-focus extension"),
        ([{"connected": True, "allowed": True}], Grade.WELL, "sites can be closed in: Chromium 156", ""),
        ([{"connected": True, "allowed": False}], Grade.LIMITED, "no permission to close sites in", "Allow access"),
        ([{"connected": False, "allowed": False}], Grade.LIMITED, "(last seen 2026-02-03)", "Open that browser"),
        (
            [{"connected": False, "allowed": False, "seen_at": None}],
            Grade.LIMITED,
            "(never seen)",
            "Open that browser",
        ),
        (
            [{"connected": True, "allowed": True}, {"connected": False, "allowed": False}],
            Grade.WELL,
            "sites can be closed in: Chromium 156; not connected: Chromium 156 (last",
            "",
        ),
    ],
)
def test_browsers_are_told_apart_by_what_they_lack(
    tmp_path: Path, browsers: list[dict[str, Any]], state: Grade, said: str, hint: str
) -> None:
    with service_with(tmp_path, [PAIRED | one for one in browsers]) as settings:
        found = check_browsers(settings)
    assert (found.state, bool(found.hint)) == (state, bool(hint)) and said in found.description and hint in found.hint


def test_without_a_service_nobody_is_asked_and_nothing_is_made(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home", serving_port=free_port())
    assert check_browsers(settings).state is Grade.WELL
    assert not settings.home.exists()


def test_what_cannot_be_known_of_a_session_is_named(tmp_path: Path) -> None:
    bus = {"DBUS_SESSION_BUS_ADDRESS": "unix:path=/nowhere"}
    assert unseen_reasons(bus | {"XDG_SESSION_TYPE": "x11"}) == ([], [])
    assert "do not disturb" in unseen_reasons({})[0][0]
    assert unseen_reasons(bus | {"XDG_SESSION_TYPE": "wayland", "XDG_CURRENT_DESKTOP": "sway"}) == ([], [])
    assert "full screen" in unseen_reasons(bus | {"XDG_SESSION_TYPE": "wayland", "XDG_CURRENT_DESKTOP": "KDE"})[0][0]
    (tmp_path / "pipewire-0").touch()
    blind, hint = unseen_reasons(bus | {"XDG_RUNTIME_DIR": str(tmp_path), "PATH": str(tmp_path)})
    assert "screen sharing" in blind[0] and "pipewire-bin" in hint[0]
    (tmp_path / "pw-dump").write_text("#!/bin/sh\n")
    (tmp_path / "pw-dump").chmod(0o755)
    assert unseen_reasons(bus | {"XDG_RUNTIME_DIR": str(tmp_path), "PATH": str(tmp_path)}) == ([], [])
