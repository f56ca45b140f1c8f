"""docs/features.md names every feature once, in the engine's order and with its unit."""

from __future__ import annotations

import re
from fnmatch import fnmatch
from pathlib import Path

from neural_focus.features import FEATURES, INPUT_V1
from neural_focus.replay import INPUT_NAMES

PAGE = Path(__file__).parents[2] / "docs" / "features.md"
ROW = re.compile(r"^\| (?P<name>[a-z_0-9]+) \| (?P<unit>[^|]*)\| (?P<definition>[^|]+) \|$", re.MULTILINE)


def test_table_follows_the_feature_list() -> None:
    rows = [(match["name"], match["unit"].strip()) for match in ROW.finditer(PAGE.read_text())]
    assert rows == [("name", "unit"), *((feature.name, feature.unit) for feature in FEATURES)]


def test_every_input_is_explained_and_nothing_else() -> None:
    explained = re.findall(r"^\| `([^`]+)` \| [^|]+ \|$", PAGE.read_text(), re.MULTILINE)
    met = {name: [pattern for pattern in explained if fnmatch(name, pattern)] for name in INPUT_NAMES}
    assert [name for name, patterns in met.items() if not patterns] == []
    assert [pattern for pattern in explained if not any(pattern in patterns for patterns in met.values())] == []


def test_counts_in_the_text_are_those_of_the_code() -> None:
    text = PAGE.read_text()
    assert f"## The {len(FEATURES)} features" in text
    assert f"Version 1 has {len(INPUT_V1)} columns" in text
