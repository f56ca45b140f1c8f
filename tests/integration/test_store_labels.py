"""What people said of a stretch, and where help was open, is the same on the page and in training."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import numpy as np
import pytest
from numpy.typing import NDArray
from sample_records import START_US, some_records

from flows.labels import marks_of
from neural_focus.labelling.labels import NO_LABEL, Outcome, Source, horizon_mask, resolve_outcomes, untouched
from neural_focus.store.database import Connection, connect
from neural_focus.store.events import Stream, list_streams, write_events
from neural_focus.store.labels import insert_label, read_labels, shown_on
from neural_focus.store.outcomes import apply_labels
from neural_focus.store.users import ensure_user
from neural_focus.time import moment
from neural_focus.timeline import read_timeline

MINUTE_US = 60_000_000
TEN_US = START_US // MINUTE_US * MINUTE_US + 30 * MINUTE_US
"""Ten o'clock, say."""
HOUR, WITHIN = (TEN_US, TEN_US + 60 * MINUTE_US), (TEN_US + 30 * MINUTE_US, TEN_US + 40 * MINUTE_US)


def a_stream(connection: Connection) -> Stream:
    """A person with a machine and two hours of records."""
    sent = {"user_id": ensure_user(connection, "ann"), "machine_id": str(uuid4()), "boot_id": str(uuid4())}
    write_events(connection, first_seq=0, records=some_records(120, step_us=MINUTE_US), **sent)
    [stream] = list_streams(connection)
    return stream


@pytest.mark.parametrize(
    "words",
    [
        [(*WITHIN, "FOCUSED"), (*HOUR, "DISTRACTED")],
        [(*HOUR, "DISTRACTED"), (*WITHIN, "FOCUSED")],
    ],
)
def test_the_latest_word_of_a_person_counts_on_the_page_and_in_training(
    fresh_database_url: str, words: Sequence[tuple[int, int, str]]
) -> None:
    with connect(fresh_database_url) as connection:
        stream = a_stream(connection)
        times = np.arange(TEN_US - 5 * MINUTE_US, TEN_US + 65 * MINUTE_US, MINUTE_US)
        with connection.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO model_predictions (user_id, machine_id, predicted_at, snapshot_time, focus_score,"
                " distraction_risk) VALUES (%s, %s, %s, %s, 50, 0.5)",
                [(stream.user_id, stream.machine_id, moment(t), moment(t)) for t in times.tolist()],
            )
        for start_us, end_us, outcome in words:
            insert_label(connection, stream.user_id, start_us, end_us, outcome, "RETROSPECTIVE")
            connection.commit()
        page = connection.execute("SELECT actual_outcome FROM model_predictions ORDER BY snapshot_time").fetchall()
        found, _ = resolve_outcomes(times, marks_of(read_labels(connection, stream)))
    training = [None if one == NO_LABEL else Outcome(one).name for one in found.tolist()]
    assert training == [outcome for (outcome,) in page]
    *_, last = words
    assert training.count("FOCUSED") == (10 if last[2] == "FOCUSED" else 0)
    assert training.count("DISTRACTED") + training.count("FOCUSED") == 60
    assert (training[5], training[6], training[65], training[66]) == (None, "DISTRACTED", "DISTRACTED", None)


def test_both_forms_of_the_rule_agree_on_any_stretches(fresh_database_url: str) -> None:
    """Stretches that touch moments with both ends, at the same time, on other machines, created in one transaction."""
    seen: set[tuple[str, str] | None] = set()
    with connect(fresh_database_url) as connection:
        stream = a_stream(connection)
        for seed in range(12):
            rng = np.random.default_rng(seed)
            times = TEN_US + np.arange(40) * MINUTE_US
            connection.execute("DELETE FROM labels")
            connection.execute("DELETE FROM model_predictions")
            with connection.cursor() as cursor:
                cursor.executemany(
                    "INSERT INTO model_predictions (user_id, machine_id, predicted_at, snapshot_time, focus_score,"
                    " distraction_risk) VALUES (%s, %s, %s, %s, 50, 0.5)",
                    [(stream.user_id, stream.machine_id, moment(t), moment(t)) for t in times.tolist()],
                )
                cursor.executemany(
                    "INSERT INTO labels (user_id, machine_id, start_time, end_time, outcome, source, created_at)"
                    " VALUES (%s, %s, %s, %s, %s, %s, %s)",
                    [_any_stretch(rng, stream) for _ in range(25)],
                )
            apply_labels(connection, stream.user_id, int(times[0]) - 1, int(times[-1]))
            page = connection.execute(
                "SELECT actual_outcome, label_source FROM model_predictions ORDER BY snapshot_time"
            ).fetchall()
            outcome, source = resolve_outcomes(times, marks_of(read_labels(connection, stream)))
            training = [
                (None, None) if one == NO_LABEL else (Outcome(one).name, Source(by).name)
                for one, by in zip(outcome.tolist(), source.tolist(), strict=True)
            ]
            assert training == page, seed
            seen |= set(page)
    assert len(seen) == 1 + 3 * 3, "every word of every source was the last one somewhere, and none was"


def _any_stretch(rng: np.random.Generator, stream: Stream) -> tuple[object, ...]:
    """A few minutes whose ends are moments, or a microsecond beside them; said at one of three times."""
    start, minutes = int(rng.integers(-5, 40)), int(rng.integers(1, 6))
    ends = [TEN_US + at * MINUTE_US + int(rng.integers(-1, 2)) for at in (start, start + minutes)]
    machine = (None, stream.machine_id, "0d9f5a3e-5b0c-4f0e-9a4e-0000000000ff")[int(rng.choice(3, p=[0.5, 0.4, 0.1]))]
    outcome = ("FOCUSED", "DISTRACTED", "PSEUDO_PRODUCTIVE")[int(rng.integers(3))]
    source = ("RETROSPECTIVE", "HOTKEY", "TIMER")[int(rng.choice(3, p=[0.2, 0.3, 0.5]))]
    return (stream.user_id, machine, *map(moment, ends), outcome, source, moment(TEN_US + int(rng.integers(3))))


@pytest.mark.parametrize(
    ("response", "answered_s", "timeout_s", "open_s"),
    [("ACCEPTED", 20, 30, 20), ("TIMEOUT", 170, 170, 170), ("REJECTED", 100.5, 170, 100.5), (None, None, 90, 90)],
)
def test_no_horizon_with_an_open_offer_in_it_counts_as_untouched(
    fresh_database_url: str, response: str | None, answered_s: float | None, timeout_s: int, open_s: float
) -> None:
    """Before and after it they do: by the second, and for every length of horizon."""
    shown = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=TEN_US)
    with connect(fresh_database_url) as connection:
        stream = a_stream(connection)
        connection.execute(
            "INSERT INTO interventions (user_id, machine_id, triggered_at, responded_at, user_response,"
            " timeout_seconds, type, action, predicted_risk, arm, probability)"
            " VALUES (%s, %s, %s, %s, %s, %s, 'SUGGEST_BREAK', 'SUGGEST_BREAK', 0.4, 'SUGGEST_BREAK', 0.3)",
            (
                *(stream.user_id, stream.machine_id, shown),
                *(None if answered_s is None else shown + timedelta(seconds=answered_s), response, timeout_s),
            ),
        )
        instants = shown_on(connection, stream.user_id, stream.machine_id)
    assert_untouched_outside(instants, TEN_US, TEN_US + int(open_s * 1e6))


@pytest.mark.parametrize(("undone_s", "over_s"), [(100, 100), (None, 170)])
def test_no_horizon_in_which_a_jail_held_counts_as_untouched(
    fresh_database_url: str, undone_s: int | None, over_s: int
) -> None:
    """It was ordered at ten, a minute before it was done; what was refused touched nothing."""
    done = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=TEN_US)
    with connect(fresh_database_url) as connection:
        stream = a_stream(connection)
        for applied in (done, None):
            connection.execute(
                "INSERT INTO interventions (user_id, machine_id, triggered_at, ordered_at, ends_at, applied_at,"
                " undone_at, type, action, predicted_risk, arm, probability)"
                " VALUES (%s, %s, %s, %s, %s, %s, %s, 'MANUAL_JAIL', 'BLOCK_REDDIT', 0.4, 'MANUAL_JAIL', 1)",
                (
                    *(stream.user_id, stream.machine_id, *[done - timedelta(seconds=60)] * 2),
                    *(done + timedelta(seconds=170), applied),
                    done + timedelta(seconds=undone_s) if undone_s and applied else None,
                ),
            )
        instants = shown_on(connection, stream.user_id, stream.machine_id)
    assert_untouched_outside(instants, TEN_US, TEN_US + over_s * 1_000_000)


def assert_untouched_outside(instants: NDArray[np.int64], from_us: int, until_us: int) -> None:
    """Every horizon that reaches into the time is touched, to the second, and no other one is."""
    times = np.arange(TEN_US - 400_000_000, TEN_US + 400_000_000, 1_000_000)
    log = read_timeline(some_records(120, step_us=MINUTE_US))
    for horizon_s in (30, 60, 300):
        touched = (times + horizon_s * 1_000_000 >= from_us) & (times < until_us)
        assert (horizon_mask(log, times, horizon_s, instants) == ~touched).all(), horizon_s
        assert (untouched(times, horizon_s, instants) == ~touched).all(), horizon_s
