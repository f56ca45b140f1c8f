"""A number by any name of an app: what lists of apps in the rules' files become."""

from __future__ import annotations

import re
from fnmatch import translate

from neural_focus.apps import app_id, join_words, plain_name
from neural_focus.events import encode_app_name


class AppTable:
    """Ids, and patterns with ``*`` over names as they are and over ids. What was added first wins."""

    def __init__(self) -> None:
        self._exact: dict[str, int] = {}
        self._patterns: list[tuple[re.Pattern[str], int]] = []

    def add(self, names: object, value: int) -> None:
        """``names``: a list of names and patterns. Raises TypeError for anything else."""
        if not isinstance(names, list):
            raise TypeError(f"names is {names!r}, a list is expected")
        for name in names:
            if "*" in name:
                self._patterns.append((re.compile(translate(join_words(name.lower()))), value))
            else:
                self._exact.setdefault(app_id(name), value)
                self._exact.setdefault(app_id(encode_app_name(name).decode()), value)  # as a record may have cut it

    def find(self, app: str) -> int | None:
        """The number of an app by one of its names; None where nothing names it."""
        names = app_id(app), plain_name(app)
        if names[0] in self._exact:
            return self._exact[names[0]]
        return next((value for pattern, value in self._patterns if any(map(pattern.match, names))), None)
