"""What is to be forgotten: which records, and what of a time is left."""

from __future__ import annotations

import numpy as np

from neural_focus.events import APP_NAME_BYTES, EVENT_DTYPE, encode_app_name
from neural_focus.forgetting import ForgottenTime, app_key, blank, is_app, recorded_name
from neural_focus.store.forgotten import without


def records_in(*apps: str) -> np.ndarray:
    """One record of each app, at 0, 10, 20 … µs."""
    records = np.zeros(len(apps), EVENT_DTYPE)
    records["timestamp_us"] = np.arange(len(apps)) * 10
    records["event_type"] = 3
    records["app_name"] = [encode_app_name(app) for app in apps]
    return records


def test_a_time_has_its_first_record_and_not_that_of_its_end() -> None:
    records = records_in("code", "signal", "signal", "code")
    assert ForgottenTime(10, 30).mask(records).tolist() == [False, True, True, False]
    assert not ForgottenTime(31, 99).mask(records).any()


def test_an_app_is_known_by_a_digest_that_does_not_name_it() -> None:
    long = "日本語" * 9
    key = app_key("signal")
    assert is_app(key, "signal") and not is_app(key, "code") and "signal" not in key
    assert key != app_key("signal"), "salted anew"
    records = records_in("code", "signal", long)
    assert ForgottenTime(0, 99, key).mask(records).tolist() == [False, True, False]
    assert ForgottenTime(0, 99, app_key(recorded_name(long))).mask(records).tolist() == [False, False, True]
    assert len(recorded_name(long).encode()) < APP_NAME_BYTES


def test_what_a_spool_keeps_of_it_is_known() -> None:
    records = records_in("code", "code")
    records[0] = np.zeros((), EVENT_DTYPE)
    assert blank(records).tolist() == [True, False]


def test_what_is_left_of_times() -> None:
    gone = np.array([(10, 20), (15, 25), (40, 50)], np.int64)
    assert without([(0, 5), (8, 30), (45, 48), (49, 60)], gone) == [(0, 5), (8, 9), (25, 30), (50, 60)]
    assert without([(10, 24)], gone) == [] and without([(0, 3)], np.empty((0, 2), np.int64)) == [(0, 3)]
