"""node for tests of the page and of KWin's script: the one in .venv where the set-up has put one, else the PATH's."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

DASHBOARD = Path(__file__).parents[1] / "serving" / "dashboard"


def run_node(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """node in the page's folder, whose packages must be installed."""
    assert (DASHBOARD / "node_modules").exists(), "the page's packages are missing, run: make setup"
    return subprocess.run(
        [find_node(), *arguments],
        cwd=DASHBOARD,
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


def find_node() -> str:
    """The program."""
    own = Path(sys.executable).with_name("node")
    found = str(own) if own.exists() else shutil.which("node")
    assert found, "no node here, run: TEST=1 bash infra/setup.sh"
    return found
