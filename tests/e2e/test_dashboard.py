"""The page in a real browser, on the real service, while a simulated desktop works."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from page_service import SENT, STATUS, Desktop, PageService, axe_says, quiet_page
from playwright.sync_api import Browser, BrowserContext, Page, WebSocketRoute, expect
from virtual_desktop import wait_for
from warned_person import warned_person

from collector.agent_status import AgentStatus
from collector.wayland import WaylandSource
from flows.personal import adapt
from flows.platform_flow import Platform
from infra.pictures.dashboard import MINUTES, MISSING
from neural_focus.messages import AskRounds, DesktopStatus, PrivacyFile, Rounds
from neural_focus.store.database import connect
from neural_focus.time import iso
from serving.auth import make_signin_link


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """A page of the signed-in browser."""
    with quiet_page(context) as opened:
        yield opened


def test_without_a_reading_it_says_what_to_do(page: Page, service: PageService) -> None:
    page.goto(service.address)
    expect(page.get_by_text("No reading yet")).to_be_visible()
    expect(page.get_by_test_id("collector-state")).to_have_text("Not connected")
    expect(page.locator("#collector")).to_contain_text("neural-focus agent")
    expect(page).to_have_title("DEMO · Neural Focus")
    assert len(page.evaluate(MISSING, MINUTES)["missing"]) == 6, "nothing here is worth a picture"


def test_pages_without_an_icon_of_their_own_have_one(page: Page, service: PageService) -> None:
    """Browsers ask for it by this name where a page names none: reports, and the page behind a sign-in link."""
    answer = page.request.get(f"{service.address}/favicon.ico")
    assert (answer.status, answer.headers["content-type"]) == (200, "image/svg+xml")


def test_a_stranger_is_told_how_to_sign_in(browser: Browser, service: PageService) -> None:
    context = browser.new_context()
    page = context.new_page()
    answer = page.goto(service.address)
    assert answer is not None
    assert answer.status == 401
    expect(page.get_by_role("heading")).to_have_text("This browser is not signed in")
    expect(page.get_by_text("neural-focus signin")).to_be_visible()
    context.close()


def test_a_link_works_once(browser: Browser, service: PageService) -> None:
    link = make_signin_link(service.settings, service.secrets, service.user_id)
    statuses = []
    for _ in range(2):
        context = browser.new_context()
        answer = context.new_page().goto(link)
        statuses.append(answer.status if answer else None)
        context.close()
    assert statuses == [200, 403]


def test_a_person_signs_out_and_the_browser_is_a_strangers_again(browser: Browser, service: PageService) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.goto(make_signin_link(service.settings, service.secrets, service.user_id))
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading")).to_have_text("This browser is not signed in")
    assert context.cookies() == []
    context.close()


def test_the_score_moves_while_the_person_works(page: Page, service: PageService, desktop: Desktop) -> None:
    page.goto(service.address)
    score = page.get_by_test_id("focus-score")
    expect(score).to_have_text(re.compile(r"^\d{1,3}$"))
    expect(page.get_by_test_id("connection")).to_contain_text("Live")
    expect(page.get_by_test_id("collector-state")).to_have_text("Connected")
    expect(page.get_by_test_id("distraction-risk")).to_contain_text("%")
    expect(page.get_by_test_id("model-status")).to_contain_text("day 1")
    expect(page.locator("#now .where strong")).to_have_text(re.compile("^(code|firefox|slack)$"))
    for _ in range(3):  # readings that follow each other may have one score: the next is known by its time
        reading = page.get_by_test_id("reading")
        expect(reading).not_to_have_attribute("data-at", reading.get_attribute("data-at") or "")
        at, shown = reading.evaluate("e => [+e.dataset.at, e.querySelector('.gauge-number').textContent]")
        wait_for(lambda at=at: at in desktop.scores)  # the desktop may be told after the page
        assert shown == str(math.floor(desktop.scores[at] + 0.5))


def test_demo_is_said_everywhere(page: Page, service: PageService, desktop: Desktop) -> None:
    page.goto(service.address)
    expect(page.get_by_role("note")).to_contain_text("simulated person")
    for place in ("header", "#history", "#warnings"):
        expect(page.locator(place).get_by_text("DEMO", exact=True)).to_be_visible()
    expect(page).to_have_title(re.compile(r"^DEMO · .+ · Neural Focus$"))


def test_an_offer_counts_down_and_takes_an_answer(page: Page, service: PageService, desktop: Desktop) -> None:
    page.goto(service.address)
    offer = page.locator("#offer")
    expect(offer.get_by_role("button", name="Accept")).to_be_visible()
    expect(offer.get_by_role("alert")).to_contain_text("An example of help")
    expect(offer).to_contain_text("Without an answer nothing is done.")
    expect(offer).to_contain_text("If you accept, your desktop is asked to show the break screen.")
    wait_for(lambda: page.evaluate(MISSING, SENT // 60)["missing"] == [])  # the pictures wait for this
    assert page.evaluate(MISSING, SENT // 60)["open"]
    offer.get_by_role("button", name="No, thanks").press("Enter")
    expect(offer.get_by_role("status")).to_have_text("You said no, and your answer is stored.")
    page.reload()
    expect(page.get_by_test_id("warnings")).to_contain_text("rejected")
    assert not page.evaluate(MISSING, SENT // 60)["open"]


def test_a_session_starts_and_ends(page: Page, service: PageService, desktop: Desktop) -> None:
    page.goto(service.address)
    session = page.locator("#session")
    session.get_by_role("button", name="Pomodoro").click()
    timer = session.get_by_role("timer")
    expect(timer).to_contain_text("24:5")
    page.reload()
    expect(timer).to_contain_text("24:")
    session.get_by_role("button", name="End session").click()
    expect(session.get_by_role("status")).to_contain_text("You ended the session")


def test_rounds_are_asked_of_the_desktop_and_said_as_it_reports_them(
    page: Page, service: PageService, desktop: Desktop
) -> None:
    page.goto(service.address)
    rounds = page.get_by_test_id("rounds")
    rounds.get_by_role("button", name="90 min rounds").click()
    expect(rounds).to_contain_text("Your desktop is asked.")
    wait_for(lambda: desktop.orders[-1:] == [AskRounds("start", "deep_work")])
    desktop.send(replace(STATUS, rounds=Rounds("deep_work", 2, iso(time.time_ns() // 1000 + 600_000_000))))
    expect(rounds).to_contain_text("2 done. The next deep work starts when you are back.")
    expect(rounds).not_to_contain_text("is asked")
    rounds.get_by_role("button", name="Start the next one now").click()
    wait_for(lambda: desktop.orders[-1:] == [AskRounds("skip", "deep_work")])
    desktop.send(replace(STATUS, rounds=Rounds("deep_work", 2, None)))
    expect(rounds).to_contain_text("Again and again with breaks, 2 done.")
    rounds.get_by_role("button", name="No more after this one").click()
    wait_for(lambda: desktop.orders[-1:] == [AskRounds("stop", "deep_work")])
    desktop.send(STATUS)
    expect(rounds.get_by_role("button", name="25 min rounds")).to_be_enabled()


def test_the_timeline_answers_to_pointer_and_keyboard(page: Page, service: PageService, desktop: Desktop) -> None:
    page.goto(service.address)
    timeline = page.get_by_test_id("timeline")
    expect(timeline).to_be_visible()
    box = timeline.bounding_box()
    assert box is not None
    timeline.hover(position={"x": box["width"] - 60, "y": 90})
    expect(page.get_by_test_id("tip")).to_contain_text("Focus")
    page.mouse.move(0, 0)
    expect(page.get_by_test_id("tip")).to_have_count(0)
    timeline.focus()
    page.keyboard.press("PageDown")
    expect(timeline).to_have_attribute("aria-valuenow", "-5")
    expect(page.get_by_test_id("tip")).to_contain_text("Distraction")
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("tip")).to_have_count(0)
    page.get_by_text("The same as a table").click()
    assert page.get_by_role("region", name="by minute").get_by_role("row").count() > 10


def test_what_a_desktop_lacks_and_what_it_lost_is_said(
    page: Page, service: PageService, desktop: Desktop, tmp_path: Path
) -> None:
    """An agent on a Wayland session without input devices or a compositor's word, whose ring was full once."""
    source = WaylandSource("", "sway", input_folder=str(tmp_path), active_file="")
    source.open(offset_us=0, floor_us=0)
    told = {"abilities": lambda: (), "privacy": lambda: PrivacyFile("")}
    status = AgentStatus(source, None, open_page=None, sees_lock=lambda: True, **told)
    page.goto(service.address)
    expect(page.get_by_test_id("timeline")).to_be_visible()
    notice = page.get_by_test_id("desktop-notice")
    expect(page.get_by_test_id("connection")).to_contain_text("Live")
    expect(notice).to_have_count(0)
    counted = {"dropped": {"KEY_PRESS": 3}, "spool": {"quarantined_bytes": 64}, "connected": True}
    status.publish(desktop, counted, ())
    expect(notice).to_contain_text("keyboard and mouse, focus, pauses")
    expect(notice.get_by_text("there is no such device in /dev/input")).to_be_visible()
    expect(notice).to_contain_text("3 records of the kind key press were dropped, 64 bytes of the spool were put aside")
    why = notice.get_by_text("the ring was full: the agent did not come to read")
    expect(why).not_to_be_visible()
    notice.get_by_text("Lost since the agent started").click()
    expect(why).to_be_visible()
    status.publish(desktop, {"dropped": {}, "connected": True}, ())  # another run of the agent
    expect(why).to_have_count(0)
    page.reload()
    expect(notice).to_contain_text("keyboard and mouse, focus, pauses")
    expect(page.get_by_test_id("connection")).to_contain_text("Live")
    desktop.publish_status(DesktopStatus("capturing", "the X server of :0"))
    expect(notice).to_have_count(0)


@pytest.mark.parametrize(("right", "wrong"), [(8, 2), (0, 6)], ids=["mostly came true", "all failed"])
def test_a_person_sees_how_many_warnings_came_true(
    browser: Browser, service: PageService, right: int, wrong: int
) -> None:
    """Counted by the flow from what was stored; the numbers expected here were chosen by the events."""
    breaks, no_breaks = right // 4, 3
    with connect(service.settings.database_url or "") as connection:
        warned = warned_person(connection, right=right, wrong=wrong, breaks=breaks, no_breaks=no_breaks)
        adapt(Platform(service.settings, connection), datetime.now(UTC))
    context = browser.new_context()
    page = context.new_page()
    page.goto(make_signin_link(service.settings, service.secrets, warned.user_id))
    rates = page.get_by_test_id("hit-rate").locator(".rate")
    expect(rates).to_have_count(4)
    for days in (7, 28):
        switch = rates.filter(has_text=f"of a switch came true in {days} days")
        expect(switch).to_contain_text(f"{right} of {right + wrong} warnings")
        expect(switch.locator(".rate-number")).to_have_text(f"{100 * right // (right + wrong)} %")
        anyway = re.search(r"by chance (\d+)\s%", switch.inner_text())
        assert anyway is not None and abs(int(anyway[1]) / 100 - warned.switch_share) < 0.02
        settled = rates.filter(has_text=f"of a break came true in {days} days")
        expect(settled).to_contain_text(f"{breaks} of {breaks + no_breaks} warnings")
    expect(page.get_by_test_id("reliability").first).to_contain_text("apart on average")
    context.close()


def test_links_lead_to_the_other_parts(page: Page, service: PageService) -> None:
    page.goto(service.address)
    links = page.get_by_role("navigation").get_by_role("link")
    expect(links.filter(has_text="Prefect")).to_be_visible()
    names = links.all_inner_texts()
    assert {"Prefect", "BentoML", "A/B report"} <= set(names)
    assert all(link.get_attribute("href") for link in links.all())


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_for_axe_to_say(page: Page, service: PageService, desktop: Desktop, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
    page.goto(service.address)
    expect(page.get_by_test_id("timeline")).to_be_visible()
    assert axe_says(page) == []


def test_narrow_screens_do_not_scroll_sideways(page: Page, service: PageService, desktop: Desktop) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(service.address)
    expect(page.get_by_test_id("timeline")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == 390


def test_the_theme_is_kept(page: Page, service: PageService) -> None:
    page.emulate_media(color_scheme="light")
    page.goto(service.address)
    background = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(background)
    button = page.get_by_role("button", name="Theme")
    button.click()
    button.click()
    expect(button).to_have_attribute("aria-label", "Theme: dark. Change to auto")
    assert page.evaluate(background) != light
    page.reload()
    expect(button).to_have_attribute("aria-label", "Theme: dark. Change to auto")
    assert page.evaluate(background) != light
    button.click()


def test_a_lost_connection_comes_back(page: Page, service: PageService, desktop: Desktop) -> None:
    sockets: list[WebSocketRoute] = []

    def pass_on(socket: WebSocketRoute) -> None:
        socket.connect_to_server()
        sockets.append(socket)

    page.route_web_socket(re.compile(r"/ws\?role=page$"), pass_on)
    page.goto(service.address)
    connection = page.get_by_test_id("connection")
    expect(connection).to_contain_text("Live")
    sockets[0].close()
    expect(connection).to_contain_text("Reconnecting")
    expect(connection).to_contain_text("Live")
    assert len(sockets) == 2
