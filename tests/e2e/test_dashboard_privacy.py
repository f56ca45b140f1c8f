"""The page's card of privacy, on the real service: it says paused, or forgotten, only when the desktop said so."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace

import pytest
from page_service import STATUS, Desktop, PageService, axe_says, quiet_page
from playwright.sync_api import BrowserContext, Page, expect
from virtual_desktop import wait_for

from collector.capture_gate import digest
from neural_focus.messages import AskCapture, AskRules, ForgetRecords, PrivacyFile, RecordsForgotten
from neural_focus.time import iso

RULES = '# mine\n[never]\napps = ["signal"]\n'


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """A page of the signed-in browser, on which the service may refuse something."""
    with quiet_page(context, refusals=True) as opened:
        yield opened


def test_a_pause_is_asked_of_the_desktop_and_said_once_it_says_so(
    page: Page, service: PageService, desktop: Desktop
) -> None:
    desktop.send(STATUS)
    page.goto(f"{service.address}/#help")
    capture = page.get_by_test_id("capture")
    expect(capture).to_contain_text("Your desktop captures.")
    capture.get_by_role("button", name="Pause 15 min").click()
    expect(capture).to_contain_text("Your desktop is asked.")
    wait_for(lambda: desktop.orders[-1:] == [AskCapture("pause", 900)])
    expect(capture).to_contain_text("Your desktop captures.")
    until = iso(time.time_ns() // 1000 + 900_000_000)
    desktop.send(replace(STATUS, state="paused", held="pause", paused_until=until))
    expect(capture).to_contain_text("your desktop captures nothing")
    expect(capture).not_to_contain_text("is asked")
    capture.get_by_role("button", name="Capture again").click()
    wait_for(lambda: desktop.orders[-1:] == [AskCapture("resume")])
    expect(capture).to_contain_text("your desktop captures nothing")
    desktop.send(STATUS)
    expect(capture).to_contain_text("Your desktop captures.")


def test_rules_are_edited_as_they_are_and_refused_where_they_were_typed(
    page: Page, service: PageService, desktop: Desktop
) -> None:
    desktop.send(replace(STATUS, privacy=PrivacyFile(RULES)))
    page.goto(f"{service.address}/#help")
    card = page.locator("#privacy")
    field, save = card.get_by_label("Rules and hours"), card.get_by_role("button", name="Save")
    expect(field).to_have_value(RULES)
    expect(save).to_be_disabled()
    field.fill("[nevver]\n")
    save.click()
    expect(card).to_contain_text("unknown table 'nevver'")
    assert not any(isinstance(one, AskRules) for one in desktop.orders)
    wanted = RULES.replace("signal", "diary")
    field.fill(wanted)
    save.click()
    wait_for(lambda: desktop.orders[-1:] == [AskRules(wanted, digest(RULES))])
    expect(card).to_contain_text("Your desktop is asked.")
    desktop.send(replace(STATUS, privacy=PrivacyFile(RULES, "The disk is full")))
    expect(card).to_contain_text("The disk is full")
    desktop.send(replace(STATUS, privacy=PrivacyFile(wanted)))
    expect(card).to_contain_text("Your desktop goes by these rules.")
    expect(field).to_have_value(wanted)


def test_the_last_minutes_are_counted_then_forgotten_then_counted_again(
    page: Page, service: PageService, desktop: Desktop
) -> None:
    page.goto(f"{service.address}/#help")
    card = page.get_by_test_id("forget")
    card.get_by_role("button", name="The last 15 min").click()
    expect(card.get_by_role("group")).to_contain_text("model predictions")
    assert not any(isinstance(one, ForgetRecords) for one in desktop.orders), "looked at, not yet asked for"
    card.get_by_role("button", name="Forget it").click()

    def orders() -> list[ForgetRecords]:
        return [one for one in desktop.orders if isinstance(one, ForgetRecords)]

    wait_for(orders)
    expect(card).to_contain_text("0 left here. 1 connected desktop has not answered yet.", timeout=60_000)
    desktop.send(RecordsForgotten(orders()[0].id, 40))
    expect(card).to_contain_text("40 records from spools", timeout=60_000)
    expect(card).not_to_contain_text("not answered")
    assert axe_says(page) == []
