"""A trained model as named files: trees or weights, ``model.json`` with everything around them, and a manifest.

No pickle anywhere: XGBoost's UBJ, safetensors, ONNX and JSON.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from neural_focus.errors import ContractError

MANIFEST = "manifest.json"
MODEL = "model.json"


@dataclass(frozen=True, slots=True)
class TrainedBundle:
    """``files``: name → bytes, without the manifest. ``manifest``: what people and gates read about it."""

    kind: str
    files: Mapping[str, bytes]
    manifest: Mapping[str, Any]


def file_hashes(files: Mapping[str, bytes]) -> dict[str, str]:
    """SHA-256 of each file, hex, by name."""
    return {name: hashlib.sha256(data).hexdigest() for name, data in sorted(files.items())}


def write_json(data: object) -> bytes:
    """Canonical JSON: the same content is the same bytes."""
    return json.dumps(data, sort_keys=True, indent=1, ensure_ascii=False).encode()


def verify(files: Mapping[str, bytes], manifest: Mapping[str, Any], where: str) -> None:
    """Check the files against the manifest.

    Raises:
        ContractError: a file is missing, was added, or is not what was saved.
    """
    found, promised = file_hashes(files), manifest.get("files", {})
    for name in sorted(found.keys() | promised.keys()):
        if found.get(name) != promised.get(name):
            state = "missing" if name not in found else "unknown" if name not in promised else "changed"
            raise ContractError(
                f"{where}: {name} is {state}",
                why="it is not what was saved",
                hint="Roll back or train a new model: neural-focus models rollback",
            )
