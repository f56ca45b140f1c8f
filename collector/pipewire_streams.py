"""Who records by PipeWire: the screen's picture, a camera, a microphone, as ``pw-dump`` tells, every few seconds.

A running stream of class Stream/Input/Video takes pictures: of a camera (v4l2, libcamera) or, through the desktop's
portal, of the screen. Whether these pictures leave the machine is not to be seen: a recording is a sharing here. A
program that reads an X server's screen needs no PipeWire, and is not seen at all.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

LOOK_SECONDS = 5.0
"""A look costs hundredths of a second of a processor."""
CAMERAS = ("v4l2", "libcamera")


@dataclass(frozen=True, slots=True)
class InUse:
    """What is recorded now; ``call``: a microphone or a camera."""

    screen: bool = False
    call: bool = False


class PipewireStreams:
    """Looks where PipeWire runs for this user and ``pw-dump`` is installed."""

    def __init__(self) -> None:
        self._found, self._due = InUse(), 0.0

    async def look(self) -> InUse:
        """What is recorded, at most ``LOOK_SECONDS`` old."""
        if time.monotonic() >= self._due:
            self._due = time.monotonic() + LOOK_SECONDS
            self._found = streams_in_use(await _dump()) if can_look(os.environ) else InUse()
        return self._found


def can_look(environ: Mapping[str, str]) -> bool:
    """Whether PipeWire can be asked."""
    return runs(environ) and shutil.which("pw-dump", path=environ.get("PATH")) is not None


def runs(environ: Mapping[str, str]) -> bool:
    """Whether PipeWire runs for this user."""
    runtime = environ.get("PIPEWIRE_RUNTIME_DIR") or environ.get("XDG_RUNTIME_DIR", "")
    return bool(runtime) and Path(runtime, "pipewire-0").exists()


def streams_in_use(objects: Iterable[Mapping[str, Any]]) -> InUse:
    """What the objects of ``pw-dump`` record."""
    nodes: dict[int, Mapping[str, Any]] = {}
    sources: dict[int, list[int]] = {}
    for one in objects:
        info = one.get("info") or {}
        if one.get("type") == "PipeWire:Interface:Node":
            nodes[one["id"]] = info
        elif one.get("type") == "PipeWire:Interface:Link":
            sources.setdefault(info.get("input-node-id", -1), []).append(info.get("output-node-id", -1))
    screen = call = False
    for number, info in nodes.items():
        if info.get("state") != "running":
            continue
        of = [_properties(nodes.get(source)) for source in sources.get(number, ())]
        kind = _properties(info).get("media.class")
        if kind == "Stream/Input/Video":
            camera = any(source.get("device.api") in CAMERAS for source in of)
            screen, call = screen or not camera, call or camera
        elif kind == "Stream/Input/Audio" and not _properties(info).get("stream.monitor"):
            call = call or any(str(source.get("media.class", "")).startswith("Audio/Source") for source in of)
    return InUse(screen, call)


def _properties(info: Mapping[str, Any] | None) -> Mapping[str, Any]:
    return (info or {}).get("props") or {}


async def _dump() -> list[dict[str, Any]]:
    try:
        looking = await asyncio.create_subprocess_exec(
            "pw-dump", stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
        )
    except OSError:
        return []
    try:
        output, _ = await asyncio.wait_for(looking.communicate(), LOOK_SECONDS)
        found = json.loads(output)
    except (TimeoutError, ValueError):  # it hangs on a server that is going away, or has nothing to tell
        found = []
    if looking.returncode is None:
        looking.kill()
        await looking.wait()
    return found if isinstance(found, list) else []
