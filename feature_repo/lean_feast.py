"""Loads Feast in a quarter of the time: without the parts that nothing here uses.

Importing Feast lets typeguard rewrite forty classes (6 s of processor time) and loads torch for a conversion to tensors
(2 s and 300 MB). Both are left out while it is imported; torch can be imported normally afterwards.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any


def load_feature_store() -> ModuleType:
    """The module ``feature_repo.store``, loaded."""
    with _absent("torch"), _unchecked():
        return importlib.import_module("feature_repo.store")


@contextmanager
def _absent(name: str) -> Iterator[None]:
    """``import name`` raises ImportError within, unless it is loaded already."""
    if name in sys.modules:
        yield
        return
    sys.modules[name] = None  # type: ignore[assignment] # the import system's own way to say "not there"
    try:
        yield
    finally:
        del sys.modules[name]


@contextmanager
def _unchecked() -> Iterator[None]:
    """``typeguard.typechecked`` leaves what it decorates as it is, as it does under ``python -O``."""
    typeguard = importlib.import_module("typeguard")
    checked = typeguard.typechecked

    def unchanged(target: Any = None, **_: Any) -> Any:
        keep: Callable[[Any], Any] = lambda decorated: decorated  # noqa: E731
        return keep if target is None else target

    typeguard.typechecked = unchanged  # type: ignore[attr-defined]
    try:
        yield
    finally:
        typeguard.typechecked = checked  # type: ignore[attr-defined]
