"""The API and its description, by all checks of Schemathesis: bodies, parameters, methods, sequences of calls."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

from serving_process import Service

from serving.schema import KEPT

CONFIG = Path(__file__).parent.parent / "schemathesis.toml"
EXAMPLES = os.environ.get("NEURAL_FOCUS_API_EXAMPLES")
"""Of each endpoint and kind: ``make fuzz`` draws many, other ones each time; else a few, and always the same."""
DRAWN = ["-n", EXAMPLES] if EXAMPLES else ["-n", "20", "--seed", "7", "--generation-deterministic"]


def test_the_service_does_what_its_description_says(service: Service) -> None:
    command = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(CONFIG), "run"]
    command += [f"{service.url}/api/v1/openapi.json", "-H", f"Authorization: Bearer {service.secrets.api_token}"]
    done = subprocess.run([*command, *DRAWN, "--no-color"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr
    with service.http() as client:
        described = client.get("/api/v1/openapi.json").json()
    assert described == json.loads(KEPT.read_text("utf-8")), "the committed one: python -m serving.schema --keep"
    tested = re.search(r"Tested: (\d+)", done.stdout)
    assert tested is not None and int(tested[1]) == sum(map(len, described["paths"].values()))
    assert "Traceback" not in service.log.read_text("utf-8", "replace")
