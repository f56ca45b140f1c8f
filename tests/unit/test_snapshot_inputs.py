"""The inputs of a model in a snapshot: what is sent comes back, and nothing else is taken."""

from __future__ import annotations

import base64

import numpy as np
import pytest
from told_inputs import told_inputs

from neural_focus.errors import InputError
from neural_focus.replay import INPUT_NAMES
from neural_focus.snapshot_inputs import INPUT_HASH, SnapshotInputs

LONG_ID = "é" * 15
"""As many bytes as an id has room for."""


@pytest.mark.parametrize(("app", "before"), [("editor", "browser"), ("editor", ""), (LONG_ID, "firefox (video)")])
def test_what_is_sent_comes_back_with_the_same_bits(app: str, before: str) -> None:
    sent = told_inputs(3, app, before)
    text = sent.to_text()
    found = SnapshotInputs.from_text(text)
    assert found.values.tobytes() == sent.values.tobytes() and found.values.dtype == np.float32
    assert (found.app, found.previous_app) == (app, before)
    assert len(text) < 900


def test_what_is_sent_says_its_order() -> None:
    assert base64.b64decode(told_inputs().to_text())[:6].hex() == INPUT_HASH


def changed(at: int, value: bytes) -> str:
    data = bytearray(base64.b64decode(told_inputs().to_text()))
    data[at : at + len(value)] = value
    return base64.b64encode(data).decode()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "has no inputs of a model. Update Neural Focus on this desktop, or the service"),
        ("not base 64!", "are no base64"),
        ("ä" * 40, "are no base64"),
        (changed(0, bytes(6)), f"another order: 000000000000 came, here it is {INPUT_HASH}. Update"),
        (told_inputs().to_text()[:-4], "another length"),
        (changed(6 + 64 + 4 * len(INPUT_NAMES), bytes(4)), "another length"),
        (told_inputs().to_text()[:8], "another length: 6 bytes of"),
    ],
    ids=["none", "no base 64", "no ASCII", "another order", "cut off", "longer", "an order alone"],
)
def test_inputs_of_another_form_are_refused_with_the_next_step(text: str, said: str) -> None:
    with pytest.raises(InputError) as refused:
        SnapshotInputs.from_text(text)
    assert said in str(refused.value) and "Update Neural Focus" in str(refused.value)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_value_that_is_no_number_is_refused_by_its_name(value: float) -> None:
    place = 7
    text = changed(6 + 64 + 4 * place, np.float32(value).tobytes())
    with pytest.raises(InputError, match=f"input {INPUT_NAMES[place]} is no finite number"):
        SnapshotInputs.from_text(text)
