"""The plain service that `make load` measures beside ours: it predicts from what it was sent and stored."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import numpy as np
import pytest
import uvicorn
import xgboost
from fastapi import FastAPI
from serving_process import Desktop, eventually
from websockets.sync.client import connect

from bench.load.plain_model import NAMES, VERSION, train_plain
from bench.load.plain_service import PlainPredictor, make_app
from infra.ports import free_port
from neural_focus.messages import encode
from neural_focus.models.contracts import V6
from neural_focus.models.datasets import cut_moments
from neural_focus.simulation.person import simulate_person
from neural_focus.simulation.stream import stream_of

ROUNDS = 60


def test_a_snapshot_is_stored_predicted_and_explained_and_can_be_asked_about_again(tmp_path: Path) -> None:
    moments, _ = cut_moments([stream_of(simulate_person(1, 2), 1)], V6)
    rng = np.random.default_rng(1)
    rows = xgboost.DMatrix(rng.normal(size=(200, 3)), rng.integers(0, 2, 200))
    champion = {"switch.ubj": bytes(xgboost.train({}, rows, ROUNDS).save_raw("ubj")), "model.json": b"{}"}
    train_plain(moments, champion, tmp_path / "plain")
    [trees] = (tmp_path / "plain").glob("*")
    booster = xgboost.Booster(model_file=trees)
    assert trees.name == "switch.ubj" and booster.num_boosted_rounds() == ROUNDS
    desktop = Desktop(None, 1_700_000_000_000_000)
    sent = [desktop.snapshot(), desktop.snapshot(**dict.fromkeys(NAMES, 50.0))]
    rows = np.array([[one.features[name] for name in NAMES] for one in sent], np.float32)
    expected = booster.predict(xgboost.DMatrix(rows, feature_names=list(NAMES)))
    assert expected[0] != expected[1]
    with _served(make_app(PlainPredictor(tmp_path / "plain"))) as address:
        answers = []
        with connect(f"ws://{address}/ws?machine_id=one", open_timeout=60) as socket:
            for snapshot in sent:
                socket.send(encode(snapshot))
                answers.append(json.loads(socket.recv()))
        assert [answer["type"] for answer in answers] == ["PREDICTION"] * 2
        first, second = (answer["data"] for answer in answers)
        assert second["t_us"] - first["t_us"] == 1_000_000 and first["model_version"] == VERSION
        assert [first["switch"], second["switch"]] == pytest.approx(expected.tolist(), rel=1e-6)
        assert len(second["contributing_factors"]) == 3 and set(second["contributing_factors"]) <= set(NAMES)
        again = httpx.post(f"http://{address}/predict?machine_id=one", timeout=60).json()
        assert again == {name: value for name, value in second.items() if name != "t_us"}


@contextmanager
def _served(app: FastAPI) -> Iterator[str]:
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="error"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        eventually(lambda: server.started)
        yield f"127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()
