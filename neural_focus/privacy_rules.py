"""What a person keeps from Neural Focus: rules by app, title and site, and hours, in one file.

    [never]          apps, titles, sites     nothing of the stretch is kept: a gap, as a pause leaves
    [only-focus]     apps, titles, sites     that something was in focus; the app's name is ``WITHHELD``, no input
    [without-title]  apps, titles            all but the title
    [record]         apps, titles            no shipped rule holds for these
    [hours]          monday … sunday         see ``capture_hours``

The person's rules and the shipped ones (``privacy.toml``) hold together: the strictest that matches. A site is a
registrable domain; a rule for ``online.bank.com`` holds for all of ``bank.com``, as no more is known of a site.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from importlib import resources
from pathlib import Path
from typing import Any

from neural_focus.app_table import AppTable
from neural_focus.apps import split_site
from neural_focus.capture_hours import CaptureHours
from neural_focus.errors import ConfigurationError

PRIVACY_FILE = "privacy.toml"
WITHHELD = "withheld"
"""The app's name where only its focus is recorded."""


class Keep(IntEnum):
    """What is kept of a window, the most first."""

    ALL = 0
    WITHOUT_TITLE = 1
    ONLY_FOCUS = 2
    NOTHING = 3


@dataclass(frozen=True, slots=True, order=True)
class Handling:
    """What is kept, and by which kind of rule ("never app"); never by which."""

    keep: Keep = Keep.ALL
    rule: str = ""


_TABLES = {"never": Keep.NOTHING, "only-focus": Keep.ONLY_FOCUS, "without-title": Keep.WITHOUT_TITLE}
_KEYS = {"never": ("apps", "titles", "sites"), "only-focus": ("apps", "titles", "sites")}
_ONLY_NAMES = ("apps", "titles")
_RECORD, _HOURS = "record", "hours"


class _Table:
    """The lists of one table of one file."""

    def __init__(self, name: str, content: object) -> None:
        if not isinstance(content, Mapping):
            raise TypeError(f"{name} is {content!r}, a table is expected")
        known = _KEYS.get(name, _ONLY_NAMES)
        if unknown := sorted(set(content) - set(known)):
            raise ValueError(f"unknown key {unknown[0]!r} in [{name}], known are {', '.join(known)}")
        self.lists = {key: _read_list(name, key, listed) for key, listed in content.items()}
        self._apps = AppTable()
        self._apps.add(self.lists.get("apps", []), 1)
        self._titles = [re.compile(pattern, re.IGNORECASE) for pattern in self.lists.get("titles", [])]
        self._sites = [site.lower() for site in self.lists.get("sites", [])]

    def has(self, kind: str, text: str) -> bool:
        """Whether an app, title or site (``kind``) is named here."""
        if kind == "app":
            return self._apps.find(text) is not None
        if kind == "title":
            return any(pattern.search(text) for pattern in self._titles)
        return any(text == site or site.endswith(f".{text}") for site in self._sites)


class PrivacyRules:
    """The rules of the person and the shipped ones."""

    def __init__(self, own: Mapping[str, Any], shipped: Mapping[str, Any]) -> None:
        """Parsed files. Raises ValueError, TypeError or re.error for what is no rule."""
        if unknown := sorted(set(own) - {*_TABLES, _RECORD, _HOURS}):
            raise ValueError(f"unknown table {unknown[0]!r}, known are {', '.join((*_TABLES, _RECORD, _HOURS))}")
        self._own = {name: _Table(name, own[name]) for name in _TABLES if name in own}
        self._shipped = {name: _Table(name, shipped[name]) for name in _TABLES if name in shipped}
        self._record = _Table(_RECORD, own.get(_RECORD, {}))
        self.hours: CaptureHours | None = CaptureHours.read(own[_HOURS]) if _HOURS in own else None

    @classmethod
    def load(cls, path: Path | None = None) -> PrivacyRules:
        """The shipped rules, with those of ``path`` if that file exists.

        Raises:
            ConfigurationError: it cannot be read, is no TOML, or has a table, key or value that is not known.
        """
        try:
            text = path.read_text("utf-8") if path is not None else ""
        except FileNotFoundError:
            text = ""
        except (OSError, ValueError) as error:
            raise _unusable(path, error) from error
        return cls.parse(text, path)

    @classmethod
    def parse(cls, text: str, path: Path | None = None) -> PrivacyRules:
        """The shipped rules, with those of a file's ``text``. Raises as ``load``."""
        shipped = tomllib.loads(resources.files("neural_focus").joinpath(PRIVACY_FILE).read_text("utf-8"))
        try:
            return cls(tomllib.loads(text), shipped)
        except (ValueError, TypeError, AttributeError, re.error) as error:
            raise _unusable(path, error) from error

    def judge(self, app: str, title: str) -> Handling:
        """What is kept of a window. ``app``: its name in records; a browser's may have its kind of site."""
        name = split_site(app)[0]
        exempt = self._record.has("app", name) or self._record.has("title", title)
        files = (self._own,) if exempt else (self._own, self._shipped)
        return max(_judge(tables, kind, text) for tables in files for kind, text in (("app", name), ("title", title)))

    def judge_site(self, site: str) -> Handling:
        """What is kept of a browser that is on a site, by its registrable domain."""
        return max(_judge(tables, "site", site.lower()) for tables in (self._own, self._shipped))

    def listed(self) -> list[tuple[str, str, str, list[str]]]:
        """(own or shipped, table, key, entries), for people."""
        files = (("own", {**self._own, _RECORD: self._record}), ("shipped", self._shipped))
        return [
            (file, name, key, entries)
            for file, tables in files
            for name, table in tables.items()
            for key, entries in table.lists.items()
        ]


def _judge(tables: Mapping[str, _Table], kind: str, text: str) -> Handling:
    hits = (name for name, table in tables.items() if text and table.has(kind, text))
    return max((Handling(_TABLES[name], f"{name} {kind}") for name in hits), default=Handling())


def _read_list(table: str, key: str, listed: object) -> list[str]:
    if not isinstance(listed, list) or not all(isinstance(entry, str) and entry.strip() for entry in listed):
        raise TypeError(f"{key} in [{table}] is {listed!r}, a list of texts is expected")
    return [entry.strip() if key != "titles" else entry for entry in listed]


def _unusable(path: Path | None, error: Exception) -> ConfigurationError:
    if path is None:
        return ConfigurationError("These rules cannot be used", why=str(error), hint="docs/privacy.md has the form")
    return ConfigurationError(
        f"{path} cannot be used", why=str(error), hint="Nothing is captured until it is mended or moved away"
    )
