"""Where shots are taken: a browser, signed in to the platform, and how a picture is saved."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from urllib.parse import urljoin

from neural_focus.errors import ServiceError
from neural_focus.secrets import Secrets
from neural_focus.settings import Settings
from serving.auth import make_signin_link

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-proxy-server"]
WIDTH, HEIGHT = 1280, 900
COLOURS, KMEANS = 256, 5


@dataclass(frozen=True, slots=True)
class Stage:
    """A platform that runs, the person who is shown, and a browser to look with."""

    browser: Browser
    settings: Settings
    secrets: Secrets
    user: int
    say: Callable[[str], None]

    def page(self, scheme: Literal["light", "dark"] = "light", height: int = HEIGHT) -> Page:
        """A page of the person's own, signed in."""
        page = self.browser.new_page(color_scheme=scheme, viewport={"width": WIDTH, "height": height})
        link = make_signin_link(self.settings, self.secrets, self.user)
        page.goto(link)
        page.wait_for_url(urljoin(link, "/"))
        return page

    @contextmanager
    def attempt(self) -> Iterator[None]:
        """One shot: what it opened is closed after it.

        Raises:
            ServiceError: for whatever the browser could not do.
        """
        from playwright.sync_api import Error

        try:
            yield
        except Error as error:
            raise ServiceError(
                "A page does not show what it should",
                why=str(error).splitlines()[0],
                hint="Is all of it up? make run",
            ) from error
        finally:
            for context in self.browser.contexts:
                context.close()


@contextmanager
def browser_stage(settings: Settings, secrets: Secrets, user: int, say: Callable[[str], None]) -> Iterator[Stage]:
    """A stage with a browser of its own.

    Raises:
        ServiceError: no browser starts.
    """
    from playwright.sync_api import Error, sync_playwright

    executable = CHROMIUM if CHROMIUM.exists() else None
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path=executable, args=ARGUMENTS)
        except Error as error:
            raise ServiceError(
                "No browser starts", why=str(error).splitlines()[0], hint="Install it: apt-get install chromium"
            ) from error
        try:
            yield Stage(browser, settings, secrets, user, say)
        finally:
            browser.close()


def save(png: bytes, path: Path) -> None:
    """A screenshot as a PNG of at most 256 colours: the repository stays small."""
    from io import BytesIO

    from PIL import Image

    picture = Image.open(BytesIO(png)).convert("RGB")
    # Median cut would give up rare colours, and those are the ones that mean something here.
    picture.quantize(COLOURS, Image.Quantize.MAXCOVERAGE, kmeans=KMEANS).save(path, optimize=True)
