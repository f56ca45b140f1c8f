"""The engine against the slow reference: every feature, every second, on ordinary and hostile streams."""

from __future__ import annotations

import os
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from reference import compute
from streams import BORDERS, SCENARIOS, SECOND, Border, at_border, make

from neural_focus.features import FEATURE_INDEX, FEATURES, Kind
from neural_focus.replay import Snapshots, replay

EXACT = np.array([feature.kind is not Kind.FLOAT for feature in FEATURES])


def assert_same(found: Snapshots, expected: Snapshots) -> None:
    """Counts, times and flags exactly; means within one float32 ulp."""
    assert found.timestamps_us.tolist() == expected.timestamps_us.tolist()
    np.testing.assert_array_equal(found.sequence, expected.sequence)
    for index, feature in enumerate(FEATURES):
        got, want = found.features[:, index], expected.features[:, index]
        allowed = 0.0 if EXACT[index] else np.spacing(np.maximum(np.abs(got), np.abs(want)))
        wrong = np.flatnonzero(np.abs(got.astype(np.float64) - want) > allowed)
        assert wrong.size == 0, (
            f"{feature.name}: {got[wrong[0]]!r}, expected {want[wrong[0]]!r} "
            f"at snapshot {wrong[0]} ({expected.timestamps_us[wrong[0]]}); {wrong.size} differ"
        )


@pytest.mark.parametrize("seed", range(int(os.environ.get("NEURAL_FOCUS_SEEDS", "2"))))
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.__name__)
def test_every_feature_equals_the_reference(scenario, seed):
    stream = make(scenario, seed)
    records, controls = stream.records(), stream.controls()
    assert_same(replay(records, controls, stream.zone), compute(records, controls, stream.zone))


@pytest.mark.parametrize("border", BORDERS, ids=lambda border: f"{border.zone} {border.utc}")
def test_midnight_and_clock_changes_in_the_persons_zone(border: Border):
    stream = at_border(border)
    records = stream.records()
    found = replay(records, None, border.zone)
    assert_same(found, compute(records, None, border.zone))
    calendar = found.features[:, [FEATURE_INDEX["day_of_week"], FEATURE_INDEX["hour_of_day"]]]
    changed = [int(t) for t in found.timestamps_us[1:][np.any(np.diff(calendar, axis=0) != 0, axis=1)]]
    local = [datetime.fromtimestamp(border.us / SECOND + beside, ZoneInfo(border.zone)) for beside in (-1, 1)]
    goes_back = local[1].utcoffset() < local[0].utcoffset()  # then the hour is shown once more
    assert (border.us in changed) != goes_back
    assert set(range(border.us - 60 * SECOND, border.us + 60 * SECOND, SECOND)) <= set(found.timestamps_us.tolist())
