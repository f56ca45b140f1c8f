"""Trains a model of made-up moments in children of its own: one to its end, the others killed -9 on the way.

``python killed_training.py KIND FOLDER AT...``: a child for each AT is killed the AT-th time, from 0, that it keeps a
finished step in a new folder below FOLDER; another one then goes on there. Says a line of JSON for the child that
nobody disturbed, then one for each AT. The libraries are imported once, before the children are forked.
"""

from __future__ import annotations

import itertools
import json
import os
import signal
import sys
from hashlib import sha256
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from synthetic_streams import random_moments

from neural_focus.models.network import Recipe
from neural_focus.models.predict import Predictor
from neural_focus.models.sequence_model import SequenceModel
from neural_focus.models.train import train
from neural_focus.models.tree_model import TreeModel
from neural_focus.registry.bundle import TrainedBundle


class TwoEpochs(SequenceModel):
    """A network that trains in seconds."""

    recipe = Recipe(hidden=8, layer=16, epochs=2, batch=128, most_rows=2_000)


def trained(kind: str, checkpoint: Path) -> TrainedBundle:
    """The model."""
    moments = random_moments(5, people=1, days=5)
    model = TreeModel if kind == "xgboost" else TwoEpochs
    return train(model, *moments, is_demo=True, input_version=1, checkpoint=checkpoint)


def told(bundle: TrainedBundle) -> str:
    """A hash of every file, and one of the predictions on moments that it has not seen."""
    predictor = Predictor.from_files(bundle.files, bundle.manifest, "v1")
    moments, _ = random_moments(6, people=1, days=2)
    said = [predictor.judge_moments(target, moments).tobytes() for target in sorted(predictor.targets)]
    files = sha256(b"".join(name.encode() + data for name, data in sorted(bundle.files.items()))).hexdigest()
    return f"{files} {sha256(b''.join(said)).hexdigest()}"


def in_a_child(kind: str, folder: Path, answer: Path, kill_at: int | None = None) -> int:
    """Trains, and leaves what is told of the model in ``answer``; returns the child's exit code."""
    child = os.fork()
    if child == 0:
        if kill_at is not None:
            _die(folder, kill_at)
        answer.write_text(told(trained(kind, folder)))
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _die(folder: Path, at: int) -> None:
    left = itertools.count(at, -1)

    def watch(event: str, words: tuple[Any, ...]) -> None:
        if event == "os.rename" and str(words[1]).startswith(str(folder)) and next(left) == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(watch)


def main() -> None:
    kind, folder = sys.argv[1], Path(sys.argv[2])
    answer = folder / "answer"
    whole = in_a_child(kind, folder / "whole", answer)
    print(json.dumps({"exit": whole, "told": answer.read_text()}), flush=True)  # noqa: T201
    for at in map(int, sys.argv[3:]):
        kept = folder / f"killed at {at}"
        answer.unlink()
        killed = in_a_child(kind, kept, answer, at)
        early = answer.exists()
        before = {path: path.stat().st_mtime_ns for path in kept.glob("[!.]*")}
        resumed = in_a_child(kind, kept, answer)
        again = [path.name for path, written in before.items() if path.stat().st_mtime_ns != written]
        words = {"killed": killed, "early": early, "kept": len(before), "again": again}
        print(json.dumps(words | {"exit": resumed, "told": answer.read_text()}), flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
