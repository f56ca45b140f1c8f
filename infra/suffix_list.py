"""Writes the public suffix list for the browser extension, from the package that the rest of the project reads it from.

``python -m infra.suffix_list`` after an update of ``publicsuffixlist``; a test compares. A line a top-level domain:
``uk:ac,co,gov,*.sch``; the rules are without their top-level domain, internationalised names as URLs have them.
"""

from __future__ import annotations

from importlib import resources
from pathlib import Path

TARGET = Path(__file__).parents[1] / "collector" / "extensions" / "browser" / "shared" / "suffixes.js"
_HEAD = """\
// The public suffix list, {version}, written by: python -m infra.suffix_list
// This Source Code Form is subject to the terms of the Mozilla Public License, v. 2.0. If a copy of the MPL was not
// distributed with this file, You can obtain one at https://mozilla.org/MPL/2.0/.
export const SUFFIXES = `
"""


def suffixes_script() -> str:
    """The module ``suffixes.js``."""
    text = resources.files("publicsuffixlist").joinpath("public_suffix_list.dat").read_text("utf-8")
    version = next(line.removeprefix("// VERSION: ") for line in text.splitlines() if "VERSION:" in line)
    under: dict[str, list[str]] = {}
    for line in text.splitlines():
        rule = line.strip()
        if not rule or rule.startswith("//"):
            continue
        mark = "!" if rule.startswith("!") else ""
        name, _, top = rule.removeprefix("!").rpartition(".")
        rules = under.setdefault(_as_in_urls(top), [])
        if name:
            rules.append(mark + _as_in_urls(name))
    lines = [f"{top}:{','.join(sorted(rules))}" for top, rules in sorted(under.items()) if rules]
    return _HEAD.format(version=version) + "\n".join(lines) + "\n`;\n"


def _as_in_urls(name: str) -> str:
    return ".".join(label if label.isascii() else label.encode("idna").decode("ascii") for label in name.split("."))


if __name__ == "__main__":
    TARGET.write_text(suffixes_script(), encoding="utf-8")
