"""Demo people and real ones never mix: not in what a model is trained on, nor in what one begins with."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from flows.label_files import label_path, read_labels, write_labels
from flows.training import ENOUGH_DAYS, ENOUGH_MOMENTS, choose_labels
from neural_focus.errors import InputError
from neural_focus.labelling.tick_labels import TickLabels
from neural_focus.store.events import Stream
from neural_focus.time import DAY_US

DAY_0_US = 1_740_960_000_000_000
DEMO, REAL = 1, 2


def labelled(feast: Path, user_id: int, days: int, a_day: int) -> None:
    """``days`` files of labelled moments, of the demo person or of the real one."""
    stream = Stream(user_id, "m", user_id == DEMO, "UTC", DAY_0_US, DAY_0_US)
    for day in range(days):
        times_us = DAY_0_US + day * DAY_US + np.arange(a_day) * 10_000_000
        zeros, labels = np.zeros(a_day), np.zeros(a_day, np.int8)
        found = TickLabels(times_us, labels, labels, labels, labels, zeros, zeros, zeros)
        write_labels(label_path(feast, f"{user_id}_m", f"2025-03-{3 + day:02d}"), stream, found)


def test_labels_of_one_kind_are_read_without_the_others(tmp_path: Path) -> None:
    labelled(tmp_path, DEMO, 1, 30)
    labelled(tmp_path, REAL, 1, 20)
    assert set(read_labels(tmp_path, is_demo=True)["user_id"]) == {DEMO}
    assert set(read_labels(tmp_path, is_demo=False)["user_id"]) == {REAL}
    assert read_labels(tmp_path, is_demo=True, user_id=REAL).empty


@pytest.mark.parametrize("enough", [False, True])
def test_a_model_is_trained_on_one_kind_alone(tmp_path: Path, enough: bool) -> None:
    labelled(tmp_path, DEMO, 2, 50)
    labelled(tmp_path, REAL, ENOUGH_DAYS, -(-ENOUGH_MOMENTS // ENOUGH_DAYS) if enough else 50)
    chosen, is_demo = choose_labels(tmp_path)
    assert is_demo is not enough
    assert set(chosen["user_id"]) == {DEMO if is_demo else REAL}
    assert set(chosen["is_demo"]) == {is_demo}


def test_too_few_real_moments_are_not_filled_up_with_none(tmp_path: Path) -> None:
    labelled(tmp_path, REAL, 1, 50)
    with pytest.raises(InputError, match="50 labelled moments of real people are too few"):
        choose_labels(tmp_path)
