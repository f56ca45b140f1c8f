"""One fact in two languages: record layout, feature names, control layout, the typed stub."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from neural_focus import _native
from neural_focus.events import EVENT_DTYPE, RECORD_BYTES, EventType
from neural_focus.features import FEATURE_NAMES
from neural_focus.replay import CONTROL_DTYPE, ControlKind

ROOT = Path(__file__).parents[2]


def in_header(header: str, pattern: str) -> str:
    found = re.search(pattern, (ROOT / "native/src/core" / header).read_text("utf-8"), re.DOTALL)
    assert found is not None
    return found[1]


def test_record_layout():
    fields = [(name, EVENT_DTYPE.fields[name][1], EVENT_DTYPE[name].itemsize) for name in EVENT_DTYPE.names]
    assert _native.record_layout() == fields
    assert RECORD_BYTES == _native.RECORD_BYTES == EVENT_DTYPE.itemsize == 64


def test_event_types_and_control_kinds():
    types = re.findall(r"X\((\w+)\)", in_header("record.hpp", r"EVENT_TYPES\(X\)(.*?)// clang-format on"))
    assert ["UNKNOWN", *map(str.upper, types)] == [kind.name for kind in sorted(EventType)]
    kinds = in_header("engine.hpp", r"enum class ControlKind[^{]*{(.*?)};")
    found = {name.upper(): int(value) for name, value in re.findall(r"(\w+) = (\d+)", kinds)}
    assert found == {kind.name: kind.value for kind in ControlKind}


def test_feature_names():
    assert tuple(_native.feature_names()) == FEATURE_NAMES


def test_control_layout():
    assert CONTROL_DTYPE.itemsize == 24
    assert [CONTROL_DTYPE.fields[name][1] for name in CONTROL_DTYPE.names] == [0, 8, 16]


@pytest.mark.parametrize("module", ["_native", "_wayland", "_x11"])
def test_the_stub_is_the_one_that_the_module_makes(module, tmp_path):
    made = tmp_path / "made.pyi"
    words = [sys.executable, "-m", "nanobind.stubgen", "-q", "-m", f"neural_focus.{module}", "-o", str(made)]
    subprocess.run(words, check=True)
    text = made.read_text("utf-8").replace("os.PathLike", "os.PathLike[str]")
    assert (ROOT / f"neural_focus/{module}.pyi").read_text("utf-8") == text, "run native/stubs.sh"
