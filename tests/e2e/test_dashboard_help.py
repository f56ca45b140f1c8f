"""The page's part of help that acts, on the real service: lists, offers that are carried out, undo, jail.

The desktop is on the other end of the service's own socket: what it reports is decided here, so that a test can see
that the page says nothing to be done before it was reported.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from page_service import Desktop, PageService, axe_says, quiet_page
from playwright.sync_api import BrowserContext, Locator, Page, expect
from virtual_desktop import wait_for
from wall_clock import MovedClock

from neural_focus.messages import ApplyAction, InterventionApplied, InterventionUndone, UndoAction
from neural_focus.store.arm_changes import move_probabilities, stop_arm
from neural_focus.store.database import connect as connect_database
from neural_focus.store.experiments import read_running


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """A page of the signed-in browser, on which the service may refuse something."""
    with quiet_page(context, refusals=True) as opened:
        yield opened


def now_us() -> int:
    return time.time_ns() // 1000


def ordered(desktop: Desktop, action: str) -> ApplyAction:
    """The order, once the desktop has it."""

    def found() -> list[ApplyAction]:
        return [one for one in desktop.orders if isinstance(one, ApplyAction) and one.action == action]

    wait_for(found)
    return found()[0]


def ended(desktop: Desktop, order: ApplyAction) -> list[UndoAction]:
    """What the service wants ended of what it ordered, so far."""
    ends = (one for one in desktop.orders if isinstance(one, UndoAction))
    return [one for one in ends if one.intervention_id == order.intervention_id]


def end_of(desktop: Desktop, order: ApplyAction) -> UndoAction:
    """The same, once the desktop has it."""
    wait_for(lambda: ended(desktop, order))
    return ended(desktop, order)[0]


def action_on(page: Page, text: str) -> Locator:
    """The row of "What is done now" that says it."""
    return page.get_by_test_id("action").filter(has_text=text)


def test_lists_are_kept_and_what_no_list_may_name_is_refused_where_it_was_typed(
    page: Page, service: PageService
) -> None:
    page.goto(service.address)
    page.get_by_role("link", name="Help", exact=True).press("Enter")
    sites = page.get_by_role("form", name="Sites to block")
    field, said = sites.get_by_role("textbox"), sites.get_by_role("status")
    expect(sites.get_by_role("listitem")).to_have_count(3)
    below = page.get_by_role("heading", name="Apps to minimise")
    place = below.bounding_box()
    field.fill("paypal.com")
    field.press("Enter")
    expect(said).to_have_text("'paypal.com' cannot be blocked: it looks like a bank. Give a site such as reddit.com")
    expect(field).to_have_value("paypal.com")
    expect(field).to_have_attribute("aria-invalid", "true")
    assert below.bounding_box() == place, "the refusal moved what is below it"
    field.fill("https://www.Example.net/a?b=c")
    field.press("Enter")
    expect(said).to_have_text("Saved.")
    expect(field).to_have_value("")
    expect(sites.get_by_role("listitem").filter(has_text="example.net")).to_have_count(1)
    sites.get_by_role("button", name="Take twitter.com off the list").press("Enter")
    expect(sites.get_by_role("listitem").filter(has_text="twitter.com")).to_have_count(0)
    expect(field).to_be_focused()
    minutes = page.get_by_label("Minutes of a block")
    minutes.fill("500")
    page.wait_for_timeout(1500)  # the page is drawn again each second, also between two keys of a person
    minutes.press("Enter")
    expect(page.locator("#blockMinutes-said")).to_contain_text("block_minutes is 500. Give 1 to 240")
    minutes.fill("20")
    minutes.press("Enter")
    expect(page.locator("#blockMinutes-said")).to_have_text("Saved.")
    page.get_by_label("An offer that I do not answer is carried out").check()
    expect(page.locator("#acts-said")).to_have_text("Saved.")
    page.reload()
    expect(sites.get_by_role("listitem")).to_have_text(["reddit.com×", "youtube.com×", "example.net×"])
    expect(minutes).to_have_value("20")
    expect(page.get_by_label("An offer that I do not answer is carried out")).to_be_checked()
    page.get_by_label("An offer that I do not answer is carried out").uncheck()
    expect(page.locator("#acts-said")).to_have_text("Saved.")


def test_the_page_says_what_works_here(page: Page, service: PageService, desktop: Desktop) -> None:
    page.goto(f"{service.address}/#help")
    rows = page.get_by_test_id("possible")
    expect(rows.filter(has_text="Block sites")).to_contain_text("no browser is paired → Pair the browser that you use")
    expect(rows.filter(has_text="Show a break screen")).to_contain_text("works")
    expect(rows.filter(has_text="End programs")).to_contain_text("only where you agreed → Agree with: neural-focus")


def test_the_page_says_which_arm_was_stopped_and_which_probability_moved(
    page: Page, service: PageService, desktop: Desktop
) -> None:
    assert service.settings.database_url is not None
    with connect_database(service.settings.database_url) as connection:
        [number] = [one.id for one in read_running(connection) if one.spec.name == "demo"]
        stop_arm(connection, number, "PLACEBO", "rejected", "rejected, bound 0.4: 9 of 10 (90%) rejected")
        move_probabilities(connection, number, "all", {"SUGGEST_BREAK": 0.65}, datetime.now(UTC), "by 80 opportunities")
        connection.commit()
        try:
            page.goto(f"{service.address}/#help")
            expect(page.get_by_test_id("experiment")).to_contain_text("demo-1, since ")
            rows = page.get_by_test_id("arm")
            expect(rows).to_have_count(4)
            expect(rows.filter(has_text="Placebo: a card")).to_contain_text(
                re.compile(r"not assigned.*Stopped since .*\d\d:\d\d: rejected, bound 0.4: 9 of 10")
            )
            expect(rows.filter(has_text="Suggest a break")).to_contain_text(
                re.compile(r"30.%.*Moved from 30.% to 65.% on .*: by 80 opportunities")
            )
            assert axe_says(page) == []
        finally:
            connection.execute("DELETE FROM arm_stops")
            connection.execute("DELETE FROM arm_probabilities")


def test_accepted_help_is_asked_for_then_done_then_undone_as_it_is_reported(
    page: Page, service: PageService, desktop: Desktop
) -> None:
    page.goto(service.address)
    offer = page.locator("#offer")
    expect(offer.get_by_role("alert")).to_contain_text("Take a break for 5 minutes")
    expect(offer).to_contain_text("Without an answer nothing is done.")
    offer.get_by_role("button", name="Accept").click()
    expect(offer.get_by_role("status")).to_contain_text("Your desktop is asked; what they report is shown below.")
    row = page.get_by_test_id("action")
    expect(row).to_contain_text("Your desktop is asked to show the break screen")
    order = ordered(desktop, "SUGGEST_BREAK")
    expect(row).to_have_attribute("data-phase", "ordered")
    desktop.send(InterventionApplied(order.intervention_id, now_us(), "screen", order.until_us))
    expect(row).to_contain_text("The break screen is shown until")
    expect(row.locator(".done-left")).to_have_text(re.compile(r"^4:\d\d$"))
    page.reload()
    expect(row).to_contain_text("The break screen is shown until")
    row.get_by_role("button", name="Undo").press("Enter")
    expect(row.get_by_role("button", name="Undo")).to_be_disabled()
    assert end_of(desktop, order).reason == "undone"
    expect(row).not_to_contain_text("closed")
    desktop.send(InterventionUndone(order.intervention_id, now_us(), "undone"))
    expect(row).to_contain_text(re.compile(r"The break screen closed at \d\d:\d\d: you undid it"))
    expect(row).to_contain_text("It counts as no break")
    expect(row.get_by_role("button", name="Undo")).to_have_count(0)
    page.get_by_role("link", name="Help", exact=True).click()
    day = page.get_by_test_id("day").get_by_role("row").filter(has_text="Take a break")
    expect(day).to_contain_text("accepted")
    expect(day).to_contain_text(re.compile(r"\d\d:\d\d to \d\d:\d\d, you undid it, no rest seen"))


def test_a_jail_says_what_it_does_holds_and_lets_go_a_minute_after_the_exit(
    page: Page, service: PageService, service_clock: MovedClock, desktop: Desktop
) -> None:
    page.clock.install()
    page.goto(f"{service.address}/#help")
    for name, entry in (("Apps to minimise", "spotify"), ("Apps that a jail may end", "steam")):
        form = page.get_by_role("form", name=name)
        form.get_by_role("textbox").fill(entry)
        form.get_by_role("button", name="Add").click()
        expect(form.get_by_role("status")).to_have_text("Saved.")
    page.get_by_role("link", name="Now", exact=True).click()
    session = page.locator("#session")
    session.get_by_label("Jail: hold me to it").check()
    expect(session).to_contain_text("Your browser blocks reddit.com, youtube.com and example.net. Not possible now")
    expect(session).to_contain_text("Your desktop minimises spotify.")
    expect(session).to_contain_text("cannot be ended early, except by the emergency exit")
    session.get_by_label("Own length, minutes").fill("5")
    session.get_by_role("button", name="Start").click()
    expect(session).to_contain_text("A jail cannot be ended early.")
    expect(session.get_by_role("button", name="End session")).to_have_count(0)
    expect(action_on(page, "reddit.com was not blocked: No browser is paired")).to_be_visible()
    expect(page.locator("#done summary")).to_have_text("1 more")
    page.locator("#done summary").press("Enter")
    expect(action_on(page, "steam was not ended: programs are ended only where you agreed")).to_be_visible()
    order = ordered(desktop, "MINIMIZE_SPOTIFY")
    expect(action_on(page, "Your desktop is asked to minimise spotify")).to_be_visible()
    desktop.send(InterventionApplied(order.intervention_id, now_us(), "x11", order.until_us))
    expect(action_on(page, "spotify is minimised until")).to_be_visible()
    expect(page.get_by_role("button", name="Undo")).to_have_count(0)
    session.get_by_text("Emergency exit").click()
    reason = session.get_by_label("Why do you have to leave?")
    reason.fill("a ")
    session.get_by_role("button", name="Leave in a minute").click()
    assert reason.evaluate("field => field.validity.tooShort")
    reason.fill("   a")
    session.get_by_role("button", name="Leave in a minute").click()
    expect(session.get_by_role("alert")).to_contain_text("The reason has 1 characters. Give 3 to 200")
    reason.fill("the doctor calls")
    session.get_by_role("button", name="Leave in a minute").click()
    leaving = session.get_by_test_id("jail-leaving")
    expect(leaving).to_have_text(re.compile(r"The jail lifts in (0:5\d|1:00)\. The session goes on\."))
    page.reload()
    expect(leaving).to_be_visible()
    assert not ended(desktop, order)
    service_clock.move(50)
    page.clock.fast_forward(50_000)
    assert end_of(desktop, order).reason == "emergency"
    desktop.send(InterventionUndone(order.intervention_id, now_us(), "emergency"))
    expect(action_on(page, "spotify has been free again since")).to_contain_text("you left the jail")
    expect(session.get_by_role("timer")).to_be_visible()
    session.get_by_role("button", name="End session").click()
    expect(session.get_by_role("status")).to_contain_text("You ended the session")
    service_clock.move(-50)


def test_a_jail_with_nothing_to_do_is_refused_where_it_was_started(
    page: Page, service: PageService, desktop: Desktop
) -> None:
    empty = {"block_sites": [], "minimize_apps": [], "end_apps": []}
    page.goto(service.address)
    put = "help => fetch('/api/v1/settings/help', {method: 'PUT', headers: {'Content-Type': 'application/json'}, "
    assert page.evaluate(put + "body: JSON.stringify(help)}).then(answer => answer.status)", empty) == 200
    page.reload()
    session = page.locator("#session")
    session.get_by_label("Jail: hold me to it").check()
    expect(session).to_contain_text("Your lists are empty, so there is nothing that a jail could do.")
    session.get_by_role("button", name="Pomodoro").click()
    expect(session.get_by_role("alert")).to_contain_text("Your lists are empty: a jail does what they say.")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_for_axe_to_say_of_help(page: Page, service: PageService, desktop: Desktop, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
    page.goto(f"{service.address}/#help")
    expect(page.get_by_test_id("day")).to_be_visible()
    page.get_by_role("form", name="Sites to block").get_by_role("textbox").fill("paypal.com")
    page.keyboard.press("Enter")
    expect(page.get_by_text("it looks like a bank")).to_be_visible()
    assert axe_says(page) == []


def test_help_does_not_scroll_sideways_on_narrow_screens(page: Page, service: PageService, desktop: Desktop) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{service.address}/#help")
    expect(page.get_by_test_id("day")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == 390
