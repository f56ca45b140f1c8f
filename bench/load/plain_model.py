"""The trees of the plain service: XGBoost's own on a snapshot's features, as many a target as the champion has."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import xgboost

from neural_focus.features import FEATURE_NAMES
from neural_focus.models.contracts import V6
from neural_focus.models.datasets import Moments
from neural_focus.models.training_data import labelled
from neural_focus.models.trees import PARAMETERS

VERSION = "plain"
NAMES: tuple[str, ...] = tuple(name for name in V6.names if name in FEATURE_NAMES)
"""The features that the champion learns from, too; they stand first among its inputs."""


def train_plain(moments: Moments, champion: Mapping[str, bytes], folder: Path) -> None:
    """Writes ``<target>.ubj`` into ``folder``, fitted on moments of V6; ``champion``: the files of the champion."""
    folder.mkdir()
    for name in (name for name in champion if name.endswith(".ubj")):
        seen, label = labelled(moments, name.removesuffix(".ubj"))
        rows = xgboost.DMatrix(seen.own[:, : len(NAMES)], label, feature_names=list(NAMES))
        rounds = xgboost.Booster(model_file=bytearray(champion[name])).num_boosted_rounds()
        xgboost.train(PARAMETERS, rows, rounds).save_model(folder / name)
