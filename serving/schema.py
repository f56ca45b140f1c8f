"""The API's schemas as files, for whoever generates types from them: ``python -m serving.schema --out DIR``.

``python -m serving.schema --keep`` writes ``serving/openapi.json``, the committed description, unless it takes back
what the one that is there promises.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from fastapi import FastAPI

from neural_focus.errors import ContractError
from neural_focus.messages import message_schema
from serving.api import DESCRIBED, add_api
from serving.api_changes import broken_promises

OPENAPI_NAME = "openapi.json"
MESSAGES_NAME = "messages.schema.json"
KEPT = Path(__file__).with_name(OPENAPI_NAME)
"""The committed description."""


def openapi() -> dict[str, Any]:
    """The description of the REST endpoints (OpenAPI 3.1)."""
    app = FastAPI(**DESCRIBED)
    add_api(app)
    return app.openapi()


def write_schemas(folder: Path) -> list[Path]:
    """Write both schemas into ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    return [
        _write(folder / name, made) for name, made in ((OPENAPI_NAME, openapi()), (MESSAGES_NAME, message_schema()))
    ]


def keep_description(path: Path = KEPT) -> None:
    """Write the description where it is committed.

    Raises:
        ContractError: it takes back what the one that is there promises; then that stays.
    """
    made = openapi()
    if path.exists() and (broken := broken_promises(json.loads(path.read_text("utf-8")), made)):
        hint = "Add instead, or make it /api/v2: docs/api.md has the promise"
        raise ContractError("The description takes back what /api/v1 promises", why="; ".join(broken), hint=hint)
    _write(path, made)


def _write(path: Path, schema: dict[str, Any]) -> Path:
    path.write_text(json.dumps(schema, indent=1, sort_keys=True, ensure_ascii=False) + "\n", "utf-8")
    return path


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Write the OpenAPI and message schemas")
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--out", type=Path, help="folder to write into")
    where.add_argument("--keep", action="store_true", help="write the committed description")
    asked = parser.parse_args()
    if asked.keep:
        keep_description()
    else:
        write_schemas(asked.out)
