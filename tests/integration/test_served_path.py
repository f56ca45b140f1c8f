"""What `make bench` calls the served path is the service's own: every snapshot is answered, explained and stored."""

from __future__ import annotations

import asyncio
import gc
import json
from dataclasses import replace
from functools import partial
from pathlib import Path
from uuid import uuid4

import numpy as np
import pytest
from serving_process import query
from trained_person import TrainedPerson

from bench import served_path
from neural_focus.errors import InputError
from neural_focus.messages import PredictionMade, Problem, ServerMessage, Snapshot, decode_client, decode_server
from neural_focus.models.champion import promote
from neural_focus.models.hazard import Hazard
from neural_focus.personal.learner import Learner
from neural_focus.registry.model_store import save
from neural_focus.secrets import load_secrets
from neural_focus.settings import Settings
from neural_focus.store.users import ensure_user
from serving.hub import Client
from serving.runtime import Runtime


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


def test_a_mistake_with_one_persons_snapshot_costs_nobody_else_an_answer(
    module_database_url: str, tmp_path: Path, trained_person: TrainedPerson
) -> None:
    settings = Settings(home=tmp_path, database_url=module_database_url, username="bench")
    text = served_path.snapshots(trained_person.person.records[:20_000])[-1]
    snapshot = decode_client(text)
    assert isinstance(snapshot, Snapshot)
    with pytest.raises(InputError, match=r"features\.time_in_current_app is 1e\+39"):
        replace(snapshot, features=snapshot.features | {"time_in_current_app": 1e39})

    async def ask() -> list[ServerMessage]:
        runtime = Runtime(settings, load_secrets(settings.secrets))
        await runtime.start()
        try:
            clients = []
            for name in ("broken", "whole", "also whole"):
                user_id = await runtime.database.run_for_all(partial(ensure_user, username=name))
                stream = await runtime.stream(user_id, str(uuid4()))
                client = Client(None, user_id, stream.machine_id)  # type: ignore[arg-type] # no socket is used
                clients.append((client, stream))
            torn = replace(Learner.beginning(Hazard.by_rule("switch")), layer=None)  # type: ignore[arg-type]
            runtime.people._learners[clients[0][0].user_id] = {"switch": torn}
            await asyncio.gather(*(runtime.answers.predict(*one, snapshot) for one in clients))
            return [decode_server(client.queue.get_nowait() or "") for client, _ in clients]
        finally:
            await runtime.stop()

    refused, *answers = asyncio.run(ask())
    assert isinstance(refused, Problem) and refused.status == 500
    assert [type(one) for one in answers] == [PredictionMade, PredictionMade]
    kept = query(
        module_database_url,
        "SELECT u.username FROM model_predictions p JOIN users u ON u.id = p.user_id WHERE u.username LIKE '%%whole'"
        " OR u.username = 'broken' ORDER BY 1",
    )
    assert kept == [("also whole",), ("whole",)]
