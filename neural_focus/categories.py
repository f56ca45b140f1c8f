"""What kind of app holds the focus: rules over app name and title, decided on the desktop.

The packaged ``categories.toml`` knows names on Windows, macOS and Linux; a file of the same shape in the data
folder is read before it, so a person's own rules win.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from fnmatch import translate
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any

from neural_focus.errors import ConfigurationError
from neural_focus.events import (
    PRODUCTIVITY_MASK,
    PRODUCTIVITY_SHIFT,
    CategoryFlag,
    ProductivityCategory,
    encode_app_name,
)

RULES_FILE = "categories.toml"
_KINDS = {
    "browser": CategoryFlag.BROWSER,
    "ide": CategoryFlag.IDE,
    "communication": CategoryFlag.COMMUNICATION,
    "entertainment": CategoryFlag.ENTERTAINMENT,
    "productivity": CategoryFlag.PRODUCTIVITY,
    "pseudo_productive": CategoryFlag.PSEUDO_PRODUCTIVE,
}
_CATEGORIES = {category.name.lower(): category for category in ProductivityCategory}
_SUFFIX = re.compile(r"(\.exe|\.app|\.desktop|-bin|\.bin)$")


def normalize_app(name: str) -> str:
    """The form in which names are compared: as in a record, lower case, without .exe, .app and the like."""
    return _SUFFIX.sub("", encode_app_name(name).decode().strip().lower())


@dataclass(frozen=True, slots=True)
class _TitleRule:
    pattern: re.Pattern[str]
    within: int
    kinds: int
    category: int | None


class Rules:
    """App and title → ``category_hint``: kinds in bits 0–5, the productivity category in bits 8–15."""

    def __init__(self, tables: list[dict[str, Any]]) -> None:
        self._exact: dict[str, int] = {}
        self._patterns: list[tuple[re.Pattern[str], int]] = []
        self._titles: list[_TitleRule] = []
        for table in tables:
            unknown = set(table) - {"app", "title"}
            if unknown:
                raise ValueError(f"unknown table {sorted(unknown)[0]!r}, known are app and title")
            for rule in table.get("app", []):
                self._add_app(rule)
            for rule in table.get("title", []):
                self._add_title(rule)
        self._app_hint = lru_cache(maxsize=4096)(self._find_app)

    @classmethod
    def load(cls, path: Path | None = None) -> Rules:
        """The packaged rules, with those of ``path`` before them if that file exists.

        Raises:
            ConfigurationError: ``path`` cannot be read, is no TOML, or names an unknown kind or category.
        """
        packaged = tomllib.loads(resources.files("neural_focus").joinpath(RULES_FILE).read_text("utf-8"))
        if path is None or not path.exists():
            return cls([packaged])
        try:
            return cls([tomllib.loads(path.read_text("utf-8")), packaged])
        except (OSError, ValueError, TypeError, KeyError, re.error) as error:
            why = f"{error} is missing" if isinstance(error, KeyError) else str(error)
            raise ConfigurationError(f"{path} cannot be used", why=why, todo="Correct it, or move it away") from error

    def hint(self, app_name: str, title: str | None = None) -> int:
        """``category_hint`` bits of an app, and of its title where that is known."""
        app = self._app_hint(normalize_app(app_name))
        if not title:
            return app
        for rule in self._titles:
            if (not rule.within or rule.within & app) and rule.pattern.search(title):
                category = app & PRODUCTIVITY_MASK if rule.category is None else rule.category
                return (app & ~PRODUCTIVITY_MASK) | rule.kinds | category
        return app

    def label(self, app_name: str, title: str | None = None) -> str:
        """The productivity category in words (Building, Studying, …), empty for none."""
        return category_label(self.hint(app_name, title))

    def _find_app(self, name: str) -> int:
        exact = self._exact.get(name)
        if exact is not None:
            return exact
        return next((bits for pattern, bits in self._patterns if pattern.match(name)), 0)

    def _add_app(self, rule: dict[str, Any]) -> None:
        bits = _kind_bits(rule.get("kinds", [])) | (_category_bits(rule) or 0)
        names = rule["names"]
        if not isinstance(names, list):
            raise TypeError(f"names is {names!r}, a list is expected")
        for name in names:
            if "*" in name:
                self._patterns.append((re.compile(translate(name.lower())), bits))
            else:
                self._exact.setdefault(normalize_app(name), bits)

    def _add_title(self, rule: dict[str, Any]) -> None:
        within = _kind_bits(rule.get("within", []))
        pattern = re.compile(rule["pattern"], re.IGNORECASE)
        self._titles.append(_TitleRule(pattern, within, _kind_bits(rule.get("kinds", [])), _category_bits(rule)))


def category_label(hint: int) -> str:
    """The productivity category of a hint in words, empty for none or one that is not known."""
    number = (hint & PRODUCTIVITY_MASK) >> PRODUCTIVITY_SHIFT
    return ProductivityCategory(number).label if number <= max(ProductivityCategory) else ""


def _kind_bits(kinds: list[str]) -> int:
    bits = 0
    for kind in kinds:
        if kind not in _KINDS:
            raise ValueError(f"unknown kind {kind!r}, known are {', '.join(_KINDS)}")
        bits |= int(_KINDS[kind])
    return bits


def _category_bits(rule: dict[str, Any]) -> int | None:
    if "category" not in rule:
        return None
    name = rule["category"]
    if name not in _CATEGORIES:
        raise ValueError(f"unknown category {name!r}, known are {', '.join(_CATEGORIES)}")
    return int(_CATEGORIES[name]) << PRODUCTIVITY_SHIFT
