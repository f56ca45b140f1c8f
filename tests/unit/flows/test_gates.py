"""Each gate catches the fault that it is there for, and none stops a life that is merely unusual.

``make gates`` runs this and prints both tables.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from gate_faults import DAY, FAULTS, good_world
from gate_lives import LIVES
from gated_life import World

from flows.gates.table import GATES, DataGate, DataKind, markdown
from flows.gates.validation import GateFailure, new_context, validate

if TYPE_CHECKING:
    from great_expectations.data_context import EphemeralDataContext

SPOILT = "2:m-2"
WHERE = {
    "training.twice": "2:m-2",
    "training.same-person": "9:m-2",
}
"""Streams that are caught where it is not the spoilt one: a copy is held back, the first stays."""
CAUGHT: list[str] = []
PASSED: list[str] = []


@pytest.fixture(scope="module")
def context() -> EphemeralDataContext:
    return new_context()


@pytest.fixture(scope="module", autouse=True)
def print_tables() -> Iterator[None]:
    yield
    sys.stdout.write("\n".join(["", "fault → gate that caught it → where: what was found", *CAUGHT]) + "\n")
    sys.stdout.write("\n".join(["", "lives that pass every gate", *PASSED]) + "\n")


@cache
def world_of(life: str) -> World:
    """Made once for all kinds of data, none of which changes it."""
    return LIVES[life]()


@pytest.mark.parametrize("gate", GATES, ids=lambda gate: gate.name)
def test_a_gate_catches_its_fault(gate: DataGate, context: EphemeralDataContext) -> None:
    """A gate without a fault fails here."""
    fault = FAULTS[gate.name]
    world = good_world()
    fault.inject(world)
    failures = validate(context, gate.data, world.frame(gate.data)).failures
    mine = [one for one in failures if one.gate is gate]
    assert mine, f"{fault.words}: nothing but {[one.gate.name for one in failures]}"
    assert {_where(one) for one in failures} == {_where(one) for one in mine}, "nobody else is stopped"
    assert _where(mine[0]).startswith(_expected(gate))
    for one in mine:
        assert gate.advice and not re.search(r"\bnan\b|None|\{", one.found), one.found
    others = sorted({one.gate.name for one in failures} - {gate.name})
    also = f" (also {', '.join(others)})" if others else ""
    CAUGHT.append(f"{fault.words} → {gate.name}{also} → {_where(mine[0])}: {mine[0].found}")


@pytest.mark.parametrize("kind", DataKind)
@pytest.mark.parametrize("life", LIVES)
def test_a_life_passes_every_gate(life: str, kind: DataKind, context: EphemeralDataContext) -> None:
    frame = world_of(life).frame(kind)
    if len(frame):
        failures = validate(context, kind, frame).failures
        assert [(one.gate.name, _where(one), one.found) for one in failures] == []
    elif kind is DataKind.EVENTS:
        pytest.fail("a life without a day")
    if kind is DataKind.SET:
        PASSED.append(life)


def test_there_is_a_gate_for_each_fault() -> None:
    assert set(FAULTS) == {gate.name for gate in GATES}
    assert len({gate.name for gate in GATES}) == len(GATES)


def test_the_page_of_the_gates_is_the_table() -> None:
    page = (Path(__file__).parents[3] / "docs" / "gates.md").read_text("utf-8")
    assert page.partition("<!-- python -m flows.gates.table -->\n")[2] == markdown()


def _where(failure: GateFailure) -> str:
    row, data = failure.row, failure.gate.data
    if data is DataKind.SET:
        return f"the set {row['set']}"
    if data is DataKind.SESSIONS:
        return f"{row['user_id']}:{row['machine_id']} {row['day']}"
    return f"{row['stream_id']} {row['day']}"


def _expected(gate: DataGate) -> str:
    if gate.data is DataKind.SET:
        return "the set people"
    stream = WHERE.get(gate.name, SPOILT)
    return stream if gate.name.startswith("training.") else f"{stream} {DAY}"
