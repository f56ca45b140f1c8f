"""A time or an app goes out of database, feature store and models, proven by counting, whatever kills it."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar
from uuid import uuid4

import numpy as np
import pytest
from trained_person import TrainedPerson

from feature_repo.files import stream_folder
from feature_repo.store import OnlineRow, open_store, read_online, write_online
from flows.features import compute_features
from flows.labels import compute_labels
from flows.platform_flow import exclusive, open_platform
from neural_focus.errors import BusyError
from neural_focus.events import EVENT_DTYPE, EventType, encode_app_name
from neural_focus.forgetting import ForgottenTime, app_key
from neural_focus.registry import model_store
from neural_focus.registry.champion_pointer import champion, point_to
from neural_focus.settings import Settings
from neural_focus.store.database import Connection, connect
from neural_focus.store.events import append_events, list_streams, write_events
from neural_focus.store.forget import count_forgotten, delete_forgotten, spans_of
from neural_focus.store.forgotten import ForgetRequest, add_request, read_requests
from neural_focus.store.idempotency import KeptAnswer, keep_answer
from neural_focus.store.labels import read_covered
from neural_focus.store.users import ensure_user
from neural_focus.time import DAY_US, SECOND_US, moment
from serving.forgetting import count_everywhere, forget_everywhere

CANARY = "zebrafish"
R = TypeVar("R")
T = 1_772_409_600_000_000
"""A Monday, 00:00 UTC."""
HOUR_US = 3_600 * SECOND_US
NOON = T + 12 * HOUR_US


@dataclass(frozen=True)
class Life:
    """A person with three days of records: two hours before noon each, the canary in front from 11:00 to 11:02."""

    settings: Settings
    user: int
    machine: str
    boots: tuple[str, ...]

    @property
    def stream_id(self) -> str:
        return f"{self.user}:{self.machine}"

    def request(self, connection: Connection, first_us: int, end_us: int, app: str | None = None) -> ForgetRequest:
        """Stored and committed, as the service does it."""
        what = ForgottenTime(first_us, end_us, None if app is None else app_key(app))
        spans = {} if app is None else spans_of(connection, self.user, what, app)
        request = add_request(connection, self.user, what, spans, {})
        connection.commit()
        return request

    def run(self, work: Callable[[Connection], R], /) -> R:
        """As the service does work: committed at the end."""
        with connect(self.settings.database_url or "") as opened:
            return work(opened)

    def make_features(self) -> None:
        with open_platform(self.settings) as platform:
            compute_features(platform)
            compute_labels(platform)


def day_of_records(day_us: int, *, without_canary: bool = False) -> np.ndarray:
    """A key each second from 10:00 to 12:00, a switch each two minutes."""
    seconds = np.arange(7_200)
    records = np.zeros(len(seconds), EVENT_DTYPE)
    records["timestamp_us"] = day_us + 10 * HOUR_US + seconds * SECOND_US
    records["event_type"] = EventType.KEY_PRESS
    apps = [encode_app_name(("code", "firefox")[number % 2]) for number in range(60)]
    apps[30] = encode_app_name(CANARY)
    records["app_name"] = np.array(apps, "S32")[seconds // 120]
    records["event_type"][seconds % 120 == 0] = EventType.WINDOW_FOCUS_CHANGE
    return records[records["app_name"] != encode_app_name(CANARY)] if without_canary else records


def a_life(settings: Settings, url: str, name: str = "ann", *, without_canary: bool = False) -> Life:
    machine, boots = str(uuid4()), tuple(str(uuid4()) for _ in range(3))
    with connect(url) as connection:
        user = ensure_user(connection, name)
        for number, boot in enumerate(boots):
            records = day_of_records(T + number * DAY_US, without_canary=without_canary)
            sent = {"user_id": user, "machine_id": machine, "boot_id": boot}
            write_events(connection, first_seq=0, records=records, titles={0: "a title"}, **sent)
    return Life(settings, user, machine, boots)


@pytest.fixture
def life(fresh_database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Life:
    settings = Settings(home=tmp_path / "home", database_url=fresh_database_url)
    return a_life(settings, fresh_database_url)


@pytest.fixture
def connection(life: Life) -> Iterator[Connection]:
    with connect(life.settings.database_url or "") as opened:
        yield opened


def rows_around(connection: Connection, life: Life, first_us: int) -> None:
    """A row of each kind in the time, and one an hour after it, as flows and service write them."""
    for at_us in (first_us, first_us + HOUR_US):
        at = moment(at_us)
        stream = (life.user, life.machine)
        connection.execute(
            "INSERT INTO model_predictions (user_id, machine_id, predicted_at, snapshot_time, focus_score,"
            " distraction_risk) VALUES (%s, %s, %s, %s, 50, 0.5)",
            (*stream, at, at),
        )
        opportunity = uuid4()
        connection.execute(
            "INSERT INTO interventions (user_id, machine_id, triggered_at, type, action, predicted_risk, arm,"
            " probability, opportunity_id) VALUES (%s, %s, %s, 'NO_OP', 'NO_OP', 0.4, 'NO_OP', 0.5, %s)",
            (*stream, at, opportunity),
        )
        connection.execute(
            "INSERT INTO unavailable_moments (user_id, machine_id, snapshot_time, predicted_risk, reason)"
            " VALUES (%s, %s, %s, 0.4, 'call')",
            (*stream, at),
        )
        connection.execute(
            "INSERT INTO hourly_activity VALUES (%s, %s, date_trunc('hour', %s), %s, 1, 1, 1, 1, 4)",
            (*stream, at, CANARY),
        )
        connection.execute(
            "INSERT INTO labels (user_id, machine_id, start_time, end_time, outcome, source)"
            " VALUES (%s, %s, %s, %s, 'DISTRACTED', 'WEAK')",
            (*stream, at, moment(at_us + 60 * SECOND_US)),
        )
        connection.execute(
            "INSERT INTO sessions (user_id, machine_id, start_time, end_time, session_type, total_keystrokes)"
            " VALUES (%s, %s, %s, %s, 'natural', 7)",
            (*stream, at, moment(at_us + 60 * SECOND_US)),
        )
    connection.execute(
        "INSERT INTO personal_models (user_id, target, state, learned_at) VALUES (%s, 'switch', '{}', %s)",
        (life.user, moment(first_us + DAY_US)),
    )
    connection.execute(
        "INSERT INTO warning_days (user_id, day, kind, warned, came_true, undecided, bins)"
        " VALUES (%s, %s, 'BREAK', 1, 1, 0, '[]')",
        (life.user, moment(first_us).date()),
    )
    for key, about_us in (("then", first_us), ("later", first_us + HOUR_US)):
        about = about_us, about_us + 60 * SECOND_US
        keep_answer(connection, life.user, key, KeptAnswer("", "{}"), about)
    connection.execute(
        "UPDATE events SET features = CASE WHEN time = %s THEN '{}'::jsonb END, focus_score = 1"
        " WHERE user_id = %s AND time >= %s AND time < %s",
        (moment(first_us), life.user, moment(first_us), moment(first_us + 900 * SECOND_US)),
    )
    connection.commit()


def all_rows(connection: Connection, user: int) -> dict[str, int]:
    tables = (
        *("events", "model_predictions", "interventions", "unavailable_moments", "hourly_activity", "labels"),
        *("sessions", "personal_models", "warning_days", "idempotency_keys"),
    )
    asked = "SELECT count(*) FROM {} WHERE user_id = %s"
    return {name: (connection.execute(asked.format(name), (user,)).fetchone() or (0,))[0] for name in tables}


def test_every_kind_of_row_of_the_time_goes_and_no_other(any_database_url: str, tmp_path: Path) -> None:
    life = a_life(Settings(home=tmp_path, database_url=any_database_url), any_database_url)
    other = a_life(life.settings, any_database_url, "bob")
    first_us = T + DAY_US + 10 * HOUR_US + 600 * SECOND_US
    with connect(any_database_url) as connection:
        for one in (life, other):
            rows_around(connection, one, first_us)
        before, theirs = all_rows(connection, life.user), all_rows(connection, other.user)
        request = life.request(connection, first_us, first_us + 600 * SECOND_US)
        counted = count_forgotten(connection, request)
        assert counted == {
            "events": 600,
            "predictions on later events": 300,
            "hourly_activity": 1,
            "model_predictions": 1,
            "exposures": 0,
            "interventions": 1,
            "unavailable_moments": 1,
            "labels": 1,
            "sessions": 1,
            "idempotency_keys": 1,
            "warning_days": 1,
            "personal_models": 1,
        }
        delete_forgotten(connection, request)
        assert set(count_forgotten(connection, request).values()) == {0}
        left = all_rows(connection, life.user)
        gone = {name: before[name] - count for name, count in left.items()}
        assert gone == {name: counted[name] for name in before} and all_rows(connection, other.user) == theirs
        delete_forgotten(connection, request)
        assert all_rows(connection, life.user) == left, "again: nothing more goes"


def test_an_app_goes_where_it_was_in_front_and_a_session_around_it_is_measured_anew(
    any_database_url: str, tmp_path: Path
) -> None:
    life = a_life(Settings(home=tmp_path, database_url=any_database_url), any_database_url)
    eleven = T + DAY_US + 11 * HOUR_US
    with connect(any_database_url) as connection:
        rows_around(connection, life, eleven)
        session = connection.execute(
            "INSERT INTO sessions (user_id, machine_id, start_time, end_time, session_type, total_keystrokes)"
            " VALUES (%s, %s, %s, %s, 'deep_work', 99999) RETURNING id",
            (life.user, life.machine, moment(eleven - 60 * SECOND_US), moment(eleven + 180 * SECOND_US)),
        ).fetchone()
        request = life.request(connection, T, T + 4 * DAY_US, CANARY)
        spans = {(first - T) % DAY_US - 11 * HOUR_US for first, _ in request.on(life.machine)}
        assert spans == {0} and len(request.on(life.machine)) == 3
        counted = count_forgotten(connection, request)
        assert counted["events"] == 360 and counted["hourly_activity"] == 2 and counted["model_predictions"] == 1
        assert counted["labels"] == 1 and "sessions" not in counted
        delete_forgotten(connection, request)
        assert set(count_forgotten(connection, request).values()) == {0}
        names = connection.execute("SELECT DISTINCT app_name FROM events WHERE user_id = %s", (life.user,)).fetchall()
        assert {name for (name,) in names} == {"code", "firefox"}
        keys = connection.execute("SELECT total_keystrokes FROM sessions WHERE id = %s", session).fetchone()
        assert keys == (240 - 120 - 1,), "of four minutes two, without the keys that were switches"


def test_an_app_that_never_was_in_front_takes_nothing_with_it(any_database_url: str, tmp_path: Path) -> None:
    life = a_life(Settings(home=tmp_path, database_url=any_database_url), any_database_url)
    with connect(any_database_url) as connection:
        rows_around(connection, life, T + DAY_US + 11 * HOUR_US)
        before = all_rows(connection, life.user)
        request = life.request(connection, T - 9_000 * DAY_US, T + 4 * DAY_US, "never")
        assert count_forgotten(connection, request) == {"events": 0, "hourly_activity": 0}
        delete_forgotten(connection, request)
        assert all_rows(connection, life.user) == before


def test_help_that_is_not_over_stays_without_its_session_and_its_first_offer(
    any_database_url: str, tmp_path: Path
) -> None:
    life = a_life(Settings(home=tmp_path, database_url=any_database_url), any_database_url)
    insert = (
        "INSERT INTO interventions (user_id, session_id, triggered_at, responded_at, ends_at, snooze_of, type, action,"
        " predicted_risk, arm, probability) VALUES (%s, %s, %s, now(), now() + %s::interval, %s, 'SUGGEST_BREAK',"
        " 'BREAK', 0.4, 'BREAK', 0.5) RETURNING id"
    )
    with connect(any_database_url) as connection:
        session = connection.execute(
            "INSERT INTO sessions (user_id, start_time, end_time, session_type) VALUES (%s, %s, %s, 'natural')"
            " RETURNING id",
            (life.user, moment(T + 1), moment(T + HOUR_US)),
        ).fetchone()
        assert session is not None
        first = connection.execute(insert, (life.user, *session, moment(T + 2), None, None)).fetchone()
        assert first is not None
        again = connection.execute(insert, (life.user, *session, moment(T + 3), "1 hour", *first)).fetchone()
        delete_forgotten(connection, life.request(connection, T, T + 2 * HOUR_US))
        asked = "SELECT id, session_id, snooze_of FROM interventions WHERE user_id = %s"
        assert again is not None and connection.execute(asked, (life.user,)).fetchall() == [(*again, None, None)]


def test_a_batch_that_is_being_stored_meanwhile_keeps_its_boots_times(any_database_url: str, tmp_path: Path) -> None:
    life = a_life(Settings(home=tmp_path, database_url=any_database_url), any_database_url)
    later = day_of_records(T + 3 * DAY_US)
    sent = {"user_id": life.user, "machine_id": life.machine, "boot_id": life.boots[2]}
    with connect(any_database_url) as storing, connect(any_database_url) as forgetting:
        write_events(storing, first_seq=7200, records=later[:1], **sent)  # which makes the day's partition
        request = life.request(forgetting, T, T + 3 * DAY_US + 11 * HOUR_US)
        with storing.transaction(), ThreadPoolExecutor() as pool:
            append_events(storing, first_seq=7201, records=later[3600:], **sent)
            deleted = pool.submit(delete_forgotten, forgetting, request)
            waits = "SELECT count(*) FROM pg_stat_activity WHERE pid = %s AND wait_event_type = 'Lock'"
            deadline = time.monotonic() + 120
            while storing.execute(waits, (forgetting.info.backend_pid,)).fetchone() == (0,):
                assert not deleted.done() and time.monotonic() < deadline
                time.sleep(0.05)
            storing.execute("COMMIT")
            storing.execute("BEGIN")
            deleted.result()
        forgetting.commit()
        asked = "SELECT first_time, last_time FROM shipper_positions WHERE user_id = %s AND boot_id = %s"
        times = storing.execute(asked, (life.user, life.boots[2])).fetchone()
    assert times == tuple(moment(int(one)) for one in later["timestamp_us"][[3600, -1]])


def test_what_people_said_of_a_longer_time_stays_of_what_is_left(any_database_url: str, tmp_path: Path) -> None:
    life = a_life(Settings(home=tmp_path, database_url=any_database_url), any_database_url)
    with connect(any_database_url) as connection:
        for first, end in ((0, 100), (0, 15), (15, 100), (12, 18)):
            connection.execute(
                "INSERT INTO labels (user_id, start_time, end_time, outcome, source)"
                " VALUES (%s, %s, %s, 'FOCUSED', 'RETROSPECTIVE')",
                (life.user, moment(T + first), moment(T + end)),
            )
        delete_forgotten(connection, life.request(connection, T + 10, T + 20))
        rows = connection.execute(
            "SELECT (extract(epoch FROM start_time) * 1000000)::bigint - %s,"
            " (extract(epoch FROM end_time) * 1000000)::bigint - %s FROM labels ORDER BY 1, 2",
            (T, T),
        ).fetchall()
    assert rows == [(0, 10), (0, 10), (20, 100), (20, 100)]


def test_records_that_come_late_are_refused_and_the_position_moves_on(any_database_url: str, tmp_path: Path) -> None:
    life = a_life(Settings(home=tmp_path, database_url=any_database_url), any_database_url)
    late = {"user_id": life.user, "machine_id": life.machine, "boot_id": str(uuid4())}
    records = day_of_records(T + 3 * DAY_US)
    with connect(any_database_url) as connection:
        request = life.request(connection, T, T + 4 * DAY_US, CANARY)
        life.request(connection, T + 3 * DAY_US, T + 3 * DAY_US + 10 * HOUR_US + 600 * SECOND_US)
        assert write_events(connection, first_seq=0, records=records[:7000], **late) == 7000 - 600 - 120
        assert write_events(connection, first_seq=7000, records=records[7000:], **late) == 200
        assert count_forgotten(connection, request)["events"] == 360, "and those that had come wait for their turn"
        seqs = connection.execute("SELECT min(seq), max(seq) FROM events WHERE boot_id = %s", (late["boot_id"],))
        assert seqs.fetchone() == (600, 7199), "the others have the numbers that their desktop gave them"
        [again, _] = read_requests(connection, life.user)
        assert again.on(life.machine)[-1] == (
            T + 3 * DAY_US + 11 * HOUR_US,
            T + 3 * DAY_US + 11 * HOUR_US + 120_000_000,
        )


def test_everything_of_an_app_goes_out_of_every_store_and_the_flows_make_what_they_would_have(
    life: Life, connection: Connection
) -> None:
    life.make_features()
    feast = life.settings.feast
    assert CANARY.encode() in on_disk(life), "the test looks where it would be"
    request = life.request(connection, T, T + 4 * DAY_US, CANARY)
    told = count_everywhere(connection, life.settings, request)
    assert told["feature store, days"] >= 12 and told["feature store, newest"] == 1
    shares: list[float] = []
    forget_everywhere(life.run, life.settings, request, shares.append)
    assert shares == [0.5, 0.7, 0.9, 1.0]
    assert set(count_everywhere(connection, life.settings, request).values()) == {0}
    assert CANARY.encode() not in on_disk(life)
    [row] = read_requests(connection, life.user)
    assert row.done_us is not None
    store = open_store(life.settings)
    assert read_online(store, [life.stream_id]) == [None]
    store.close()
    life.make_features()
    assert CANARY.encode() not in on_disk(life)
    days = sorted((feast / "offline" / stream_folder(feast, life.stream_id).name).glob("*.parquet"))
    assert len(days) == 3, "made again from what is left"
    [stream] = [one for one in list_streams(connection) if one.user_id == life.user]
    eleven = T + 11 * HOUR_US
    covered = read_covered(connection, stream)
    assert len(covered) == 6 and covered[0][1] == eleven - 1 and covered[1][0] == eleven + 120_000_000


def test_a_desktop_that_goes_on_is_not_waited_for(life: Life, connection: Connection) -> None:
    request = life.request(connection, T, T + DAY_US)
    store = open_store(life.settings)

    def snapshot(t_us: int) -> None:
        row = OnlineRow(np.zeros(32, np.float32), np.zeros(10, np.uint8), t_us)
        write_online(store, {life.stream_id: row})

    snapshot(NOON)
    assert count_everywhere(connection, life.settings, request)["feature store, newest"] == 1
    shares: list[float] = []

    def progress(share: float) -> None:
        if share == 0.7:  # the newest of then is deleted
            assert read_online(store, [life.stream_id]) == [None]
            snapshot(request.asked_us + 4 * SECOND_US + len(shares))
        shares.append(share)

    forget_everywhere(life.run, life.settings, request, progress)
    store.close()
    assert shares == [0.5, 0.7, 0.9, 1.0]


def on_disk(life: Life) -> bytes:
    """Every file of the feature store, Parquet's pages unpacked."""
    import pyarrow.parquet as pq

    found = [path for path in life.settings.feast.rglob("*") if path.is_file()]
    raw = b"".join(path.read_bytes() for path in found)
    tables = [pq.read_table(path).to_pylist() for path in found if path.suffix == ".parquet"]
    hexed = CANARY.encode().hex().encode()
    return raw + repr(tables).encode() + (CANARY.encode() if hexed in raw else b"")


def test_a_flow_at_work_is_waited_for(life: Life, connection: Connection) -> None:
    request = life.request(connection, T, T + DAY_US)
    before = count_forgotten(connection, request)
    with exclusive(life.settings, "training") as mine:
        assert mine
        with pytest.raises(BusyError, match="training"):
            forget_everywhere(life.run, life.settings, request, lambda _: None)
    assert count_forgotten(connection, request) == before
    with exclusive(life.settings, "features") as mine:
        assert mine, "nothing is held that was not got"


def test_a_model_of_this_person_alone_goes_and_the_one_before_it_serves(
    life: Life, connection: Connection, trained_person: TrainedPerson
) -> None:
    bundle = trained_person.bundle
    span = bundle.manifest["data"]["first_us"], bundle.manifest["data"]["last_us"]
    old = {**bundle.manifest, "data": {**bundle.manifest["data"], "until_us": {str(life.user): span[0] + 1}}}
    mine = {**bundle.manifest, "data": {**bundle.manifest["data"], "until_us": {str(life.user): span[1]}}}
    older, newer = (model_store.save(life.settings, replace(bundle, manifest=one)) for one in (old, mine))
    point_to(life.settings, newer, [older])
    never = life.request(connection, T - 9_000 * DAY_US, span[1] + 1, "never")
    assert count_everywhere(connection, life.settings, never)["models"] == 0
    forget_everywhere(life.run, life.settings, never, lambda _: None)
    assert champion(life.settings) == newer
    request = life.request(connection, span[0] + 2, span[1] + 1)
    assert count_everywhere(connection, life.settings, request)["models"] == 1
    forget_everywhere(life.run, life.settings, request, lambda _: None)
    assert [one.tag for one in model_store.list_models(life.settings)] == [older]
    assert champion(life.settings) == older


def forget_at(url: str, home: Path, user: int) -> None:
    settings = Settings(home=home, database_url=url)
    life = Life(settings, user, "", ())
    [request] = life.run(lambda connection: read_requests(connection, user))
    forget_everywhere(life.run, settings, request, lambda _: None)


@pytest.mark.parametrize("seconds", [0.05, 0.3, 0.8])
def test_a_kill_at_any_moment_is_made_good_by_the_next_try(life: Life, connection: Connection, seconds: float) -> None:
    life.make_features()
    request = life.request(connection, T + DAY_US, T + DAY_US + 11 * HOUR_US)
    worker = multiprocessing.get_context("spawn").Process(
        target=forget_at, args=(life.settings.database_url, life.settings.home, life.user)
    )
    worker.start()
    began = time.monotonic()
    while worker.is_alive() and not _at_work(connection) and time.monotonic() - began < 60:
        time.sleep(0.01)
    time.sleep(seconds)
    worker.kill()
    worker.join()
    connection.rollback()
    deadline = time.monotonic() + 120
    while True:  # the server ends a dead client's locks within moments
        try:
            forget_everywhere(life.run, life.settings, request, lambda _: None)
            break
        except BusyError:
            assert time.monotonic() < deadline
            time.sleep(0.1)
    assert set(count_everywhere(connection, life.settings, request).values()) == {0}
    assert read_requests(connection, life.user)[0].done_us is not None


def _at_work(connection: Connection) -> bool:
    """Whether it holds the flows' locks; asked without taking one, which would send it away."""
    asked = (
        "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory'"
        " AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))"
    )
    held = connection.execute(asked).fetchone() == (True,)
    connection.rollback()
    return held
