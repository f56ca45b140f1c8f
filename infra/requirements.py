"""Print the requirements of the base install and the named extras, a line each.

The set-up installs them before the project itself, whose native build wants its tools in place. With ``--missing``
only those that this Python lacks, or holds in another version than constraints.txt says: a changed list costs the
changed packages, not all of them again.
"""

from __future__ import annotations

import re
import sys
import tomllib
from importlib.metadata import distributions
from pathlib import Path

ROOT = Path(__file__).parents[1]


def canonical(requirement: str) -> str:
    """The package's name alone, as PEP 503 writes it: ``Psycopg[binary]>=3`` is ``psycopg``."""
    return re.sub(r"[-_.]+", "-", re.split(r"[^\w.-]", requirement, maxsplit=1)[0]).lower()


def wanted(extras: list[str]) -> list[str]:
    """What pyproject.toml asks for."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return sum((project["optional-dependencies"][extra] for extra in extras), list(project["dependencies"]))


def missing(requirements: list[str], pins: dict[str, str], installed: dict[str, str]) -> list[str]:
    """``requirements`` that are not installed, and ``name==pin`` for whatever is there in another version."""
    absent = [requirement for requirement in requirements if canonical(requirement) not in installed]
    stale = [f"{name}=={pin}" for name, pin in pins.items() if name in installed and installed[name] != pin]
    return absent + stale


def read_pins() -> dict[str, str]:
    """Versions by name, as constraints.txt says."""
    lines = [line.split("==") for line in (ROOT / "constraints.txt").read_text().splitlines() if "==" in line]
    return {canonical(line[0]): line[1].strip() for line in lines if not line[0].startswith("#")}


def read_installed() -> dict[str, str]:
    """Versions by name, of what this Python would import; a local build (``2.13.0+cpu``) counts as its release."""
    return {canonical(each.name): each.version.split("+")[0] for each in reversed(list(distributions()))}


def main(words: list[str]) -> None:
    found = wanted([word for word in words if word != "--missing"])
    print("\n".join(missing(found, read_pins(), read_installed()) if "--missing" in words else found))


if __name__ == "__main__":
    main(sys.argv[1:])
