"""A person whose experts have found the model right so far: what it says is what they are served."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from neural_focus.models.hazard import Hazard
from neural_focus.personal.learner import Learner
from neural_focus.personal.mixture import EXPERTS, Weights
from neural_focus.personal.served import TARGETS
from neural_focus.store.database import Connection
from neural_focus.store.person_record import write_personal_models


def trust_the_model(connection: Connection, user_id: int) -> None:
    """From the next stream of theirs on; in the caller's transaction."""
    weights = Weights(np.array([float(name == "prior") for name in EXPERTS]))
    states = {
        target: replace(Learner.beginning(Hazard.by_rule(target)), weights=weights).to_json() for target in TARGETS
    }
    write_personal_models(connection, user_id, states)
