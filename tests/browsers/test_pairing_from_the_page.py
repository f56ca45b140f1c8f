"""A browser is paired from the page as a person does it, said to be so there, and removed there."""

from __future__ import annotations

import re
from pathlib import Path

from blocking_bench import Bench, eventually
from chromium_here import Chromium


def test_a_browser_is_paired_from_the_page_and_removed(bench: Bench, tmp_path: Path) -> None:
    bench.new_person()
    chromium = Chromium(tmp_path / "profile")

    def press(tab: str, selector: str) -> None:
        found = f"document.querySelector('{selector}')"
        eventually(lambda: chromium.evaluate(tab, f"{found} !== null && ({found}.click(), true)"))

    def reads(tab: str, selector: str) -> str:
        return str(chromium.evaluate(tab, f"document.querySelector('{selector}')?.textContent"))

    try:
        tab = chromium.open(bench.signin())
        eventually(lambda: chromium.address(tab) == f"{bench.url}/")
        chromium.go(tab, f"{bench.url}/#help")
        eventually(lambda: "No browser is paired" in reads(tab, "#browsers"))
        press(tab, "#browsers .pair")
        extension = eventually(
            lambda: next((one for one in chromium.tabs() if chromium.address(one).startswith(chromium.base)), None)
        )
        assert "for one browser, for" in reads(tab, "#browsers")
        eventually(lambda: chromium.evaluate(extension, "document.getElementById('offer').hidden === false"))
        press(extension, "#accept")
        eventually(lambda: re.search(r"Chromium \d+.* is paired\.", reads(tab, "#browsers")))
        assert chromium.evaluate(tab, "document.querySelector('meta[name=neural-focus-pair]') === null")
        eventually(lambda: "Block sites works" in reads(tab, "#possible"))
        press(tab, "#browsers .paired button")
        eventually(lambda: "No browser is paired" in reads(tab, "#browsers"))
        eventually(lambda: "no browser is paired" in reads(tab, "#possible"))
        eventually(lambda: "Paired and connected" not in reads(extension, "#status"))
    finally:
        chromium.kill()
