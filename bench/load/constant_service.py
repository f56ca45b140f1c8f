"""A BentoML endpoint that returns a constant: what the framework alone costs, set up as the service is."""

from __future__ import annotations

import bentoml

ANSWER = {
    "prediction": {
        "timestamp": "2026-01-01T00:00:00.000000Z",
        "focus_score": 50.0,
        "distraction_risk": 0.25,
        "risk_category": "LOW",
        "confidence": 0.8,
        "contributing_factors": [],
        "model_version": "constant",
    },
    "age_s": 0.5,
}


@bentoml.service(
    name="constant",
    workers=1,
    traffic={"timeout": 30},
    metrics={"enabled": True},
    logging={"access": {"enabled": False}},
)
class Constant:
    """Answers every request alike."""

    @bentoml.api(route="/predict")  # type: ignore[untyped-decorator]
    async def predict(self) -> dict[str, object]:
        """The constant."""
        return ANSWER
