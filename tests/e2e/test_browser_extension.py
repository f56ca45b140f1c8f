"""The extension in real browsers, on the real service: a site is closed, and open again when it should be."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from blocked_sites import SITE, WORK, Bench, Browser, eventually, pair
from chromium_here import Chromium
from firefox_here import Firefox

COVERED = "!!document.querySelector('[data-neural-focus=cover]')"


@pytest.fixture(scope="module")
def bench(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    made = Bench(module_database_url, tmp_path_factory.mktemp("service"))
    yield made
    made.close()


@pytest.fixture(params=["chromium", "firefox"])
def browser(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Browser]:
    started = {"chromium": Chromium, "firefox": Firefox}[request.param](tmp_path / "profile")
    yield started
    started.kill()
    shutil.rmtree(tmp_path / "profile", ignore_errors=True)


def test_a_site_is_closed_and_opens_again(browser: Browser, bench: Bench) -> None:
    sites = bench.sites
    pair(browser, bench)
    open_tab, work = browser.open(sites.url(f"www.{SITE}", "/open")), browser.open(sites.url(WORK))
    eventually(
        lambda: browser.evaluate(
            open_tab, "document.getElementById('t') && (document.getElementById('t').value = 'half a thought')"
        )
    )
    sites.asked.clear()
    row = bench.order(SITE, 600)
    eventually(lambda: bench.row(row)["applied_at"])
    assert bench.row(row)["applied_where"].split()[0] == type(browser).__name__.lower()
    eventually(lambda: browser.evaluate(open_tab, COVERED))
    assert browser.evaluate(open_tab, "document.getElementById('t').value") == "half a thought"

    typed = browser.open(sites.url(SITE, "/typed?a=1#part"))
    blocked = f"{browser.base}pages/blocked.html#"
    eventually(lambda: browser.address(typed) == blocked + sites.url(SITE, "/typed?a=1#part"))
    assert SITE in eventually(
        lambda: browser.evaluate(
            typed,
            "document.querySelector('main').innerText.includes('left') && document.querySelector('main').innerText",
        )
    )
    browser.evaluate(work, "(document.getElementById('out').click(), true)")
    eventually(lambda: browser.address(work).startswith(blocked))
    assert not [asked for asked in sites.asked if SITE in asked], "no request may leave the browser"

    bench.withdraw(row)
    eventually(lambda: browser.address(typed) == sites.url(SITE, "/typed?a=1#part"))
    eventually(lambda: not browser.evaluate(open_tab, COVERED))
    assert browser.evaluate(open_tab, "document.getElementById('t').value") == "half a thought"
    assert eventually(lambda: bench.row(row)["undone_reason"]) == "undone"
