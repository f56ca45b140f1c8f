"""Training the recurrent network with PyTorch: the LSTM half of the two models.

::

    moments ──► folds of people (or of days) ──► a member each, trained on the other folds, stopped by its own
                                                     │
                        margins of its own fold ◄────┘ what the calibration is fitted on: nobody judges what it has seen
                        served margin = mean over the members

One network has a head for each target and is trained on all of them at once. After every epoch weights, optimiser and
the best weights so far are kept as safetensors if a folder is given: a killed training goes on from there, to the same
bytes. Randomness is drawn anew for each epoch from (seed, member, epoch), so there is no other state.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import safetensors.torch
import torch
from safetensors import safe_open
from torch import nn

from neural_focus.atomic_write import atomic_write
from neural_focus.models.inputs import Rows
from neural_focus.models.network import Network, Recipe
from neural_focus.models.sequences import CHANNELS

Losses = list[float]


class SequenceNetwork(nn.Module):
    """One member: float32[n, width], float32[n, STEPS, CHANNELS] → log-odds float32[n, heads]."""

    def __init__(self, width: int, heads: int, recipe: Recipe) -> None:
        super().__init__()
        self.squeeze = nn.Linear(CHANNELS, recipe.hidden)
        self.lstm = nn.LSTM(recipe.hidden, recipe.hidden, batch_first=True)
        self.now = nn.Linear(width, recipe.layer)
        self.heads = nn.Linear(recipe.hidden + recipe.layer, heads)
        self.wide = nn.Linear(width, heads, bias=False)
        nn.init.zeros_(self.wide.weight)
        self.drop, self.drop_inputs = nn.Dropout(recipe.dropout), nn.Dropout(recipe.dropout / 2)

    def forward(self, now: torch.Tensor, steps: torch.Tensor) -> torch.Tensor:
        """The last state beside a layer over the inputs of now, and these once more by themselves."""
        now = self.drop_inputs(now)
        states, _ = self.lstm(torch.tanh(self.squeeze(self.drop_inputs(steps))))
        both = torch.cat([states[:, -1], torch.relu(self.now(now))], dim=1)
        margins: torch.Tensor = self.heads(self.drop(both)) + self.wide(now)
        return margins


@dataclass(frozen=True, slots=True)
class Examples:
    """Standardised inputs of now float32[n, width], steps float16[n, STEPS, CHANNELS] and labels float32[n, heads]
    with -1 for none."""

    now: Rows
    steps: npt.NDArray[np.float16]
    label: Rows

    def digest(self) -> str:
        """What a checkpoint belongs to."""
        whole = hashlib.sha256()
        for part in (self.now, self.steps, self.label):
            whole.update(np.ascontiguousarray(part).tobytes())
        return whole.hexdigest()


def as_torch(trained: Network, heads: int, recipe: Recipe | None = None) -> list[SequenceNetwork]:
    """The members of a trained network as PyTorch modules: what ``network`` is measured and checked against."""
    members = []
    for number in range(len(trained.weights["heads.bias"])):
        member = SequenceNetwork(trained.width, heads, recipe or Recipe())
        member.load_state_dict({name: torch.from_numpy(value[number]) for name, value in trained.weights.items()})
        members.append(member.eval())
    return members


def training_device() -> torch.device:
    """Where networks are trained: a GPU where there is one."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def fit_member(
    examples: Examples,
    fit: npt.NDArray[np.int64],
    held: npt.NDArray[np.int64],
    *,
    member: int,
    seed: int,
    recipe: Recipe,
    folder: Path | None = None,
) -> dict[str, Rows]:
    """Weights of one member, trained on the rows ``fit`` until the loss on ``held`` stops falling.

    Same examples, rows and seed: same bytes, on a CPU, also after a kill if ``folder`` is given.
    """
    torch.set_num_threads(1)  # so small a network only loses by more, and sums stay in one order
    device = training_device()
    torch.manual_seed(_mixed(seed, member))
    network = SequenceNetwork(examples.now.shape[1], examples.label.shape[1], recipe).to(device)
    optimiser = torch.optim.AdamW(network.parameters(), lr=recipe.rate, weight_decay=recipe.weight_decay)
    store = _Checkpoint(folder, examples, fit, held, f"{member} {seed} {recipe}")
    begun, best, losses = store.take_up(network, optimiser)
    for epoch in range(begun, recipe.epochs):
        if _gone_stale(losses, recipe.patience):
            break
        _one_epoch(network, optimiser, examples, fit, _mixed(seed, member, epoch), epoch / recipe.epochs, recipe)
        losses.append(_loss(network, examples, held, recipe))
        if losses[-1] == min(losses) or not best:
            best = {name: value.detach().cpu().clone() for name, value in network.state_dict().items()}
        store.keep(network, optimiser, best, losses)
    return {name: value.numpy().copy() for name, value in best.items()}


def _gone_stale(losses: Losses, patience: int) -> bool:
    return len(losses) > patience and min(losses) not in losses[-patience:]


def _one_epoch(
    network: SequenceNetwork,
    optimiser: torch.optim.Optimizer,
    examples: Examples,
    fit: npt.NDArray[np.int64],
    seed: int,
    progress: float,
    recipe: Recipe,
) -> None:
    torch.manual_seed(seed)
    order = np.random.default_rng(seed).permutation(fit)[: recipe.most_rows]
    network.train()
    for start in range(0, len(order), recipe.batch):
        share = progress + start / len(order) / recipe.epochs
        for group in optimiser.param_groups:
            group["lr"] = recipe.rate * _schedule(share)
        loss = _batch_loss(network, examples, order[start : start + recipe.batch])
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()


def _schedule(share: float) -> float:
    """One cycle (Smith 2018): up over the first fifth, then down a cosine."""
    if share < 0.2:
        return 0.1 + 0.9 * share / 0.2
    return 0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * (share - 0.2) / 0.8))


def _batch_loss(network: SequenceNetwork, examples: Examples, rows: npt.NDArray[np.int64]) -> torch.Tensor:
    """Mean log-loss over the labels there are."""
    device = next(network.parameters()).device
    now = torch.from_numpy(examples.now[rows]).to(device)
    steps = torch.from_numpy(examples.steps[rows]).to(device).float()
    truth = torch.from_numpy(examples.label[rows]).to(device)
    known = (truth >= 0).float()
    margins = network(now, steps)
    return nn.functional.binary_cross_entropy_with_logits(margins, truth.clamp(min=0), weight=known)


def _loss(network: SequenceNetwork, examples: Examples, rows: npt.NDArray[np.int64], recipe: Recipe) -> float:
    network.eval()
    rows = rows[:: max(1, len(rows) // recipe.most_rows)]
    with torch.inference_mode():
        parts = [
            (float(_batch_loss(network, examples, rows[at : at + 2048])), len(rows[at : at + 2048]))
            for at in range(0, len(rows), 2048)
        ]
    return sum(loss * count for loss, count in parts) / max(len(rows), 1)


def _mixed(*numbers: int) -> int:
    return int(np.random.SeedSequence(numbers).generate_state(1, np.uint32)[0])


class _Checkpoint:
    """A training's state after its last finished epoch, in one file that is renamed into place."""

    def __init__(
        self,
        folder: Path | None,
        examples: Examples,
        fit: npt.NDArray[np.int64],
        held: npt.NDArray[np.int64],
        how: str,
    ) -> None:
        self._path: Path | None = None
        if folder is not None:
            whole = f"{examples.digest()} {hashlib.sha256(fit.tobytes() + held.tobytes()).hexdigest()} {how}"
            self._path = folder / f"{hashlib.sha256(whole.encode()).hexdigest()[:24]}.safetensors"

    def take_up(
        self, network: SequenceNetwork, optimiser: torch.optim.Optimizer
    ) -> tuple[int, dict[str, torch.Tensor], Losses]:
        """Load what is there; the epoch to go on with, the best weights so far, and the losses."""
        if self._path is None or not self._path.exists():
            return 0, {}, []
        kept: dict[str, dict[str, torch.Tensor]] = {"weights": {}, "best": {}, "optimiser": {}}
        with safe_open(self._path, "pt") as file:
            losses: Losses = json.loads(file.metadata()["losses"])
            for key in file.keys():  # noqa: SIM118 - not a mapping
                kind, _, name = key.partition("/")
                kept[kind][name] = file.get_tensor(key)
        network.load_state_dict(kept["weights"])
        state: dict[int, dict[str, torch.Tensor]] = {}
        for name, value in kept["optimiser"].items():
            number, _, what = name.partition("/")
            state.setdefault(int(number), {})[what] = value
        optimiser.load_state_dict({"state": state, "param_groups": optimiser.state_dict()["param_groups"]})
        return len(losses), kept["best"], losses

    def keep(
        self,
        network: SequenceNetwork,
        optimiser: torch.optim.Optimizer,
        best: Mapping[str, torch.Tensor],
        losses: Losses,
    ) -> None:
        if self._path is None:
            return
        state: dict[int, dict[str, Any]] = optimiser.state_dict()["state"]
        tensors = {f"weights/{name}": value for name, value in network.state_dict().items()}
        tensors |= {f"best/{name}": value for name, value in best.items()}
        tensors |= {f"optimiser/{n}/{what}": value for n, by in state.items() for what, value in by.items()}
        whole = {name: value.detach().cpu().contiguous().clone() for name, value in tensors.items()}
        atomic_write(self._path, safetensors.torch.save(whole, {"losses": json.dumps(losses)}))
