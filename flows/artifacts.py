"""What a run leaves for people: tables, plain words, plots and links, in Prefect's pages.

A key names a series: every run adds a version, and Prefect's page shows how it went over time.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Sequence
from io import BytesIO
from typing import TYPE_CHECKING

import prefect
from prefect.artifacts import (
    create_image_artifact,
    create_link_artifact,
    create_markdown_artifact,
    create_table_artifact,
)

from flows.catch_up import reason_of_run
from neural_focus.addresses import service_link
from neural_focus.settings import Settings

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Cell = str | int | float | None


def in_run() -> bool:
    """Whether a flow runs here; outside one there is nobody to leave an artifact for."""
    return prefect.context.FlowRunContext.get() is not None


def who_started() -> str:
    """Who started the run that this is, as far as Prefect knows."""
    context = prefect.context.FlowRunContext.get()
    run = context.flow_run if context else None
    if run is not None and run.auto_scheduled:
        return "by schedule"
    if behind := reason_of_run():
        return behind
    name = run.created_by.display_value if run is not None and run.created_by is not None else None
    return f"by hand ({name})" if name else "by hand"


def publish_markdown(key: str, markdown: str, description: str) -> None:
    """Markdown text."""
    if in_run():
        create_markdown_artifact(markdown, key=key, description=description)


def publish_table(key: str, rows: Sequence[dict[str, Cell]], description: str) -> None:
    """A table; every row has the same columns."""
    if in_run() and rows:
        create_table_artifact([dict(row) for row in rows], key=key, description=description)


def publish_page(key: str, settings: Settings, page: str, text: str) -> None:
    """A link to a page under ``settings.reports``, as the service shows it."""
    if in_run():
        create_link_artifact(page_address(settings, page), link_text=text, key=key, description=text)


def page_address(settings: Settings, page: str) -> str:
    """Where the service shows a page under ``settings.reports``."""
    return f"{service_link(settings)}/reports/{page}"


def publish_plot(key: str, draw: Callable[[Axes], None], description: str) -> None:
    """A plot of one pair of axes, as a picture inside the artifact."""
    if not in_run():
        return
    import matplotlib.figure

    figure = matplotlib.figure.Figure(figsize=(7.5, 3.6), dpi=110, layout="constrained")
    axes = figure.subplots()
    draw(axes)
    axes.spines[["top", "right"]].set_visible(False)
    image = BytesIO()
    figure.savefig(image, format="png")
    address = "data:image/png;base64," + b64encode(image.getvalue()).decode()
    create_image_artifact(address, key=key, description=description)
