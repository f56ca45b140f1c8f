"""The table of authorisation names everything that can be asked, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import APIRouter, FastAPI
from starlette.routing import Mount, Route, WebSocketRoute

from neural_focus.messages import CLIENT_MESSAGES
from neural_focus.store.users import ROLES
from serving.app import make_app
from serving.authorization import ENDPOINTS, GROUP_PEOPLE, MESSAGES, SOCKET, check_message, lines, methods_of, rule_of
from serving.groups import group_figures
from serving.problems import ProblemError

BENTOML = {
    ("GET", "/healthz"),
    ("GET", "/livez"),
    ("GET", "/readyz"),
    ("GET", "/metrics"),
    ("GET", "/docs.json"),
    ("GET", "/schema.json"),
    ("GET", "/static_content/{path:path}"),
    ("POST", "/predict"),
}
"""What it serves by itself; a test with a running service asks each of them."""


def served() -> set[tuple[str, str]]:
    """(method, path) of everything that our application answers."""
    return {
        ("GET", "/api/v1/openapi.json"),
        *routes_of(make_app(lambda: pytest.fail("nothing is asked"), Path("/nowhere"))),
    }


def routes_of(part: FastAPI | APIRouter) -> Iterator[tuple[str, str]]:
    for route in part.routes:
        if isinstance(route, WebSocketRoute):
            yield SOCKET, route.path
        elif isinstance(route, Mount):
            yield "GET", f"{route.path}/{{path:path}}"
        elif isinstance(route, Route):
            yield from ((method, route.path) for method in (route.methods or set()) - {"HEAD"})
        else:
            yield from routes_of(route.original_router)


def test_every_route_is_in_the_table_and_the_table_has_no_other() -> None:
    assert served() | BENTOML == set(ENDPOINTS)


def test_every_message_is_in_the_table_and_the_table_has_no_other() -> None:
    assert {kind for _, kind in MESSAGES} == set(CLIENT_MESSAGES)
    for (path, kind), rule in MESSAGES.items():
        for role in ROLES:
            check_message(path, kind, role)
        assert rule.rows == "own"
    with pytest.raises(ProblemError, match="SITE_IN_FRONT is not for this connection"):
        check_message("/ws", "SITE_IN_FRONT", "operator")
    with pytest.raises(ProblemError, match="SNAPSHOT is not for your role"):
        check_message("/ws", "SNAPSHOT", "nobody")


def test_only_its_own_role_gets_at_what_is_not_ones_own() -> None:
    for endpoint, rule in ENDPOINTS.items():
        needed = {"groups": ("analyst",), "health": ("operator",)}.get(rule.rows)
        if needed is not None:
            assert rule.roles == needed and rule.door == "signed in", endpoint


def test_what_is_not_in_the_table_has_no_rule() -> None:
    assert rule_of("GET", "/api/v1/people") == rule_of("GET", "/api/x"), "the last one, which answers 404"
    for method, path in (("PATCH", "/api/v1/now"), ("GET", "/nonsense"), (SOCKET, "/ws/other"), ("POST", "/metrics")):
        assert rule_of(method, path) is None, path
    assert methods_of("/metrics") == ("GET",) and methods_of("/nonsense") == ()
    assert rule_of("HEAD", "/metrics") == rule_of("GET", "/metrics")


def test_the_table_is_printed_with_every_line() -> None:
    text = "\n".join(lines())
    assert all(path in text for _, path in (*ENDPOINTS, *MESSAGES))
    assert len(text.splitlines()) == len(ENDPOINTS) + len(MESSAGES) + 1


@pytest.mark.parametrize("people", [1, GROUP_PEOPLE - 1, GROUP_PEOPLE])
def test_figures_of_fewer_than_ten_people_are_withheld(tmp_path: Path, people: int) -> None:
    report = tmp_path / "report.json"
    with pytest.raises(ProblemError, match="There is no A/B report yet"):
        group_figures(report)
    trial = {"experiment": "help v1", "people": people, "simulated": False, "arms": [{"effect": 3.25}]}
    report.write_text(json.dumps({"trials": [trial]}))
    [found] = group_figures(report)
    shown = people >= GROUP_PEOPLE
    assert (found.figures == trial) is shown and ("3.25" in str(found)) is shown
    assert found.withheld == ("" if shown else f"{people} took part; figures are shown from 10 people on")
