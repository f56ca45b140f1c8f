"""A run of the flow `labels` in Prefect's own page: a task a day, one of which lost its connection and was tried again.

All of it happens: a demo person's newest label files are deleted, so that their days are due, and the database ends the
session that writes one of them. The run makes the same labels again.
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from psycopg import sql

from feature_repo.files import stream_folder
from flows.label_files import label_path
from flows.server import login
from flows.stream_days import day_of_name
from infra.cut_connection import cut_who_waits
from infra.embedded_database import EmbeddedServer
from infra.own_server import open_own
from infra.pictures.prefect_pages import SETTLE_MS, prefect_page
from infra.up.health import basic
from neural_focus.addresses import prefect_address, prefect_link
from neural_focus.errors import ServiceError
from neural_focus.store.database import connect
from neural_focus.store.events import Stream, list_streams
from neural_focus.time import DAY_US, moment

if TYPE_CHECKING:
    from infra.pictures.stage import Stage

DAYS, HEIGHT = 6, 1480
"""The log of so many days is then on the page, the line of the failure in it."""
AT_MOST_SECONDS, LOOK_SECONDS = 10 * 60, 1.0
DEPLOYMENT = "labels/hourly"


def labels_run(stage: Stage) -> dict[str, bytes]:
    """The page of the run: its days in the graph, and below them what was said of the one that failed.

    Raises:
        ServiceError: no demo person has that many days, the run fails, or no connection was cut.
    """
    url = stage.settings.database_url or EmbeddedServer.from_settings(stage.settings).url()
    stream, due = _due_days(stage, url)
    middle = day_of_name(due[len(due) // 2].stem)
    with cut_who_waits(url, rows_of_day(stream, middle)) as cut:
        for path in due:
            path.unlink()
        run = _run(stage)
        if not cut.is_set():
            raise ServiceError("The run lost no connection", why=f"nothing waited at {due[len(due) // 2].stem}")
    page = prefect_page(stage, HEIGHT)
    page.goto(f"{prefect_link(stage.settings)}/runs/flow-run/{run}")
    page.get_by_text(
        "will start"
    ).first.scroll_into_view_if_needed()  # what the log says of the one that is tried again
    page.wait_for_timeout(SETTLE_MS)
    return {"labels-run": page.screenshot()}


def rows_of_day(stream: Stream, day_us: int) -> sql.Composed:
    """The statement that locks a day's labels which rules made: `labels` replaces them, and nothing else does."""
    return sql.SQL(
        "SELECT FROM labels WHERE user_id = {} AND machine_id = {} AND source = 'WEAK'"
        " AND start_time >= {} AND start_time < {} FOR UPDATE"
    ).format(stream.user_id, stream.machine_id, moment(day_us), moment(day_us + DAY_US))


def _due_days(stage: Stage, url: str) -> tuple[Stream, list[Path]]:
    """A demo person's stream, and its newest files of labels."""
    feast = stage.settings.feast
    with connect(url) as connection:
        streams = list_streams(connection, demo=True)
    for stream in streams:
        folder = label_path(feast, stream_folder(feast, stream.stream_id).name, "").parent
        if len(days := sorted(folder.glob("*.parquet"))) >= DAYS:
            return stream, days[-DAYS:]
    raise ServiceError(f"No demo person has labels of {DAYS} days", hint="Wait for the first model: make run")


def _run(stage: Stage) -> str:
    """The id of a run that did the work: another one may be at work, and then it is asked for again."""
    deployment = _prefect(stage, f"/deployments/name/{DEPLOYMENT}")["id"]
    until = time.monotonic() + AT_MOST_SECONDS
    while True:
        run = _prefect(stage, f"/deployments/{deployment}/create_flow_run", {})
        while run["state_type"] in ("SCHEDULED", "PENDING", "RUNNING"):
            if time.monotonic() > until:
                raise ServiceError("The run of labels does not end", why=f"it is {run['state_name']}")
            time.sleep(LOOK_SECONDS)
            run = _prefect(stage, f"/flow_runs/{run['id']}")
        if run["state_type"] != "COMPLETED":
            raise ServiceError("The run of labels failed", why=str(run["state"]["message"]), hint="See its log")
        if run["state_name"] != "Skipped":
            return str(run["id"])


def _prefect(stage: Stage, path: str, body: dict[str, object] | None = None) -> Any:
    headers = basic(login(stage.secrets)) | {"Content-Type": "application/json"}
    sent = None if body is None else json.dumps(body).encode()
    try:
        with open_own(f"{prefect_address(stage.settings)}/api{path}", headers=headers, body=sent) as answer:
            return json.load(answer)
    except OSError as error:
        raise ServiceError("Prefect does not do it", why=f"{path}: {error}", hint="Is it up? make run") from error
