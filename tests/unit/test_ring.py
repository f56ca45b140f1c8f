import numpy as np
import pytest

from neural_focus._native import Ring
from neural_focus.errors import FormatError
from neural_focus.events import EVENT_DTYPE, EventType


def numbered(first: int, count: int) -> np.ndarray:
    records = np.zeros(count, EVENT_DTYPE)
    records["timestamp_us"] = np.arange(first, first + count)
    records["event_type"] = EventType.MOUSE_MOVE
    return records


def test_first_in_first_out_around_the_end() -> None:
    ring = Ring(8)
    seen: list[int] = []
    for step in range(10):
        assert ring.push(numbered(step * 5, 5)) == 5
        seen += ring.pop(3)["timestamp_us"].tolist()
        seen += ring.pop(100)["timestamp_us"].tolist()
    assert seen == list(range(50))
    assert len(ring.pop(8)) == 0


def test_a_full_ring_drops_the_newest_and_counts_by_type() -> None:
    ring = Ring(4)
    records = numbered(0, 6)
    records["event_type"][4:] = EventType.KEY_PRESS, 99
    assert ring.push(records) == 4
    assert ring.pop(9)["timestamp_us"].tolist() == [0, 1, 2, 3]
    dropped = ring.dropped()
    assert dropped[EventType.KEY_PRESS] == 1 and dropped[EventType.UNKNOWN] == 1 and sum(dropped) == 2


@pytest.mark.parametrize("capacity", [0, 1, 3, 1000])
def test_a_capacity_is_a_power_of_two(capacity: int) -> None:
    with pytest.raises(ValueError, match=f"power of two, at least 2; found {capacity}"):
        Ring(capacity)


def test_a_buffer_of_another_length_is_refused() -> None:
    with pytest.raises(FormatError, match="65 bytes"):
        Ring(4).push(bytes(65))
