"""A virtual X display where there is none: Xvfb on a free number, behind a cookie, closed to the network."""

from __future__ import annotations

import os
import secrets
import select
import shutil
import struct
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from neural_focus.errors import ConfigurationError, ServiceError

START_SECONDS = 60.0
FAMILY_WILD = 0xFFFF
COOKIE_NAME = b"MIT-MAGIC-COOKIE-1"


class VirtualDisplay(NamedTuple):
    """A running Xvfb. Whoever draws or captures there needs ``environment``."""

    process: subprocess.Popen[bytes]
    display: str
    """Such as ``:3``."""
    authority: Path
    """The file with the cookie, 0600."""

    @property
    def environment(self) -> dict[str, str]:
        """Variables for the processes that use the display."""
        return {"DISPLAY": self.display, "XAUTHORITY": str(self.authority)}


def start_virtual_display(
    size: tuple[int, int] = (1920, 1080), *, folder: Path | None = None, environ: Mapping[str, str] | None = None
) -> VirtualDisplay:
    """Start Xvfb; it picks a free display number itself (``-displayfd``), so two starts never collide.

    The cookie's file is kept in ``folder`` (default: a new temporary one). ``environ`` is Xvfb's environment (default:
    ours). End it with ``stop_virtual_display``.

    Raises:
        ConfigurationError: Xvfb is not installed.
        ServiceError: it did not come up.
    """
    binary = find_xvfb(environ)
    authority = _write_cookie(folder or Path(tempfile.mkdtemp(prefix="neural-focus-display-")))
    read_end, write_end = os.pipe()
    command = [
        binary, "-displayfd", str(write_end), "-auth", str(authority), "-nolisten", "tcp", "-noreset",
        "-screen", "0", f"{size[0]}x{size[1]}x24",
    ]  # fmt: skip
    process = subprocess.Popen(
        command,
        env=environ,
        pass_fds=[write_end],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # Ctrl-C in the terminal ends it in our order, after its clients
    )
    os.close(write_end)
    try:
        number = _read_number(read_end)
    finally:
        os.close(read_end)
    if number is None:
        process.kill()
        process.wait()
        authority.unlink()
        raise ServiceError("Xvfb did not start", hint="See what it says: Xvfb -displayfd 1")
    return VirtualDisplay(process, f":{number}", authority)


def find_xvfb(environ: Mapping[str, str] | None = None) -> str:
    """Where Xvfb is.

    Raises:
        ConfigurationError: it is not installed.
    """
    binary = shutil.which("Xvfb", path=(environ or os.environ).get("PATH"))
    if binary is None:
        raise ConfigurationError(
            "Xvfb is not installed", why="there is no display here to work on", hint="apt-get install xvfb"
        )
    return binary


def stop_virtual_display(display: VirtualDisplay) -> None:
    """End Xvfb and remove the cookie; harmless when it has ended already."""
    display.process.terminate()
    try:
        display.process.wait(timeout=5)
    except subprocess.TimeoutExpired:
        display.process.kill()
        display.process.wait()
    display.authority.unlink(missing_ok=True)
    if display.authority.parent.name.startswith("neural-focus-display-"):
        shutil.rmtree(display.authority.parent, ignore_errors=True)


def _write_cookie(folder: Path) -> Path:
    """An Xauthority entry for any host and display number: the number is not known yet."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "Xauthority"
    path.unlink(missing_ok=True)
    fields = (b"", b"", COOKIE_NAME, secrets.token_bytes(16))
    entry = struct.pack(">H", FAMILY_WILD) + b"".join(struct.pack(">H", len(part)) + part for part in fields)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(entry)
    return path


def _read_number(descriptor: int) -> int | None:
    """The number that Xvfb writes; read to the end, for it dies where nobody takes the newline."""
    text, until = b"", time.monotonic() + START_SECONDS
    while (left := until - time.monotonic()) > 0 and select.select([descriptor], [], [], left)[0]:
        part = os.read(descriptor, 32)
        text += part
        if not part or text.endswith(b"\n"):
            break
    return int(text) if text.strip().isdigit() else None
