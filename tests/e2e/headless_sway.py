"""A real Wayland compositor of its own for a test: Sway without a screen, and programs with windows in it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from virtual_desktop import wait_for

NOBODY = 65534
CONFIGURATION = "output HEADLESS-1 mode 1000x700\nxwayland disable\nfocus_on_window_activation focus\n"


class Sway:
    """One running compositor. ``socket`` is what WAYLAND_DISPLAY would hold, as a path."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "config").write_text(CONFIGURATION)
        self._environment = os.environ | {
            "XDG_RUNTIME_DIR": str(folder),
            "WLR_BACKENDS": "headless",
            "WLR_RENDERER": "pixman",
            "WLR_LIBINPUT_NO_DEVICES": "1",
            "HOME": str(folder),
        }
        self._environment.pop("DISPLAY", None)
        self._environment.pop("WAYLAND_DISPLAY", None)
        self._programs: list[subprocess.Popen[bytes]] = []
        as_nobody = []
        if os.geteuid() == 0:  # Sway refuses to run as root
            for path in (folder, folder / "config"):
                os.chown(path, NOBODY, NOBODY)
            as_nobody = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
        self.process = self._start([*as_nobody, "sway", "--config", str(folder / "config")])
        wait_for(lambda: list(folder.glob("wayland-?")) and list(folder.glob("sway-ipc.*.sock")))
        self.socket = str(next(folder.glob("wayland-?")))
        self._ipc = str(next(folder.glob("sway-ipc.*.sock")))

    def open(self, app_id: str, title: str, titles: Path | None = None) -> subprocess.Popen[bytes]:
        """A program with one window, which takes the focus. ``titles``: a FIFO whose lines become its titles."""
        lines = f"while read -r title; do printf '\\033]2;%s\\007' \"$title\"; done <'{titles}'" if titles else "cat"
        command = ["foot", f"--app-id={app_id}", f"--title={title}", "--config=/dev/null", "sh", "-c", lines]
        self._environment["WAYLAND_DISPLAY"] = self.socket
        program = self._start(command)
        wait_for(lambda: f'"app_id": "{app_id}"' in self.tell("-t", "get_tree"))
        return program

    def tell(self, *command: str) -> str:
        """A command of swaymsg; its answer."""
        answer = subprocess.run(
            ["swaymsg", "--raw", "-s", self._ipc, *command], capture_output=True, text=True, check=True
        )
        return answer.stdout

    def stop(self) -> None:
        """Everything ends."""
        for program in reversed(self._programs):
            program.terminate()
        for program in self._programs:
            program.wait(120)

    def _start(self, command: list[str]) -> subprocess.Popen[bytes]:
        with (self.folder / "log").open("ab") as log:
            program = subprocess.Popen(command, env=self._environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self._programs.append(program)
        return program


@contextmanager
def headless_sway() -> Iterator[Sway]:
    """A compositor until the end of the block."""
    with TemporaryDirectory(prefix="sway-") as name:
        sway = Sway(Path(name))
        try:
            yield sway
        finally:
            sway.stop()
