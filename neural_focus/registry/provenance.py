"""Where a model comes from: the code and the libraries that made it."""

from __future__ import annotations

import importlib.metadata
import subprocess
from pathlib import Path

LIBRARIES = ("numpy", "scipy", "xgboost-cpu", "torch")


def code_of() -> dict[str, str | None]:
    """Our version and, in a checkout, its commit ("…+changed" where files differ from it); None elsewhere."""
    return {"version": importlib.metadata.version("neural-focus"), "commit": _commit()}


def libraries() -> dict[str, str]:
    """Versions of the libraries whose arithmetic a model depends on."""
    found = {}
    for name in LIBRARIES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def _commit() -> str | None:
    folder = Path(__file__).resolve().parents[2]
    if not (folder / ".git").exists():
        return None
    try:
        head = _git(folder, "rev-parse", "HEAD")
        return head + ("+changed" if _git(folder, "status", "--porcelain", "--untracked-files=no") else "")
    except (OSError, subprocess.SubprocessError):  # no git here: the version has to do
        return None


def _git(folder: Path, *arguments: str) -> str:
    command = ["git", "-C", str(folder), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=10).stdout.strip()
