"""The flow `training`: labelled moments, joined with their features as of the time, become a stored model.

Demo people and real people never train one model. Real people's own model is trained as soon as there is enough of
their own data; until then what serves was trained on demo people, says so, and leans on each person's own moments. A
run that was killed goes on where it was, to the same model.
"""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pandas as pd

from flows.artifacts import Cell, publish_markdown, publish_table
from flows.data_quality import check_quality
from flows.label_files import (
    ENOUGH_DAYS,
    ENOUGH_MOMENTS,
    MOST_MOMENTS,
    is_enough,
    join_moments,
    read_labels,
    read_stays,
)
from flows.platform_flow import Platform, log, platform_flow
from neural_focus.atomic_write import atomic_write
from neural_focus.errors import ConfigurationError, InputError
from neural_focus.labelling.labels import NO_LABEL
from neural_focus.models.blend import blend
from neural_focus.models.blend_model import BlendModel
from neural_focus.models.contracts import CONTRACTS
from neural_focus.models.model import Model
from neural_focus.models.sequence_model import SequenceModel
from neural_focus.models.train import train
from neural_focus.models.tree_model import TreeModel
from neural_focus.registry.model_store import list_models, newest_of_each_kind, read_bundle, save
from neural_focus.registry.provenance import code_of
from neural_focus.settings import Settings

INPUT_VERSION = max(CONTRACTS)


@dataclass(frozen=True, slots=True)
class TrainedModel:
    """A stored model: its tag and manifest; ``fresh`` is False when this code had trained it on the same data."""

    tag: str
    manifest: dict[str, Any]
    fresh: bool


@platform_flow(
    name="training",
    description="Checks the data, then trains the models of switch, break and outcome on the labelled moments and "
    "stores them. Does nothing when the same code has trained a model on the same data.",
    stale_after=timedelta(hours=6),
)
def training(platform: Platform) -> str:
    """Trains on what there is; returns the model's tag.

    Raises:
        QualityError: the data is not fit to learn from.
        InputError: there is too little of it.
    """
    check_quality(platform)
    return train_newest(platform).tag


@platform_flow(
    name="first-training",
    description="Trains on data that was just checked.",
    stale_after=timedelta(hours=6),
)
def train_only(platform: Platform) -> str:
    """``training`` without checking the data again; returns the model's tag.

    Raises:
        InputError: there is too little data.
    """
    return train_newest(platform).tag


def train_newest(platform: Platform, progress: Callable[[float], None] = lambda _: None) -> TrainedModel:
    """The work of the flow, without the check of the data.

    Raises:
        InputError: there are too few labelled moments.
    """
    return _train(platform, TreeModel, progress)


@platform_flow(
    name="sequence-training",
    description="Trains the LSTM beside the trees, on the same data with the two minutes before each snapshot.",
    stale_after=timedelta(hours=6),
)
def train_network(platform: Platform) -> str:
    """The other kind of model; returns its tag. Takes minutes, so an installation's first model does without.

    Raises:
        InputError: there is too little data.
    """
    return _train(platform, SequenceModel, lambda _: None).tag


@platform_flow(
    name="blending",
    description="Puts the newest trees and the newest LSTM together into one model. Trains nothing.",
    stale_after=timedelta(hours=6),
)
def blend_newest(platform: Platform) -> str:
    """Stores the blend of the newest model of each kind, unless it is there; returns its tag.

    Raises:
        ConfigurationError: there are not both.
        ContractError: they were trained on different data.
    """
    newest = {kind: model.tag for kind, model in newest_of_each_kind(list_models(platform.settings)).items()}
    if not {TreeModel.kind, SequenceModel.kind} <= newest.keys():
        raise ConfigurationError("There are not both kinds of model to blend", hint="Run the flow 'learning'")
    parts = [newest[TreeModel.kind], newest[SequenceModel.kind]]
    source = sha256(f"{BlendModel.kind} {parts} {code_of()}".encode()).hexdigest()
    known = _trained_from(platform).get(source)
    if known is not None and known == newest.get(BlendModel.kind):
        log(f"{known} is the blend of {' and '.join(parts)}")
        return known
    bundle = blend(*(read_bundle(platform.settings, tag) for tag in parts))
    tag = save(platform.settings, bundle)
    _remember(platform, source, tag)
    _leave(tag, {**bundle.manifest})
    return tag


def _train(platform: Platform, model: type[Model], progress: Callable[[float], None]) -> TrainedModel:
    labels, is_demo = choose_labels(platform.settings.feast)
    source = _fingerprint(labels, model.kind)
    known = _trained_from(platform).get(source)
    stored = {model.tag: model for model in list_models(platform.settings)}
    if known in stored:
        log(f"{known} was trained on the same data")
        return TrainedModel(known, dict(stored[known].manifest), fresh=False)
    moments = join_moments(platform, labels, INPUT_VERSION, sequences=model.reads_sequences)
    log(f"training {model.kind} on {len(moments):,} moments of {'demo' if is_demo else 'real'} people")
    stays = read_stays(platform.settings.feast, labels)
    with _unfinished(platform.settings, model.kind, source) as checkpoint:
        bundle = train(
            model,
            moments,
            stays,
            is_demo=is_demo,
            input_version=INPUT_VERSION,
            checkpoint=checkpoint,
            thorough=model is TreeModel,
            report=lambda _, share: progress(share),
        )
        tag = save(platform.settings, bundle)
        _remember(platform, source, tag)
    manifest = {**bundle.manifest, "version": tag.split(":")[1]}
    _leave(tag, manifest)
    return TrainedModel(tag, manifest, fresh=True)


@contextmanager
def _unfinished(settings: Settings, kind: str, source: str) -> Iterator[Path]:
    """The folder in which a training of this data by this code is kept until it is stored, to go on after a kill."""
    mine = settings.models / "unfinished" / kind
    for left in mine.glob("*"):
        if left.name != source:
            shutil.rmtree(left)  # its data or its code are no longer these
    yield mine / source
    shutil.rmtree(mine, ignore_errors=True)


def choose_labels(feast_folder: Path) -> tuple[pd.DataFrame, bool]:
    """Real people's labelled moments where there are enough, else demo people's; and whether they are demo.

    Raises:
        InputError: there are neither.
    """
    people = read_labels(feast_folder, is_demo=False, most=MOST_MOMENTS)
    if is_enough(people):
        return people, False
    demo = read_labels(feast_folder, is_demo=True, most=MOST_MOMENTS)
    if demo.empty:
        raise InputError(
            f"{(people['switch'] != NO_LABEL).sum():,} labelled moments of real people are too few to train on",
            why=f"{ENOUGH_MOMENTS:,} on {ENOUGH_DAYS} days are needed, and there are no demo people",
            hint="Capture for some days of work, or write the demo people's history: neural-focus demo",
        )
    return demo, True


def _fingerprint(labels: pd.DataFrame, kind: str) -> str:
    columns = ["stream_id", "event_timestamp", "switch", "settled_break", "outcome", "outcome_source"]
    rows = pd.util.hash_pandas_object(labels[columns], index=False).to_numpy().tobytes()
    return sha256(f"{kind} {INPUT_VERSION} {code_of()} {labels.columns.tolist()}".encode() + rows).hexdigest()


def _trained_from(platform: Platform) -> dict[str, str]:
    path = platform.settings.models / "trained_from.json"
    if not path.exists():
        return {}
    found: dict[str, str] = json.loads(path.read_text())
    return found


def _remember(platform: Platform, source: str, tag: str) -> None:
    path = platform.settings.models / "trained_from.json"
    atomic_write(path, json.dumps({**_trained_from(platform), source: tag}).encode())


def _leave(tag: str, manifest: dict[str, Any]) -> None:
    data, whose = manifest["data"], manifest["trained_on"]
    publish_markdown(
        "training-run",
        f"**{tag}**: {data['moments']:,} moments of {data['people']} "
        f"{'demo (simulated)' if whose == 'demo' else 'real'} people. Outcome labels: {manifest['outcome_labels']}.",
        "What was trained, on whose data",
    )
    rows: list[dict[str, Cell]] = [
        {"target": target, **{name: _figure(value) for name, value in figures.items()}}
        for target, figures in manifest["metrics"].items()
    ]
    publish_table("training-figures", _same_columns(rows), "Figures on days the figures' model had not seen")


def _figure(value: object) -> Cell:
    if isinstance(value, float):
        return round(value, 4) if math.isfinite(value) else "–"
    return str(value)


def _same_columns(rows: list[dict[str, Cell]]) -> list[dict[str, Cell]]:
    names = list(dict.fromkeys(name for row in rows for name in row))
    return [{name: row.get(name) for name in names} for row in rows]
