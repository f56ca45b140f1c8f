"""The set-up says at once, in one line, what to do where Python is missing or of another version."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from surroundings import DEAD_PROXIES

SETUP = Path(__file__).parents[2] / "infra" / "setup.sh"


@pytest.mark.parametrize(("version", "found"), [("", "No such file"), ("Python 3.10.12", "Python 3.10.12")])
def test_a_python_that_will_not_do_is_one_line(tmp_path: Path, version: str, found: str) -> None:
    for name in ("bash", "dirname"):
        (tmp_path / name).symlink_to(shutil.which(name) or name)
    python = tmp_path / "python3"
    if version:
        python.write_text(f'#!{tmp_path}/bash\n[ "$1" = -V ] && echo "{version}" || exit 1\n')
        python.chmod(0o755)
    refused = subprocess.run(
        ["bash", SETUP], env={"PATH": str(tmp_path), "PYTHON": str(python)}, capture_output=True, text=True, check=False
    )
    assert refused.returncode == 1
    [told] = refused.stderr.strip().splitlines()
    assert told.startswith("setup: Python 3.11, 3.12 or 3.13 is needed, found: ")
    assert found in told and "apt install python3" in told


def test_where_nothing_changed_nothing_is_fetched_or_built() -> None:
    """As at the second start, on a machine without a network: no registry, no mirror, no build."""
    alone = ["unshare", "--user", "--map-root-user", "--net"]
    may = subprocess.run([*alone, "true"], capture_output=True, check=False).returncode == 0
    done = subprocess.run(
        [*(alone if may else ()), "bash", SETUP],
        env=os.environ | DEAD_PROXIES,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", ""), "or something changed: run make setup first"
