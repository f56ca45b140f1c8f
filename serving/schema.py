"""The API's schemas as files, for whoever generates types from them: ``python -m serving.schema --out DIR``."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from fastapi import FastAPI

from neural_focus.messages import message_schema
from serving.api import add_api

OPENAPI_NAME = "openapi.json"
MESSAGES_NAME = "messages.schema.json"


def openapi() -> dict[str, Any]:
    """The description of the REST endpoints (OpenAPI 3.1)."""
    app = FastAPI(title="Neural Focus")
    add_api(app)
    return app.openapi()


def write_schemas(folder: Path) -> list[Path]:
    """Write both schemas into ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, schema in ((OPENAPI_NAME, openapi()), (MESSAGES_NAME, message_schema())):
        path = folder / name
        path.write_text(json.dumps(schema, indent=1, sort_keys=True, ensure_ascii=False) + "\n")
        written.append(path)
    return written


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Write the OpenAPI and message schemas")
    parser.add_argument("--out", type=Path, required=True, help="folder to write into")
    write_schemas(parser.parse_args().out)
