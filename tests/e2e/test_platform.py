"""The running platform as its person sees it: how soon it is there again, its page, Prefect's, the reports."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import time
from collections.abc import Iterator

import httpx
import psycopg
import pytest
from canary import prefect, start_flows, wait_for_flows
from installation import Installation, RunningPlatform
from killed_programs import AGAIN_SECONDS, EVERY_SECONDS, PROGRAMS, Programs
from playwright.sync_api import Browser, Page, Request, expect
from virtual_desktop import wait_for

from flows.deploy import DEPLOYMENTS
from flows.server import login
from infra.database_logins import GROUPS, login_of
from infra.database_roles import PREFECT
from infra.embedded_database import EmbeddedServer
from neural_focus.addresses import prefect_link, service_link
from serving.auth import make_signin_link

PATIENCE = 2
"""A machine that runs other tests meanwhile is slower than the one that the limit is meant for."""


class Eyes:
    """A page of a fresh browser that keeps account of what it asked for."""

    def __init__(self, page: Page, own: str) -> None:
        self.page, self.foreign, self.refused = page, list[str](), list[str]()
        page.on("requestfinished", lambda asked: self._note(asked, own))
        page.on("console", lambda said: self.refused.append(said.text) if "Content Security" in said.text else None)

    def _note(self, asked: Request, own: str) -> None:
        if not asked.url.startswith((own, "data:", "blob:")):
            self.foreign.append(asked.url)


@pytest.fixture
def service(browser: Browser, installation: Installation, platform: RunningPlatform) -> Iterator[Eyes]:
    """The service's pages, signed in."""
    link = make_signin_link(installation.settings, installation.secrets, installation.person)
    own = service_link(installation.settings)
    context = browser.new_context(viewport={"width": 1280, "height": 900}, base_url=own)
    eyes = Eyes(context.new_page(), own)
    eyes.page.goto(link)
    eyes.page.wait_for_url(f"{own}/")
    yield eyes
    assert not eyes.foreign
    assert not eyes.refused
    context.close()


def test_a_second_start_takes_less_than_a_minute(platform: RunningPlatform) -> None:
    assert platform.when("✓ flows") < 60 * PATIENCE, platform.told
    assert "first model" not in platform.told


def test_nothing_but_the_start_works_as_the_owner_of_the_database(
    platform: RunningPlatform, installation: Installation
) -> None:
    assert "works as the owner" not in platform.told
    [run] = start_flows(installation, ["features/every-5-minutes"])
    seen = set()
    with psycopg.connect(EmbeddedServer.from_settings(installation.settings).url(), autocommit=True) as owner:
        state = ""
        while state != "COMPLETED":
            rows = owner.execute(
                "SELECT usename FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"
            )
            seen |= {name for (name,) in rows}
            with prefect(installation) as client:
                state = client.get(f"/flow_runs/{run}").raise_for_status().json()["state_type"]
            assert state not in ("FAILED", "CRASHED", "CANCELLED")
            time.sleep(0.05)
    assert seen == {login_of(group, installation.secrets)[0] for group in (*GROUPS.values(), PREFECT)}


def test_a_second_up_in_the_same_home_is_refused(platform: RunningPlatform, installation: Installation) -> None:
    refused = installation.run("up", "--once")
    assert refused.returncode == 1
    [told] = refused.stderr.strip().splitlines()
    assert f"runs here already (pid {platform.process.pid})" in told


def test_the_curl_line_works_as_pasted(platform: RunningPlatform) -> None:
    [line] = [line.strip() for _, line in platform.lines if "curl -H @" in line]
    answer = subprocess.run(shlex.split(line), capture_output=True, text=True, timeout=120, check=True, env=os.environ)
    assert '"focus_score"' in answer.stdout and '"collecting":true' in answer.stdout.replace(" ", "")


def test_the_page_follows_while_the_demo_person_works(service: Eyes) -> None:
    """By the time of the reading: somebody who stays on task may have one score, and one risk, for minutes."""
    reading = service.page.get_by_test_id("reading")
    expect(service.page.get_by_test_id("focus-score")).to_have_text(re.compile(r"\d"))
    expect(reading).not_to_have_attribute("data-at", reading.get_attribute("data-at") or "")


def test_the_data_docs_are_readable(service: Eyes) -> None:
    page = service.page
    page.goto("/reports/data-docs/index.html")
    assert page.locator("th").first.evaluate("e => getComputedStyle(e).fontWeight") == "600"
    page.get_by_role("link", name="features", exact=True).click()
    expect(page.get_by_text("Evaluated Expectations")).to_be_visible()
    tick = page.locator(".fa-check-circle").first
    assert "✓" in tick.evaluate("e => getComputedStyle(e, '::before').content")
    assert page.locator(".sticky .card").last.evaluate("e => e.getBoundingClientRect().width") < 300, (
        "no column of its own"
    )
    page.get_by_role("link", name="Home").click()
    page.get_by_role("link", name="its expectations").first.click()
    expect(page.get_by_text("Expectation Suite Name")).to_be_visible()


def test_the_reports_are_readable(service: Eyes) -> None:
    page = service.page
    for place, words in (("ab", "simulated"), ("evaluation", "last switch"), ("models", "serves")):
        page.goto(f"/reports/{place}/index.html")
        expect(page.locator("h1")).to_be_visible()
        assert words in page.locator("body").inner_text().lower()
        assert page.locator("table").first.evaluate("e => getComputedStyle(e).borderCollapse") == "collapse"


def test_prefect_shows_deployments_and_the_training_run_with_its_artifacts(
    browser: Browser, installation: Installation, platform: RunningPlatform
) -> None:
    own = prefect_link(installation.settings)
    context = browser.new_context(viewport={"width": 1280, "height": 1600}, base_url=own)
    eyes = Eyes(context.new_page(), own)
    page = eyes.page
    page.goto("/")
    page.get_by_role("textbox").fill(login(installation.secrets))
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Deployments")).to_be_visible()
    page.goto("/deployments")
    expect(page.get_by_text(f"{len(DEPLOYMENTS)} Deployments")).to_be_visible()
    for name in ("every-5-minutes", "training", "first-model"):
        expect(page.get_by_text(name, exact=True).first).to_be_visible()
    page.goto(f"/runs/flow-run/{_training_run(installation)}")
    expect(page.get_by_text("Completed").first).to_be_visible()
    page.get_by_text("Artifacts", exact=True).click()
    expect(page.get_by_text("training-figures").first).to_be_visible()
    assert not eyes.foreign
    context.close()


def _training_run(installation: Installation) -> str:
    """The id of the first model's training run."""
    with prefect(installation) as client:
        asked = {"flows": {"name": {"any_": ["first-training"]}}}
        [run] = client.post("/flow_runs/filter", json=asked).raise_for_status().json()
    return str(run["id"])


def test_prefect_answers_with_its_policy(installation: Installation, platform: RunningPlatform) -> None:
    answer = httpx.get(prefect_link(installation.settings), follow_redirects=True, timeout=60)
    assert "default-src 'self'" in answer.headers["content-security-policy"]


@pytest.mark.timeout(600)
def test_each_process_that_is_killed_is_there_again_once(platform: RunningPlatform, installation: Installation) -> None:
    """One after the other, each with what it had started at work: a worker on its port, a flow run."""
    assert set(wait_for_flows(installation, platform.runs).values()) == {"COMPLETED"}
    programs = Programs(installation, platform)
    wait_for(lambda: not programs.missing(), AGAIN_SECONDS, EVERY_SECONDS)
    programs.kill_worker()
    start_flows(installation, ["session-metrics/hourly"])
    wait_for(lambda: len(programs.mark.processes("flows")) > 1, AGAIN_SECONDS, EVERY_SECONDS)
    left = {name: programs.kill(name) for name in PROGRAMS}
    assert left["flows"] >= 1 and left["service"] >= 1, "nothing is shown: they left nothing"
    programs.kill_database()
    wait_for(lambda: not programs.missing(), AGAIN_SECONDS, EVERY_SECONDS)
    assert "in use" not in platform.told
    platform.runs = start_flows(installation)
