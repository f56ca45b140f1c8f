"""What models learn of an app does not hang on what a system calls it."""

from __future__ import annotations

import numpy as np
from synthetic_streams import random_records

from neural_focus.events import EventType
from neural_focus.models.contracts import V6
from neural_focus.models.datasets import Moments, Stays, StreamTable, cut_moments
from neural_focus.replay import INPUT_NAMES, replay_with_inputs

OTHER_NAMES = {
    b"app0": [b"com.google.Chrome", b"google-chrome-beta", b"chrome.exe"],
    b"app1": [b"com.visualstudio.code", b"Code.exe"],
}


def renamed(records: np.ndarray) -> np.ndarray:
    """The same log, in which two apps are called otherwise at every visit."""
    other = records.copy()
    focus = np.flatnonzero(records["event_type"] == EventType.WINDOW_FOCUS_CHANGE)
    visit, held = 0, records["app_name"][0]
    for index in [0, *focus]:
        visit += records["app_name"][index] != held
        held = records["app_name"][index]
        names = OTHER_NAMES.get(bytes(held), [bytes(held)])
        other["app_name"][index] = names[visit % len(names)]
    return other


def cut(records: np.ndarray) -> tuple[Moments, Stays]:
    snapshots, inputs = replay_with_inputs(records)
    stream = StreamTable(
        stream_id="1",
        user_id=1,
        records=records,
        timestamps_us=snapshots.timestamps_us,
        features=snapshots.features,
        sequence=snapshots.sequence,
        inputs=inputs,
    )
    moments, stays = cut_moments([stream], V6)
    return moments, stays[0]


def test_an_app_under_several_names_is_one_app_to_a_model() -> None:
    records = random_records(3)
    one_name, other_names = records.copy(), renamed(records)
    one_name["app_name"][records["app_name"] == b"app0"] = b"chrome"
    one_name["app_name"][records["app_name"] == b"app1"] = b"code"
    assert len(set(other_names["app_name"].tolist())) > len(set(one_name["app_name"].tolist()))
    (moments, stays), (others, other_stays) = cut(one_name), cut(other_names)
    past = slice(-len(INPUT_NAMES), None)
    assert moments.own[:, past].tobytes() == others.own[:, past].tobytes()
    assert moments.app.tolist() == others.app.tolist() and {"chrome", "code"} <= set(others.app.tolist())
    assert moments.previous_app.tolist() == others.previous_app.tolist()
    assert stays.app.tolist() == other_stays.app.tolist()
