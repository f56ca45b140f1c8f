"""The LSTM half of the two models: the last moments of a stream, 10 s apart, read as a sequence.

One network has a head for each target and is trained on all of them at once. Its inputs are the inputs of the trees
(their own stream's part), standardised; a pause of more than a minute begins the sequence anew.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from neural_focus.models.calibrate import Calibration, fit_calibration
from neural_focus.models.datasets import Moments
from neural_focus.models.fitting import chosen_rows, labelled, probe_split, trainable
from neural_focus.models.inputs import Rows
from neural_focus.models.timeline import US

Floats = npt.NDArray[np.float64]
STEPS = 12
HIDDEN = 32
_CLIP = 4.0
_PAUSE_US = 60 * US
_BATCH = 256
_EPOCHS = 4
_MOST_ROWS = 40_000


class Network(nn.Module):
    """float32[batch, STEPS, width] → log-odds float32[batch, heads]."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.squeeze = nn.Linear(width, HIDDEN)
        self.lstm = nn.LSTM(HIDDEN, HIDDEN, batch_first=True)
        self.heads = nn.Linear(2 * HIDDEN, heads)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """The last hidden state, beside the last moment itself, read by one head a target."""
        small = torch.tanh(self.squeeze(x))
        states, _ = self.lstm(small)
        margins: torch.Tensor = self.heads(torch.cat([states[:, -1], small[:, -1]], dim=1))
        return margins


@dataclass(frozen=True, slots=True)
class SequenceModel:
    """A trained network with the scale of its inputs and a calibration per target."""

    network: Network
    mean: Rows
    scale: Rows
    targets: tuple[str, ...]
    calibration: Mapping[str, Calibration]

    def margins(self, moments: Moments) -> npt.NDArray[np.float32]:
        """Log-odds float32[n, len(targets)] of moments, each with those before it."""
        standard = standardise(moments.own, self.mean, self.scale)
        places = sequence_places(moments)
        blocks = []
        with torch.inference_mode():
            for start in range(0, len(moments), 4096):
                x = gather(standard, places[start : start + 4096])
                blocks.append(self.network(torch.from_numpy(x)).numpy())
        return np.concatenate(blocks)

    def probabilities(self, target: str, moments: Moments) -> Floats:
        """Calibrated probabilities float64[n] of one target."""
        margin = self.margins(moments)[:, self.targets.index(target)].astype(np.float64)
        return self.calibration[target].probabilities(margin)


def standardise(rows: Rows, mean: Rows, scale: Rows) -> Rows:
    """Inputs on one scale, clipped to four standard deviations."""
    return np.asarray(np.clip((rows - mean) / scale, -_CLIP, _CLIP), np.float32)


def sequence_places(moments: Moments) -> npt.NDArray[np.int64]:
    """Row numbers int64[n, STEPS] of the moments up to each one, oldest first; -1 before the sequence begins."""
    place = np.arange(len(moments))
    begins = np.ones(len(moments), bool)
    begins[1:] = (np.diff(moments.person) != 0) | (np.diff(moments.times_us) > _PAUSE_US)
    begins[1:] |= np.diff(moments.times_us) <= 0
    begun = np.maximum.accumulate(np.where(begins, place, 0))
    steps = place[:, None] - np.arange(STEPS - 1, -1, -1)
    return np.where(steps >= begun[:, None], steps, -1)


def gather(rows: Rows, places: npt.NDArray[np.int64]) -> Rows:
    """float32[n, STEPS, width]; zeros (the mean) where there is no moment."""
    return rows[np.maximum(places, 0)] * (places >= 0)[:, :, None].astype(np.float32)


def fit_sequences(moments: Moments, *, targets: Sequence[str], seed: int = 7) -> SequenceModel | None:
    """Train one network on the targets that have enough labels; None if none has. Same seed, same weights."""
    part = probe_split(moments)
    usable = [t for t in targets if trainable(labelled(moments.take(part == 0), t)[1])]
    if not usable:
        return None
    torch.manual_seed(seed)
    torch.set_num_threads(1)  # so small a network only loses by more, and sums stay in one order
    mean, scale = moments.own.mean(axis=0), moments.own.std(axis=0)
    scale = np.where(scale < 1e-6, 1.0, scale).astype(np.float32)
    standard, places = standardise(moments.own, mean, scale), sequence_places(moments)
    label = np.stack([_labels(moments, target) for target in usable], axis=1)
    network = Network(standard.shape[1], len(usable))
    fit_rows, held = np.flatnonzero(part == 0), np.flatnonzero(part == 1)
    _descend(network, standard, places, label, fit_rows, np.random.default_rng(seed))
    model = SequenceModel(network, mean, scale, tuple(usable), {})
    margins = model.margins(moments)
    calibration = {}
    for head, target in enumerate(usable):
        rows = held[label[held, head] >= 0]
        margin = margins[rows, head].astype(np.float64)
        calibration[target] = fit_calibration(margin, label[rows, head].astype(np.int8))
    return SequenceModel(network, mean, scale, tuple(usable), calibration)


def _labels(moments: Moments, target: str) -> npt.NDArray[np.float32]:
    found = np.full(len(moments), -1.0, np.float32)
    found[chosen_rows(moments, target)] = labelled(moments, target)[1]
    return found


def _descend(
    network: Network,
    rows: Rows,
    places: npt.NDArray[np.int64],
    label: npt.NDArray[np.float32],
    fit_rows: npt.NDArray[np.int64],
    rng: np.random.Generator,
) -> None:
    """Adam with a falling rate over a few passes; labels of -1 weigh nothing."""
    optimiser = torch.optim.AdamW(network.parameters(), lr=3e-3, weight_decay=0.02)
    network.train()
    count = min(len(fit_rows), _MOST_ROWS)
    steps = _EPOCHS * (-(-count // _BATCH))
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, max_lr=3e-3, total_steps=steps)
    for _ in range(_EPOCHS):
        order = rng.permutation(fit_rows)[:count]
        for start in range(0, count, _BATCH):
            batch = order[start : start + _BATCH]
            truth = torch.from_numpy(label[batch])
            known = (truth >= 0).float()
            margins = network(torch.from_numpy(gather(rows, places[batch])))
            loss = nn.functional.binary_cross_entropy_with_logits(margins, truth.clamp(min=0), weight=known)
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            schedule.step()
    network.eval()
