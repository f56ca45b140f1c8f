"""The champion's word on a challenger's held-out moments, where the champion had not seen them either.

::

    champion's data   ├──────── trained on ────────┤ held out │ 330 s │
    challenger's data ├───────────── trained on ─────────────┤ ▒▒ held out ▒▒ │
                                                    ▲ kept with the champion ▲ ▲ predicted now, by what serves
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from flows.label_files import join_moments, read_labels
from flows.platform_flow import Platform
from neural_focus.evaluation.gates import JUDGED
from neural_focus.labelling.labels import MARGIN_US
from neural_focus.models.champion import load
from neural_focus.models.held_out import DAYS, FILE, HeldOut, read_held_out
from neural_focus.registry.model_store import StoredModel, read_file

Floats = NDArray[np.float64]


def champion_on(platform: Platform, champion: StoredModel, held: HeldOut) -> dict[str, Floats]:
    """The champion's probabilities float64[n] by target on each of ``held``; nan where it may have seen the moment."""
    predicted = {target: np.full(len(held), np.nan) for target in JUDGED}
    _kept(platform, champion, held, predicted)
    fresh = ~seen_by(champion, held) & (held.split == DAYS)
    if fresh.any():
        _predicted(platform, champion, held, fresh, predicted)
    return predicted


def seen_by(champion: StoredModel, held: HeldOut) -> NDArray[np.bool_]:
    """Whether a moment lies in what the champion was trained on, or within the embargo after it; bool[n]."""
    data = champion.manifest["data"]
    until: Mapping[str, int] = data.get("until_us", {})
    # a model that does not say whom it knows is taken to know everybody
    everybody = data["last_us"] if not until else np.iinfo(np.int64).min
    last = np.array([until.get(str(one), everybody) for one in held.person], np.int64)
    return np.asarray(held.times_us <= last + MARGIN_US if until else held.times_us <= last)


def _kept(platform: Platform, champion: StoredModel, held: HeldOut, predicted: dict[str, Floats]) -> None:
    """Fills in what was kept of the champion's own held-out moments."""
    data = read_file(platform.settings, champion.tag, FILE)
    if data is None:
        return
    theirs, kind = read_held_out(data), str(champion.manifest["kind"])
    found = theirs.find(held)
    for target in predicted:
        if kind in theirs.said.get(target, {}):
            predicted[target][found >= 0] = theirs.said[target][kind][found[found >= 0]]


def _predicted(
    platform: Platform,
    champion: StoredModel,
    held: HeldOut,
    fresh: NDArray[np.bool_],
    predicted: dict[str, Floats],
) -> None:
    """Fills in what the served champion says of moments after its data, and of people it does not know."""
    predictor = load(platform.settings, champion.tag)
    wanted = pd.DataFrame(
        {"user_id": held.person[fresh], "event_timestamp": held.times_us[fresh], "place": np.flatnonzero(fresh)}
    )
    labels = pd.concat([read_labels(platform.settings.feast, is_demo=one, held_too=True) for one in (False, True)])
    labels = labels.assign(at=labels["event_timestamp"].dt.as_unit("us").astype("int64"))
    chosen = labels.merge(
        wanted, left_on=["user_id", "at"], right_on=["user_id", "event_timestamp"], suffixes=("", "_")
    )
    chosen = chosen.drop_duplicates(["user_id", "at"])[[*labels.columns.drop("at"), "place"]]
    if chosen.empty:
        return
    moments = join_moments(
        platform,
        chosen.drop(columns="place").reset_index(drop=True),
        predictor.contract.version,
        sequences=predictor.reads_sequences,
    )
    place = {
        (int(u), int(t)): int(p)
        for u, t, p in zip(wanted["user_id"], wanted["event_timestamp"], wanted["place"], strict=True)
    }
    rows = [place[(int(p), int(t))] for p, t in zip(moments.person, moments.times_us, strict=True)]
    for target in predicted:
        predicted[target][rows] = predictor.judge_moments(target, moments)
