"""How to start the service: the command and the environment that a supervisor gives it."""

from __future__ import annotations

import sys
from collections.abc import Mapping

from neural_focus.settings import PREFIX, Settings, listening_environment

TARGET = "serving.service:NeuralFocus"


def service_command(settings: Settings) -> list[str]:
    """The command line of the service; it stops on SIGINT or SIGTERM."""
    return [
        *(sys.executable, "-m", "bentoml", "serve", TARGET),
        *("--host", settings.host, "--port", str(settings.serving_port)),
        *("--timeout-graceful-shutdown", "5"),
        *(("--ssl-certfile", str(settings.tls_certificate)) if settings.tls_certificate else ()),
        *(("--ssl-keyfile", str(settings.tls_key)) if settings.tls_key else ()),
    ]


def service_environment(settings: Settings, environ: Mapping[str, str]) -> dict[str, str]:
    """``environ`` with what the service needs: where things live, and no telemetry.

    ``settings.database_url`` must be set: the service starts no database.
    """
    return {
        **environ,
        **listening_environment(settings),
        "DATABASE_URL": settings.database_url or "",
        f"{PREFIX}HOME": str(settings.home),
        f"{PREFIX}SERVING_PORT": str(settings.serving_port),
        f"{PREFIX}PREFECT_PORT": str(settings.prefect_port),
        f"{PREFIX}USERNAME": settings.username,
        f"{PREFIX}ZONE": settings.zone,
        "BENTOML_HOME": str(settings.models),
        "BENTOML_DO_NOT_TRACK": "True",
        "DO_NOT_TRACK": "1",
        "FEAST_USAGE": "False",
        "OMP_NUM_THREADS": "1",
    }
