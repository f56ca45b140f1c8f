"""The flow `drift`: has the world moved away from the model that serves?

1. Inputs: the population stability index of each, against the deciles that were kept with the model.
2. Calibration: what was served in the last days beside what came true.

Where one has moved, or the champion cannot serve at all, the learning is started, once, with the reason. A prior of
demo people is expected to differ from real ones: it is watched, and gives way to their own model once there is one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd

from flows.artifacts import publish_markdown, publish_table
from flows.catch_up import SKIP_AFTER
from flows.label_files import join_moments, read_labels
from flows.platform_flow import Platform, log, platform_flow
from neural_focus.atomic_write import atomic_write
from neural_focus.evaluation.gates import chance_ece, enough
from neural_focus.labelling.served_outcomes import people_served, served_outcomes
from neural_focus.models.champion import working_champion
from neural_focus.models.drift import FILE, LARGE_ECE, LARGE_SHARE, LARGE_SHIFT, counts, input_drift
from neural_focus.models.metrics import brier, ece
from neural_focus.models.predict import Predictor
from neural_focus.registry.health import write_health
from neural_focus.registry.model_store import full_tag, read_file
from neural_focus.settings import Settings
from neural_focus.time import DAY_US, wall_clock_us

DAYS = 7
ONCE_IN = timedelta(days=7)
"""For one champion and one reason the learning is started once in this time."""
LEARNING = "learning/nightly"


@dataclass(frozen=True, slots=True)
class Look:
    """What one look found; ``reason`` says why to learn anew, "" where there is none."""

    at: str
    champion: str
    people: int
    moments: int
    inputs: Mapping[str, float]
    calibration: Mapping[str, Mapping[str, float]]
    reason: str
    started: bool = False

    def sentence(self) -> str:
        """For people."""
        far, watched = _moved(self.inputs)
        inputs = f"{len(far)} of {watched} inputs have moved" if watched else "too few snapshots to compare inputs"
        errors = [f"{target} off by {found['ece']:.3f}" for target, found in self.calibration.items()]
        served = f"served risks: {', '.join(errors)}" if errors else "too few served predictions to compare risks"
        return f"{inputs}; {served}" + (f". A training is due: {self.reason}" if self.reason else "")


@platform_flow(
    name="drift",
    description="Compares inputs and calibration of the champion with those of its training; starts the flow learning "
    "when they have moved.",
    stale_after=SKIP_AFTER,
)
def drift(platform: Platform) -> str:
    """Looks at the last days; returns why to learn anew, "" where there is no reason."""
    return watch(platform).reason


def watch(platform: Platform) -> Look:
    """The work of the flow."""
    champion, problem = working_champion(platform.settings)
    if champion is None:
        look = Look(_now(), "", 0, 0, {}, {}, problem)
    else:
        look = look_at(platform, champion, full_tag(champion.version))
    before = last_look(platform.settings)
    start = bool(look.reason) and not _started_lately(platform.settings, look)
    if start and not _start_learning(look.reason):
        start = False
    look = Look(**{**asdict(look), "started": start})
    _remember(platform.settings, look)
    log(look.sentence())
    _leave(look, before)
    return look


def look_at(platform: Platform, predictor: Predictor, tag: str) -> Look:
    """Inputs and calibration of the last days, of the kind of people that the model serves."""
    end_us = wall_clock_us()
    start_us = end_us - DAYS * DAY_US
    people = _people(platform, people_served(platform.connection, start_us, end_us, predictor.version))
    moved, count = _inputs(platform, predictor, tag, people, start_us)
    errors = {}
    for target, moments in served_outcomes(
        platform.connection, people, start_us, end_us, version=predictor.version
    ).items():
        if enough(moments.label):
            errors[target] = {
                "n": len(moments),
                "brier": brier(moments.label, moments.said),
                "ece": ece(moments.label, moments.said),
                "chance": chance_ece(moments.said),
            }
    reason = "" if predictor.trained_on == "demo" else _reason(moved, errors)
    return Look(_now(), tag, len(people), count, moved, errors, reason)


def last_look(settings: Settings) -> Look | None:
    """What the last look found, None before the first."""
    looks = _looks(settings)
    return looks[-1] if looks else None


def _reason(moved: Mapping[str, float], errors: Mapping[str, Mapping[str, float]]) -> str:
    far, watched = _moved(moved)
    if far and len(far) >= LARGE_SHARE * watched:
        return f"{len(far)} of {watched} inputs have moved, most of all {far[0]} (index {moved[far[0]]:.2f})"
    for target, found in errors.items():
        if found["ece"] - found["chance"] > LARGE_ECE:
            return f"the risk of a {target} is off by {found['ece']:.3f} on {found['n']:,} live moments"
    return ""


def _moved(indices: Mapping[str, float]) -> tuple[list[str], int]:
    """The inputs that have moved far, most of all first, and of how many that count."""
    watched = [name for name in indices if counts(name)]
    return [name for name in watched if indices[name] > LARGE_SHIFT], len(watched)


def _people(platform: Platform, served: list[int]) -> list[int]:
    """Real people where there are any, else demo people."""
    rows = platform.connection.execute("SELECT id FROM users WHERE id = ANY(%s) AND NOT is_demo", (served,)).fetchall()
    return [int(user) for (user,) in rows] or served


def _inputs(
    platform: Platform, predictor: Predictor, tag: str, people: list[int], start_us: int
) -> tuple[Mapping[str, float], int]:
    kept = read_file(platform.settings, tag, FILE)
    labels = pd.concat([read_labels(platform.settings.feast, is_demo=demo) for demo in (False, True)])
    since = labels["event_timestamp"] > pd.Timestamp(start_us, unit="us", tz="UTC")
    recent = labels[labels["user_id"].isin(people) & since].reset_index(drop=True)
    if kept is None or recent.empty:
        return {}, 0
    moments = join_moments(platform, recent, predictor.contract.version)
    rows = moments.inputs(predictor.contract, predictor.context.population)
    return input_drift(json.loads(kept), predictor.contract.names, rows), len(moments)


def _start_learning(reason: str) -> bool:
    """Asks Prefect for one run of the learning; False where it is not deployed here."""
    from prefect.deployments import run_deployment
    from prefect.exceptions import ObjectNotFound

    try:
        run_deployment(LEARNING, parameters={"reason": reason}, timeout=0, as_subflow=False)
    except ObjectNotFound:
        log(f"{LEARNING} is not deployed here: nothing is started")
        return False
    return True


def _started_lately(settings: Settings, look: Look) -> bool:
    since = datetime.now(UTC) - ONCE_IN
    return any(
        one.started and one.champion == look.champion and datetime.fromisoformat(one.at) > since
        for one in _looks(settings)
    )


def _path(settings: Settings) -> Path:
    return settings.models / "drift.jsonl"


def _looks(settings: Settings) -> list[Look]:
    path = _path(settings)
    return [Look(**json.loads(line)) for line in path.read_text("utf-8").splitlines()] if path.exists() else []


def _remember(settings: Settings, look: Look) -> None:
    """Keeps the last hundred looks, and a sentence for the page."""
    path = _path(settings)
    lines = [json.dumps(asdict(one)) for one in [*_looks(settings), look][-100:]]
    atomic_write(path, ("\n".join(lines) + "\n").encode())
    write_health(settings, look.sentence(), look.at)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _leave(look: Look, before: Look | None) -> None:
    started = " The flow learning was started." if look.started else ""
    publish_markdown(
        "drift-run", f"**{look.champion or 'no champion'}**: {look.sentence()}.{started}", "What was found"
    )
    publish_table(
        "drift-inputs",
        [
            {
                "input": name,
                "stability index": round(index, 3),
                "previous check": round(before.inputs[name], 3) if before and name in before.inputs else None,
                "moved": ("yes" if counts(name) else "does not count") if index > LARGE_SHIFT else "no",
            }
            for name, index in list(look.inputs.items())[:40]
        ],
        f"Inputs of the last {DAYS} days against the training's, most moved first",
    )
    publish_table(
        "drift-calibration",
        [
            {"risk of a": target, **{name: round(float(value), 4) for name, value in found.items()}}
            for target, found in look.calibration.items()
        ],
        "Served risks beside their outcomes",
    )
