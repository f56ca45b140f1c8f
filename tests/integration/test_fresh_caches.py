"""With ``CI`` set nothing that an earlier run has left on the machine is found, and nothing is left behind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from fresh_caches import FOLDERS

ROOT = Path(__file__).parents[2]
PROBE = """
import json, os
from pathlib import Path
from infra.embedded_database import cache_folder
from neural_focus.settings import read_settings

def test_probe():
    places = [cache_folder(), read_settings().home, Path.home(), *map(Path, map(os.environ.get, NAMES))]
    Path(os.environ["TOLD"]).write_text(json.dumps([[str(place), place.exists()] for place in places]))
    places[0].mkdir()
"""


def test_each_cache_is_a_new_folder_that_is_gone_afterwards(tmp_path: Path) -> None:
    """Seen by a worker of a session of its own."""
    probe, told = tmp_path / "test_probe.py", tmp_path / "told"
    probe.write_text(PROBE.replace("NAMES", repr(list(FOLDERS))))
    old = {name: str(tmp_path / "old" / folder) for name, folder in FOLDERS.items()}
    for folder in old.values():
        Path(folder).mkdir(parents=True, exist_ok=True)
    environment = os.environ | old | {"CI": "true", "TOLD": str(told), "PYTHONPATH": str(ROOT / "tests")}
    options = [
        "-q",
        "-n1",
        "--dist",
        "loadgroup",
        "-p",
        "conftest",
        "-p",
        "no:cacheprovider",
        "-c",
        str(ROOT / "pyproject.toml"),
    ]
    command = [sys.executable, "-m", "pytest", *options, str(probe)]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=400, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    for place, existed in json.loads(told.read_text()):
        assert place not in old.values() and not place.startswith(str(tmp_path)), place
        assert existed == place.endswith("/home"), f"{place} is new, but for the home itself"
        assert not Path(place).exists(), f"{place} is left behind"
