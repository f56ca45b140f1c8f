"""The tree itself: one name for each class, and a folder that a reader can take in."""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[2]
PARTS = ("neural_focus", "collector", "flows", "feature_repo", "serving", "infra", "bench")


def classes(text: str) -> list[str]:
    """Names of the classes at the top of a module."""
    return [node.name for node in ast.parse(text).body if isinstance(node, ast.ClassDef)]


def test_no_two_classes_have_one_name() -> None:
    files = [path for part in PARTS for path in (ROOT / part).rglob("*.py") if "node_modules" not in path.parts]
    files.remove(ROOT / "neural_focus" / "client" / "generated.py")  # it has the names of what it is made from
    found = Counter(name for path in files for name in classes(path.read_text()))
    assert len(found) > 300
    assert [name for name, times in found.items() if times > 1 and not name.startswith("_")] == []


def test_the_models_fit_into_thirty_files() -> None:
    assert 20 < len(list((ROOT / "neural_focus" / "models").glob("*.py"))) <= 30
