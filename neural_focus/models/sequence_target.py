"""One head of the network as a trained target of the inference path: margins and reasons of flattened rows.

A row is the contract's inputs, then the sequence's steps: float32[width + STEPS · CHANNELS]. Reasons are told by input:
what an input adds now and in every step before is one number, against the person's usual in all of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from neural_focus.errors import ContractError
from neural_focus.features import FEATURE_NAMES
from neural_focus.models.inputs import TYPE_NAMES, InputContract, Rows
from neural_focus.models.network import Network
from neural_focus.models.sequences import CHANNELS, FLAG, STEPS, TYPES, Recent, now_names, now_rows, signed_log

Floats = npt.NDArray[np.float64]
_TOLD = STEPS * CHANNELS


def with_steps(rows: Rows, recent: Recent) -> Rows:
    """Inputs float32[n, width] with sequences [n, STEPS, CHANNELS] flattened after them.

    Raises:
        ContractError: the sequences are missing.
    """
    if recent.shape[1:] != (STEPS, CHANNELS):
        raise ContractError(
            f"sequences of shape {recent.shape[1:]} were given to a network",
            why=f"it reads ({STEPS}, {CHANNELS})",
            hint="Read the moments with their sequences, or use a model of trees",
        )
    return np.concatenate([rows, recent.reshape(len(rows), _TOLD).astype(np.float32)], axis=1)


@dataclass(frozen=True, slots=True)
class SequenceTarget:
    """The head number ``head`` of a network that was trained on inputs of ``contract``."""

    network: Network
    head: int
    contract: InputContract

    @property
    def names(self) -> tuple[str, ...]:
        """What reasons are about: the contract's columns and the counts of event types."""
        return now_names(self.contract)

    def margins(self, rows: Rows) -> Floats:
        """Log-odds float64[n] of flattened rows."""
        return self.network.margins(*split_rows(self.contract, rows))[:, self.head]

    def plain(self, row: Rows) -> Rows:
        """The values that reasons tell, float32[len(names)], of one flattened row."""
        values: Rows = split_rows(self.contract, row[None])[0][0]
        return values

    def contributions(self, row: Rows, usual: Rows | None = None) -> Floats:
        """What each of ``names`` adds to one row's log-odds against ``usual`` float32[len(names)].

        By default against the mean of training.
        """
        now, recent = split_rows(self.contract, row[None])
        reference = self._mean() if usual is None else usual
        there = recent[0, :, FLAG:]
        own, by_step = self.network.attribute(
            self.head, now[0], recent[0], reference, self.usual_steps(reference) * there
        )
        shares = own.copy()
        for name, share in zip(_CHANNEL_NAMES, by_step.sum(axis=0), strict=False):
            if name in self.names:
                shares[self.names.index(name)] += share
        return shares

    def replaced(self, row: Rows, name: str, usual: Rows) -> Rows:
        """The flattened row with one of ``names`` back at the usual, now and in every step that is there."""
        recent = split_rows(self.contract, row[None])[1]
        place, width = self.names.index(name), len(self.contract.names)
        out = row.copy()
        if place < width:
            out[place] = usual[place]
        if name in _CHANNEL_NAMES:
            channel = _CHANNEL_NAMES.index(name)
            steps = recent[0].astype(np.float32)
            steps[:, channel] = self.usual_steps(usual)[channel] * steps[:, FLAG]
            out[len(row) - _TOLD :] = steps.ravel()
        return out

    def usual_steps(self, usual: Rows) -> Rows:
        """The step float32[CHANNELS] of a stream in which everything is as usual."""
        step = np.zeros(CHANNELS, np.float32)
        for channel, name in enumerate(FEATURE_NAMES):
            if name in self.contract.names:
                step[channel] = signed_log(usual[[self.contract.names.index(name)]])[0]
        first = self.names.index(TYPE_NAMES[0])
        step[TYPES] = usual[first : first + len(TYPE_NAMES)]
        step[FLAG] = 1
        return step

    def _mean(self) -> Rows:
        mean = self.network.scales.now_mean
        return np.asarray(np.sign(mean) * np.expm1(np.abs(mean)), np.float32)


_CHANNEL_NAMES = (*FEATURE_NAMES, *TYPE_NAMES)


def margins_of_all(targets: Mapping[str, object], rows: Rows) -> dict[str, Floats]:
    """Log-odds float64[n] of every target of one network, in one pass."""
    heads = {name: target for name, target in targets.items() if isinstance(target, SequenceTarget)}
    one = next(iter(heads.values()))
    margins = one.network.margins(*split_rows(one.contract, rows))
    return {name: margins[:, target.head] for name, target in heads.items()}


def split_rows(contract: InputContract, rows: Rows) -> tuple[Rows, Recent]:
    """Inputs of now (``now_names``) float32[n, width], and sequences [n, STEPS, CHANNELS]."""
    recent = rows[:, -_TOLD:].reshape(len(rows), STEPS, CHANNELS).astype(np.float16)
    return now_rows(contract, rows[:, :-_TOLD], recent), recent
