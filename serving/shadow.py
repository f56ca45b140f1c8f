"""The challenger in the shadow: it judges the snapshots that the champion has answered, for the log and nobody else.

It has a thread of its own and starts after the answer is on its way. When it falls behind, snapshots pass it by and
are counted: an answer never waits for it.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from neural_focus.errors import NeuralFocusError
from neural_focus.models.champion import load
from neural_focus.models.predict import Predictor
from neural_focus.registry.shadow_run import shadow
from neural_focus.settings import Settings
from neural_focus.store.predictions import LoggedPrediction
from serving.forecast import Forecast, ServedRows, predict
from serving.personal_models import PersonalModels
from serving.predictors import warm_up
from serving.streams import LiveStream

MOST_WAITING = 20
_LOG = logging.getLogger("neural_focus.serving")


class ShadowPredictions:
    """Holds the loaded challenger, if there is one; ``keep`` gets each row it makes, in the shadow's thread."""

    def __init__(self, settings: Settings, people: PersonalModels, keep: Callable[[LoggedPrediction], None]) -> None:
        self._settings, self._people, self._keep = settings, people, keep
        self._thread = ThreadPoolExecutor(1, "shadow")
        self._tag: str | None = None
        self._waiting = 0
        self._predictor: Predictor | None = None
        self._passed_by = 0

    @property
    def version(self) -> str | None:
        """The challenger's version, None where nothing is in the shadow."""
        return None if self._predictor is None else self._predictor.version

    def refresh(self) -> None:
        """Load the named challenger, or let go of it. One that cannot be loaded is refused once, loudly.

        Says how many snapshots have passed the challenger by since the last look.
        """
        if passed := self._passed_by:
            self._passed_by = 0
            _LOG.warning("%d snapshots passed the challenger by: it answers too slowly", passed)
        try:
            named = shadow(self._settings)
            tag = named.tag if named else None
            if tag == self._tag:
                return
            self._tag, self._predictor = tag, None
            if tag is not None:
                predictor = load(self._settings, tag)
                warm_up(predictor)
                self._predictor = predictor
                _LOG.info("model %s predicts in the shadow from now on", tag)
        except NeuralFocusError as error:
            _LOG.error("no shadow run: %s", error)

    def consider(self, answered: Sequence[tuple[LiveStream, Forecast]]) -> None:
        """Judge snapshots that were answered together later; returns at once."""
        if self._predictor is None or not answered:
            return
        if self._waiting >= MOST_WAITING:
            self._passed_by += len(answered)
            return
        self._waiting += 1
        self._thread.submit(partial(self._predict, self._predictor, answered))

    def close(self) -> None:
        """Finish what waits."""
        self._thread.shutdown()

    def _predict(self, predictor: Predictor, answered: Sequence[tuple[LiveStream, Forecast]]) -> None:
        try:
            rows: dict[int, ServedRows] = {id(made.rows): made.rows for _, made in answered}
            for one in rows.values():  # several, where several models have answered
                began = time.perf_counter()
                predictions, _ = predict(predictor, self._people, one)
                latency_ms = (time.perf_counter() - began) * 1e3
                for stream, made in answered:
                    if made.rows is one:
                        who, prediction = (
                            (stream.user_id, stream.machine_id, stream.session_id),
                            predictions[made.place],
                        )
                        self._keep(LoggedPrediction(*who, prediction, "challenger", latency_ms))
        except Exception:  # noqa: BLE001 - a challenger's mistake is its own: the service goes on
            _LOG.exception("the challenger %s failed", predictor.version)
        finally:
            self._waiting -= 1
