"""All pictures: which there are, and how each is taken. A new one is a function and a line in ``SHOTS``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from infra.own_server import read_links
from infra.person_shown import token_shown
from infra.pictures.dashboard import AT_MOST_SECONDS, dashboard
from infra.pictures.help import AT_MOST_SECONDS as HELP_SECONDS
from infra.pictures.help import help_at_work
from infra.pictures.labels_run import AT_MOST_SECONDS as LABELS_SECONDS
from infra.pictures.labels_run import labels_run
from infra.pictures.prefect_pages import prefect
from infra.pictures.stage import WIDTH, Stage
from neural_focus.errors import ServiceError
from neural_focus.settings import Settings

if TYPE_CHECKING:
    from playwright.sync_api import FloatRect


@dataclass(frozen=True, slots=True)
class Shot:
    """``take`` returns {file name without ending: PNG}; it ends within ``at_most_s``."""

    take: Callable[[Stage], Mapping[str, bytes]]
    at_most_s: int = 120


def ab_report(stage: Stage) -> dict[str, bytes]:
    """The A/B report, down to what its contexts and other outcomes say.

    Raises:
        ServiceError: there is none yet.
    """
    address = report_address(stage.settings)
    if address is None:
        raise ServiceError("There is no A/B report yet", hint="Write it: neural-focus report")
    page = stage.page()
    page.goto(address)
    page.wait_for_load_state("networkidle")
    below = page.get_by_role("heading", name="Where and when").first.bounding_box()
    if below is None:
        return {"ab-report": page.screenshot(full_page=True)}
    clip: FloatRect = {"x": 0, "y": 0, "width": WIDTH, "height": below["y"] - 10}
    return {"ab-report": page.screenshot(full_page=True, clip=clip)}


def report_address(settings: Settings) -> str | None:
    """Where the A/B report is, None if there is none yet.

    Raises:
        ServiceError: the service does not answer.
    """
    links = read_links(settings, token_shown(settings))
    return next((link.url for link in links if "A/B" in link.name), None)


SHOTS: Mapping[str, Shot] = {
    "prefect": Shot(prefect),
    "ab-report": Shot(ab_report),
    "labels-run": Shot(labels_run, LABELS_SECONDS),
    "dashboard": Shot(dashboard, AT_MOST_SECONDS),
    "help": Shot(help_at_work, HELP_SECONDS),
}
"""In this order: what is there from the start comes first, and what changes what the others show last."""
