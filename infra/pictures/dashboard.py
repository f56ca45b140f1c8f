"""The page in both themes, at a moment that shows the product: score, risks, reasons, half an hour, an open offer.

A break risk is there while the person is settled, an offer for seconds: both at once is a matter of waiting, unless
offers are left open (``own_platform``). So an offer that is still open is waited for only so long.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from infra.pictures.stage import WIDTH, Stage
from neural_focus.errors import ServiceError

if TYPE_CHECKING:
    from playwright.sync_api import FloatRect, Page

LOOK_MS, REPEAT_SECONDS = 300, 300.0
AWAY_MS, LOAD_MS = 45_000, 3_000
OFFER_SECONDS, AT_MOST_SECONDS = 600, 45 * 60
"""How long, once the page shows the rest, an open offer is waited for; how long the picture."""
MINUTES = 28
MISSING = """(minutes) => {
    const text = (id) => document.querySelector(`[data-testid="${id}"]`)?.textContent ?? '';
    const count = (selector) => document.querySelectorAll(selector).length;
    const open = count('#offer button') > 0;
    const rows = count('#history tbody tr');
    const shown = {
        'a focus score': /\\d/.test(text('focus-score')),
        'a distraction risk': /\\d/.test(text('distraction-risk')),
        'a break risk, which settled focus has': /\\d/.test(text('break-risk')),
        'reasons': count('[data-testid="reasons"] li') >= 2,
        'a full half hour': rows >= minutes,
        'an offer of help': open || /accepted|rejected|snoozed/.test(text('warnings')),
    };
    return { missing: Object.keys(shown).filter((name) => !shown[name]), open, rows };
}"""
WORK_FIRST = "Let somebody work for half an hour while it runs: make run"


def dashboard(stage: Stage) -> dict[str, bytes]:
    """The page down to the half hour, light and dark.

    Raises:
        ServiceError: something is missing still after ``AT_MOST_SECONDS``.
    """
    page, began = stage.page(), time.monotonic()
    while True:
        is_open = _wait(stage, page, began)
        taken = {}
        for scheme, name in (("light", "dashboard"), ("dark", "dashboard-dark")):
            page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
            taken[name] = page.screenshot(full_page=True, clip=_down_to_history(page), animations="disabled")
        page.emulate_media(color_scheme="light")
        after = page.evaluate(MISSING, MINUTES)
        if not after["missing"] and after["open"] == is_open:  # it may have gone while they were taken
            return taken


def _down_to_history(page: Page) -> FloatRect:
    """Of the long page the part with all that ``MISSING`` names."""
    box = page.locator("#history").bounding_box()
    if box is None:
        raise ServiceError("The page has no half hour", hint="Build it: make setup")
    return {"x": 0, "y": 0, "width": WIDTH, "height": box["y"] + box["height"] + 10}


def _wait(stage: Stage, page: Page, began: float) -> bool:
    """Until the page has all of it, if possible with an offer that is still open; returns whether one is."""
    complete: float | None = None
    told, said_at = "", -REPEAT_SECONDS
    while True:
        found, now = page.evaluate(MISSING, MINUTES), time.monotonic()
        if not found["missing"]:
            complete = complete or now
            if found["open"] or now > complete + OFFER_SECONDS:
                return bool(found["open"])
        lacks = ", ".join(found["missing"] or ["an offer that is still open"])
        if now > began + AT_MOST_SECONDS:
            raise ServiceError("The page is not worth a picture yet", why=f"it lacks {lacks}", hint=WORK_FIRST)
        if lacks != told and now > said_at + REPEAT_SECONDS:  # a break risk comes and goes
            stage.say(f"dashboard: waiting for {lacks} ({min(found['rows'], 30)} of {MINUTES} minutes are there)")
            told, said_at = lacks, now
        if found["rows"] < MINUTES - 1:
            _look_away(page)
        else:
            page.wait_for_timeout(LOOK_MS)


def _look_away(page: Page) -> None:
    """A page that nobody looks at would take a third of a processor for half an hour."""
    address = page.url
    page.goto("about:blank")
    page.wait_for_timeout(AWAY_MS)
    page.goto(address)
    page.wait_for_timeout(LOAD_MS)
