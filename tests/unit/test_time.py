"""Zone tables against zoneinfo itself."""

from __future__ import annotations

import zoneinfo
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from neural_focus._native import Engine
from neural_focus.errors import InputError
from neural_focus.time import zone_history_table, zone_table

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def offset_at(table, t_us: int) -> int:
    transitions, offsets = table
    return int(offsets[np.searchsorted(transitions, t_us, side="right") - 1])


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Africa/Casablanca", "Australia/Lord_Howe"])
def test_offsets_at_random_times_and_around_every_transition(zone):
    table, info = zone_table(zone), zoneinfo.ZoneInfo(zone)
    rng = np.random.default_rng(1)
    times = [*rng.integers(946_684_800, 4_102_444_800, 500).tolist()]
    times += [int(t) // 1_000_000 + delta for t in table[0][1:] for delta in (-1, 0)]
    for second in times:
        expected = (EPOCH + timedelta(seconds=second)).astimezone(info).utcoffset()
        assert offset_at(table, second * 1_000_000) == expected.total_seconds()


def test_an_unknown_zone_is_one_line():
    with pytest.raises(InputError, match=r"no such time zone: 'Mars/Base'\. Give an IANA name"):
        zone_table("Mars/Base")


def test_a_history_changes_zone_where_the_person_moved():
    summer, moved = 1_720_000_000_000_000, 1_720_100_000_000_000
    table = zone_history_table([(summer, "Europe/Berlin"), (moved, "Asia/Kathmandu")])
    assert offset_at(table, summer - 86_400_000_000 * 180) == 3600
    assert offset_at(table, moved - 1) == 7200
    assert offset_at(table, moved) == 20_700
    with pytest.raises(InputError, match="empty"):
        zone_history_table([])


@pytest.mark.parametrize(
    ("transitions", "offsets"),
    [([], []), ([0, 1], [0]), ([5, 1], [0, 0]), ([0], [172_800])],
)
def test_the_engine_refuses_a_table_that_is_none(transitions, offsets):
    with pytest.raises(ValueError, match="zone table"):
        Engine(np.array(transitions, np.int64), np.array(offsets, np.int32))
