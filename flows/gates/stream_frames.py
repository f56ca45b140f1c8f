"""The frames of all streams, from the database and the feature store."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from flows.gates.frames import event_rows, feature_rows, frame_of, label_rows
from flows.gates.session_rows import read_sessions, session_rows
from flows.gates.stream_context import stream_context
from flows.gates.stream_profiles import stream_profiles
from flows.gates.table import DataKind, gates_of
from flows.platform_flow import Platform
from neural_focus.store.events import Stream

Frames = dict[DataKind, pd.DataFrame]


def stream_frames(platform: Platform, streams: Sequence[Stream]) -> Frames:
    """A row for each day of each stream: of its events, its snapshots, its labels; and one for each session."""
    rows: dict[DataKind, list[dict[str, Any]]] = {kind: [] for kind in list(DataKind)[:3]}
    for stream in streams:
        context = stream_context(platform.connection, stream)  # before the events: what comes meanwhile is not missing
        found = stream_profiles(platform, stream)
        context = context.with_seen(found.seen)
        for kind, days in (
            (DataKind.EVENTS, event_rows(found.events, context)),
            (DataKind.FEATURES, feature_rows(found.features, found.events)),
            (DataKind.LABELS, label_rows(found.labels, found.events)),
        ):
            rows[kind] += [{"stream_id": stream.stream_id, **day} for day in days]
        platform.connection.commit()
    frames = {kind: frame_of(found, columns_of(kind)) for kind, found in rows.items()}
    sessions = session_rows(read_sessions(platform.connection), pd.Timestamp.now("UTC"))
    return {**frames, DataKind.SESSIONS: kept_sessions(sessions, frames)}


def kept_sessions(sessions: pd.DataFrame, frames: Frames) -> pd.DataFrame:
    """Those of days that can be learned from: a person's oldest with events or snapshots, and later ones. What is past
    its retention would be held back for ever."""
    if sessions.empty:
        return sessions
    parts = [frames[kind][["stream_id", "day"]] for kind in (DataKind.EVENTS, DataKind.FEATURES) if len(frames[kind])]
    if not parts:
        return sessions.iloc[:0]
    days = pd.concat(parts)
    oldest = days.groupby(days["stream_id"].str.partition(":")[0].astype(int))["day"].min()
    return sessions[sessions["day"] >= sessions["user_id"].map(oldest).fillna("9999")].reset_index(drop=True)


def columns_of(kind: DataKind) -> list[str]:
    """The columns that the gates of a kind look at."""
    return [gate.column for gate in gates_of(kind)]
