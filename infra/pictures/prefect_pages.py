"""Prefect's own pages, signed in; and its lists of deployments and of runs."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

from flows.server import login
from infra.pictures.stage import HEIGHT, WIDTH, Stage
from neural_focus.addresses import prefect_link

if TYPE_CHECKING:
    from playwright.sync_api import Page

SETTLE_MS, LOAD_MS = 4_000, 120_000
"""Long enough for Prefect's page to fill; how long its load may take on a busy machine."""
WHOLE = "Math.min(document.querySelector('.app-router-view').scrollHeight, 1600)"
"""The height at which a list of Prefect's, which scrolls by itself, is whole, if it is not too long."""


def prefect_page(stage: Stage, height: int = HEIGHT) -> Page:
    """A page that Prefect's server knows."""
    password = base64.b64encode(login(stage.secrets).encode()).decode()
    context = stage.browser.new_context(viewport={"width": WIDTH, "height": height})
    context.add_init_script(f"localStorage.setItem('prefect-password', {json.dumps(password)})")
    context.set_default_timeout(LOAD_MS)
    return context.new_page()


def prefect(stage: Stage) -> dict[str, bytes]:
    """Prefect's deployments and runs, each list to its end."""
    page = prefect_page(stage)
    taken = {}
    for path in ("deployments?limit=50", "runs"):
        page.set_viewport_size({"width": WIDTH, "height": HEIGHT})
        page.goto(f"{prefect_link(stage.settings)}/{path}")
        page.wait_for_timeout(SETTLE_MS)
        page.set_viewport_size({"width": WIDTH, "height": page.evaluate(WHOLE)})
        page.wait_for_timeout(SETTLE_MS)
        taken[f"prefect-{path.partition('?')[0]}"] = page.screenshot()
    return taken
