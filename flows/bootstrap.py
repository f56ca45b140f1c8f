"""The first model, once: the demo people's history and everything that follows from it, as one Prefect flow run.

    history ──► features ──► labels ──► data quality ──► training ──► evaluation ──► promotion ──► A/B report

Each step is a flow of its own, so Prefect's page shows the run with its parts and what each of them left.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from datetime import timedelta

from flows.artifacts import publish_markdown
from flows.platform_flow import Platform, open_platform, platform_flow
from neural_focus.errors import ServiceError
from neural_focus.settings import Settings

Report = Callable[[str, float], None]
SHARES = {
    "history": (0.0, 0.35),
    "features": (0.35, 0.6),
    "labels": (0.6, 0.75),
    "data quality": (0.75, 0.83),
    "training": (0.83, 0.95),
    "evaluation": (0.95, 0.97),
    "promotion": (0.97, 0.98),
    "report": (0.98, 1.0),
}
"""Where each step begins and ends on the way."""

WORDS = {
    "history": "writing the demo people's history",
    "features": "computing features from the events",
    "labels": "labelling moments",
    "data quality": "checking the data",
    "training": "training",
    "evaluation": "evaluating on held-out days",
    "promotion": "judging whether it may serve",
    "report": "writing the A/B report",
}
"""What a person sees of each step."""

_report: ContextVar[Report | None] = ContextVar("report", default=None)
NEVER = timedelta(days=3650)


@platform_flow(
    name="history",
    description="Writes the demo people's history, marked as demo everywhere, unless it is there.",
    stale_after=NEVER,
)
def history(platform: Platform) -> int:
    """Returns how many events were added."""
    from neural_focus.simulation.history import write_history

    found = write_history(platform.connection, platform.settings, progress=lambda _, share: _show("history", share))
    publish_markdown(
        "history-run",
        f"**{found.people} demo people**, simulated: {found.events:,} events, {found.sessions:,} sessions, "
        f"{found.opportunities:,} opportunities of a simulated trial.",
        "What was written",
    )
    return found.events


@platform_flow(name="first-features", description="The features of everything there is.", stale_after=NEVER)
def first_features(platform: Platform) -> int:
    """Returns how many snapshots were computed."""
    from flows.features import compute_features

    return sum(one.snapshots for one in compute_features(platform, lambda share: _show("features", share)))


@platform_flow(name="first-labels", description="The labels of everything there is.", stale_after=NEVER)
def first_labels(platform: Platform) -> int:
    """Returns how many moments were labelled."""
    from flows.labels import compute_labels

    return sum(one.moments for one in compute_labels(platform, lambda share: _show("labels", share)))


@platform_flow(
    name="first-model",
    description="From the demo people's history to a model that serves: history, features, labels, data quality, "
    "training, evaluation, promotion, A/B report.",
    stale_after=NEVER,
)
def first_model(platform: Platform) -> str:
    """Returns the tag of the model that serves."""
    from flows.ab_report import report
    from flows.data_quality import data_quality
    from flows.evaluation import evaluation
    from flows.promotion import promotion
    from flows.training import train_only

    for step, run in (
        ("history", history),
        ("features", first_features),
        ("labels", first_labels),
        ("data quality", data_quality),
        ("training", train_only),
        ("evaluation", evaluation),
        ("promotion", promotion),
        ("report", report),
    ):
        _show(step, 0.0)
        run()
    from neural_focus.models.champion import usable_champion

    return usable_champion(platform.settings)[0] or ""


def bootstrap(settings: Settings, report: Report) -> str:
    """Runs ``first_model`` on the Prefect server of this process's environment; returns the champion's tag.

    "" where the model did not pass its gates: rules of thumb serve then. ``report`` gets (what is done now, share of
    the whole).

    Raises:
        InputError, QualityError: there is nothing fit to learn from.
        NeuralFocusError: another step failed, with what it said.
        ServiceError: another run of it is at work.
    """
    token = _report.set(report)
    try:
        with open_platform(settings):
            pass  # a missing database is said before Prefect is asked
        tag = first_model()
    finally:
        _report.reset(token)
    if not isinstance(tag, str):
        raise ServiceError(
            "The first model is being made elsewhere",
            why="another run is at work",
            hint="See the run in Prefect's pages",
        )
    report(f"{tag} serves" if tag else "it did not pass its gates", 1.0)
    return tag


def _show(step: str, share: float) -> None:
    report = _report.get()
    begin, end = SHARES[step]
    if report is not None:
        report(WORDS[step], begin + (end - begin) * share)
