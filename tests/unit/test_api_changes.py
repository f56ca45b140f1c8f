"""What ``/api/v1`` promises: the committed description is the served one, and takes nothing back."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from neural_focus.errors import ContractError
from serving.api_changes import broken_promises
from serving.app import make_app
from serving.schema import KEPT, keep_description, openapi

KEPT_DESCRIPTION: dict[str, Any] = json.loads(KEPT.read_text("utf-8"))
WRITE_IT = "write it: python -m serving.schema --keep"


def no_runtime() -> Any:
    raise AssertionError("no request is made here")


def test_the_committed_description_is_the_served_one() -> None:
    assert openapi() == KEPT_DESCRIPTION, WRITE_IT
    assert make_app(no_runtime).openapi() == KEPT_DESCRIPTION


def test_nothing_of_the_committed_description_is_gone() -> None:
    assert broken_promises(KEPT_DESCRIPTION, openapi()) == []


def _paths(made: Any) -> Any:
    return made["paths"]


def _schema(made: Any, name: str) -> Any:
    return made["components"]["schemas"][name]


def _never_null(made: Any) -> None:
    _schema(made, "LabelRequest")["properties"]["from_us"] = {"type": "integer"}


def _other_pattern(made: Any) -> None:
    [key] = [one for one in _paths(made)["/api/v1/labels"]["post"]["parameters"] if one["name"] == "Idempotency-Key"]
    [text] = [one for one in key["schema"]["anyOf"] if one["type"] == "string"]
    text["pattern"] = "^a$"


BREAKS: dict[str, Callable[[Any], object]] = {
    "GET /api/v1/me is gone": lambda made: _paths(made).pop("/api/v1/me"),
    "POST /api/v1/sessions is gone": lambda made: _paths(made)["/api/v1/sessions"].pop("post"),
    "POST /api/v1/labels 201.outcome is gone": lambda made: _schema(made, "LabelResponse")["properties"].pop("outcome"),
    "GET /api/v1/now 200.model.version is gone": lambda made: _schema(made, "ModelCard")["properties"].pop("version"),
    "GET /api/v1/machines 200[].name is gone": lambda made: _schema(made, "PairedMachine")["properties"].pop("name"),
    "POST /api/v1/labels 201.outcome may be missing now": lambda made: _schema(made, "LabelResponse")[
        "required"
    ].remove("outcome"),
    "POST /api/v1/labels 201.predictions may be null now": lambda made: _schema(made, "LabelResponse")[
        "properties"
    ].update(predictions={"anyOf": [{"type": "integer"}, {"type": "null"}]}),
    "POST /api/v1/labels 201.predictions may be string now": lambda made: _schema(made, "LabelResponse")[
        "properties"
    ].update(predictions={"type": "string"}),
    "POST /api/v1/sessions is not answered by 201 any more": lambda made: _paths(made)["/api/v1/sessions"]["post"][
        "responses"
    ].pop("201"),
    "GET /api/v1/recent minutes is not taken any more": lambda made: _paths(made)["/api/v1/recent"]["get"][
        "parameters"
    ].clear(),
    "POST /api/v1/labels body.to_us is gone": lambda made: _schema(made, "LabelRequest")["properties"].pop("to_us"),
    "POST /api/v1/labels body.from_us may not be null any more": _never_null,
    "POST /api/v1/labels body.from_us has to be there now": lambda made: _schema(made, "LabelRequest")[
        "required"
    ].append("from_us"),
    "POST /api/v1/labels body.outcome does not take 'FOCUSED' any more": lambda made: _schema(made, "LabelRequest")[
        "properties"
    ]["outcome"]["enum"].remove("FOCUSED"),
    "POST /api/v1/labels body.from_us has another minimum now: 5": lambda made: _schema(made, "LabelRequest")[
        "properties"
    ].update(from_us={"anyOf": [{"type": "integer", "minimum": 5}, {"type": "null"}]}),
    "POST /api/v1/labels Idempotency-Key has another pattern now: ^a$": _other_pattern,
}


@pytest.mark.parametrize("line", BREAKS)
def test_what_is_taken_back_is_named(line: str) -> None:
    made = deepcopy(KEPT_DESCRIPTION)
    BREAKS[line](made)
    assert line in broken_promises(KEPT_DESCRIPTION, made)


def test_what_is_added_breaks_nothing() -> None:
    made = deepcopy(KEPT_DESCRIPTION)
    _paths(made)["/api/v1/new"] = _paths(made)["/api/v1/me"]
    _schema(made, "LabelResponse")["properties"]["more"] = {"type": "string"}
    _schema(made, "LabelRequest")["properties"]["more"] = {"type": "string"}
    _schema(made, "LabelRequest")["properties"]["outcome"]["enum"].append("ASLEEP")
    _schema(made, "LabelResponse")["properties"]["source"]["enum"].append("RULE")
    _paths(made)["/api/v1/me"]["get"].setdefault("parameters", []).append(
        {"in": "query", "name": "more", "schema": {"type": "string"}}
    )
    assert broken_promises(KEPT_DESCRIPTION, made) == []


def test_a_description_that_takes_something_back_is_not_written(tmp_path: Path) -> None:
    kept = tmp_path / "openapi.json"
    keep_description(kept)
    promised = json.loads(kept.read_text("utf-8"))
    assert promised == KEPT_DESCRIPTION
    promised["paths"]["/api/v1/older"] = promised["paths"]["/api/v1/me"]
    kept.write_text(json.dumps(promised), "utf-8")
    with pytest.raises(ContractError, match="GET /api/v1/older is gone"):
        keep_description(kept)
    assert json.loads(kept.read_text("utf-8")) == promised
