"""The extension in real browsers, on the real service: a site is closed, and open again when it should be."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import count

import numpy as np
import pytest
from blocking_bench import COVERED, OTHER, SITE, WORK, Bench, Browser, closed_tab, eventually

from infra.demo_person import DemoPerson
from infra.virtual_display import start_virtual_display, stop_virtual_display
from neural_focus.simulation.parameters import AppKind, draw_person
from neural_focus.simulation.worker import kind_of


def test_a_site_is_closed_and_opens_again(browser: Browser, bench: Bench) -> None:
    sites = bench.sites
    before, work = browser.open(sites.url(f"www.{SITE}", "/before")), browser.open(sites.url(WORK))
    eventually(lambda: browser.evaluate(before, "(document.getElementById('t').value = 'half a thought')"))
    sites.asked.clear()
    row = bench.order(SITE, 600)
    eventually(lambda: bench.row(row)["applied_at"])
    assert bench.row(row)["applied_where"].split()[0] == type(browser).__name__.lower()
    eventually(lambda: browser.evaluate(before, COVERED))
    assert browser.evaluate(before, "document.elementFromPoint(20, 20).dataset.neuralFocus") == "cover"

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


# ------------------------------------------------------------------------------------- the demo person at a browser


@pytest.fixture
def display(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    started = start_virtual_display()
    monkeypatch.setenv("XAUTHORITY", str(started.authority))
    yield started.display
    stop_virtual_display(started)


@pytest.mark.parametrize("browser", ["chromium"], indirect=True)
def test_the_demo_person_is_stopped_by_the_real_block_in_the_real_browser(
    browser: Browser, bench: Bench, display: str
) -> None:
    calm = draw_person(3)
    to_leisure = np.zeros_like(calm.destination)
    to_leisure[:, int(AppKind.LEISURE)] = 1.0
    drawn = replace(calm, switch_rate=np.full_like(calm.switch_rate, 0.5), destination=to_leisure)
    sites, tab, pages = bench.sites, browser.open("about:blank"), count()

    def visit() -> bool:
        """They type the site's address; whether the site is what they then see."""
        address = sites.url(SITE, f"/feed/{next(pages)}")
        browser.go(tab, address)
        return bool(eventually(lambda: next((at for at in (browser.address(tab),) if address in at), None)) == address)

    def work() -> DemoPerson:
        person = DemoPerson(display, seed=4, person=drawn, hour=10.0, visit=visit)
        person.work(threading.Event(), 6)
        return person

    free = work()
    assert free.counts.visits >= 1 and free.counts.stopped == 0
    assert any(asked.startswith(SITE) for asked in sites.asked)

    row = bench.order(SITE, 600)
    eventually(lambda: bench.row(row)["applied_at"])
    sites.asked.clear()
    stopped = work()
    assert stopped.counts.stopped == stopped.counts.visits >= 1
    assert kind_of(stopped._worker.app) is AppKind.WORK, "back at work"
    assert not [asked for asked in sites.asked if asked.startswith(SITE)], "a request left the browser"

    bench.undo(row)
    eventually(lambda: bench.row(row)["undone_at"])
    assert work().counts.stopped == 0
