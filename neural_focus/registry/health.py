"""What the flow drift last found of the model that serves, in a sentence for the page.

::

    <home>/bentoml/health.json    {"at": ISO 8601, "sentence"}; beside it drift.jsonl, the looks themselves
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from neural_focus.atomic_write import atomic_write

if TYPE_CHECKING:
    from neural_focus.settings import Settings


def write_health(settings: Settings, sentence: str, at: str) -> None:
    """Keep the sentence of a look made ``at``."""
    atomic_write(settings.models / "health.json", json.dumps({"at": at, "sentence": sentence}).encode())


def read_health(settings: Settings) -> str:
    """The sentence of the last look for drift; "" before the first."""
    try:
        return str(json.loads((settings.models / "health.json").read_text())["sentence"])
    except (OSError, ValueError, KeyError):
        return ""
