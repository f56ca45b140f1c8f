"""Every loss has words of its own, from the very counters that the agent writes."""

from typing import Any

import numpy as np
import pytest

from collector.losses import losses
from neural_focus._native import Engine
from neural_focus.events import EVENT_DTYPE, MAX_TIMESTAMP_US, MIN_TIMESTAMP_US
from neural_focus.storable import find_unstorable
from neural_focus.time import zone_table


def test_no_loss_no_words() -> None:
    engine = Engine(*zone_table("UTC")).counters()
    counted = {
        "dropped": {},
        "gaps": {"count": 0, "seconds": 0.0},
        "engine": engine,
        "lost": 0,
        "link": {},
        "spool": {},
    }
    assert losses(counted | {"captured": 7, "clamped": 1, "titles_lost": 0}) == []
    assert losses({}) == []


@pytest.mark.parametrize(
    ("counted", "said"),
    [
        ({"dropped": {"KEY_PRESS": 3}}, "3 records of the kind key press were dropped"),
        ({"dropped": {"DISK_FULL": 2}}, "2 records were not kept"),
        ({"gaps": {"count": 2, "seconds": 12.3}}, "2 gaps in the capture, 12 s in all"),
        ({"titles_lost": 5}, "5 window titles"),
        ({"lost": 4}, "4 records never reached the database"),
        ({"unstorable": {"too_old": 8}}, "8 records were not sent"),
        ({"spool": {"dropped_over_limit": 9}}, "9 records left the spool unsent"),
        ({"link": {"snapshots_unsent": 6}}, "6 snapshots were not sent"),
        ({"engine": {"late": 1, "events": 10}}, "1 record came too late"),
        ({"link": {"snapshots_unsent": 1}}, "1 snapshot was not sent"),
    ],
)
def test_each_loss_is_said(counted: dict[str, Any], said: str) -> None:
    (loss,) = losses(counted)
    assert loss.what.startswith(said) and loss.why


def test_what_no_service_would_store_is_said_by_reason() -> None:
    records = np.zeros(3, EVENT_DTYPE)
    records["event_type"], records["timestamp_us"] = 3, [1, MIN_TIMESTAMP_US, MAX_TIMESTAMP_US - 1]
    reasons = find_unstorable(records, 2 * MIN_TIMESTAMP_US, 0)
    said = losses({"unstorable": {reason: int(bad.sum()) for reason, bad in reasons.items()}})
    assert len(reasons) == 3 and len({one.why for one in said}) == 3


def test_what_the_engine_refuses_is_said_by_reason() -> None:
    engine = Engine(*zone_table("UTC"))
    engine.push(np.zeros(3, EVENT_DTYPE))  # type 0 and a time before 2000
    refused = losses({"engine": engine.counters()})
    assert sum(int(loss.what.split()[0]) for loss in refused) == 3
    assert all("_" not in loss.why and loss.why for loss in refused)
