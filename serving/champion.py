"""The model that answers: the champion, taken over within seconds of a promotion, without a restart."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence

import numpy as np

from neural_focus.errors import NeuralFocusError
from neural_focus.features import FEATURE_NAMES
from neural_focus.models.champion_pointer import champion
from neural_focus.models.health import read_health
from neural_focus.models.predict import Predictor
from neural_focus.models.sequences import StreamPast
from neural_focus.settings import Settings
from neural_focus.store.person_record import PersonCalibration
from serving.responses import TrainedOn

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
        self.predictor = self._plain = Predictor.rules()
        self.own_share: Mapping[int, float] = {}
        """By person: how much of the calibration is their own data's word, 0–1."""
        self._shifts: dict[str, dict[int, float]] = {}

    @property
    def health(self) -> str:
        """What the last look for drift found; "" before the first."""
        return read_health(self._settings)

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
            predictor = Predictor.load(self._settings, tag)
            warm_up(predictor)
        except NeuralFocusError as error:
            return self._refuse(tag, error)
        self._tag, self._refused, self.notice = tag, None, ""
        self.predictor = self._plain = predictor
        self.own_share, self._shifts = {}, {}
        _LOG.info("model %s (%s) answers from now on", tag, predictor.version)
        return True

    def adapt(self, version: str, found: Mapping[int, Sequence[PersonCalibration]]) -> None:
        """Take over people's own calibrations of the model ``version``, if it still answers, and each one's share."""
        if version != self.predictor.version:
            return
        shifts = shifts_of(found)
        self.own_share = {user: max(one.share for one in known) for user, known in found.items() if known}
        if shifts != self._shifts:
            self._shifts, self.predictor = shifts, self._plain.with_shifts(shifts)

    def _refuse(self, tag: str | None, error: NeuralFocusError) -> bool:
        if self._refused != tag:
            self._refused, self.notice = tag, str(error)
            _LOG.error("model %s is refused, %s goes on: %s", tag, self.predictor.version, error)
        return False


def shifts_of(found: Mapping[int, Sequence[PersonCalibration]]) -> dict[str, dict[int, float]]:
    """People's own offsets by target, then person."""
    shifts: dict[str, dict[int, float]] = {}
    for user_id, calibrations in found.items():
        for one in calibrations:
            shifts.setdefault(one.target, {})[user_id] = one.shift
    return shifts


def trained_on(predictor: Predictor) -> TrainedOn:
    """Whose data made the model, in the words of the API."""
    if predictor.trained_on == "people":
        return "people"
    return "demo" if predictor.trained_on == "demo" else "rules"


def warm_up(predictor: Predictor) -> None:
    """The first call of a library is its slowest: make it before anybody waits for it."""
    row = np.zeros(len(FEATURE_NAMES), np.float32)
    history = StreamPast()
    history.observe(0, row, "")
    judged = predictor.judge(0, row, history.rows())
    for target in ("switch", "break"):
        judged.reasons(target)
