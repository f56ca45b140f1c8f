"""Windows put into Sway's scratchpad over its IPC socket, and back to their workspace (sway-ipc(7))."""

from __future__ import annotations

import json
import os
import socket
import struct
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from collector.actions.action import Touched
from collector.actions.x11_windows import AFTERWARDS_MS, OUR_DOING_MS, SETTLE_SECONDS, Expecting, wait_until
from neural_focus.apps import app_id
from neural_focus.errors import CaptureError

RUN_COMMAND, GET_TREE = 0, 4
SCRATCHPAD = "__i3_scratch"
ANSWER_SECONDS = 1.0
_HEAD = struct.Struct("=6sII")


def sway_socket(wayland_socket: str, environ: Mapping[str, str]) -> Path | None:
    """Sway's own socket of the session whose Wayland socket this is; None where no Sway runs it."""
    if named := environ.get("SWAYSOCK"):
        return Path(named)
    runtime = Path(environ.get("XDG_RUNTIME_DIR", ""), wayland_socket).parent
    return max(runtime.glob("sway-ipc.*.sock"), key=lambda path: path.stat().st_mtime, default=None)


class SwayWindows:
    """All windows of one Sway."""

    where = "sway"

    def __init__(self, path: Path, capture: Expecting) -> None:
        self._path, self._capture = path, capture

    def refusal(self) -> tuple[str, str]:
        """It has to answer."""
        try:
            self._tree()
        except CaptureError as error:
            return str(error), "Start the agent inside your Sway session"
        return "", ""

    def shown(self, app: str) -> list[Touched]:
        """By app id, or by class where a window is Xwayland's."""
        return [
            Touched(int(node["id"]), workspace, node["type"] == "floating_con")
            for workspace, node in _windows(self._tree())
            if workspace != SCRATCHPAD and app_id(_name(node)) == app
        ]

    def put_away(self, windows: list[Touched]) -> int:
        """Moves each to the scratchpad, and waits a little until it is there.

        Sway then goes to the workspace that the window was on: the focus is given back to who had it.
        """
        self._capture.expect_our_doing(OUR_DOING_MS)
        wanted = {one.handle for one in windows}
        held = next((int(node["id"]) for _, node in _windows(self._tree()) if node["focused"]), None)
        for window in wanted:
            self._run(f"[con_id={window}] move scratchpad")
        if held is not None and held not in wanted:
            self._run(f"[con_id={held}] focus")
        deadline = time.monotonic() + SETTLE_SECONDS
        while (away := self._away() & wanted) != wanted and time.monotonic() < deadline:
            time.sleep(0.01)
        if away == wanted:
            self._capture.expect_our_doing(AFTERWARDS_MS)
        return len(away)

    def put_back(self, windows: list[Touched]) -> int:
        """Back to the workspace where each was, tiled if it was; the focus stays where it is."""
        away = self._away()
        ours = [one for one in windows if one.handle in away]
        if ours:
            self._capture.expect_our_doing(OUR_DOING_MS)
        for one in ours:
            place = one.place.replace("\\", "\\\\").replace('"', '\\"')
            self._run(f'[con_id={one.handle}] move container to workspace "{place}"')
            if not one.floating:
                self._run(f"[con_id={one.handle}] floating disable")
        handles = {one.handle for one in ours}
        if ours:
            wait_until(lambda: not handles & self._away(), "Sway does not bring windows back")
        return len(ours)

    def _away(self) -> set[int]:
        return {int(node["id"]) for workspace, node in _windows(self._tree()) if workspace == SCRATCHPAD}

    def _tree(self) -> dict[str, Any]:
        tree: dict[str, Any] = self._ask(GET_TREE, "")
        return tree

    def _run(self, command: str) -> None:
        self._ask(RUN_COMMAND, command)  # a window that was closed meanwhile is an error of no consequence

    def _ask(self, kind: int, text: str) -> Any:
        body = text.encode()
        try:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(ANSWER_SECONDS)
                connection.connect(os.fspath(self._path))
                connection.sendall(_HEAD.pack(b"i3-ipc", len(body), kind) + body)
                _, size, _ = _HEAD.unpack(_exactly(connection, _HEAD.size))
                return json.loads(_exactly(connection, size))
        except (OSError, ValueError, struct.error) as error:
            raise CaptureError("Sway does not answer", why=str(error)) from error


def _exactly(connection: socket.socket, size: int) -> bytes:
    found = b""
    while len(found) < size:
        part = connection.recv(size - len(found))
        if not part:
            raise OSError("it hung up")
        found += part
    return found


def _windows(node: dict[str, Any], workspace: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """(workspace, window) of all windows in a tree."""
    if node["type"] == "workspace":
        workspace = str(node["name"])
    if node.get("pid") and node["type"] in ("con", "floating_con"):
        yield workspace, node
    for inner in (*node["nodes"], *node["floating_nodes"]):
        yield from _windows(inner, workspace)


def _name(node: dict[str, Any]) -> str:
    return str(node.get("app_id") or (node.get("window_properties") or {}).get("class") or "")
