"""The trained recurrent network at work, in NumPy: what serves, evaluates and explains. Training it is ``recurrent``'s.

::

    steps [n, STEPS, CHANNELS] ─► squeeze, tanh ─► LSTM ─► last state ─┐
    inputs of now [n, width]  ──► layer, ReLU ─────────────────────────┴─► heads ─┐
                              └─► straight to the heads ──────────────────────────┴─► log-odds [n, heads]

Several members of one shape are stacked along a first axis and their margins averaged. So small a network runs faster
here than in a framework, and serving need not load one. Equations of the cell: Hochreiter and Schmidhuber 1997, with
forget gates as in Gers et al. 2000, in PyTorch's order of gates (i, f, g, o).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import safetensors.numpy

from neural_focus.models.inputs import Rows
from neural_focus.models.sequences import FLAG, Recent, signed_log

Floats = npt.NDArray[np.float64]
NETWORK = "network.safetensors"
CLIP = 4.0
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(8)
_NODES, _WEIGHTS = (_NODES + 1) / 2, _WEIGHTS / 2


@dataclass(frozen=True, slots=True)
class Scales:
    """Mean and scale float32 of the inputs of now [width] and of the steps' channels [CHANNELS], as logarithms."""

    now_mean: Rows
    now_scale: Rows
    step_mean: Rows
    step_scale: Rows

    def now(self, rows: Rows) -> Rows:
        """Inputs float32[n, width] on one scale."""
        return np.asarray(np.clip((signed_log(rows) - self.now_mean) / self.now_scale, -CLIP, CLIP), np.float32)

    def steps(self, recent: Recent) -> Rows:
        """Steps [n, STEPS, CHANNELS] on one scale; an empty one is all zero."""
        steps = np.clip((recent.astype(np.float32) - self.step_mean) / self.step_scale, -CLIP, CLIP)
        steps[..., FLAG] = 1
        return np.asarray(steps * recent[..., FLAG:].astype(np.float32), np.float32)


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a member is trained; one for every log, nothing is tuned to one file."""

    hidden: int = 32
    layer: int = 32
    epochs: int = 12
    patience: int = 3
    batch: int = 256
    rate: float = 3e-3
    weight_decay: float = 0.05
    dropout: float = 0.2
    most_rows: int = 120_000
    """Moments an epoch, drawn anew for each."""


@dataclass(frozen=True, slots=True)
class Network:
    """Weights of all members, float32[members, out, in] or [members, out], named as ``recurrent.SequenceNetwork``'s."""

    weights: Mapping[str, Rows]
    scales: Scales

    @property
    def width(self) -> int:
        """How many inputs of now there are."""
        return len(self.scales.now_mean)

    def margins(self, rows: Rows, recent: Recent) -> Floats:
        """Log-odds float64[n, heads], averaged over the members."""
        blocks = [self._block(rows[at : at + 4096], recent[at : at + 4096]) for at in range(0, max(len(rows), 1), 4096)]
        return np.concatenate(blocks)

    def member_margins(self, member: int, rows: Rows, recent: Recent) -> Floats:
        """Log-odds of one member alone."""
        one = {name: values[member : member + 1] for name, values in self.weights.items()}
        return Network(one, self.scales).margins(rows, recent)

    def _block(self, rows: Rows, recent: Recent) -> Floats:
        tape = self._forward(self.scales.now(rows), self.scales.steps(recent))
        return np.asarray(tape.margins.mean(axis=0), np.float64)

    def attribute(
        self, head: int, row: Rows, recent: Recent, reference: Rows, reference_recent: Recent
    ) -> tuple[Floats, Floats]:
        """Integrated gradients of one moment's log-odds against a reference (Sundararajan et al. 2017).

        ``row`` and ``reference`` float32[width], ``recent`` and ``reference_recent`` [STEPS, CHANNELS]. Returns what
        each input of now adds, float64[width], and what each channel of each step adds, float64[STEPS, CHANNELS];
        together they are the difference of both log-odds, but for the error of the quadrature (8 Gauss–Legendre nodes).
        """
        now, from_now = self.scales.now(row[None])[0], self.scales.now(reference[None])[0]
        steps, from_steps = self.scales.steps(recent[None])[0], self.scales.steps(reference_recent[None])[0]
        share = _NODES.astype(np.float32)
        along = from_now + share[:, None] * (now - from_now)
        along_steps = from_steps + share[:, None, None] * (steps - from_steps)
        slope, slope_steps = self._gradients(head, along, along_steps)
        weight = _WEIGHTS / len(self.weights["heads.bias"])
        mean = np.einsum("p,spw->w", weight, slope)
        mean_steps = np.einsum("p,sptc->tc", weight, slope_steps)
        return mean * (now - from_now), mean_steps * (steps - from_steps)

    def _forward(self, now: Rows, steps: Rows) -> _Tape:
        w = self.weights
        squeezed = np.tanh(steps @ w["squeeze.weight"].transpose(0, 2, 1)[:, None] + w["squeeze.bias"][:, None, None])
        bias = w["lstm.bias_ih_l0"] + w["lstm.bias_hh_l0"]
        into = squeezed @ w["lstm.weight_ih_l0"].transpose(0, 2, 1)[:, None] + bias[:, None, None]
        again = np.ascontiguousarray(w["lstm.weight_hh_l0"].transpose(0, 2, 1))
        members, count, size = len(bias), len(now), again.shape[1]
        hidden = np.zeros((members, count, size), np.float32)
        cell, cells, gates = hidden, [hidden], []
        for step in range(steps.shape[1]):
            gate = into[:, :, step] + hidden @ again
            candidate = np.tanh(gate[..., 2 * size : 3 * size])
            gate = _sigmoid(gate)
            gate[..., 2 * size : 3 * size] = candidate
            cell = gate[..., size : 2 * size] * cell + gate[..., :size] * candidate
            hidden = gate[..., 3 * size :] * np.tanh(cell)
            cells.append(cell)
            gates.append(gate)
        before = now @ w["now.weight"].transpose(0, 2, 1) + w["now.bias"][:, None]
        both = np.concatenate([hidden, np.maximum(before, 0)], axis=2)
        margins = both @ w["heads.weight"].transpose(0, 2, 1) + w["heads.bias"][:, None]
        margins = margins + now @ w["wide.weight"].transpose(0, 2, 1)
        return _Tape(margins, squeezed, before, cells, gates)

    def _gradients(self, head: int, now: Rows, steps: Rows) -> tuple[Rows, Rows]:
        """Slopes of one head: [members, n, width] and [members, n, STEPS, CHANNELS]."""
        w, tape = self.weights, self._forward(now, steps)
        size = w["lstm.weight_hh_l0"].shape[2]
        out = w["heads.weight"][:, head]
        layer = out[:, None, size:] * (tape.before > 0)
        slope = layer @ w["now.weight"] + w["wide.weight"][:, head][:, None]
        d_hidden = np.broadcast_to(out[:, None, :size], tape.cells[0].shape)
        d_cell = np.zeros_like(tape.cells[0])
        d_steps = np.empty((len(out), len(now), steps.shape[1], w["squeeze.weight"].shape[2]), np.float32)
        for step in range(steps.shape[1] - 1, -1, -1):
            gate, cell, earlier = tape.gates[step], tape.cells[step + 1], tape.cells[step]
            i, f, g, o = (gate[..., k * size : (k + 1) * size] for k in range(4))
            bent = np.tanh(cell)
            d_cell = d_cell + d_hidden * o * (1 - bent * bent)
            parts = [d_cell * g * i * (1 - i), d_cell * earlier * f * (1 - f)]
            parts += [d_cell * i * (1 - g * g), d_hidden * bent * o * (1 - o)]
            d_gate = np.concatenate(parts, axis=2)
            d_hidden, d_cell = d_gate @ w["lstm.weight_hh_l0"], d_cell * f
            small = tape.squeezed[:, :, step]
            d_steps[:, :, step] = ((d_gate @ w["lstm.weight_ih_l0"]) * (1 - small * small)) @ w["squeeze.weight"]
        return slope, d_steps


@dataclass(frozen=True, slots=True)
class _Tape:
    """What the way back needs: [members, n, …] each, ``cells`` one more than steps."""

    margins: Rows
    squeezed: Rows
    before: Rows
    cells: list[Rows]
    gates: list[Rows]


def _sigmoid(x: Rows) -> Rows:
    return np.asarray(0.5 * (np.tanh(0.5 * x) + 1.0), np.float32)


def learn_scales(rows: Rows, recent: Recent) -> Scales:
    """Scales of training's inputs float32[n, width] and sequences [n, STEPS, CHANNELS]."""
    now = signed_log(rows)
    last = recent[:, -1].astype(np.float32)  # every moment is some step: its last ones are as good as all
    return Scales(now.mean(axis=0), _spread(now), last.mean(axis=0), _spread(last))


def network_bytes(network: Network) -> bytes:
    """Weights and scales as safetensors; the same network is the same bytes."""
    scales = {f"scales.{name}": getattr(network.scales, name) for name in Scales.__slots__}
    arrays = {name: np.ascontiguousarray(value, np.float32) for name, value in {**network.weights, **scales}.items()}
    return bytes(safetensors.numpy.save(dict(sorted(arrays.items()))))


def read_network(data: bytes) -> Network:
    """What ``network_bytes`` wrote."""
    arrays = safetensors.numpy.load(data)
    scales = Scales(**{name: arrays.pop(f"scales.{name}") for name in Scales.__slots__})
    return Network(arrays, scales)


def _spread(values: Rows) -> Rows:
    scale = values.std(axis=0)
    return np.where(scale < 1e-6, 1.0, scale).astype(np.float32)
