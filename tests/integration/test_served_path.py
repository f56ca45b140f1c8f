"""What `make bench` calls the served path is the service's own: every snapshot is answered, explained and stored."""

from __future__ import annotations

import gc
import json
from pathlib import Path

import numpy as np
import pytest
from serving_process import query
from trained_person import TrainedPerson

from bench import served_path
from neural_focus.models.champion import promote
from neural_focus.registry.model_store import save
from neural_focus.settings import Settings


def test_the_bench_of_the_served_path_goes_through_the_runtime_and_its_stores(
    trained_person: TrainedPerson, module_database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(served_path, "TRIPS", 40)
    monkeypatch.setattr(served_path, "WARM_UP", 20)
    settings = Settings(home=tmp_path, database_url=module_database_url, username="bench")
    promote(settings, save(settings, trained_person.bundle))
    texts = served_path.snapshots(trained_person.person.records[:20_000])
    assert len(texts) == 60 and json.loads(texts[0])["data"]["app_name"]
    found = list(served_path.beside_the_libraries(settings, texts, trained_person.bundle.files))
    assert gc.isenabled(), "the service has stopped"
    assert [figure.name[-3:] for figure in found] == ["p50"] * 3 + ["p99"] * 3
    assert all(figure.ratio == pytest.approx((figure.peer_value or 0) / figure.value) for figure in found)
    library, store, both = (figure.peer_value or 0 for figure in found[:3])
    assert max(library, store) < both
    stored = query(
        module_database_url,
        "SELECT count(*), count(DISTINCT features->>'focus_momentum') > 1, count(*) FILTER (WHERE"
        " jsonb_array_length(contributing_factors) > 0) FROM model_predictions p JOIN users u ON u.id = p.user_id"
        " WHERE u.username = 'bench' AND model_version = 'xgboost_v1'",
    )
    assert stored[0][:2] == (60, True) and stored[0][2] > 50
    assert np.isfinite([figure.value for figure in found]).all()
