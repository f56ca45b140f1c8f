"""Training sets as the gates look at them: what the feature store gives for the labelled moments of a day, whose
moments they are, how far the last days lie from what the champion was trained on; and each set as a whole."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from flows.features import TICK_S
from flows.label_files import join_moments
from flows.platform_flow import Platform
from neural_focus.features import FEATURE_NAMES
from neural_focus.labelling.labels import NO_LABEL
from neural_focus.models.champion import working_champion
from neural_focus.models.contracts import V6
from neural_focus.models.drift import FILE, LARGE_SHIFT, counts, input_drift
from neural_focus.registry.model_store import full_tag, read_file
from neural_focus.replay import INPUT_NAMES
from neural_focus.time import SECOND_US

RECENT_DAYS = 7
FEWEST_ACTIVE = 60
"""Moments with input from which on that another has the very same is no chance."""

FEWEST_PEOPLE = 3


def training_frame_of(platform: Platform, labels: pd.DataFrame) -> pd.DataFrame:
    """The labelled moments with what training will get for them as of their time."""
    from feature_repo.store import training_frame

    frame = training_frame(platform.store, labels[["stream_id", "event_timestamp"]], V6.version)
    return frame.drop(columns="recent_event_sequence")


def thinned(labels: pd.DataFrame, most: int, now_us: int) -> pd.DataFrame:
    """Every k-th tick of all streams alike where there are over ``most`` moments, so that copies stay beside what they
    are copies of; and all moments that have not come yet."""
    if len(labels) <= most:
        return labels
    at = _microseconds(labels["event_timestamp"])
    kept = (at // (TICK_S * SECOND_US) % -(-len(labels) // most) == 0) | (at > now_us)
    frame: pd.DataFrame = labels[kept].reset_index(drop=True)
    return frame


def training_rows(frame: pd.DataFrame, moved: Mapping[str, float], now_us: int) -> pd.DataFrame:
    """A row for each stream and day of ``training_frame_of``; ``moved``: by stream the share of inputs that moved."""
    at = _microseconds(frame["event_timestamp"])
    known = np.isfinite(frame[[*FEATURE_NAMES, *INPUT_NAMES]].to_numpy(np.float32)).all(axis=1)
    same, other = _copies(frame, at)
    active = _active(frame)
    day = frame["event_timestamp"].dt.strftime("%Y-%m-%d")
    told = pd.DataFrame(
        {
            "stream_id": frame["stream_id"],
            "day": day,
            "moments": 1,
            "lacking": ~known,
            "in_future": at > now_us,
            "active": active,
            "copies": same,
            "copies_of_others": other,
        }
    )
    rows = told.groupby(["stream_id", "day"], as_index=False).sum()
    enough = rows["active"] >= FEWEST_ACTIVE
    for name in ("copies", "copies_of_others"):
        rows[name] = (rows[name] / rows["active"].clip(lower=1)).where(enough)
    newest = pd.to_datetime(rows.groupby("stream_id")["day"].transform("max"))
    recent = newest - pd.to_datetime(rows["day"]) < pd.Timedelta(days=RECENT_DAYS)
    rows["moved"] = rows["stream_id"].map(dict(moved)).where(recent).astype(float)
    return rows


def moved_inputs(platform: Platform, labels: pd.DataFrame) -> dict[str, float]:
    """By stream the share of the champion's inputs that have moved in its newest days; nothing while demo people's
    model serves, from which real people are expected to differ."""
    champion, _ = working_champion(platform.settings)
    if champion is None or champion.trained_on == "demo":
        return {}
    kept = read_file(platform.settings, full_tag(champion.version), FILE)
    if kept is None:
        return {}
    reference, found = json.loads(kept), {}
    for stream_id, mine in labels.groupby("stream_id"):
        at = mine["event_timestamp"]
        recent = mine[at > at.max() - pd.Timedelta(days=RECENT_DAYS)].reset_index(drop=True)
        moments = join_moments(platform, recent, champion.contract.version)
        rows = moments.inputs(champion.contract, champion.context.population)
        share = moved_share(input_drift(reference, champion.contract.names, rows))
        if share is not None:
            found[str(stream_id)] = share
    return found


def moved_share(indices: Mapping[str, float]) -> float | None:
    """Of the inputs that say something the share that has moved far; None of none."""
    watched = [index for name, index in indices.items() if counts(name)]
    return sum(index > LARGE_SHIFT for index in watched) / len(watched) if watched else None


def set_row(name: str, labels: pd.DataFrame, held: int) -> dict[str, Any]:
    """A whole set: ``labels`` that are left of it, and how many of its days are held back. ``rate_low`` is told of
    several people alone: one person may well spend all days in one window."""
    known = labels["switch"][labels["switch"] != NO_LABEL]
    rate = known.mean() if len(known) else np.nan
    several = labels["user_id"].nunique() >= FEWEST_PEOPLE
    days = labels["stream_id"] + labels["event_timestamp"].dt.strftime(" %Y-%m-%d")
    return {"set": name, "days": days.nunique(), "held": held, "rate": rate, "rate_low": rate if several else np.nan}


def now_us() -> int:
    """Now, µs."""
    return int(time.time() * 1e6)


def _active(frame: pd.DataFrame) -> np.ndarray[Any, np.dtype[np.bool_]]:
    return np.asarray((frame["keystroke_count"] > 1) | (frame["mouse_move_count"] > 1))


def _copies(frame: pd.DataFrame, at: Any) -> tuple[Any, Any]:
    """Which moments with input another stream has, too, in all its features: an earlier one of the same person, or of
    another one. The first of the streams keeps them."""
    rows = frame[list(FEATURE_NAMES)].assign(at=at)
    told = pd.DataFrame({"row": pd.util.hash_pandas_object(rows, index=False), "stream": frame["stream_id"]})
    told["person"] = told["stream"].str.partition(":")[0].astype(int)
    told["active"] = _active(frame)
    told = told.sort_values(["person", "stream"], kind="stable")
    first = told[told["active"]].groupby("row")[["stream", "person"]].transform("first")
    copied = first["stream"] != told["stream"].reindex(first.index)
    own = first["person"] == told["person"].reindex(first.index)
    same = (copied & own).reindex(frame.index, fill_value=False)
    other = (copied & ~own).reindex(frame.index, fill_value=False)
    return same.to_numpy(), other.to_numpy()


def _microseconds(times: Any) -> Any:
    return times.dt.as_unit("us").astype("int64").to_numpy(np.int64)
