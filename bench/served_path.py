"""The served path in process: the service's own runtime takes a snapshot's text and gives its prediction's.

::

    text ─► decode ─► online store, written and read ─► three risks and the reasons ─► encode ─► text

Its loops, threads and database are there as they are in the service; only the socket is left out. Beside it, in turn:
what the libraries' plain calls take for one row, without write, words or messages.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, cast
from uuid import uuid4

import numpy as np
import xgboost

from bench.figure import Figure, beside
from neural_focus.features import FEATURE_NAMES, SEQUENCE_NAME
from neural_focus.messages import PredictionMade, Snapshot, decode_client, decode_server, encode
from neural_focus.models.champion import load_champion
from neural_focus.models.past import PastRows
from neural_focus.models.trees import PARAMETERS
from neural_focus.replay import replay_with_inputs
from neural_focus.secrets import load_secrets
from neural_focus.settings import Settings
from neural_focus.snapshot_inputs import SnapshotInputs, inputs_of
from serving.auth import LOCAL_PERSON
from serving.hub import Client
from serving.runtime import Runtime
from serving.streams import LiveStream

TRIPS, WARM_UP = 2_000, 200
Milliseconds = list[float]


def snapshots(records: np.ndarray[Any, Any]) -> list[str]:
    """The last seconds of somebody's days (EVENT_DTYPE[n]) as an agent sends them, ending now, a second apart."""
    seen, inputs = replay_with_inputs(records, every_s=1)
    last = slice(-TRIPS - WARM_UP, None)
    rows, types, told = seen.features[last], seen.sequence[last], inputs_of(inputs)[last]
    times = (int(time.time()) - len(rows) - 60 + np.arange(len(rows))) * 1_000_000
    return [
        encode(
            Snapshot(
                int(t_us),
                dict(zip(FEATURE_NAMES, row.tolist(), strict=True)),
                tuple(types_of.tolist()),
                past.app,
                inputs=past.to_text(),
            )
        )
        for t_us, row, types_of, past in zip(times, rows, types, told, strict=True)
    ]


def beside_the_libraries(settings: Settings, texts: Sequence[str], files: Mapping[str, bytes]) -> Iterator[Figure]:
    """p50 and p99 of the served path of the champion of ``settings``, whose ``files`` the plain calls use too."""
    ours, theirs = asyncio.run(_served(settings, texts, files))
    both = [sum(pair) for pair in zip(*theirs.values(), strict=True)]
    for quantile in (50, 99):
        value = float(np.percentile(ours, quantile))
        for name, took in {**theirs, "both together": both}.items():
            peer = float(np.percentile(took, quantile))
            figure = f"a snapshot in, its prediction with reasons out, p{quantile}"
            yield beside(figure, value, "ms", name, peer, less_is_better=True)


async def _served(
    settings: Settings, texts: Sequence[str], files: Mapping[str, bytes]
) -> tuple[Milliseconds, dict[str, Milliseconds]]:
    """Milliseconds of each text after the warm-up, and of each library's call right after it."""
    runtime = Runtime(settings, load_secrets(settings.secrets))
    await runtime.start()
    try:
        stream = await runtime.stream(await runtime.person_id(LOCAL_PERSON), str(uuid4()))
        client = Client(None, stream.user_id, stream.machine_id)  # type: ignore[arg-type] # no socket is used
        page = Client(None, stream.user_id, None)  # type: ignore[arg-type] # somebody looks at the reasons
        runtime.hub.join(client)
        runtime.hub.join(page)

        async def answer(text: str) -> str | None:
            await runtime.answers.predict(client, stream, cast(Snapshot, decode_client(text)))
            while not page.queue.empty():
                page.queue.get_nowait()
            return client.queue.get_nowait()

        for text in texts[:WARM_UP]:
            await answer(text)
        plain = {
            "XGBoost's own inplace_predict of the same trees, and its SHAP values": _xgboost(stream, settings, files),
            "Feast's own get_online_features": _feast(settings, stream.stream_id),
        }
        for call in [call for call in plain.values() for _ in range(WARM_UP)]:
            call()
        ours: Milliseconds = []
        theirs: dict[str, Milliseconds] = {name: [] for name in plain}
        for text in texts[WARM_UP:]:
            began = time.perf_counter()
            answered = await answer(text)
            ours.append((time.perf_counter() - began) * 1e3)
            _check(answered, runtime.champion.predictor.version)
            for name, call in plain.items():
                began = time.perf_counter()
                call()
                theirs[name].append((time.perf_counter() - began) * 1e3)
        return ours, theirs
    finally:
        await runtime.stop()


def _check(answer: str | None, version: str) -> None:
    made = None if answer is None else decode_server(answer)
    if not isinstance(made, PredictionMade) or made.model_version != version or made.trained_on == "rules":
        raise RuntimeError(f"the service answered {answer!r}")


def _xgboost(stream: LiveStream, settings: Settings, files: Mapping[str, bytes]) -> Callable[[], object]:
    """The same trees on the row that the last snapshot had, and the SHAP values of a switch."""
    snapshot = cast(Snapshot, stream.snapshot)
    row = np.array([[snapshot.features[name] for name in FEATURE_NAMES]], np.float32)
    past = PastRows.of_snapshots([SnapshotInputs.from_text(snapshot.inputs)], stream.steps.recent())
    inputs = load_champion(settings).inputs(row, past, stream.user_id)
    boosters = {name: load(data) for name, data in files.items() if name.endswith(".ubj")}
    [switch] = [booster for name, booster in boosters.items() if "switch" in name]

    def call() -> None:
        for booster in boosters.values():
            booster.inplace_predict(inputs)
        switch.predict(xgboost.DMatrix(inputs, nthread=1), pred_contribs=True)

    return call


def _feast(settings: Settings, stream_id: str) -> Callable[[], object]:
    """All features of the stream, as Feast's documentation asks for them."""
    from feature_repo.definitions import ARRAY_NAME, ENTITY_KEY, ONLINE_NAME
    from feature_repo.store import open_store

    store, names = open_store(settings).feast, [f"{ONLINE_NAME}:{name}" for name in (ARRAY_NAME, SEQUENCE_NAME)]
    return lambda: store.get_online_features(features=names, entity_rows=[{ENTITY_KEY: stream_id}]).to_dict()


def load(trees: bytes) -> xgboost.Booster:
    """The library's own model of a target's file."""
    booster = xgboost.Booster({"nthread": PARAMETERS["nthread"]})
    booster.load_model(bytearray(trees))
    return booster
