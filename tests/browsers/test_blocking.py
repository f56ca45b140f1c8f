"""The extension in real browsers, on the real service: a site is closed, and open again when it should be."""

from __future__ import annotations

import time

from blocking_bench import COVERED, OTHER, SITE, WORK, Bench, Browser, closed_tab, eventually


def test_a_site_is_closed_and_opens_again(browser: Browser, bench: Bench) -> None:
    sites = bench.sites
    before, work = browser.open(sites.url(f"www.{SITE}", "/before")), browser.open(sites.url(WORK))
    eventually(lambda: browser.evaluate(before, "(document.getElementById('t').value = 'half a thought')"))
    sites.asked.clear()
    row = bench.order(SITE, 600)
    eventually(lambda: bench.row(row)["applied_at"])
    assert bench.row(row)["applied_where"].split()[0] == type(browser).__name__.lower()
    eventually(lambda: browser.evaluate(before, COVERED))

    typed = closed_tab(browser, bench, sites.url(SITE, "/typed?a=1#part"))
    browser.evaluate(work, "(document.getElementById('out').click(), true)")
    eventually(lambda: browser.address(work).startswith(f"{browser.base}pages/blocked.html#"))
    assert not [asked for asked in sites.asked if SITE in asked], "a request left the browser"

    bench.undo(row)
    eventually(lambda: browser.address(typed) == sites.url(SITE, "/typed?a=1#part"))
    eventually(lambda: not browser.evaluate(before, COVERED))
    assert browser.evaluate(before, "document.getElementById('t').value") == "half a thought"
    assert eventually(lambda: bench.row(row)["undone_reason"]) == "undone"


def test_what_is_needed_opens_alone_after_its_wait(browser: Browser, bench: Bench) -> None:
    row, other = bench.order(SITE, 600), bench.order(OTHER, 600)
    needed = closed_tab(browser, bench, bench.sites.url(SITE, "/needed"))
    began = time.monotonic()
    browser.evaluate(needed, "(document.getElementById('need').click(), true)")
    eventually(lambda: browser.address(needed) == bench.sites.url(SITE, "/needed"))
    assert time.monotonic() - began >= 4.5, "it has to take five seconds"
    assert eventually(lambda: bench.row(row)["undone_reason"]) == "needed"
    closed_tab(browser, bench, bench.sites.url(OTHER, "/still"))
    assert bench.row(other)["undone_at"] is None
