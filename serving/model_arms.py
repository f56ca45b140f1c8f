"""The models of experiments' arms: loaded beside the champion, they answer the people who are assigned to them."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from neural_focus.errors import NeuralFocusError
from neural_focus.models.champion import load
from neural_focus.models.predict import Predictor
from neural_focus.settings import Settings
from serving.predictors import warm_up

_LOG = logging.getLogger("neural_focus.serving")


class ModelArms:
    """Whom which model answers. ``refresh`` runs in the thread that predicts."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.wanted: Mapping[int, str] = {}
        """Person → version, as of the last ``refresh``."""
        self._loaded: dict[str, Predictor] = {}
        self._refused: dict[str, str] = {}
        self._answers: dict[int, Predictor] = {}

    @property
    def versions(self) -> tuple[str, ...]:
        """The versions that are loaded."""
        return tuple(self._loaded)

    def of(self, user_id: int) -> Predictor | None:
        """The model that answers a person instead of the champion, None for nearly everybody."""
        return self._answers.get(user_id)

    def notice(self, user_id: int) -> str:
        """Why the model that a person is assigned to does not answer them, for people; empty while it does."""
        return self._refused.get(self.wanted.get(user_id, ""), "")

    def refresh(self, wanted: Mapping[int, str]) -> None:
        """``wanted``: person → version. One that cannot be loaded is refused once, loudly, and the champion answers
        until another start of the service or of an experiment asks for it again."""
        needed = set(wanted.values())
        for version in needed - set(self._loaded) - set(self._refused):
            try:
                predictor = load(self._settings, version)
                warm_up(predictor)
            except NeuralFocusError as error:
                self._refused[version] = str(error)
                _LOG.error("model %s of an experiment is refused, the champion answers instead: %s", version, error)
            else:
                self._loaded[version] = predictor
                _LOG.info("model %s answers the people whom an experiment assigns to it", version)
        for version in set(self._loaded) - needed:
            del self._loaded[version]
        self._refused = {version: why for version, why in self._refused.items() if version in needed}
        self.wanted = dict(wanted)
        self._point()

    def _point(self) -> None:
        self._answers = {
            user: self._loaded[version] for user, version in self.wanted.items() if version in self._loaded
        }
