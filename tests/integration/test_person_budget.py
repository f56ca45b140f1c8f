"""The budget of alerts is a person's, also for several services on one database, and after a start."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from uuid import uuid4

import numpy as np
from logged_answers import logged

from neural_focus.experiments.budget import Policy
from neural_focus.settings import Settings
from neural_focus.store.database import connect
from neural_focus.store.interventions import Opportunity, insert_opportunity, opportunity_times
from neural_focus.store.predictions import insert_predictions
from neural_focus.store.users import ensure_user
from serving.stream_state import restore_stream
from serving.streams import Streams

SERVICES = 12


def an_opportunity(user_id: int, t_us: int) -> Opportunity:
    return Opportunity(
        user_id, str(uuid4()), None, str(uuid4()), t_us, t_us, "NO_OP", [("NO_OP", None)], 0.6, (), 60.0, "rules_v0",
        "NO_OP", 0.4, "mrt-1", 30,
    )  # fmt: skip


def test_of_many_services_that_draw_at_once_one_stores_its_opportunity(fresh_database_url: str) -> None:
    with connect(fresh_database_url) as connection:
        ann, ben = (ensure_user(connection, name) for name in ("ann", "ben"))
    now_us, together = time.time_ns() // 1000, Barrier(SERVICES)

    def draw(service: int) -> tuple[int, int]:
        user_id = (ann, ben)[service % 2]
        with connect(fresh_database_url) as connection:
            together.wait(60)
            return user_id, len(insert_opportunity(connection, an_opportunity(user_id, now_us), Policy().has_room))

    with ThreadPoolExecutor(SERVICES) as threads:
        stored = list(threads.map(draw, range(SERVICES)))
    assert [sum(rows for user_id, rows in stored if user_id == one) for one in (ann, ben)] == [1, 1]
    later_us = now_us + int(Policy().gap_s * 1e6)
    with connect(fresh_database_url) as connection:
        assert not insert_opportunity(connection, an_opportunity(ann, later_us - 1), Policy().has_room)
        assert insert_opportunity(connection, an_opportunity(ann, later_us), Policy().has_room)


def test_a_start_takes_up_the_persons_budget_and_threshold_over_all_machines(
    fresh_database_url: str, tmp_path: Path
) -> None:
    settings, streams, machines = (
        Settings(home=tmp_path, database_url=fresh_database_url),
        Streams(),
        [str(uuid4()), str(uuid4())],
    )
    risks = np.random.default_rng(4).beta(2, 60, 1_500)
    now_us = int(time.time()) * 1_000_000
    with connect(fresh_database_url) as connection:
        ann = ensure_user(connection, "ann")
        for number, machine in enumerate(machines):
            times = range(now_us - len(risks) * 1_000_000, now_us, 1_000_000)
            every_other = list(zip(times, risks.tolist(), strict=True))[number::2]
            rows = [logged(ann, machine, t_us, break_risk=risk) for t_us, risk in every_other]
            insert_predictions(connection, rows)
        insert_opportunity(connection, an_opportunity(ann, now_us - 100_000_000))
        assert len(opportunity_times(connection, ann, 0, now_us)) == 1
        first = streams.add(restore_stream(connection, settings, ann, machines[0]))
        assert first.watch.budget.threshold < Policy().prior_threshold, "each machine alone has too few settled moments"
        second = streams.add(restore_stream(connection, settings, ann, machines[1], streams.watch_of(ann)))
    assert first.watch is second.watch
    assert first.momentum.last_us == second.momentum.last_us - 1_000_000, "the momentum is each machine's own"
    now_s = now_us / 1e6
    assert not second.watch.budget.has_room(now_s + 1, visible=True), "100 s after the one before"
    assert second.watch.budget.has_room(now_s + 200, visible=True)
