"""What happens to blocks when service, worker and browser are killed, and other things that take minutes to see."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from blocking_bench import COVERED, OTHER, SITE, WORK, Bench, Browser, closed_tab, eventually, pair
from firefox_here import Firefox

SILENCE_SECONDS = 90.0


def test_it_opens_on_time_with_the_service_and_the_worker_killed(browser: Browser, bench: Bench) -> None:
    """Nobody is left but the browser's own alarm, the closed page's countdown and the cover's timer."""
    covered = browser.open(bench.sites.url(SITE, "/covered"))
    row = bench.order(SITE, 40)
    ends = bench.row(row)["ends_at"].timestamp()
    eventually(lambda: browser.evaluate(covered, COVERED))
    bench.kill()
    browser.kill_background()
    closed = closed_tab(browser, bench, bench.sites.url(SITE, "/closed"))
    while time.time() < ends - 3:
        assert browser.address(closed).startswith(browser.base), "it opened too early"
        time.sleep(0.5)
    eventually(lambda: browser.address(closed) == bench.sites.url(SITE, "/closed"), ends + 6 - time.time())
    eventually(lambda: not browser.evaluate(covered, COVERED), ends + 8 - time.time())
    print(f"{type(browser).__name__}: open {time.time() - ends:.1f} s after the end")  # noqa: T201 - make browsers shows it
    bench.start()
    assert eventually(lambda: bench.row(row)["undone_reason"], 120) == "ended"


def test_it_opens_on_time_with_no_page_of_ours_open(browser: Browser, bench: Bench) -> None:
    """Only the alarm is left: the rule has to go by it alone."""
    row = bench.order(SITE, 45)
    ends = bench.row(row)["ends_at"].timestamp()
    eventually(lambda: bench.row(row)["applied_at"])
    bench.kill()
    browser.kill_background()
    time.sleep(max(0.0, ends - 5 - time.time()))
    still = browser.open(bench.sites.url(SITE, "/still"))
    eventually(lambda: browser.address(still).startswith(browser.base), 3)
    browser.close_tab(still)
    browser.kill_background()
    time.sleep(max(0.0, ends + 2 - time.time()))
    free = browser.open(bench.sites.url(SITE, "/free"))
    assert eventually(lambda: browser.address(free) == bench.sites.url(SITE, "/free"), 5)
    bench.start()
    assert eventually(lambda: bench.row(row)["undone_reason"], 120) == "ended"


def test_a_service_that_has_gone_takes_its_blocks_with_it(browser: Browser, bench: Bench) -> None:
    row = bench.order(SITE, 3600)
    covered = browser.open(bench.sites.url(WORK))
    eventually(lambda: bench.row(row)["applied_at"])
    closed = closed_tab(browser, bench, bench.sites.url(SITE, "/closed"))
    browser.go(covered, bench.sites.url(WORK, "/again"))
    bench.kill()
    gone = time.monotonic()
    time.sleep(50)  # it was heard of 25 s before it went at most
    assert browser.address(closed).startswith(browser.base)
    eventually(lambda: browser.address(closed) == bench.sites.url(SITE, "/closed"), SILENCE_SECONDS + 10)
    assert time.monotonic() - gone <= SILENCE_SECONDS + 2
    print(f"{type(browser).__name__}: open {time.monotonic() - gone:.1f} s after the service was killed")  # noqa: T201
    bench.start()
    assert eventually(lambda: bench.row(row)["undone_reason"], 120) == "service_gone"
    time.sleep(30)  # it is over: nothing closes it again
    free = browser.open(bench.sites.url(SITE, "/free"))
    assert eventually(lambda: browser.address(free) == bench.sites.url(SITE, "/free"), 5)


def test_a_service_that_starts_again_in_the_middle_changes_nothing(browser: Browser, bench: Bench) -> None:
    covered = browser.open(bench.sites.url(SITE, "/covered"))
    row = bench.order(SITE, 3600)
    eventually(lambda: browser.evaluate(covered, COVERED))
    bench.kill()
    bench.start()
    closed_tab(browser, bench, bench.sites.url(SITE, "/closed"))
    assert browser.evaluate(covered, COVERED)
    with bench.http() as client:
        eventually(lambda: client.get("/api/v1/browsers").json()[0]["connected"], 90)
    assert bench.row(row)["undone_at"] is None
    bench.undo(row)
    eventually(lambda: not browser.evaluate(covered, COVERED))


def test_a_jail_waits_a_minute_before_it_lets_one_site_through(browser: Browser, bench: Bench) -> None:
    row, other = bench.jail(SITE, OTHER)
    eventually(lambda: bench.row(other)["applied_at"])
    closed = closed_tab(browser, bench, bench.sites.url(SITE, "/needed"))
    began = time.monotonic()
    browser.evaluate(closed, "(document.getElementById('need').click(), true)")
    eventually(lambda: browser.address(closed) == bench.sites.url(SITE, "/needed"), 90)
    assert time.monotonic() - began >= 59
    assert eventually(lambda: bench.row(row)["undone_reason"]) == "needed"
    closed_tab(browser, bench, bench.sites.url(OTHER, "/still"))
    assert bench.row(other)["undone_at"] is None


def test_a_browser_that_is_killed_blocks_on_when_it_starts_again(bench: Bench, browser: Browser) -> None:
    row = bench.order(SITE, 3600)
    eventually(lambda: bench.row(row)["applied_at"])
    bench.sites.asked.clear()
    browser.kill()
    browser.start()
    closed_tab(browser, bench, bench.sites.url(SITE, "/first"))
    closed_tab(browser, bench, bench.sites.url(SITE, "/second"))
    assert f"{SITE}/second" not in bench.sites.asked
    assert bench.row(row)["undone_at"] is None
    bench.undo(row)
    assert eventually(lambda: bench.row(row)["undone_reason"], 90) == "undone"


def test_a_browser_that_was_off_for_long_begins_with_nothing_closed(bench: Bench, browser: Browser) -> None:
    row = bench.order(SITE, 3600)
    eventually(lambda: bench.row(row)["applied_at"])
    browser.kill()
    bench.kill()
    time.sleep(SILENCE_SECONDS + 2)
    browser.start()
    free = browser.open(bench.sites.url(SITE, "/free"))
    assert eventually(lambda: browser.address(free) == bench.sites.url(SITE, "/free"), 10)
    bench.start()
    assert eventually(lambda: bench.row(row)["undone_reason"], 120) in ("quit", "service_gone")


def test_a_revoked_browser_opens_everything(browser: Browser, bench: Bench) -> None:
    covered = browser.open(bench.sites.url(SITE, "/covered"))
    row = bench.order(SITE, 3600)
    eventually(lambda: browser.evaluate(covered, COVERED))
    with bench.http() as client:
        [mine] = [each for each in client.get("/api/v1/browsers").json() if each["connected"]]
        assert client.delete(f"/api/v1/browsers/{mine['id']}").status_code == 204
    eventually(lambda: not browser.evaluate(covered, COVERED), 10)
    assert bench.row(row)["undone_reason"] == "undone"
    settings = browser.open(f"{browser.base}pages/settings.html")
    eventually(lambda: "Not paired" in str(browser.evaluate(settings, "document.getElementById('status').textContent")))


def test_the_site_in_front_is_told_only_when_the_person_agreed(browser: Browser, bench: Bench) -> None:
    page = browser.open(bench.sites.url(f"en.m.{OTHER}", "/private/path"))
    with bench.desktop() as desktop:
        with pytest.raises(TimeoutError):
            desktop.next_site(3)
        settings = browser.open(f"{browser.base}pages/settings.html")
        is_off = "(tells => tells?.disabled === false && tells.checked === false)(document.getElementById('tells'))"
        eventually(lambda: browser.evaluate(settings, is_off))
        browser.evaluate(settings, "(document.getElementById('tells').click(), true)")
        browser.close_tab(settings)
        browser.go(page, bench.sites.url(f"en.m.{OTHER}", "/other"))
        assert eventually(lambda: desktop.next_site(30)).site == OTHER
        browser.go(page, f"http://127.0.0.1:{bench.sites.port}/local")
        assert desktop.next_site(30).site is None


def test_without_permission_nothing_is_promised(bench: Bench, tmp_path: Path) -> None:
    """Firefox's people can take it away at any time, and then a rule silently does nothing."""
    bench.new_person()
    firefox = Firefox(tmp_path / "profile")
    try:
        pair(firefox, bench)
        row = bench.order(SITE, 3600)
        eventually(lambda: bench.row(row)["applied_at"])
        firefox.allow(False)
        assert eventually(lambda: bench.row(row)["undone_reason"]) == "failed"
        second = bench.order(OTHER, 3600)
        refused = eventually(lambda: bench.row(second)["refused_reason"])
        assert "may not act on sites" in refused and bench.row(second)["applied_at"] is None
        firefox.allow(True)
        bench.nudge()
        eventually(lambda: bench.row(second)["applied_at"], 60)
    finally:
        firefox.kill()


def test_a_page_of_the_web_cannot_ask_to_block_nor_see_the_extension(browser: Browser, bench: Bench) -> None:
    page = browser.open(bench.sites.url(WORK))
    ports = f"{bench.settings.serving_port}/ws/browser"
    script = (
        f"new Promise((done) => {{ const ws = new WebSocket('ws://127.0.0.1:{ports}', ['neural-focus.1', 'token.x']);"
        " ws.onopen = () => done('open'); ws.onerror = () => done('refused'); })"
    )
    assert eventually(lambda: browser.evaluate(page, script)) == "refused"
    for path in ("pages/blocked.html", "manifest.json", "background/main.js"):
        seen = f"fetch('{browser.base}{path}').then(() => 'seen', () => 'hidden')"
        assert eventually(lambda seen=seen: browser.evaluate(page, seen)) == "hidden"
