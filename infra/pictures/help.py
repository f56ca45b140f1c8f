"""Help at work: an offer and the break screen on the demo person's display; a closed site, and the page's view of help.

All are the real thing: an offer of a break is accepted and the agent shows it; a browser is paired and a jail of the
demo person closes the sites of their list.
"""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from infra.commands.extension import FOLDER
from infra.own_server import service_at
from infra.person_shown import token_shown
from infra.pictures.stage import ARGUMENTS, CHROMIUM, HEIGHT, WIDTH, Stage
from infra.up.plan import agent_counters
from neural_focus.addresses import service_address
from neural_focus.client.generated import CreateSessionRequest, InterventionFeedbackRequest, ServiceApi
from neural_focus.errors import ServiceError
from serving.auth import make_signin_link

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, FloatRect, Page

T = TypeVar("T")
OFFER_SECONDS, SHOWN_SECONDS, JAIL_MINUTES = 2_400, 60, 5
"""The first offer comes when the half hour is nearly full (``own_platform``); then one is open nearly always."""
AT_MOST_SECONDS = OFFER_SECONDS + 3 * SHOWN_SECONDS
OFFER_PART = (0.45, 0.0, 1.0, 0.55)
"""Offers are shown at the top right; the rest of the display is the demo person's windows."""
SITE = "http://www.reddit.com/"


def help_at_work(stage: Stage) -> dict[str, bytes]:
    """The offer, the break screen, the closed site, and the page's Help while that is closed.

    Raises:
        ServiceError: no break is offered in time, or what should be shown is not.
    """
    return _break(stage) | _closed_site(stage)


def _break(stage: Stage) -> dict[str, bytes]:
    stage.say("help: waiting for an offer of a break")

    def offered() -> int | None:
        offer = _service(stage).get_now().intervention
        return offer.id if offer is not None and offer.type == "SUGGEST_BREAK" else None

    offer = _until(offered, OFFER_SECONDS, "a break was offered")
    told = agent_counters(stage.settings)
    display = json.loads(told.read_text())["source"].rpartition(" ")[2]
    authority = stage.settings.home / "display" / "Xauthority"
    asked = _grab(display, authority, OFFER_PART)
    answer = InterventionFeedbackRequest(intervention_id=offer, response="accept", response_time_ms=0)
    _service(stage).answer_intervention(answer)

    def shown() -> bool | None:
        actions = json.loads(told.read_text())["actions"]
        return any(one["id"] == offer and one["state"] == "applied" for one in actions) or None

    _until(shown, SHOWN_SECONDS, "the agent showed the break")
    return {"offer": asked, "break-screen": _grab(display, authority)}


def _grab(display: str, authority: Path, part: tuple[float, float, float, float] = (0, 0, 1, 1)) -> bytes:
    """What a display shows, as a PNG. ``part``: left, top, right and bottom as shares of it."""
    from io import BytesIO

    from PIL import ImageGrab

    time.sleep(1.5)  # the first line of a screen is not all of it
    os.environ["XAUTHORITY"] = str(authority)  # of this command alone, which looks at no other display
    whole = ImageGrab.grab(xdisplay=display)
    left, top, right, bottom = part
    width, height = whole.size
    picture = whole.crop((int(left * width), int(top * height), int(right * width), int(bottom * height)))
    png = BytesIO()
    picture.resize((WIDTH, round(picture.height * WIDTH / picture.width))).save(png, "PNG")
    return png.getvalue()


def _closed_site(stage: Stage) -> dict[str, bytes]:
    arguments = [*ARGUMENTS, "--headless=new", f"--disable-extensions-except={FOLDER}", f"--load-extension={FOLDER}"]
    with (
        tempfile.TemporaryDirectory() as profile,
        stage.browser.browser_type.launch_persistent_context(
            profile,
            executable_path=CHROMIUM if CHROMIUM.exists() else None,
            headless=False,
            args=arguments,
            viewport={"width": WIDTH, "height": HEIGHT},
        ) as context,
    ):
        base = _pair(stage, context)
        _service(stage).create_session(
            CreateSessionRequest(type="pomodoro", duration_minutes=JAIL_MINUTES, jail_enabled=True)
        )
        page = context.new_page()
        # The address of a redirected page is not what Playwright thinks it is, so the extension's page is opened.
        page.goto(f"{base}pages/blocked.html#{SITE}")
        page.get_by_text("closed for now").wait_for(timeout=SHOWN_SECONDS * 1000)
        return {"closed-site": page.screenshot(), "help": _help_view(stage, context)}


def _help_view(stage: Stage, context: BrowserContext) -> bytes:
    """The lists, what is done now, the browsers, and what works here; the day below them would make it long."""
    page = context.new_page()
    page.goto(f"{service_address(stage.settings)}/#help")
    page.locator("[data-testid=action][data-phase=applied]").first.wait_for(timeout=SHOWN_SECONDS * 1000)
    below = page.locator("#day").bounding_box()
    if below is None:
        raise ServiceError("The page has no view of help", hint="Build it: make setup")
    clip: FloatRect = {"x": 0, "y": 0, "width": WIDTH, "height": below["y"] - 4}
    return page.screenshot(full_page=True, clip=clip, animations="disabled")


def _pair(stage: Stage, context: BrowserContext) -> str:
    """As a person does: the page offers, the extension's own page accepts; returns where its pages are."""
    page = context.new_page()
    page.goto(make_signin_link(stage.settings, stage.secrets, stage.user))
    page.goto(f"{service_address(stage.settings)}/pair")

    def asks() -> Page | None:
        return next((one for one in context.pages if one.url.startswith("chrome-extension://")), None)

    def look() -> Page | None:
        page.wait_for_timeout(200)  # the browser's events come only while Playwright waits
        return asks()

    settings = _until(look, SHOWN_SECONDS, "the extension asked")
    settings.locator("#accept").click()
    settings.get_by_text("connected").first.wait_for()
    return str(settings.url.partition("pages/")[0])


def _service(stage: Stage) -> ServiceApi:
    """For the person who is shown."""
    return service_at(service_address(stage.settings), token_shown(stage.settings))


def _until(check: Callable[[], T | None], seconds: float, what: str) -> T:
    deadline = time.monotonic() + seconds
    while (found := check()) is None:
        if time.monotonic() > deadline:
            raise ServiceError(f"It did not happen that {what}", why=f"waited {seconds:.0f} s", hint="Try again")
        time.sleep(0.3)
    return found
