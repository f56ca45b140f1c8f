"""Moments that a model had not seen, with what it and the baselines said of each: what gates and reports work on.

It is kept with the model (``held_out.parquet``), so that nothing has to be trained again to judge it, and two models
can be judged on the very same moments.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from neural_focus.labelling.labels import NO_LABEL, Labels
from neural_focus.models.baselines import baseline_probabilities
from neural_focus.models.calibration import sigmoid
from neural_focus.models.datasets import Moments
from neural_focus.models.inputs import InputContract
from neural_focus.models.linear import fit_linear
from neural_focus.models.model import Model, probabilities_of
from neural_focus.models.training_data import TARGETS, TrainingData, chosen_rows, labelled, trainable
from neural_focus.time import SECOND_US
from neural_focus.timeline import Times

FILE = "held_out.parquet"
DAYS, PERSON = "days", "person"
"""Splits: later days of people that trained the model; people that did not."""
CATEGORIES = ("ide", "browser", "communication", "entertainment", "productivity")
_LONGEST_STEP_S = 900
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class HeldOut:
    """n moments, by split, person and time.

    ``split`` and ``app`` and ``category`` str[n]; ``hour`` int8[n] in the person's zone; ``settled`` bool[n];
    ``label[target]`` int8[n], -1 for none; ``said[target][model]`` float64[n], nan where nothing was said.
    """

    split: npt.NDArray[np.str_]
    person: Times
    times_us: Times
    app: npt.NDArray[np.str_]
    category: npt.NDArray[np.str_]
    hour: npt.NDArray[np.int8]
    lead_s: Floats
    label: Mapping[str, Labels]
    said: Mapping[str, Mapping[str, Floats]]

    def __len__(self) -> int:
        return len(self.times_us)

    def of(self, target: str, split: str = DAYS) -> HeldOut:
        """The moments of a split that have the target's label and were judged."""
        known = np.all([np.isfinite(one) for one in self.said[target].values()], axis=0)
        return self.take((self.split == split) & (self.label[target] != NO_LABEL) & known)

    def take(self, chosen: npt.NDArray[np.bool_] | Times) -> HeldOut:
        """The chosen moments."""
        plain: dict[str, Any] = {name: getattr(self, name)[chosen] for name in _PLAIN}
        return HeldOut(
            **plain,
            label={target: found[chosen] for target, found in self.label.items()},
            said={target: {name: p[chosen] for name, p in by.items()} for target, by in self.said.items()},
        )

    def find(self, other: HeldOut) -> Times:
        """Where each moment of ``other``'s later days is among one's own: row numbers int64[len(other)], -1 for none.

        Also where it is not clear which: a person at two machines has two moments of one time.
        """
        here, wanted = self._later_days(), other._later_days()
        place = np.full(len(other), -1, np.int64)
        for moment in here.keys() & wanted.keys():
            if len(here[moment]) == len(wanted[moment]) == 1:
                place[wanted[moment][0]] = here[moment][0]
        return place

    def _later_days(self) -> dict[tuple[int, int], list[int]]:
        """Row numbers by person and time."""
        found: dict[tuple[int, int], list[int]] = {}
        for row in np.flatnonzero(self.split == DAYS).tolist():
            found.setdefault((int(self.person[row]), int(self.times_us[row])), []).append(row)
        return found

    def step_s(self) -> float:
        """Seconds from one moment to the next: 10, or more where training took every k-th."""
        same = (np.diff(self.person) == 0) & (np.diff(self.times_us) > 0)
        steps = np.diff(self.times_us)[same] / SECOND_US
        steps = steps[steps <= _LONGEST_STEP_S]
        return float(np.median(steps)) if len(steps) else 10.0


def predict_held_out(model: Model, test: Moments, seen: TrainingData, split: str) -> HeldOut:
    """What ``model``, the baselines and the logistic regression of the same inputs predict of ``test``, of whose
    moments ``seen`` has none."""
    contract, population = model.context.contract, model.context.population
    label, said = {}, {}
    for target in TARGETS:
        chosen = chosen_rows(test, target)
        label[target] = np.full(len(test), NO_LABEL, np.int8)
        known, label[target][chosen] = labelled(test, target)
        learned = labelled(seen.moments, target)
        if target not in model.context.calibration or not len(known) or not len(learned[1]):
            continue
        found = baseline_probabilities(*learned, known, target)
        rows, truth = seen.rows(target)
        if trainable(truth):
            regression = fit_linear(seen.inputs(population, rows), truth)
            found["logistic"] = sigmoid(regression.margins(known.inputs(contract, population)))
        found[model.kind] = probabilities_of(model, target, known)
        said[target] = {name: _spread(values, chosen) for name, values in found.items()}
    return HeldOut(
        split=np.full(len(test), split),
        person=test.person,
        times_us=test.times_us,
        app=test.app,
        category=_categories(test, contract),
        hour=test.own[:, contract.names.index("hour_of_day")].astype(np.int8),
        lead_s=test.lead_s,
        label=label,
        said=said,
    )


def join(parts: Sequence[HeldOut]) -> HeldOut:
    """Several splits in one; nan where a part said nothing."""

    def said(target: str, name: str) -> Floats:
        nothing = [np.full(len(part), np.nan) for part in parts]
        found = [part.said.get(target, {}).get(name, nan) for part, nan in zip(parts, nothing, strict=True)]
        return np.concatenate(found)

    plain: dict[str, Any] = {name: np.concatenate([getattr(part, name) for part in parts]) for name in _PLAIN}
    return HeldOut(
        **plain,
        label={target: np.concatenate([part.label[target] for part in parts]) for target in TARGETS},
        said={target: {name: said(target, name) for name in by_model} for target, by_model in parts[0].said.items()},
    )


_PLAIN = ("split", "person", "times_us", "app", "category", "hour", "lead_s")


def write_held_out(held: HeldOut) -> bytes:
    """As Parquet; the same moments are the same bytes."""
    columns: dict[str, Any] = {name: getattr(held, name) for name in _PLAIN}
    columns |= {f"label:{target}": found for target, found in held.label.items()}
    for target, by_model in held.said.items():
        columns |= {f"{target}:{name}": values.astype(np.float32) for name, values in by_model.items()}
    out = io.BytesIO()
    pq.write_table(pa.table(columns), out, compression="zstd")
    return out.getvalue()


def read_held_out(data: bytes) -> HeldOut:
    """What ``write_held_out`` wrote; probabilities as float32 tells them."""
    table = pq.read_table(io.BytesIO(data))
    column = {name: table[name].to_numpy() for name in table.column_names}
    said: dict[str, dict[str, Floats]] = {}
    for name, values in column.items():
        target, _, model = name.partition(":")
        if model and target != "label":
            said.setdefault(target, {})[model] = values.astype(np.float64)
    texts = {name: column[name].astype(str) for name in ("split", "app", "category")}
    return HeldOut(
        **texts,
        person=column["person"],
        times_us=column["times_us"],
        hour=column["hour"],
        lead_s=column["lead_s"],
        label={target: column[f"label:{target}"] for target in TARGETS},
        said=said,
    )


def _spread(values: Floats, chosen: npt.NDArray[np.bool_]) -> Floats:
    full = np.full(len(chosen), np.nan)
    full[chosen] = values
    return full


def _categories(moments: Moments, contract: InputContract) -> npt.NDArray[np.str_]:
    flags = np.stack([moments.own[:, contract.names.index(f"is_{name}")] > 0 for name in CATEGORIES], axis=1)
    return np.where(flags.any(axis=1), np.array(CATEGORIES)[flags.argmax(axis=1)], "other")
