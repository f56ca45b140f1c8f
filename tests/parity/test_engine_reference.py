"""The engine against the slow reference: every feature, every second, on ordinary and hostile streams."""

from __future__ import annotations

import numpy as np
import pytest
from reference import compute
from streams import SCENARIOS, make

from neural_focus.features import FEATURES, Kind
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


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.__name__)
def test_every_feature_equals_the_reference(scenario, seed):
    stream = make(scenario, seed)
    records, controls = stream.records(), stream.controls()
    assert_same(replay(records, controls, stream.zone), compute(records, controls, stream.zone))
