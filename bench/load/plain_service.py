"""A service as its libraries' own documentation would have it: FastAPI, Feast with SQLite, XGBoost and its SHAP values.

It takes the same snapshots over ``/ws`` and writes each to the online store, reads it back, predicts and explains; and
``POST /predict`` does so for the last one that was stored. It logs nothing, knows nobody and tries nothing out, so that
it has less to do than the service it stands beside. ``python -m bench.load.plain_service FOLDER PORT``.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import uvicorn
import xgboost
from fastapi import FastAPI, WebSocket, WebSocketDisconnect
from feast import Entity, FeatureStore, FeatureView, Field, FileSource, PushSource, RepoConfig, ValueType
from feast.types import Float32

from bench.load.plain_model import NAMES, VERSION

VIEW = "snapshot"
MOST_REASONS = 3


def open_store(folder: Path) -> FeatureStore:
    """Feast's store in ``folder``, with the view of a snapshot."""
    store = FeatureStore(
        config=RepoConfig(
            project="plain",
            provider="local",
            registry=str(folder / "registry.db"),
            online_store={"type": "sqlite", "path": str(folder / "online.db")},
            entity_key_serialization_version=3,
        )
    )
    stream = Entity(name="stream", join_keys=["stream_id"], value_type=ValueType.STRING)
    files = FileSource(name="files", path=str(folder / "snapshots.parquet"), timestamp_field="event_timestamp")
    view = FeatureView(
        name=VIEW,
        entities=[stream],
        schema=[Field(name=name, dtype=Float32) for name in NAMES],
        source=PushSource(name="push", batch_source=files),
    )
    store.apply([stream, view])
    return store


class PlainPredictor:
    """The trees and the store."""

    def __init__(self, folder: Path) -> None:
        self._store = open_store(folder)
        self._boosters = {path.stem: xgboost.Booster({"nthread": 1}, model_file=path) for path in folder.glob("*.ubj")}
        self._asked = [f"{VIEW}:{name}" for name in NAMES]

    def write(self, stream_id: str, t_us: int, features: dict[str, float]) -> None:
        """Makes a snapshot the stream's current one."""
        row = {name: features[name] for name in NAMES}
        at = datetime.fromtimestamp(t_us / 1e6, UTC)
        self._store.write_to_online_store(VIEW, pd.DataFrame([{"stream_id": stream_id, "event_timestamp": at, **row}]))

    def predict(self, stream_id: str) -> dict[str, Any]:
        """What the trees say of the stream's current snapshot, and which features say it most."""
        found = self._store.get_online_features(features=self._asked, entity_rows=[{"stream_id": stream_id}]).to_dict()
        row = np.array([[found[name][0] for name in NAMES]], np.float32)
        rows = xgboost.DMatrix(row, feature_names=list(NAMES))
        risks = {target: float(booster.predict(rows)[0]) for target, booster in self._boosters.items()}
        values = self._boosters["switch"].predict(rows, pred_contribs=True)[0, :-1]
        most = np.argsort(-np.abs(values))[:MOST_REASONS]
        return {**risks, "contributing_factors": [NAMES[place] for place in most], "model_version": VERSION}


def make_app(predictor: PlainPredictor) -> FastAPI:
    """The two endpoints. What is blocking is called where it stands: Feast's SQLite store has one connection."""
    app = FastAPI()

    @app.websocket("/ws")
    async def snapshots(socket: WebSocket, machine_id: str) -> None:
        await socket.accept()
        try:
            while True:
                message = await socket.receive_json()
                if message["type"] == "SNAPSHOT":
                    t_us = message["data"]["t_us"]
                    predictor.write(machine_id, t_us, message["data"]["features"])
                    answer = {"t_us": t_us, **predictor.predict(machine_id)}
                    await socket.send_json({"type": "PREDICTION", "data": answer})
        except WebSocketDisconnect:
            return

    @app.post("/predict")
    async def predict(machine_id: str) -> dict[str, Any]:
        return predictor.predict(machine_id)

    @app.get("/readyz")
    async def ready() -> str:
        return "ready"

    return app


if __name__ == "__main__":
    uvicorn.run(make_app(PlainPredictor(Path(sys.argv[1]))), host="127.0.0.1", port=int(sys.argv[2]), log_level="error")
