"""What a model reads while it serves is what it was trained on: the same bits from the desktop's engine on."""

from __future__ import annotations

import uuid
from pathlib import Path

import numpy as np
from trained_person import DAY_US, TrainedPerson

from collector.live import LiveEngine
from neural_focus.features import FEATURE_NAMES
from neural_focus.messages import Snapshot
from neural_focus.models.contracts import V6
from neural_focus.models.datasets import StreamTable, cut_moments
from neural_focus.models.past import PastRows
from neural_focus.models.predict import Predictor
from neural_focus.models.sequences import LiveSteps
from neural_focus.replay import CONTROL_DTYPE, ControlKind, replay_with_inputs
from neural_focus.simulation.parameters import draw_person
from neural_focus.simulation.person import live
from neural_focus.snapshot_inputs import SnapshotInputs

AGAIN = 31
"""The piece of the day before which the agent starts again."""


def test_a_served_row_is_the_training_row_and_so_is_the_word(trained_person: TrainedPerson, tmp_path: Path) -> None:
    """A day in a desktop's engine, its snapshots as texts, the last two minutes as the service keeps them."""
    person = live(draw_person(101), 1, number=1, trials=False)
    pieces = np.array_split(person.records, 60)
    moments, _ = cut_moments([_stream(person.records, [pieces[0], pieces[AGAIN]])], V6, sequences=True)
    predictor = Predictor.from_files(trained_person.bundle.files, trained_person.bundle.manifest, "xgboost_v1")
    rows = predictor.inputs_of(moments)
    place = {int(t_us): index for index, t_us in enumerate(moments.times_us)}
    steps, met = LiveSteps(), 0
    for second in _live(pieces, tmp_path):
        features = np.array([second.features[name] for name in FEATURE_NAMES], np.float32)
        steps.observe(second.t_us, features, np.array(second.sequence, np.uint8))
        at = place.get(second.t_us)
        if at is None:
            continue
        past = PastRows.of_snapshots([SnapshotInputs.from_text(second.inputs)], steps.recent())
        assert predictor.inputs(features[None], past, 7).tobytes() == rows[at : at + 1].tobytes(), met
        assert past.recent.tobytes() == moments.recent[at : at + 1].tobytes(), met
        said = predictor.judge_moments("switch", moments.take(np.array([at])))
        assert predictor.judge(features[None], past, person=np.array([7])).batch.distraction_risk == said, met
        met += 1
    assert met == len(moments) > 2_000
    assert moments.times_us[-1] - moments.times_us[0] > DAY_US // 4


def _stream(records: np.ndarray, begins: list[np.ndarray]) -> StreamTable:
    """As a flow would have it, with a start of the agent at the first record of each of ``begins``."""
    starts = [(int(first["timestamp_us"][0]), ControlKind.RESTART, 0.0) for first in begins]
    seen, inputs = replay_with_inputs(records, np.array(starts, CONTROL_DTYPE))
    return StreamTable("7:m", 7, records, seen.timestamps_us, seen.features, seen.sequence, inputs)


def _live(pieces: list[np.ndarray], folder: Path) -> list[Snapshot]:
    """Every second of a desktop, in pieces as they are drained; the agent is started again before one of them."""
    seconds: list[Snapshot] = []
    state, spool = folder / "engine.state", folder / "spool"
    engine = LiveEngine.restore(state, spool, str(uuid.uuid4()), "UTC")
    for number, piece in enumerate(pieces):
        if number == AGAIN:
            engine.save(state)
            engine = LiveEngine.restore(state, spool, str(uuid.uuid4()), "UTC")
        seconds += engine.push(piece, {})
    return seconds + engine.close_until(int(pieces[-1]["timestamp_us"][-1]) + 400_000_000)
