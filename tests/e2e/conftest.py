"""One installation for all tests of the whole platform: it is made once, proves itself once, and runs once more.

For captures a virtual display, hands on it, and a recorder of what is captured there.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from canary import start_flows, type_canary
from installation import STARTED, Installation, RunningPlatform
from page_service import SENT, Desktop, PageService, running_service, workday
from playwright.sync_api import Browser, BrowserContext, expect, sync_playwright
from surroundings import DEAD_PROXIES
from virtual_desktop import Recorder, virtual_desktop
from wall_clock import MovedClock

from collector import session_bus, session_watch
from neural_focus._x11 import Injector
from serving.auth import make_signin_link

expect.set_options(timeout=60_000)  # other tests run beside
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


@pytest.fixture(autouse=True)
def patient_buses(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test waits until its bus has been joined, however busy the machine is; an agent goes on after five seconds."""
    for module in (session_bus, session_watch):
        monkeypatch.setattr(module, "JOIN_SECONDS", 120.0)


@pytest.fixture(scope="session")
def installation() -> Iterator[Installation]:
    """Nothing of it exists yet; its folder is one that the database's own account can reach."""
    folder = Path(tempfile.mkdtemp(prefix="neural-focus-up-"))
    folder.chmod(0o755)
    made = Installation.new(folder)
    yield made
    for process in made.processes():  # only after a failure
        process.kill()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def proof(installation: Installation) -> subprocess.CompletedProcess[str]:
    """``up --once`` in it, to its end."""
    return installation.run("up", "--once", seconds=580)


@pytest.fixture(scope="session")
def platform(installation: Installation, proof: subprocess.CompletedProcess[str]) -> Iterator[RunningPlatform]:
    """``up --stay`` after that: everything started, the demo person at work, secrets typed, flows at work on it; and
    a dead proxy around it, for a start that finds all it needs on this machine."""
    assert proof.returncode == 0, proof.stdout[-3000:] + proof.stderr[-2000:]
    running = RunningPlatform.start(installation, **DEAD_PROXIES)
    try:
        running.when("✓ demo person")
        running.canary = type_canary(installation, running.display)
        running.when(STARTED)
        running.runs = start_flows(installation)
        yield running
    finally:
        running.interrupt()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, else Playwright's own."""
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=ARGUMENTS)
        yield launched
        launched.close()


@pytest.fixture(scope="module")
def service_clock(tmp_path_factory: pytest.TempPathFactory) -> MovedClock:
    """What the service takes for wall time."""
    return MovedClock(tmp_path_factory.mktemp("clock") / "clock")


@pytest.fixture(scope="module")
def service(
    module_database_url: str, service_clock: MovedClock, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[PageService]:
    """The service; a demo person's first offer comes three seconds after they go live."""
    variables = {"NEURAL_FOCUS_OPPORTUNITY_SECONDS": "3", "NEURAL_FOCUS_TIMEOUT_SECONDS": "300"}
    variables |= service_clock.variables
    with running_service(module_database_url, tmp_path_factory.mktemp("page"), **variables) as started:
        yield started


@pytest.fixture(scope="module")
def context(browser: Browser, service: PageService) -> Iterator[BrowserContext]:
    """A browser that followed a sign-in link."""
    made = browser.new_context(viewport={"width": 1280, "height": 900})
    page = made.new_page()
    page.goto(make_signin_link(service.settings, service.secrets, service.user_id))
    page.wait_for_url(f"{service.address}/")
    page.close()
    yield made
    made.close()


@pytest.fixture(scope="module")
def desktop(service: PageService) -> Iterator[Desktop]:
    """A desktop that has worked for a quarter of an hour and goes on; it may end no program."""
    made = Desktop(service, *workday(SENT + 600), SENT)
    made.start()
    yield made
    made.close()


@pytest.fixture(scope="module")
def display() -> Iterator[str]:
    with virtual_desktop() as name:
        yield name


@pytest.fixture
def hands(display: str) -> Injector:
    injector = Injector(display)
    injector.activate(0)
    return injector


@pytest.fixture
def recorder(display: str, hands: Injector) -> Iterator[Recorder]:
    made = Recorder(display)
    time.sleep(0.05)
    made.drain()
    yield made
    made.capture.stop()
