"""The set-up says at once, in one line, what to do where Python is missing or of another version."""

from __future__ import annotations

import os
import re
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


@pytest.mark.parametrize(
    ("prefix", "told"),
    [
        ("/usr", r"packages are missing \(Debian's names\): python3\.12-dev[ .]"),
        ("/opt/python", r"there is no .*/include/Python\.h, .*headers of /opt/python/bin/python3\.12, or name"),
    ],
    ids=["the system's Python", "a Python of somebody's own"],
)
def test_headers_that_are_missing_are_those_of_the_python_that_is_used(tmp_path: Path, prefix: str, told: str) -> None:
    """Debian's python3-dev belongs to Debian's Python, which may be of another version."""
    set_up = tmp_path / "checkout" / "infra" / "setup.sh"
    set_up.parent.mkdir(parents=True)
    shutil.copy(SETUP, set_up)
    for name in ("bash", "dirname", "uname", "id", "c++", "Xvfb", "xauth", "curl"):
        (tmp_path / name).symlink_to(shutil.which(name) or "/bin/true")
    python, headers = tmp_path / "python3.12", tmp_path / "include"
    about = f'printf "%s\\n" python3.12 {headers} {prefix}'
    python.write_text(f'#!{tmp_path}/bash\n[[ "$2" = *sysconfig* ]] && {about}; exit 0\n')
    python.chmod(0o755)

    def refusal() -> str:
        env = {"PATH": str(tmp_path), "PYTHON": str(python)}
        done = subprocess.run(["bash", set_up], env=env, capture_output=True, text=True, check=False)
        assert done.returncode != 0, "there is no more than this"
        return done.stderr

    assert re.search(told, refusal())
    headers.mkdir()
    (headers / "Python.h").touch()
    assert "Python.h" not in (now := refusal()) and "python3.12-dev" not in now


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
