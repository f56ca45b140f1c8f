"""From stored events to a model that is judged, at once and in this process: what the flows do in the night."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import replace

from neural_focus.errors import BusyError
from neural_focus.settings import Settings

FLOWS = ("features", "labels", "training", "evaluation", "promotion")
PATIENCE_S = 600.0


def train_now(settings: Settings, url: str, report: Callable[[str], None]) -> None:
    """Features, labels, data quality, training, evaluation, promotion; ``report`` gets what each came to.

    Raises:
        BusyError: a flow is at work for longer than ten minutes.
        InputError, QualityError: there is too little to learn from, or what there is is not fit for it.
    """
    from flows.data_quality import check_quality
    from flows.evaluation import evaluate_newest
    from flows.features import compute_features
    from flows.labels import compute_labels
    from flows.platform_flow import open_platform
    from flows.promotion import promote_newest
    from flows.training import train_newest

    settings = replace(settings, database_url=url)
    with _alone(settings), open_platform(settings) as platform:
        report(f"features: {sum(one.snapshots for one in compute_features(platform)):,} snapshots computed")
        report(f"labels: {sum(one.moments for one in compute_labels(platform)):,} moments labelled")
        report(f"data quality: {sum(verdict.met for verdict in check_quality(platform))} expectations met")
        trained = train_newest(platform)
        data = trained.manifest["data"]
        whose = "demo" if trained.manifest["trained_on"] == "demo" else "real"
        report(f"training: {trained.tag} from {data['moments']:,} moments of {whose} people")
        evaluate_newest(platform)
        serving = promote_newest(platform)
        report(f"{serving} serves" if serving else "No model passed its gates yet: rules of thumb serve")


@contextmanager
def _alone(settings: Settings) -> Iterator[None]:
    """Holds the locks of the flows, so that none of them runs meanwhile."""
    from flows.platform_flow import exclusive

    until = time.monotonic() + PATIENCE_S
    with ExitStack() as held:
        for name in FLOWS:
            while not _taken(held, exclusive(settings, name)):
                if time.monotonic() > until:
                    raise BusyError(f"the flow {name} is at work", 60.0, why=f"for more than {PATIENCE_S / 60:.0f} min")
                time.sleep(1)
        yield


def _taken(held: ExitStack, lock: AbstractContextManager[bool]) -> bool:
    """Whether a lock was free; then it is held to the end of ``held``."""
    with ExitStack() as mine:
        got = mine.enter_context(lock)
        if got:
            held.push(mine.pop_all())
        return got
