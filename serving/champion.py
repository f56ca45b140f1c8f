"""The model that answers: the champion, taken over within seconds of a promotion, without a restart."""

from __future__ import annotations

import logging

from neural_focus.errors import NeuralFocusError
from neural_focus.models.champion import load
from neural_focus.models.predict import Predictor
from neural_focus.quarantine import held_sentence
from neural_focus.registry.champion_pointer import champion
from neural_focus.registry.health import read_health
from neural_focus.settings import Settings
from serving.model_arms import ModelArms
from serving.predictors import warm_up

WATCH_SECONDS = 3.0
_LOG = logging.getLogger("neural_focus.serving")


class Champion:
    """Holds the loaded champion; rules of thumb until there is one. ``refresh`` runs in one thread at a time."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._tag: str | None = None
        self._refused: str | None = None
        self.notice = ""
        """Why the chosen model does not answer, in a sentence for people; empty while it does."""
        self.predictor = Predictor.rules()
        self.arms = ModelArms(settings)

    def predictor_for(self, user_id: int) -> Predictor:
        """The champion, or the model that an experiment assigned to this person."""
        return self.arms.of(user_id) or self.predictor

    @property
    def health(self) -> str:
        """What the last look for drift found; "" before the first."""
        return read_health(self._settings)

    def held_back(self, user_id: int) -> str:
        """Which of a person's days gates hold back from learning, in a sentence for them; "" where none is."""
        return held_sentence(self._settings.feast, user_id)

    def refresh(self) -> bool:
        """Load the champion if it is another one than before; whether it changed.

        A model that cannot be loaded is refused once, loudly, and the one before goes on answering.
        """
        try:
            tag = champion(self._settings)
        except NeuralFocusError as error:
            return self._refuse("champion.json", error)
        if tag == self._tag:  # again, after another, or the file itself, was refused
            self._refused, self.notice = None, ""
            return False
        if tag is not None and tag == self._refused:
            return False
        try:
            predictor = Predictor.rules() if tag is None else load(self._settings, tag)
            warm_up(predictor)
        except NeuralFocusError as error:
            return self._refuse(tag, error)
        self._tag, self._refused, self.notice = tag, None, ""
        self.predictor = predictor
        _LOG.info("model %s (%s) answers from now on", tag, predictor.version)
        return True

    def _refuse(self, tag: str | None, error: NeuralFocusError) -> bool:
        if self._refused != tag:
            self._refused, self.notice = tag, str(error)
            _LOG.error("model %s is refused, %s goes on: %s", tag, self.predictor.version, error)
        return False
