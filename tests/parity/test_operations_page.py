"""docs/operations.md lists every setting that is read, and no other, with its default."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

from neural_focus.identity_provider import VARIABLES
from neural_focus.settings import PREFIX, Settings, read_settings

PAGE = Path(__file__).parents[2] / "docs" / "operations.md"
ROW = re.compile(rf"^\| `{PREFIX}(?P<name>[A-Z_]+)` \| (?P<default>[^|]+) \|", re.MULTILINE)


def test_every_setting_is_listed() -> None:
    read = {field.name.upper() for field in fields(Settings)} - {"DATABASE_URL", "ZONE_FOLLOWS", "IDENTITY_PROVIDER"}
    read |= {name.removeprefix(PREFIX) for name in VARIABLES}
    assert {row["name"] for row in ROW.finditer(PAGE.read_text())} == read


def test_defaults_are_those_of_the_code() -> None:
    made = read_settings({})
    shown = {row["name"]: row["default"].strip("`") for row in ROW.finditer(PAGE.read_text())}
    numbers = {name: int(text) for name, text in shown.items() if text.isdecimal()}
    assert len(numbers) >= 8
    assert numbers == {name: int(getattr(made, name.lower())) for name in numbers}
    assert (shown["HOST"], shown["SHIP"]) == (made.host, made.ship)
