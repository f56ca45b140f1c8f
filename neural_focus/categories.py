"""What kind of app holds the focus: rules over app and title, decided on the desktop.

An app is looked up by its id (``apps.py``), first in the person's own rules, a file in the data folder, then in the
packaged ``categories.toml`` of the same shape, then, on a desktop, in what is installed there
(``collector/installed_apps.py``).
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any

from neural_focus.app_table import AppTable
from neural_focus.apps import SITE_KINDS, split_site
from neural_focus.errors import ConfigurationError
from neural_focus.events import (
    PRODUCTIVITY_MASK,
    PRODUCTIVITY_SHIFT,
    CategoryFlag,
    ProductivityCategory,
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


def nowhere_installed(_app: str) -> int:
    """No category: nothing is known of what is installed."""
    return 0


@dataclass(frozen=True, slots=True)
class _TitleRule:
    pattern: re.Pattern[str]
    within: int
    kinds: int
    category: int | None


class _SiteRules:
    """Site → its kind, and kind → bits, of all files: the first that names a site, or gives a kind bits, wins."""

    def __init__(self) -> None:
        self._kinds: dict[str, str] = {}
        self._bits: dict[str, tuple[int, int | None]] = {}

    def add(self, rule: dict[str, Any]) -> None:
        kind = rule["kind"]
        if kind not in SITE_KINDS:
            raise ValueError(f"unknown kind of site {kind!r}, known are {', '.join(SITE_KINDS)}")
        if not isinstance(rule["sites"], list):
            raise TypeError(f"sites is {rule['sites']!r}, a list is expected")
        for site in rule["sites"]:
            self._kinds.setdefault(site.lower(), kind)
        if "kinds" in rule or "category" in rule:
            self._bits.setdefault(kind, (_kind_bits(rule.get("kinds", [])), _category_bits(rule)))

    def kind(self, site: str) -> str:
        return self._kinds.get(site.lower(), "")

    def onto(self, browser: int, kind: str) -> int:
        kinds, category = self._bits.get(kind, (0, None))
        return (browser if category is None else (browser & ~PRODUCTIVITY_MASK) | category) | kinds


class Rules:
    """App and title → ``category_hint``: kinds in bits 0–5, the productivity category in bits 8–15."""

    def __init__(self, tables: list[dict[str, Any]], installed: Callable[[str], int] = nowhere_installed) -> None:
        """``tables``: parsed files, the first wins. ``installed``: bits of an app that no rule names, 0 for none."""
        self._files: list[AppTable] = []
        self._titles: list[_TitleRule] = []
        self._sites = _SiteRules()
        for table in tables:
            unknown = set(table) - {"app", "title", "site"}
            if unknown:
                raise ValueError(f"unknown table {sorted(unknown)[0]!r}, known are app, title and site")
            self._files.append(AppTable())
            for rule in table.get("app", []):
                bits = _kind_bits(rule.get("kinds", [])) | (_category_bits(rule) or 0)
                self._files[-1].add(rule["names"], bits)
            for rule in table.get("title", []):
                self._add_title(rule)
            for rule in table.get("site", []):
                self._sites.add(rule)
        self._installed = installed
        self._by_rules = lru_cache(maxsize=4096)(self._find_app)

    @classmethod
    def load(cls, path: Path | None = None, installed: Callable[[str], int] = nowhere_installed) -> Rules:
        """The packaged rules, with those of ``path`` before them if that file exists, and ``installed`` after them.

        Raises:
            ConfigurationError: ``path`` cannot be read, is no TOML, or names an unknown kind or category.
        """
        packaged = tomllib.loads(resources.files("neural_focus").joinpath(RULES_FILE).read_text("utf-8"))
        if path is None or not path.exists():
            return cls([packaged], installed)
        try:
            return cls([tomllib.loads(path.read_text("utf-8")), packaged], installed)
        except (OSError, ValueError, TypeError, KeyError, re.error) as error:
            why = f"{error} is missing" if isinstance(error, KeyError) else str(error)
            raise ConfigurationError(f"{path} cannot be used", why=why, hint="Correct it, or move it away") from error

    def hint(self, app_name: str, title: str | None = None) -> int:
        """``category_hint`` bits of an app, of the site that a browser is on, and of its title where that is known."""
        name, kind = split_site(app_name)
        ruled = self._by_rules(name)
        app = self._sites.onto(self._installed(name) if ruled is None else ruled, kind)
        if not title:
            return app
        for rule in self._titles:
            if (not rule.within or rule.within & app) and rule.pattern.search(title):
                category = app & PRODUCTIVITY_MASK if rule.category is None else rule.category
                return (app & ~PRODUCTIVITY_MASK) | rule.kinds | category
        return app

    def site_kind(self, site: str) -> str:
        """The kind of a site by its registrable domain, one of ``SITE_KINDS``; empty where no rule names it."""
        return self._sites.kind(site)

    def label(self, app_name: str, title: str | None = None) -> str:
        """The productivity category in words (Building, Studying, …), empty for none."""
        return category_label(self.hint(app_name, title))

    def _find_app(self, app: str) -> int | None:
        found = (rules.find(app) for rules in self._files)
        return next((bits for bits in found if bits is not None), None)

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
