"""A training that is killed with -9 half-way, in a process of its own, and the one that goes on from there.

The resumed model, and what it predicts, are the bytes of a training that nobody disturbed, in yet another process.
"""

from __future__ import annotations

import multiprocessing
import signal
import sys
import time
from hashlib import sha256
from multiprocessing.context import ForkServerProcess
from pathlib import Path

import pytest

from neural_focus.models.bundle import TrainedBundle

TESTS = Path(__file__).parents[1]
PATIENCE_SECONDS = 120.0
FORKS = multiprocessing.get_context("forkserver")
"""Its server has imported the libraries once, and no thread of theirs runs in it yet."""


def trained(kind: str, checkpoint: Path | None) -> TrainedBundle:
    """A model of made-up moments."""
    from synthetic_streams import random_moments

    from neural_focus.models.recurrent import Recipe
    from neural_focus.models.sequence_training import train_sequences
    from neural_focus.models.training import train_moments

    moments = random_moments(5, people=1, days=5)
    if kind == "xgboost":
        return train_moments(*moments, is_demo=True, input_version=1, checkpoint=checkpoint)
    recipe = Recipe(hidden=8, layer=16, epochs=3, batch=128, most_rows=2_000)
    return train_sequences(*moments, is_demo=True, input_version=1, checkpoint=checkpoint, recipe=recipe)


def told(bundle: TrainedBundle) -> str:
    """A hash of every file, and one of the predictions on moments that it has not seen."""
    from synthetic_streams import random_moments

    from neural_focus.models.predict import Predictor

    predictor = Predictor.from_files(bundle.files, bundle.manifest, "v1")
    moments, _ = random_moments(6, people=1, days=2)
    said = [predictor.judge_moments(target, moments).tobytes() for target in sorted(predictor.targets)]
    files = sha256(b"".join(name.encode() + data for name, data in sorted(bundle.files.items()))).hexdigest()
    return f"{files} {sha256(b''.join(said)).hexdigest()}"


def train_and_tell(kind: str, checkpoint: Path, answer: Path) -> None:
    """What each process does."""
    sys.path.insert(0, str(TESTS))
    answer.write_text(told(trained(kind, checkpoint)))


@pytest.mark.parametrize("kind", ["xgboost", "lstm"])
def test_a_training_that_was_killed_goes_on_to_the_same_bytes(kind: str, tmp_path: Path) -> None:
    kept, answer = tmp_path / "kept", tmp_path / "answer"
    kept.mkdir()
    doomed = _start(kind, kept, answer)
    _wait_for_progress(doomed, kept)
    doomed.kill()
    doomed.join(PATIENCE_SECONDS)
    assert doomed.exitcode == -signal.SIGKILL and not answer.exists()
    left = {path: path.stat().st_mtime_ns for path in kept.glob("*.ubj")}
    resumed = _start(kind, kept, answer)
    resumed.join(PATIENCE_SECONDS)
    assert resumed.exitcode == 0
    assert {path: path.stat().st_mtime_ns for path in left} == left, "what was finished is not done again"
    assert answer.read_text() == told(trained(kind, None))


def _start(kind: str, kept: Path, answer: Path) -> ForkServerProcess:
    FORKS.set_forkserver_preload(["neural_focus.models.training", "neural_focus.models.sequence_training"])
    process = FORKS.Process(target=train_and_tell, args=(kind, kept, answer))
    process.start()
    return process


def _wait_for_progress(process: ForkServerProcess, kept: Path) -> None:
    """Until something is kept; it is far from done then."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not any(kept.glob("*.ubj")) and not any(kept.glob("*.safetensors")):
        assert process.is_alive() and time.monotonic() < deadline
        time.sleep(0.01)
