"""Made-up moments of a trial whose true effect a test chooses."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np

from neural_focus.experiments.assignment import TRIAL_ARMS
from neural_focus.experiments.effect import Moment

NOW = datetime(2025, 3, 29, 12, tzinfo=UTC)


def draw_moments(
    people: int = 3,
    each: int = 80,
    *,
    demo: bool = False,
    experiment: str = "mrt-1",
    block: float = 12.0,
    shares: tuple[float, float, float] = (0.4, 0.3, 0.3),
) -> list[Moment]:
    rng = np.random.default_rng(people * 1_000 + each)
    arms, moments = [arm.value for arm in TRIAL_ARMS], []
    for number in range(people * each):
        arm = str(rng.choice(arms, p=shares))
        before = float(np.clip(rng.normal(70, 12), 0, 100))
        after = 0.5 * before + 30 + float(rng.normal(0, 10)) + (block if arm == "BLOCK_SITES" else 0.0)
        response = None if arm == "NO_OP" else str(rng.choice(["ACCEPTED", "REJECTED", "TIMEOUT"]))
        done = response == "ACCEPTED" and number % 7 != 0
        at = NOW - timedelta(minutes=20 * (people * each - number))
        moments.append(
            Moment(
                user_id=number % people,
                username=f"u{number % people}",
                is_demo=demo,
                experiment=experiment,
                at=at,
                arm=arm,
                probability={"NO_OP": 0.4, "SUGGEST_BREAK": 0.3, "BLOCK_SITES": 0.3}[arm],
                response=response,
                response_ms=2_000 if response in ("ACCEPTED", "REJECTED") else None,
                before=before,
                after=after,
                applied=done,
                rested=done and arm == "SUGGEST_BREAK" and number % 2 == 0,
                ordered_parts=int(response == "ACCEPTED"),
                applied_parts=int(done),
                refused=("No browser is paired.",) if response == "ACCEPTED" and number % 14 == 0 else (),
                undone=("needed" if number % 5 == 0 else "ended",) if done else (),
                local=at.replace(tzinfo=None),
                category="coding" if number % 3 else "writing",
            )
        )
    return moments
