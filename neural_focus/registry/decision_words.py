"""A line of the decision log in words: a gate that failed is told as a failure, with its figures."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

_BESIDE = ("refused", "shadows", "shadow ended")
"""Decisions beside whom served, who then served on."""
_MINUS = re.compile(r"(?<!\w)-(?=\d)")


def what_was_decided(line: Mapping[str, Any]) -> str:
    """The decision, by whom, and beside which model: "refused by gates, beside xgboost_v1"."""
    decision, before = line["decision"], line["before"]
    sentence = f"{'put into the shadow' if decision == 'shadows' else decision} by {line['by']}"
    if not before or before == line["model"]:
        return sentence
    return f"{sentence}, {'beside' if decision in _BESIDE else 'after'} {short(before)}"


def when(line: Mapping[str, Any]) -> str:
    """Day and minute, UTC."""
    return str(line["at"])[:16].replace("T", " ")


def not_passed(gates: Sequence[Mapping[str, Any]]) -> list[str]:
    """Each gate that failed, as "did not pass: its name (its figures)"."""
    return [
        f"did not pass: {gate['name']} ({_MINUS.sub('−', str(gate['found']))})" for gate in gates if not gate["passed"]
    ]


def short(tag: str) -> str:
    """A tag's version alone."""
    return tag.rsplit(":", 1)[-1]
