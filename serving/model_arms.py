"""The models of experiments' arms: loaded beside the champion, they answer the people who are assigned to them."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence

from neural_focus.errors import NeuralFocusError
from neural_focus.models.champion import load
from neural_focus.models.predict import Predictor
from neural_focus.settings import Settings
from neural_focus.store.person_record import PersonCalibration
from serving.predictors import shares_of, shifts_of, warm_up

_LOG = logging.getLogger("neural_focus.serving")


class ModelArms:
    """Whom which model answers. ``refresh`` and ``adapt`` run in the thread that predicts."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.wanted: Mapping[int, str] = {}
        """Person → version, as of the last ``refresh``."""
        self._plain: dict[str, Predictor] = {}
        self._fitted: dict[str, Predictor] = {}
        self._refused: dict[str, str] = {}
        self._answers: dict[int, Predictor] = {}
        self._shares: dict[str, dict[int, float]] = {}

    @property
    def versions(self) -> tuple[str, ...]:
        """The versions that are loaded."""
        return tuple(self._plain)

    def of(self, user_id: int) -> Predictor | None:
        """The model that answers a person instead of the champion, None for nearly everybody."""
        return self._answers.get(user_id)

    def share(self, user_id: int) -> float:
        """How much of the calibration of the model that answers a person is their own data's word, 0–1."""
        return self._shares.get(self.wanted.get(user_id, ""), {}).get(user_id, 0.0)

    def notice(self, user_id: int) -> str:
        """Why the model that a person is assigned to does not answer them, for people; empty while it does."""
        return self._refused.get(self.wanted.get(user_id, ""), "")

    def refresh(self, wanted: Mapping[int, str]) -> None:
        """``wanted``: person → version. One that cannot be loaded is refused once, loudly, and the champion answers
        until another start of the service or of an experiment asks for it again."""
        needed = set(wanted.values())
        for version in needed - set(self._plain) - set(self._refused):
            try:
                predictor = load(self._settings, version)
                warm_up(predictor)
            except NeuralFocusError as error:
                self._refused[version] = str(error)
                _LOG.error("model %s of an experiment is refused, the champion answers instead: %s", version, error)
            else:
                self._plain[version] = self._fitted[version] = predictor
                _LOG.info("model %s answers the people whom an experiment assigns to it", version)
        for version in set(self._plain) - needed:
            del self._plain[version], self._fitted[version]
        self._refused = {version: why for version, why in self._refused.items() if version in needed}
        self.wanted = dict(wanted)
        self._point()

    def adapt(self, version: str, found: Mapping[int, Sequence[PersonCalibration]]) -> None:
        """Take over people's own calibrations of a loaded version, as the champion does of its own."""
        if (plain := self._plain.get(version)) is not None:
            self._fitted[version] = plain.with_shifts(shifts_of(found))
            self._shares[version] = shares_of(found)
            self._point()

    def _point(self) -> None:
        self._answers = {
            user: self._fitted[version] for user, version in self.wanted.items() if version in self._fitted
        }
