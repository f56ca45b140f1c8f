"""The bench for the extension, and browsers that are paired. What waits for minutes is for ``make browsers``."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from blocking_bench import Bench, Browser, pair
from chromium_here import Chromium
from firefox_here import Firefox

KINDS = {"chromium": Chromium, "firefox": Firefox}
collect_ignore = [] if "NEURAL_FOCUS_BROWSERS" in os.environ else ["test_blocking_at_length.py"]


@pytest.fixture(scope="module")
def bench(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    made = Bench(module_database_url, tmp_path_factory.mktemp("service"))
    yield made
    made.close()


@pytest.fixture(params=KINDS)
def browser(request: pytest.FixtureRequest, bench: Bench, tmp_path: Path) -> Iterator[Browser]:
    """A browser that is paired for a new person."""
    bench.new_person()
    started = KINDS[request.param](tmp_path / "profile")
    try:
        pair(started, bench)
        yield started
    finally:
        started.kill()
