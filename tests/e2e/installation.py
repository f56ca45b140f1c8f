"""An installation of its own for tests of the whole platform: ``up --once`` in it, then ``up --stay``."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from canary_search import Canary

from infra.person_shown import person_shown
from infra.ports import free_port
from neural_focus.secrets import Secrets, load_secrets
from neural_focus.settings import Settings, read_settings

COMMAND = (sys.executable, "-m", "infra.cli")
STARTED = "Ctrl-C stops everything"


@dataclass(frozen=True)
class Installation:
    """A home with ports of its own and a short history; ``variables`` is the environment of its commands.

    The home's path has spaces, and the servers have an address of their own: both change nothing.
    """

    variables: dict[str, str]

    @classmethod
    def new(cls, folder: Path, *, people: int = 2, days: int = 5, **more: str) -> Installation:
        """Nothing of it exists yet."""
        dropped = ("DISPLAY", "DATABASE_URL", "WAYLAND_DISPLAY", "XDG_SESSION_TYPE")
        variables = {name: value for name, value in os.environ.items() if name not in dropped}
        variables |= {f"NEURAL_FOCUS_{name}_PORT": str(free_port()) for name in ("DATABASE", "PREFECT", "SERVING")}
        variables |= {"NEURAL_FOCUS_HOME": str(folder / "a home"), "NEURAL_FOCUS_ZONE": "UTC"}
        variables |= {"NEURAL_FOCUS_HOST": "127.0.0.2"}
        variables |= {"NEURAL_FOCUS_DEMO_PEOPLE": str(people), "NEURAL_FOCUS_DEMO_DAYS": str(days)}
        return cls(variables | more)

    @property
    def settings(self) -> Settings:
        """As its commands read them."""
        return read_settings(self.variables)

    @property
    def secrets(self) -> Secrets:
        """Its passwords and tokens."""
        return load_secrets(self.settings.secrets)

    @property
    def home(self) -> Path:
        """Its folder."""
        return self.settings.home

    @property
    def person(self) -> int:
        """Id of the person whose desktop was live last."""
        return person_shown(self.settings)

    def run(
        self, *arguments: str, seconds: float = 180, limits: str = "", **more: str
    ) -> subprocess.CompletedProcess[str]:
        """One command to its end, within ``limits`` of the shell's ulimit."""
        limited = ("bash", "-c", f'ulimit {limits}; exec "$@"', "bash") if limits else ()
        return subprocess.run(
            [*limited, *COMMAND, *arguments],
            env=self.variables | more,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
            stdin=subprocess.DEVNULL,
        )

    def processes(self) -> list[psutil.Process]:
        """What runs in it now."""
        return [process for process in psutil.process_iter() if self._owns(process)]

    def _owns(self, process: psutil.Process) -> bool:
        home = str(self.home)
        try:
            return home in " ".join(process.cmdline()) or process.environ().get("NEURAL_FOCUS_HOME") == home
        except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
            return False


@dataclass
class RunningPlatform:
    """An ``up`` at work; ``lines`` are what it printed, each with the seconds since its start."""

    installation: Installation
    process: subprocess.Popen[str]
    began: float = field(default_factory=time.monotonic)
    canary: Canary = field(init=False)
    """Typed and shown on its display as soon as it was up."""
    runs: list[str] = field(default_factory=list)
    """Flow runs that were asked for after that."""
    lines: list[tuple[float, str]] = field(default_factory=list)
    reader: threading.Thread = field(init=False)

    def __post_init__(self) -> None:
        self.reader = threading.Thread(target=self._read, daemon=True)

    @classmethod
    def start(cls, installation: Installation, how: str = "--stay", **more: str) -> RunningPlatform:
        """Starts it without waiting."""
        process = subprocess.Popen(
            [*COMMAND, "up", how],
            env=installation.variables | more,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        running = cls(installation, process)
        running.reader.start()
        return running

    @property
    def told(self) -> str:
        """Everything it printed."""
        return "\n".join(line for _, line in self.lines)

    @property
    def display(self) -> str:
        """The name of its virtual display."""
        [name] = re.findall(r"✓ virtual display.* (:\d+)", self.told)
        return str(name)

    def when(self, words: str, seconds: float = 240) -> float:
        """Seconds from the start to the line with ``words``, waiting for it."""
        deadline = time.monotonic() + seconds
        while True:
            found = [at for at, line in self.lines if re.search(words, line)]
            if found:
                return found[0]
            assert self.process.poll() is None, f"it ended with {self.process.returncode}: {self.told}"
            assert time.monotonic() < deadline, f"no {words!r} in {seconds:.0f} s: {self.told}"
            time.sleep(0.1)

    def interrupt(self) -> int:
        """Ctrl-C; its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        code = self.process.wait(120)
        self.reader.join()
        return code

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as told:
            for line in told:
                self.lines.append((time.monotonic() - self.began, line.rstrip("\n")))
