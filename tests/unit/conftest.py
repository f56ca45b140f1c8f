"""What several files learn from synthetic moments, trained once for all files of a worker: nobody changes it."""

from __future__ import annotations

import pytest
from quick_network import QuickNetwork
from synthetic_streams import random_moments

from neural_focus.models.train import train
from neural_focus.models.tree_model import TreeModel
from neural_focus.registry.bundle import TrainedBundle


@pytest.fixture(scope="session")
def synthetic_trees() -> TrainedBundle:
    """Of ``random_moments(1)``."""
    return train(TreeModel, *random_moments(1), is_demo=True, input_version=1)


@pytest.fixture(scope="session")
def synthetic_network() -> TrainedBundle:
    """Of ``random_moments(1)``."""
    return train(QuickNetwork, *random_moments(1), is_demo=True, input_version=1)
