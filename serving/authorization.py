"""Who may use which endpoint and message, and whose rows it reads: the one table of it, which the gate goes by.

Every person has affairs of their own, whatever their role. An analyst also sees what groups of at least
``GROUP_PEOPLE`` have in common, an operator also how the installation is. Nobody reads another person's moments: there
is no endpoint for it. What is not in the table is refused. ``python -m serving.authorization`` prints it.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from starlette.routing import compile_path

from neural_focus.store.users import ROLES
from serving.problems import ProblemError

GROUP_PEOPLE = 10
Door = Literal["anybody", "extension", "signed in"]
Rows = Literal["none", "own", "groups", "health"]
SOCKET = "WEBSOCKET"
"""Stands for a method where a WebSocket is opened."""


@dataclass(frozen=True, slots=True)
class Rule:
    """``door``: what has to be shown; ``roles``: who of those that are signed in; ``rows``: whose rows are read."""

    door: Door
    roles: tuple[str, ...]
    rows: Rows


OPEN = Rule("anybody", (), "none")
EXTENSION = Rule("extension", (), "own")
PUBLIC = Rule("signed in", ROLES, "none")
OWN = Rule("signed in", ROLES, "own")
GROUPS = Rule("signed in", ("analyst",), "groups")
HEALTH = Rule("signed in", ("operator",), "health")

_API = "/api/v1"
UNKNOWN_PATH = "/api/{path:path}"
"""Whatever lies there and is no endpoint is answered by 404."""
ENDPOINTS: dict[tuple[str, str], Rule] = {
    **{("GET", path): OPEN for path in ("/healthz", "/livez", "/readyz", "/signin")},
    **{("GET", f"/signin/oidc{path}"): OPEN for path in ("", "/callback")},
    ("GET", f"{_API}/signin"): OPEN,
    ("POST", f"{_API}/signout"): PUBLIC,
    ("POST", "/machine/pair"): OPEN,
    ("POST", "/machine/token"): OPEN,
    ("POST", "/browser/pair"): EXTENSION,
    (SOCKET, "/ws/browser"): EXTENSION,
    (SOCKET, "/ws"): OWN,
    ("POST", "/predict"): OWN,
    ("GET", "/pair"): OWN,
    **{("GET", f"/{path}"): PUBLIC for path in ("", "favicon.svg", "favicon.ico", "robots.txt", "assets/{path:path}")},
    **{("GET", f"/{path}"): PUBLIC for path in ("bentoml", "docs.json", "schema.json", "static_content/{path:path}")},
    ("GET", f"{_API}/openapi.json"): PUBLIC,
    ("GET", "/metrics"): HEALTH,
    ("GET", "/reports/models/index.html"): HEALTH,
    ("GET", "/reports/{path:path}"): HEALTH,
    ("GET", f"{_API}/groups/experiments"): GROUPS,
    ("POST", f"{_API}/ingest"): OWN,
    ("DELETE", f"{_API}/consent"): OWN,
    ("GET", f"{_API}/me"): OWN,
    ("GET", f"{_API}/now"): OWN,
    ("GET", f"{_API}/recent"): OWN,
    ("GET", f"{_API}/interventions"): OWN,
    ("POST", f"{_API}/interventions/{{intervention_id:int}}/undo"): OWN,
    ("POST", f"{_API}/interventions/feedback"): OWN,
    ("GET", f"{_API}/experiments"): OWN,
    ("GET", f"{_API}/actions"): OWN,
    ("GET", f"{_API}/settings/help"): OWN,
    ("PUT", f"{_API}/settings/help"): OWN,
    ("POST", f"{_API}/capture"): OWN,
    ("PUT", f"{_API}/privacy"): OWN,
    ("GET", f"{_API}/forget"): OWN,
    ("POST", f"{_API}/forget"): OWN,
    ("POST", f"{_API}/forget/count"): OWN,
    ("GET", f"{_API}/model"): OWN,
    ("GET", f"{_API}/links"): OWN,
    ("POST", f"{_API}/predict"): OWN,
    ("GET", f"{_API}/sessions"): OWN,
    ("POST", f"{_API}/sessions"): OWN,
    ("GET", f"{_API}/sessions/{{session_id:int}}"): OWN,
    ("POST", f"{_API}/sessions/{{session_id:int}}/end"): OWN,
    ("POST", f"{_API}/sessions/{{session_id:int}}/leave-jail"): OWN,
    ("GET", f"{_API}/rounds"): OWN,
    ("POST", f"{_API}/rounds"): OWN,
    ("GET", f"{_API}/labels"): OWN,
    ("POST", f"{_API}/labels"): OWN,
    ("GET", f"{_API}/analytics/daily"): OWN,
    ("GET", f"{_API}/analytics/weekly"): OWN,
    ("GET", f"{_API}/models"): PUBLIC,
    ("GET", f"{_API}/browsers"): OWN,
    ("POST", f"{_API}/browsers/pairing"): OWN,
    ("DELETE", f"{_API}/browsers/{{browser_id:int}}"): OWN,
    ("GET", f"{_API}/machines"): OWN,
    ("POST", f"{_API}/machines/waiting"): OWN,
    ("POST", f"{_API}/machines/approve"): OWN,
    ("DELETE", f"{_API}/machines/{{machine_id:int}}"): OWN,
    ("POST", f"{_API}/machines/{{machine_id:int}}/rotate"): OWN,
    **{(method, UNKNOWN_PATH): PUBLIC for method in ("GET", "POST", "PUT", "DELETE")},
}
"""(method, path as FastAPI writes it) → rule; of two that fit a request, the first holds. HEAD is as GET."""

_BROWSER = ("BROWSER_HELLO", "SITE_IN_FRONT")
_BOTH = ("INTERVENTION_APPLIED", "INTERVENTION_UNDONE")
_DESKTOP_OR_PAGE = (
    *("SNAPSHOT", "INTERVENTION_FEEDBACK", "UNDO_INTERVENTION", "START_SESSION", "END_SESSION", "LEAVE_JAIL"),
    *("SESSION_APPLIED", "DESKTOP_STATUS", "RECORDS_FORGOTTEN"),
)
MESSAGES: dict[tuple[str, str], Rule] = {
    **{("/ws", kind): OWN for kind in (*_DESKTOP_OR_PAGE, *_BOTH)},
    **{("/ws/browser", kind): EXTENSION for kind in (*_BROWSER, *_BOTH)},
}
"""(socket, type of the message) → rule."""


def check_message(path: str, kind: str, role: str = "") -> None:
    """Whether a message of this type may come over that socket from a client of that role.

    Raises:
        ProblemError: 422, it is none of that socket's; 403, it is not for that role.
    """
    rule = MESSAGES.get((path, kind))
    if rule is None:
        raise ProblemError(422, f"{kind} is not for this connection", hint="See docs/operations.md")
    if rule.door == "signed in" and role not in rule.roles:
        raise ProblemError(403, f"{kind} is not for your role", why=role, hint=f"It is for: {', '.join(rule.roles)}")


@lru_cache(4096)
def rule_of(method: str, path: str) -> Rule | None:
    """The rule for a request, None where the table has none."""
    wanted = "GET" if method == "HEAD" else method
    return next((rule for known, rule in _rules_of(path) if known == wanted), None)


@lru_cache(4096)
def methods_of(path: str) -> tuple[str, ...]:
    """The methods that the table has for a path."""
    return tuple(sorted({method for method, _ in _rules_of(path) if method != SOCKET}))


def _rules_of(path: str) -> list[tuple[str, Rule]]:
    """(method, rule) of a path; those of ``UNKNOWN_PATH`` where there are no others."""
    found = [(method, rule, known) for method, known, pattern, rule in _patterns() if pattern.match(path)]
    known = [(method, rule) for method, rule, known in found if known != UNKNOWN_PATH]
    return known or [(method, rule) for method, rule, _ in found]


@lru_cache(1)
def _patterns() -> tuple[tuple[str, str, re.Pattern[str], Rule], ...]:
    return tuple((method, path, compile_path(path)[0], rule) for (method, path), rule in ENDPOINTS.items())


def lines() -> Iterator[str]:
    """The table as text."""
    yield f"{'':10}{'endpoint or message':58}{'who':28}whose rows"
    for (method, path), rule in ENDPOINTS.items():
        yield f"{method:10}{path:58}{_who(rule):28}{rule.rows}"
    for (path, kind), rule in MESSAGES.items():
        yield f"{'message':10}{f'{path} {kind}':58}{_who(rule):28}{rule.rows}"


def _who(rule: Rule) -> str:
    return ", ".join(rule.roles) if rule.door == "signed in" else rule.door


if __name__ == "__main__":
    sys.stdout.write("".join(f"{line}\n" for line in lines()))
