"""A simulated person's week, as if they were real, and a model of its first days."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from neural_focus.models.contracts import V6
from neural_focus.models.datasets import cut_moments
from neural_focus.models.train import train
from neural_focus.models.tree_model import TreeModel
from neural_focus.registry.bundle import TrainedBundle
from neural_focus.simulation.parameters import draw_person
from neural_focus.simulation.person import SimulatedPerson, live
from neural_focus.simulation.stream import stream_of

DAY_US = 86_400_000_000
TRAINED_DAYS = 3


@dataclass(frozen=True)
class TrainedPerson:
    """The model knows the person's first three days; ``later`` is whether each record is of the days after."""

    person: SimulatedPerson
    bundle: TrainedBundle
    later: np.ndarray


def train_person() -> TrainedPerson:
    """About ten seconds."""
    person = live(draw_person(101), 5, number=1, trials=False)
    until = int(person.records["timestamp_us"][0]) // DAY_US * DAY_US + TRAINED_DAYS * DAY_US
    moments, stays = cut_moments([stream_of(person, 1)], V6)
    bundle = train(TreeModel, moments.take(moments.times_us < until), stays, is_demo=False)
    return TrainedPerson(person, bundle, person.records["timestamp_us"] >= until)
