"""The online store as a tick uses it: the newest snapshots of some streams written in one go, and read back.

Beside it, in the same guarded store: the same features under their 33 names, as they are offline. Feast's stores keep a
row for each feature of a view.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
from feast import FeatureView
from feast.protos.feast.types.Value_pb2 import Value

from bench.figure import Figure, beside, best_seconds
from feature_repo.definitions import COLUMNS, define
from feature_repo.store import OnlineRow, SnapshotStore, entity_key, open_store, read_online, write_online
from neural_focus.features import FEATURE_NAMES, SEQUENCE_LENGTH, SEQUENCE_NAME
from neural_focus.settings import Settings
from neural_focus.time import moment

REPEATS = 60
START_US = 1_760_000_000_000_000


def figures() -> Iterator[Figure]:
    """CPU time a stream, of one alone and of fifty together."""
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(Settings(home=Path(folder)))
        try:
            named = define(store.folder).snapshots
            named.online = True
            store.feast.apply([named])
            for count in (1, 50):
                yield _measured(store, named, count)
        finally:
            store.close()


def _measured(store: SnapshotStore, named: FeatureView, count: int) -> Figure:
    rng, second = np.random.default_rng(count), 0

    def snapshots() -> dict[str, OnlineRow]:
        nonlocal second
        second += 1
        features = rng.gamma(1.0, 2.0, (count, len(FEATURE_NAMES))).astype(np.float32)
        types, t_us = np.full(SEQUENCE_LENGTH, 3, np.uint8), START_US + second * 1_000_000
        return {
            f"{count * 1000 + number}:0d9f5a3e-5b0c-4f0e-9a4e-000000000009": OnlineRow(row, types, t_us)
            for number, row in enumerate(features)
        }

    def array() -> None:
        rows = snapshots()
        write_online(store, rows)
        assert None not in read_online(store, list(rows))  # noqa: S101 - what is measured has to happen

    ours, theirs = (
        best_seconds(work, REPEATS) / count * 1e6 for work in (array, lambda: _named(store, named, snapshots()))
    )
    name = f"a snapshot written online and read back, {count} at once"
    return beside(name, ours, "µs", "the same under 33 names", theirs, less_is_better=True)


def _named(store: SnapshotStore, view: FeatureView, rows: Mapping[str, OnlineRow]) -> None:
    config, provider, entries = store.feast.config, store.feast.provider, []
    for stream_id, row in rows.items():
        values = {name: Value(float_val=one) for name, one in zip(FEATURE_NAMES, row.features.tolist(), strict=True)}
        values[SEQUENCE_NAME] = Value(bytes_val=row.sequence.tobytes())
        entries.append((entity_key(stream_id), values, moment(row.t_us), None))
    provider.online_write_batch(config, view, entries, None)
    found = provider.online_read(config, view, [entity_key(stream_id) for stream_id in rows], list(COLUMNS))
    for _, values in found:
        np.fromiter((values[name].float_val for name in FEATURE_NAMES), np.float32, len(FEATURE_NAMES))
