"""The decisions about models, who made each and why: a line of JSON a decision.

::

    <home>/bentoml/decisions.jsonl    {"at", "decision", "model": tag, "before": tag that served, "by", "gates": rows}

Decisions are "promoted", "rolled back", "shadows", "shadow ended", "refused" and "removed". A gate's row has its name,
what was found and whether it passed. A line that a kill tore is not a decision: it is passed over.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from neural_focus.settings import Settings


def log_decision(
    settings: Settings,
    decision: str,
    tag: str,
    *,
    by: str,
    before: str | None,
    gates: Sequence[Mapping[str, Any]] = (),
) -> None:
    """Add a line to the decision log; ``gates`` are rows with the figures and the verdict of each."""
    line = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "decision": decision,
        "model": tag,
        "before": before,
        "by": by,
        "gates": list(gates),
    }
    path = _path(settings)
    ends = not path.exists() or path.read_bytes()[-1:] in (b"", b"\n")
    with path.open("ab", buffering=0) as file:
        file.write((b"" if ends else b"\n") + json.dumps(line).encode() + b"\n")


def decisions(settings: Settings, tag: str | None = None) -> list[dict[str, Any]]:
    """The decision log, oldest first; that of one model where a ``tag`` is given."""
    path = _path(settings)
    lines = [_read(line) for line in path.read_text("utf-8").splitlines()] if path.exists() else []
    return [line for line in lines if line is not None and tag in (None, line["model"])]


def failed_gates(gates: Sequence[Mapping[str, Any]]) -> list[str]:
    """The names of the gates that were not passed."""
    return [str(gate["name"]) for gate in gates if not gate["passed"]]


def refused_by(settings: Settings, tag: str, gate: str) -> bool:
    """Whether a model was ever refused when this gate was asked."""
    refused = [line for line in decisions(settings, tag) if line["decision"] == "refused"]
    return any(one["name"] == gate for line in refused for one in line["gates"])


def taken_back(settings: Settings, tag: str) -> bool:
    """Whether a person rolled back from this model, and none has promoted it since."""
    out = False
    for line in decisions(settings):
        if line["decision"] == "rolled back" and line["before"] == tag:
            out = True
        elif line["decision"] == "promoted" and line["model"] == tag and line["by"] != "gates":
            out = False
    return out


def refused_just_so(settings: Settings, tag: str, champion: str | None, gates: Sequence[Mapping[str, Any]]) -> bool:
    """Whether the last decision on a model was this very refusal: beside this champion, by the same gates."""
    mine = decisions(settings, tag)
    if not mine or mine[-1]["decision"] != "refused" or mine[-1]["before"] != champion:
        return False
    return set(failed_gates(mine[-1]["gates"])) == set(failed_gates(gates))


def _read(line: str) -> dict[str, Any] | None:
    try:
        row: dict[str, Any] = json.loads(line)
    except ValueError:
        return None
    return row


def _path(settings: Settings) -> Path:
    return settings.models / "decisions.jsonl"
