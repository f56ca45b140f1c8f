"""The server makes runs of what is due: a schedule that is active but never makes one looks healthy, trains nobody."""

from __future__ import annotations

import time
from typing import Any

import httpx
from prefect_server import PrefectServer

from flows.deploy import DEPLOYMENTS, build
from flows.server import login

PATIENCE_SECONDS = 400.0


def _scheduled(server: PrefectServer, deployment: str) -> list[dict[str, Any]]:
    """The runs that the schedule itself made: others that somebody asked for wait in the same server."""
    user, password = login(server.secrets).split(":", 1)
    answer = httpx.post(
        f"{server.environment['PREFECT_API_URL']}/flow_runs/filter",
        json={
            "flow_runs": {"state": {"type": {"any_": ["SCHEDULED"]}}},
            "deployments": {"id": {"any_": [deployment]}},
        },
        auth=(user, password),
        timeout=60,
    )
    found: list[dict[str, Any]] = answer.raise_for_status().json()
    return [run for run in found if run["auto_scheduled"]]


def test_active_schedules_make_runs(prefect_client: PrefectServer) -> None:
    learning = next(one for one in DEPLOYMENTS if one.flow.endswith(":learning") and one.cron)
    deployment = str(build(learning, "UTC").apply())
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (runs := _scheduled(prefect_client, deployment)) and time.monotonic() < deadline:
        time.sleep(1)
    assert runs and all("group:learning" in run["tags"] for run in runs)
