"""The BentoML service. ``bentoml serve serving.service:NeuralFocus`` runs it; ``serving.launch`` says how.

Behind one gate stand BentoML's own endpoints (``/predict``, ``/metrics``, ``/docs.json``) and the mounted application.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import bentoml
import msgspec

from neural_focus.secrets import Secrets, load_secrets
from neural_focus.settings import Settings, read_settings
from serving import queries
from serving.app import make_app
from serving.gate import PERSON_KEY, AccessGate
from serving.problems import MEDIA_TYPE, ProblemError, problem_of
from serving.runtime import Runtime


@cache
def settings() -> Settings:
    """The settings of this process, read once."""
    return read_settings()


@cache
def secrets() -> Secrets:
    """The secrets of this installation, read once."""
    return load_secrets(settings().secrets)


@cache
def runtime() -> Runtime:
    """The service's parts; made at the first use, which is its start."""
    return Runtime(settings(), secrets())


@bentoml.service(
    name="neural_focus",
    workers=1,  # streams and offers live in one process
    traffic={"timeout": 30},
    metrics={"enabled": True},
    tracing={"excluded_urls": "/ws"},  # a span for each message that comes or goes took a third of the time
    logging={"access": {"enabled": False}},
)
@bentoml.asgi_app(make_app(runtime), path="/")
class NeuralFocus:
    """Predicts when focus is about to break."""

    @bentoml.on_startup  # type: ignore[untyped-decorator]
    async def start(self) -> None:
        """Open the stores and start the loops."""
        await runtime().start()

    @bentoml.on_shutdown  # type: ignore[untyped-decorator]
    async def stop(self) -> None:
        """Write what waits and close."""
        await runtime().stop()

    @bentoml.api(route="/predict")  # type: ignore[untyped-decorator]
    async def predict(self, ctx: bentoml.Context) -> dict[str, Any]:
        """The prediction for the caller's latest snapshot; a problem document where there is none."""
        user_id = await runtime().person_id(ctx.request.scope[PERSON_KEY])
        try:
            answer: dict[str, Any] = msgspec.to_builtins(await queries.prediction(runtime(), user_id))
        except ProblemError as error:
            ctx.response.status_code = error.status
            ctx.response.headers["content-type"] = MEDIA_TYPE
            return dict(msgspec.to_builtins(problem_of(error, "/predict")))
        return answer


NeuralFocus.add_asgi_middleware(  # type: ignore[attr-defined]
    AccessGate, runtime=runtime
)
