"""What one check of ``doctor`` found."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Grade(StrEnum):
    """How a check ended."""

    WELL = "✓"
    LIMITED = "!"
    BROKEN = "✗"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the doctor's report."""

    state: Grade
    subject: str
    description: str
    hint: str = ""
