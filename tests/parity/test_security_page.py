"""SECURITY.md ties each threat to tests that exist."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_every_threat_names_tests_that_exist() -> None:
    rows = re.findall(r"^\| (?!threat|---)(.+) \| (.+) \| (.+) \|$", (ROOT / "SECURITY.md").read_text(), re.MULTILINE)
    assert len(rows) >= 15
    code = "\n".join(path.read_text("utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    known = set(re.findall(r"^(?:    )?(?:async )?def (test_\w+)", code, re.MULTILINE))
    for threat, _, tests in rows:
        named = set(re.findall(r"`(test_\w+)`", tests))
        assert named and named <= known, f"{threat}: {named - known}"
