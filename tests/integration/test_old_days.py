"""Days past their retention leave snapshots, labels and stays together, and what is left can be learned from."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest

from flows.data_quality import check_quality
from flows.day_changes import DayRecords
from flows.features import compute_features
from flows.label_files import join_moments, read_labels, read_stays
from flows.labels import compute_labels
from flows.platform_flow import Platform, exclusive, open_platform
from flows.retention import retire
from neural_focus.models.contracts import V6
from neural_focus.quarantine import read_held
from neural_focus.settings import Settings
from neural_focus.simulation.history import write_history
from neural_focus.store.database import connect

NOW = datetime(2026, 3, 6, 1, tzinfo=UTC)
"""A Friday night: the history is Tuesday to Thursday."""
KEPT = datetime(2026, 3, 4, tzinfo=UTC)
"""Wednesday."""
LATER = KEPT + timedelta(days=90, hours=2)


@pytest.fixture
def platform(fresh_database_url: str, tmp_path: Path) -> Iterator[Platform]:
    """Two demo people's three days, with features and labels."""
    settings = Settings(home=tmp_path, database_url=fresh_database_url)
    with connect(fresh_database_url) as connection:
        write_history(connection, settings, people=2, days=3, now=NOW)
    with open_platform(settings) as opened:
        compute_features(opened)
        compute_labels(opened)
        yield opened


def test_what_is_left_passes_the_checks_and_can_be_learned_from(platform: Platform) -> None:
    feast = platform.settings.feast
    before = read_labels(feast, is_demo=True)
    check_quality(platform)
    assert len(list(feast.glob("quality/*/profiles.json"))) == 2
    assert retire(platform, LATER) > 1_000
    for path in feast.glob("quality/*/profiles.json"):
        assert min(json.loads(path.read_text())["days"]) == "2026-03-04"
    check_quality(platform)
    assert read_held(feast) == []
    kept = read_labels(feast, is_demo=True)
    pd.testing.assert_frame_equal(kept, before[before["event_timestamp"] >= KEPT].reset_index(drop=True))
    assert 0 < len(kept) < len(before)
    for kind in ("offline", "inputs", "changes", "labels"):
        assert sorted({path.stem for path in feast.glob(f"{kind}/*/*.parquet")}) == ["2026-03-04", "2026-03-05"]
    assert len(join_moments(platform, kept, V6.version)) == len(kept)
    stays = read_stays(feast, kept)
    assert len(stays) == 2 and all(one.end_us.min() >= KEPT.timestamp() * 1e6 for one in stays)
    for engines in feast.glob("engines/*"):
        assert min(DayRecords.read(engines).days) == "2026-03-03", "what went on at its end"
    assert compute_labels(platform) == [], "nobody typed since: the labels stay as they are"
    stream = kept["stream_id"][0]
    for path in feast.glob(f"labels/{stream.replace(':', '_')}/*.parquet"):
        path.unlink()
    [again] = compute_labels(platform)
    assert again.stream.stream_id == stream
    pd.testing.assert_frame_equal(read_labels(feast, is_demo=True), kept)
    assert retire(platform, LATER) == 0


def test_people_whose_days_are_all_gone_stop_nothing(platform: Platform) -> None:
    feast = platform.settings.feast
    retire(platform, LATER + timedelta(days=100))
    assert read_labels(feast, is_demo=True).empty
    assert not [failure for result in check_quality(platform) for failure in result.failures]
    assert compute_labels(platform) == []
    for path in feast.glob("labels/*/*.parquet"):
        path.unlink()  # as after a new version of the code, which labels anew
    assert compute_labels(platform) == []


def test_a_run_of_labels_that_has_read_the_old_events_is_waited_for(platform: Platform) -> None:
    [labels, *_] = sorted(platform.settings.feast.glob("labels/*/2026-03-03.parquet"))
    whole = labels.read_bytes()
    at_work = threading.Thread(target=retire, args=(platform, LATER))
    with exclusive(platform.settings, "labels") as mine:
        assert mine
        at_work.start()
        at_work.join(2)
        assert at_work.is_alive()
        labels.write_bytes(whole)  # what it wrote last
    at_work.join(120)
    assert not at_work.is_alive() and not labels.exists()
