"""Everybody's own experts as the flow ``personal`` last left them, read again within a minute of their learning."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from neural_focus.models.predict import Predictor
from neural_focus.personal.learner import Learner
from neural_focus.personal.served import Target, learners_of, read_learners
from neural_focus.store.database import Connection
from neural_focus.store.person_record import personal_models_written, read_personal_models

_NOTHING: Mapping[Target, Learner] = {}


class PersonalModels:
    """What was read is taken over whole: ``of`` may be asked from any thread."""

    def __init__(self) -> None:
        self._learned_at: dict[int, datetime] = {}
        self._learners: dict[int, Mapping[Target, Learner]] = {}
        self._made: dict[tuple[int, str, bool], tuple[Mapping[Target, Learner], Predictor, dict[Target, Learner]]] = {}
        """What ``of`` gave last, and of what: each snapshot asks."""

    def of(self, user_id: int, predictor: Predictor, *, is_demo: bool) -> Mapping[Target, Learner]:
        """A person's experts on top of a model, by target."""
        found, asked = self._learners.get(user_id, _NOTHING), (user_id, predictor.version, is_demo)
        made = self._made.get(asked)
        if made is None or made[0] is not found or made[1] is not predictor:
            made = found, predictor, learners_of(predictor, user_id, found, is_demo=is_demo)
            self._made[asked] = made
        return made[2]

    def read(self, connection: Connection, user_id: int) -> None:
        """Read one person's, who has just come."""
        self._learners[user_id] = read_learners(read_personal_models(connection, user_id), user_id)

    def refresh(self, connection: Connection) -> None:
        """Read what was learned since the last time, and let go of who was erased."""
        written = personal_models_written(connection)
        for user_id, at in written.items():
            if self._learned_at.get(user_id) != at:
                self.read(connection, user_id)
        for user_id in list(self._learners):  # a copy: others may be read meanwhile
            if user_id not in written:
                self._learners.pop(user_id, None)
        self._learned_at = written
        self._made = {}  # whoever is not here any more is let go of
