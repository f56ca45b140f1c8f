"""The agent's talk with the service: what it complained of is a problem for as long as it may still be one."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from collector import service_session
from collector.service_session import COMPLAINT_SECONDS, ServiceSession
from neural_focus.messages import Problem, ServerMessage


def test_a_complaint_is_over_unless_it_is_said_again(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, came = [1_000.0], list[ServerMessage]()
    monkeypatch.setattr(service_session.time, "monotonic", lambda: clock[0])

    def received() -> list[ServerMessage]:
        heard = came[:]
        came.clear()
        return heard

    parts: dict[str, Any] = {
        "link": SimpleNamespace(received=received, connected=False),
        "live": SimpleNamespace(sessions=list, timed=None),
        "prompt": SimpleNamespace(poll=lambda: None),
        "actions": SimpleNamespace(turn=lambda: None, reports=lambda _: []),
    }
    talk = ServiceSession(
        *cast("Any", parts.values()),
        now_us=lambda: 0,
        site_in_front=lambda _: None,
        unavailable=lambda: "",
        receive_session=lambda _: None,
        forget=lambda _: 0,
    )
    assert talk.problem == ""
    for wait in (0.0, COMPLAINT_SECONDS + 30):  # once, and once more
        clock[0] += wait
        came.append(Problem("The snapshot is old", 409, "12:00:01 is not after 12:00:01"))
        talk.receive_scores()
        talk.turn([])
        assert talk.problem == "the service says: The snapshot is old. 12:00:01 is not after 12:00:01"
        clock[0] += COMPLAINT_SECONDS - 1
        assert talk.problem
        clock[0] += 1
        assert talk.problem == ""
