"""A training that is killed with -9 half-way, in a process of its own, and the one that goes on from there.

The resumed model, and what it predicts, are the bytes of a training that nobody disturbed, in yet another process.
Each is killed at a step that is told beforehand: when that is, and how long it takes, is the machine's affair.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.parametrize(("kind", "at", "kept", "begun"), [("xgboost", 3, 3, 0), ("lstm", 13, 7, 1)])
def test_a_training_that_was_killed_goes_on_to_the_same_bytes(
    kind: str, at: int, kept: int, begun: int, tmp_path: Path
) -> None:
    """The trees keep a file a step, the network a file for each member, which it writes again after each of two epochs.

    Killed when it keeps the 14th, six members are whole, and the seventh has one epoch to go.
    """
    command = [sys.executable, Path(__file__).with_name("killed_training.py"), kind, tmp_path, str(at)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    whole, killed = map(json.loads, done.stdout.splitlines())
    assert whole["exit"] == 0
    assert killed["killed"] == -signal.SIGKILL and not killed["early"]
    assert killed["kept"] == kept
    assert len(killed["again"]) == begun, "what was finished is not done again"
    assert (killed["exit"], killed["told"]) == (0, whole["told"])
