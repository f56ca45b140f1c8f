"""``python -m infra.pictures``: takes the README's pictures from the running platform, in a real browser.

The page is taken once it shows the product: score, both risks, reasons, a filled half hour and an offer of help. So let
somebody work for half an hour first (``make run`` with the demo person does). Pictures are reduced to 256 colours, so
that the repository stays small.
"""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal
from urllib.parse import urljoin

import typer
from rich.console import Console

from flows.server import login as prefect_login
from infra.own_server import read_links
from infra.person_shown import person_shown
from neural_focus.addresses import prefect_link, service_address
from neural_focus.errors import NeuralFocusError, ServiceError
from neural_focus.secrets import Secrets, load_secrets
from neural_focus.settings import Settings, read_settings
from serving.auth import LOCAL_PERSON, issue_token, make_signin_link

if TYPE_CHECKING:
    from playwright.sync_api import Browser, FloatRect, Page

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-proxy-server"]
WIDTH, HEIGHT = 1280, 900
COLOURS, KMEANS = 256, 5
SETTLE_MS = 4000
"""Long enough for Prefect's page to fill."""
LOOK_MS, MOST_SECONDS, OFFER_SECONDS = 200, 2400, 600
"""How often the page is looked at; how long the picture is waited for; how long, of that, for an offer still open."""
MISSING = """() => {
    const text = (id) => document.querySelector(`[data-testid="${id}"]`)?.textContent ?? '';
    const count = (selector) => document.querySelectorAll(selector).length;
    const open = count('#offer button') > 0;
    const shown = {
        'a focus score': /\\d/.test(text('focus-score')),
        'a distraction risk': /\\d/.test(text('distraction-risk')),
        'a break risk': /\\d/.test(text('break-risk')),
        'reasons': count('[data-testid="reasons"] li') >= 2,
        'a filled half hour': count('#history tbody tr') >= 28,
        'an offer of help': open || /accepted|rejected|snoozed/.test(text('warnings')),
    };
    return { missing: Object.keys(shown).filter((name) => !shown[name]), open };
}"""
WORK_FIRST = "Let somebody work for half an hour while it runs: make run"

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def pictures(
    out: Annotated[Path, typer.Option(help="Folder of the pictures")] = Path("docs/pictures"),
    user: Annotated[int | None, typer.Option(help="Id of the person shown; by default whose desktop is live")] = None,
) -> None:
    """Take the README's pictures from the platform that runs here."""
    settings = read_settings()
    secrets = load_secrets(settings.secrets)
    user = person_shown(settings, secrets) if user is None else user
    try:
        report = _report_address(settings, secrets, user)
        out.mkdir(parents=True, exist_ok=True)
        with _browser() as browser:
            _take_dashboard(browser, settings, secrets, user, out)
            _take_prefect(browser, settings, secrets, out)
            if report is not None:
                _take_report(browser, settings, secrets, user, report, out)
    except NeuralFocusError as error:
        Console(stderr=True, soft_wrap=True).print(f"pictures: {error}", style="bold red", markup=False)
        raise typer.Exit(1) from None


@contextmanager
def _browser() -> Iterator[Browser]:
    from playwright.sync_api import Error, sync_playwright

    executable = CHROMIUM if CHROMIUM.exists() else None
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path=executable, args=ARGUMENTS)
        except Error as error:
            raise ServiceError(
                "No browser starts", why=str(error).splitlines()[0], todo="Install it: apt-get install chromium"
            ) from error
        try:
            yield browser
        except Error as error:
            raise ServiceError(
                "A page does not show what it should",
                why=str(error).splitlines()[0],
                todo="Is all of it up? make run",
            ) from error
        finally:
            browser.close()


def _take_dashboard(browser: Browser, settings: Settings, secrets: Secrets, user: int, out: Path) -> None:
    """The same moment in both themes."""
    schemes: list[tuple[Literal["light", "dark"], str]] = [("light", "dashboard"), ("dark", "dashboard-dark")]
    taken = [
        (browser.new_page(color_scheme=scheme, viewport={"width": WIDTH, "height": HEIGHT}), out / f"{name}.png")
        for scheme, name in schemes
    ]
    for page, _ in taken:
        _sign_in(page, settings, secrets, user)
    while True:
        _wait_until_shown(taken[0][0])
        shots = [(page.screenshot(full_page=True, clip=_down_to_history(page)), path) for page, path in taken]
        if not any(page.evaluate(MISSING)["missing"] for page, _ in taken):  # it may have gone while they were taken
            break
    for shot, path in shots:
        _save(shot, path)
    for page, _ in taken:
        page.close()


def _down_to_history(page: Page) -> FloatRect:
    """Of the long page the part with all that ``MISSING`` names."""
    box = page.locator("#history").bounding_box()
    return {"x": 0, "y": 0, "width": WIDTH, "height": HEIGHT if box is None else box["y"] + box["height"] + 10}


def _wait_until_shown(page: Page) -> None:
    """Until the page has all of it, if possible with an offer that is still open.

    Raises:
        ServiceError: something is missing after ``MOST_SECONDS``.
    """
    began, complete, told = time.monotonic(), None, None
    while True:
        found, now = page.evaluate(MISSING), time.monotonic()
        if not found["missing"]:
            complete = complete or now
            if found["open"] or now > complete + OFFER_SECONDS:
                return
        lacks = ", ".join(found["missing"] or ["an offer that is still open"])
        if now > began + MOST_SECONDS:
            raise ServiceError("The page is not worth a picture yet", why=f"it lacks {lacks}", todo=WORK_FIRST)
        if lacks != told:
            Console().print(f"waiting for {lacks}", highlight=False, soft_wrap=True)
            told = lacks
        page.wait_for_timeout(LOOK_MS)


def _take_prefect(browser: Browser, settings: Settings, secrets: Secrets, out: Path) -> None:
    context = browser.new_context(viewport={"width": WIDTH, "height": HEIGHT})
    password = base64.b64encode(prefect_login(secrets).encode()).decode()
    context.add_init_script(f"localStorage.setItem('prefect-password', {json.dumps(password)})")
    page = context.new_page()
    for path, name in (("deployments", "prefect-deployments"), ("runs", "prefect-runs")):
        page.goto(f"{prefect_link(settings)}/{path}")
        page.wait_for_timeout(SETTLE_MS)
        _save(page.screenshot(full_page=True), out / f"{name}.png")
    context.close()


def _take_report(browser: Browser, settings: Settings, secrets: Secrets, user: int, report: str, out: Path) -> None:
    page = browser.new_page(color_scheme="light", viewport={"width": WIDTH, "height": HEIGHT})
    _sign_in(page, settings, secrets, user)
    page.goto(report)
    page.wait_for_timeout(500)
    _save(page.screenshot(full_page=True), out / "ab-report.png")
    page.close()


def _sign_in(page: Page, settings: Settings, secrets: Secrets, user: int) -> None:
    link = make_signin_link(settings, secrets, user)
    page.goto(link)
    page.wait_for_url(urljoin(link, "/"))


def _report_address(settings: Settings, secrets: Secrets, user: int) -> str | None:
    """Where the A/B report is, None if there is none yet."""
    token = secrets.api_token if user == LOCAL_PERSON else issue_token(secrets, user)
    try:
        links = read_links(settings, token)
    except OSError as error:
        why = f"{service_address(settings)}: {error}"
        raise ServiceError("The service does not answer", why=why, todo="Start it: make run") from error
    return next((str(link["url"]) for link in links if "A/B" in link["name"]), None)


def _save(shot: bytes, path: Path) -> None:
    """A screenshot as a PNG of at most 256 colours."""
    from io import BytesIO

    from PIL import Image

    picture = Image.open(BytesIO(shot)).convert("RGB")
    # Median cut would give up rare colours, and those are the ones that mean something here.
    picture.quantize(COLOURS, Image.Quantize.MAXCOVERAGE, kmeans=KMEANS).save(path, optimize=True)
    Console().print(f"{path} {path.stat().st_size // 1024} KB")


if __name__ == "__main__":
    app()
