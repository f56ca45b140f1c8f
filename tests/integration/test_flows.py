"""The flows on a real Prefect server and a real database, with two demo people's working days."""

from __future__ import annotations

import itertools
import json
import shutil
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from flows_home import NOW, Home, made_home, replay_stream
from logged_answers import logged
from prefect_server import PrefectServer
from psycopg.sql import SQL

from feature_repo.files import stream_folder
from feature_repo.store import open_store, read_online
from flows.consistency import consistency
from flows.data_quality import check_quality, data_quality
from flows.day_changes import DayRecords
from flows.features import compute_features, compute_stream, features, replay_whole_day
from flows.label_files import join_moments, read_labels, read_stays
from flows.labels import compute_labels, labels, marks_of
from flows.platform_flow import Platform, exclusive, open_platform
from flows.server import login
from flows.stream_days import day_keys, day_of_name
from infra.cut_connection import cut_who_waits
from infra.pictures.labels_run import rows_of_day
from neural_focus._native import Engine
from neural_focus.evaluation.model_index import OVER_DAYS, model_index
from neural_focus.features import FEATURE_INDEX, FEATURE_NAMES
from neural_focus.labelling.labels import MARGIN_US, Source
from neural_focus.models import champion as stored_models
from neural_focus.models.contracts import V6
from neural_focus.models.datasets import Moments, StreamTable, cut_moments
from neural_focus.models.network import Recipe
from neural_focus.models.sequence_model import SequenceModel
from neural_focus.quarantine import read_held
from neural_focus.registry import decision_log, model_store
from neural_focus.registry.bundle import TrainedBundle
from neural_focus.replay import CONTROL_DTYPE, INPUT_NAMES, ControlKind, replay, replay_with_inputs
from neural_focus.store.database import connect
from neural_focus.store.events import list_streams, read_events, write_events
from neural_focus.store.labels import insert_label, shown_on
from neural_focus.store.labels import read_labels as stored_labels
from neural_focus.store.person_record import write_personal_models
from neural_focus.store.predictions import insert_predictions
from neural_focus.store.users import ensure_user
from neural_focus.time import DAY_US, day_start, moment, zone_table

MACHINE = "6f1c2a9e-0000-4000-8000-0000000000aa"
GAPPED = "6f1c2a9e-0000-4000-8000-0000000000cc"
HOURLY = "6f1c2a9e-0000-4000-8000-0000000000dd"
LAPTOP = "6f1c2a9e-0000-4000-8000-0000000000bb"


@pytest.fixture(scope="module")
def home(
    prefect_client: PrefectServer, module_database_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Home]:
    """An installation with history whose features and labels are computed."""
    yield from made_home(module_database_url, tmp_path_factory.mktemp("home"))


@pytest.fixture
def platform(home: Home) -> Iterator[Platform]:
    with open_platform(home.settings) as opened:
        yield opened


def test_snapshots_are_the_engines_one_in_ten_seconds(home: Home, platform: Platform) -> None:
    for stream in home.streams():
        records, _ = read_events(platform.connection, stream.user_id, stream.machine_id, 0, stream.last_us + 1)
        whole, inputs = replay_stream(platform, stream, records)
        tick = whole.timestamps_us % 10_000_000 == 0
        stored = home.rows(stream)
        assert stored["event_timestamp"].cast("int64").to_numpy().tolist() == whole.timestamps_us[tick].tolist()
        columns = np.column_stack([stored[name].to_numpy() for name in FEATURE_NAMES])
        assert columns.tobytes() == np.ascontiguousarray(whole.features[tick]).tobytes()
        told = home.rows(stream, "inputs")
        assert told["event_timestamp"].cast("int64").to_numpy().tolist() == inputs.timestamps_us.tolist()
        assert np.column_stack([told[name].to_numpy() for name in INPUT_NAMES]).tobytes() == inputs.values.tobytes()
        assert [app.encode() for app in told["app"].to_pylist()] == inputs.app.tolist()
        online = read_online(platform.store, [stream.stream_id])[0]
        assert online is not None and online.t_us == whole.timestamps_us[-1]
        assert online.features.tobytes() == whole.features[-1].tobytes()


def test_training_rows_are_those_of_a_direct_replay(home: Home, platform: Platform) -> None:
    """What Feast gives for a stream's labels, and the labels, are what its events say without any store."""
    stream = home.streams()[0]
    labelled = read_labels(home.settings.feast, is_demo=True)
    stored = join_moments(platform, labelled[labelled["stream_id"] == stream.stream_id], V6.version, sequences=True)
    records, _ = read_events(platform.connection, stream.user_id, stream.machine_id, 0, stream.last_us + 1)
    whole, inputs = replay_stream(platform, stream, records)
    table = StreamTable(
        stream_id=stream.stream_id,
        user_id=stream.user_id,
        records=records,
        timestamps_us=whole.timestamps_us,
        features=whole.features,
        sequence=whole.sequence,
        inputs=inputs,
        interventions_us=shown_on(platform.connection, stream.user_id, stream.machine_id),
        marks=marks_of(stored_labels(platform.connection, stream)),
    )
    direct, [stays] = cut_moments([table], V6, sequences=True)
    direct = direct.take(direct.times_us <= stream.last_us)
    assert len(stored) == len(direct) > 5_000
    for name in Moments.__slots__:
        assert getattr(stored, name).tobytes() == getattr(direct, name).astype(getattr(stored, name).dtype).tobytes(), (
            name
        )
    [kept] = [one for one in read_stays(home.settings.feast, labelled) if one.person == stream.user_id]
    assert kept.seconds.tolist() == stays.seconds.tolist() and kept.app.tolist() == stays.app.tolist()


def test_a_second_run_changes_nothing(home: Home) -> None:
    folder = home.settings.feast
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*.parquet")}
    assert len(before) == 2 * 3 * 4  # snapshots, inputs, what happened, labels
    assert features() == 0
    assert labels() == 0
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*.parquet")} == before


def test_labels_know_demo_people_from_real_ones(home: Home) -> None:
    demo = read_labels(home.settings.feast, is_demo=True)
    assert len(demo) > 10_000
    assert read_labels(home.settings.feast, is_demo=False).empty
    share = demo["switch"][demo["switch"] >= 0].mean()
    assert 0.05 < share < 0.6
    with connect(home.settings.database_url or "") as connection:
        kinds = dict(connection.execute("SELECT source, count(*) FROM labels GROUP BY source").fetchall())
    assert kinds["WEAK"] > 50 and kinds["TIMER"] > 0


def test_going_on_from_a_saved_engine_is_the_same_as_starting_anew(home: Home, platform: Platform) -> None:
    """A real person's two days arrive in three parts, the last with events of the day before."""
    user_id = ensure_user(platform.connection, "real-person", zone="Europe/Berlin")
    platform.connection.commit()
    demo = home.streams()[0]
    records, _ = read_events(platform.connection, demo.user_id, demo.machine_id, 0, demo.last_us + 1)
    start = day_start(int(records["timestamp_us"][0]))
    records = records[records["timestamp_us"] < start + 2 * DAY_US]
    cuts = [0, len(records) // 4, len(records) // 2, len(records)]
    for low, high in itertools.pairwise(cuts):
        write_events(
            platform.connection,
            user_id=user_id,
            machine_id=MACHINE,
            boot_id=MACHINE,
            first_seq=low,
            records=records[low:high],
        )
        stream = next(one for one in list_streams(platform.connection) if one.user_id == user_id)
        report = compute_stream(platform, stream)
        assert report is not None
        assert compute_stream(platform, stream) is None
    whole, inputs = replay_with_inputs(records, None, "Europe/Berlin")
    tick = whole.timestamps_us % 10_000_000 == 0
    stored = home.rows(stream)
    assert stored.num_rows == tick.sum()
    for name in FEATURE_NAMES:
        assert stored[name].to_numpy().tobytes() == whole.features[tick, FEATURE_INDEX[name]].tobytes(), name
    told = home.rows(stream, "inputs")
    for index, name in enumerate(INPUT_NAMES):
        assert told[name].to_numpy().tobytes() == inputs.values[:, index].tobytes(), name


def test_the_days_compared_are_those_of_the_whole(home: Home, platform: Platform) -> None:
    """From the engine saved at the start of each day, or of one before it."""
    stream = home.streams()[0]
    records, _ = read_events(platform.connection, stream.user_id, stream.machine_id, 0, stream.last_us + 1)
    whole, _ = replay_stream(platform, stream, records)
    for day in range(-1, 3):
        first = day_start(stream.first_us) + day * DAY_US
        part = replay_whole_day(platform, stream, first)
        here = (whole.timestamps_us >= first) & (whole.timestamps_us < first + DAY_US)
        assert part.timestamps_us.tolist() == whole.timestamps_us[here].tolist()
        assert part.features.tobytes() == np.ascontiguousarray(whole.features[here]).tobytes()
        assert len(part) > 3_000 or day == -1


def test_only_days_on_which_something_changed_are_labelled_anew(home: Home, platform: Platform) -> None:
    stream = home.streams()[0]
    folder = home.settings.feast / "labels" / stream_folder(home.settings.feast, stream.stream_id).name
    days = sorted(path.stem for path in folder.glob("*.parquet"))
    assert len(days) == 3

    def labelled_anew() -> list[str]:
        before = {path: path.stat().st_mtime_ns for path in folder.parent.glob("*/*.parquet")}
        compute_labels(platform)
        changed = [path for path, at in before.items() if path.stat().st_mtime_ns != at]
        assert {path.parent for path in changed} <= {folder}
        return sorted(path.stem for path in changed)

    assert labelled_anew() == []
    records = DayRecords.read(home.settings.feast / "engines" / folder.name)
    true = records.days[days[0]]
    for record in (replace(true, digest="of other events"), true):
        records.days[days[0]] = record
        records.write()
        assert labelled_anew() == days[:1]
    weak = "SELECT start_time, outcome FROM labels WHERE user_id = %s AND source = 'WEAK' ORDER BY 1"
    rules = platform.connection.execute(weak, (stream.user_id,)).fetchall()
    first = pq.read_table(folder / f"{days[1]}.parquet")["event_timestamp"].cast("int64").to_numpy()[100]
    insert_label(platform.connection, stream.user_id, int(first), int(first) + 60 * 10**6, "FOCUSED", "RETROSPECTIVE")
    assert labelled_anew() == [days[1]]
    said = pq.read_table(folder / f"{days[1]}.parquet")["outcome_source"].to_numpy()
    assert (said == Source.RETROSPECTIVE).sum() == 6
    platform.connection.execute("DELETE FROM labels WHERE source = 'RETROSPECTIVE'")
    assert labelled_anew() == [days[1]]
    assert platform.connection.execute(weak, (stream.user_id,)).fetchall() == rules
    midnight = datetime.fromisoformat(days[1]).replace(tzinfo=UTC)
    platform.connection.execute(
        "INSERT INTO interventions (user_id, machine_id, triggered_at, type, action, predicted_risk, arm, probability)"
        " VALUES (%s, %s, %s, 'SUGGEST_BREAK', 'SUGGEST_BREAK', 0.4, 'SUGGEST_BREAK', 0.3)",
        (stream.user_id, stream.machine_id, midnight + timedelta(seconds=60)),
    )
    assert labelled_anew() == days[:2], "the day before looks five minutes into it"
    platform.connection.execute(
        "DELETE FROM interventions WHERE triggered_at = %s", (midnight + timedelta(seconds=60),)
    )
    assert labelled_anew() == days[:2]
    platform.connection.commit()


def test_a_day_whose_connection_is_cut_is_tried_again_and_no_other_is(
    home: Home, prefect_client: PrefectServer
) -> None:
    """The database ends the session that labels the second day, and the one that first reads events."""
    feast, stream = home.settings.feast, home.streams()[0]
    name, url = stream_folder(feast, stream.stream_id).name, home.settings.database_url or ""
    kinds = ("labels", "offline", "inputs", "changes")
    days = {kind: sorted((feast / kind / name).glob("*.parquet")) for kind in kinds}
    before = {path: pq.read_table(path) for kind in kinds for path in days[kind]}
    for path in days["labels"]:
        path.unlink()
    second = day_of_name(days["labels"][1].stem)
    with cut_who_waits(url, rows_of_day(stream, second)) as cut:
        assert labels() == sum(before[path].num_rows for path in days["labels"]) and cut.is_set()
    assert [_tries(prefect_client, f"{stream.stream_id} {path.stem}") for path in days["labels"]] == [1, 2, 1]
    (feast / "engines" / name / "days.json").unlink()
    with cut_who_waits(url, SQL("LOCK TABLE events IN ACCESS EXCLUSIVE MODE")) as cut:
        assert features() > 10_000 and cut.is_set()
    assert [_tries(prefect_client, f"{stream.stream_id} {path.stem}") for path in days["offline"]] == [2, 1, 1]
    assert all(pq.read_table(path).equals(table) for path, table in before.items())
    assert labels() == 0, "computed anew, they are what the labels were made from"


def test_an_hours_events_are_the_work_of_their_day_alone(home: Home, platform: Platform) -> None:
    """And a run that failed for good goes on at the day that failed."""
    feast, demo = home.settings.feast, home.streams()[0]
    records, _ = read_events(platform.connection, demo.user_id, demo.machine_id, 0, demo.last_us + 1)
    user_id = ensure_user(platform.connection, "hourly-person")
    write = partial(write_events, platform.connection, user_id=user_id, machine_id=HOURLY, boot_id=HOURLY)
    cut = int(np.searchsorted(records["timestamp_us"], np.uint64(demo.last_us - 3_600_000_000)))
    write(first_seq=0, records=records[:cut])
    name = stream_folder(feast, f"{user_id}:{HOURLY}").name

    def run() -> set[str]:
        """The days that are written anew, each with its snapshots, inputs, changes and labels."""
        before = {path: path.stat().st_mtime_ns for path in feast.glob(f"*/{name}/*.parquet")}
        compute_features(platform)
        compute_labels(platform)
        now = [path for path in feast.glob(f"*/{name}/*.parquet") if before.get(path) != path.stat().st_mtime_ns]
        found = {path.stem for path in now}
        assert len(now) == 4 * len(found)
        return found

    days = {path.stem for path in (feast / "offline" / stream_folder(feast, demo.stream_id).name).glob("*.parquet")}
    assert run() == days
    assert run() == set()
    write(first_seq=cut, records=records[cut:])
    blocked = feast / "offline" / name / f"{max(days)}.parquet"
    blocked.unlink()
    (blocked / "in the way").mkdir(parents=True)
    with pytest.raises(IsADirectoryError):
        compute_features(platform)
    (blocked / "in the way").rmdir()
    blocked.rmdir()
    assert run() == {max(days)}
    table = pa.concat_tables(pq.read_table(path) for path in sorted((feast / "offline" / name).glob("*.parquet")))
    whole = replay(records)
    kept = whole.timestamps_us % 10_000_000 == 0
    columns = np.column_stack([table[feature].to_numpy() for feature in FEATURE_NAMES])
    assert columns.tobytes() == np.ascontiguousarray(whole.features[kept]).tobytes()
    platform.connection.execute("DELETE FROM shipper_positions WHERE machine_id = %s", (HOURLY,))
    platform.connection.execute("DELETE FROM events WHERE machine_id = %s", (HOURLY,))
    platform.connection.commit()
    for folder in feast.glob(f"*/{name}"):
        shutil.rmtree(folder)


def _tries(server: PrefectServer, name: str) -> int:
    """How often the newest task run of a name was tried, once it is over."""
    run = _task_run(server, name)
    assert run["state_type"] == "COMPLETED"
    return int(run["run_count"])


def _task_run(server: PrefectServer, name: str) -> dict[str, Any]:
    """The newest task run of a name once it is over: the server learns of it a moment later."""
    user, password = login(server.secrets).split(":", 1)
    address = f"{server.environment['PREFECT_API_URL']}/task_runs/filter"
    asked = {"task_runs": {"name": {"any_": [name]}}, "sort": "EXPECTED_START_TIME_DESC"}
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        found = httpx.post(address, json=asked, auth=(user, password), timeout=60).raise_for_status().json()
        if found and found[0]["state_type"] == "COMPLETED":
            return dict(found[0])
        time.sleep(0.5)
    raise TimeoutError(f"no run of {name} is over")


def test_live_features_agree_with_the_backfill_bit_for_bit(home: Home, platform: Platform) -> None:
    """A desktop computes second by second, a prediction of each second goes back into the engine and into the log."""
    demo = home.streams()[0]
    records, _ = read_events(platform.connection, demo.user_id, demo.machine_id, 0, demo.last_us + 1)
    shift = int(datetime.now(UTC).timestamp() - 3_600) * 1_000_000 - int(records["timestamp_us"][0]) // 10**6 * 10**6
    records = records[:20_000].copy()
    records["timestamp_us"] += np.uint64(shift)
    records = records[records["timestamp_us"] < records["timestamp_us"][0] + np.uint64(1_200_000_000)]
    user_id = ensure_user(platform.connection, "live-person")
    write_events(
        platform.connection,
        user_id=user_id,
        machine_id=LAPTOP,
        boot_id=MACHINE,
        first_seq=0,
        records=records,
    )
    live = _live(records)
    with platform.connection.cursor() as cursor:
        cursor.executemany(
            """INSERT INTO model_predictions (user_id, machine_id, predicted_at, snapshot_time, focus_score,
                distraction_risk, features, focus_momentum) VALUES (%s, %s, %s, %s, %s, 0.5, %s::text::jsonb, %s)""",
            [(user_id, LAPTOP, *row) for row in live],
        )
    platform.connection.commit()
    assert consistency() == 1.0
    found = sorted(home.settings.feast.glob("consistency/*/*.json"))
    made = [path.stat().st_mtime_ns for path in found]
    assert consistency() == 1.0 and [path.stat().st_mtime_ns for path in found] == made, "nothing is compared again"
    platform.connection.execute(
        """INSERT INTO model_predictions (user_id, machine_id, predicted_at, snapshot_time, focus_score,
            distraction_risk, features, focus_momentum)
        SELECT user_id, machine_id, predicted_at, snapshot_time, focus_score, distraction_risk,
            features || '{"keystroke_rate": 0.123}', focus_momentum
        FROM model_predictions WHERE user_id = %s ORDER BY id LIMIT 10""",
        (user_id,),
    )
    platform.connection.commit()
    assert consistency() == pytest.approx(1 - 10 / len(live))


def _live(records: np.ndarray) -> list[tuple[datetime, datetime, float, str, float]]:
    engine = Engine(*zone_table("UTC"))
    first = int(records["timestamp_us"][0])
    engine.restart(first)
    rows = []
    stamps = records["timestamp_us"].astype(np.int64)
    for second in range(first // 10**6 + 1, int(stamps[-1]) // 10**6):
        inside = (stamps > (second - 1) * 10**6) & (stamps <= second * 10**6)
        pushed = engine.push(np.ascontiguousarray(records[inside]))
        closed = engine.close_until(second * 10**6)
        for times, snapshots, _ in (pushed, closed):
            for t_us, row in zip(times.tolist(), snapshots, strict=True):
                score = float(t_us // 10**6 % 97)
                engine.focus_score(t_us, score)
                values = json.dumps(dict(zip(FEATURE_NAMES, row.tolist(), strict=True)))
                at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=t_us)
                rows.append((at, at, score, values, float(row[FEATURE_INDEX["focus_momentum"]])))
    assert len({row[4] for row in rows}) > 100  # the scores did go round
    return rows


def test_momentum_between_logged_predictions_follows_from_their_scores(home: Home, platform: Platform) -> None:
    control = np.array([(NOW.timestamp() * 1e6, ControlKind.FOCUS_SCORE, 80.0)], CONTROL_DTYPE)
    demo = home.streams()[0]
    records, _ = read_events(platform.connection, demo.user_id, demo.machine_id, 0, demo.last_us + 1)
    control["timestamp_us"] = int(records["timestamp_us"][1_000])
    changed = replay(records[:3_000], control).features[:, FEATURE_INDEX["focus_momentum"]]
    assert changed.max() > 50 and changed[0] == 50


def test_moments_that_capture_did_not_cover_or_help_touched_have_no_label(home: Home, platform: Platform) -> None:
    """A real person's morning with an hour's gap between two starts of the agent, and help shown once."""
    from flows.labels import label_stream

    user_id = ensure_user(platform.connection, "covered-person")
    demo = home.streams()[0]
    records, _ = read_events(platform.connection, demo.user_id, demo.machine_id, 0, demo.last_us + 1)
    records = records[records["timestamp_us"] < records["timestamp_us"][0] + np.uint64(4 * 3_600_000_000)]
    stamps = records["timestamp_us"].astype(np.int64)
    before, after = stamps < stamps[0] + 3_600_000_000, stamps > stamps[0] + 2 * 3_600_000_000
    for boot, chosen in ((MACHINE, before), (LAPTOP, after)):
        write_events(
            platform.connection,
            user_id=user_id,
            machine_id=GAPPED,
            boot_id=boot,
            first_seq=0,
            records=records[chosen],
        )
    stop, shown = int(stamps[before][-1]), int(stamps[after][len(stamps[after]) // 2])
    platform.connection.execute(
        "INSERT INTO interventions (user_id, machine_id, triggered_at, type, action, predicted_risk, arm, probability)"
        " VALUES (%s, %s, to_timestamp(%s), 'SUGGEST_BREAK', 'SUGGEST_BREAK', 0.4, 'SUGGEST_BREAK', 0.3)",
        (user_id, GAPPED, shown / 1e6),
    )
    platform.connection.commit()
    stream = next(one for one in list_streams(platform.connection) if one.user_id == user_id)
    assert compute_stream(platform, stream) is not None and label_stream(platform, stream) is not None
    platform.connection.commit()
    mine = read_labels(home.settings.feast, is_demo=False)
    mine = mine[mine["user_id"] == user_id]
    at = mine["event_timestamp"].dt.as_unit("us").astype("int64")
    ends = at + 30_000_000
    uncovered, touched = (at <= stop) & (ends > stop), (at < shown) & (ends >= shown)
    assert uncovered.sum() >= 2 and touched.sum() >= 2
    assert (mine["switch"][uncovered | touched] == -1).all()
    assert (mine["switch"][(ends <= stop) | ((at > shown) & (ends <= stream.last_us))] >= 0).all()
    assert at.max() <= stream.last_us


def test_a_persons_experts_learn_from_what_was_served_them_and_from_nobody_else(home: Home, platform: Platform) -> None:
    """The flow learns from the log what the evaluation over days learns from arrays: the same code, the same state."""
    from flows.evaluation import publish_over_days
    from flows.personal_learning import Served, learn_person
    from flows.training import train_newest
    from neural_focus.models.calibration import logit
    from neural_focus.models.past import PastRows
    from neural_focus.models.training_data import labelled
    from neural_focus.personal.learner import Known
    from neural_focus.personal.served import judge, learners_of

    predictor = stored_models.load(home.settings, train_newest(platform).tag)
    demo = home.streams()[0]
    me = Served(demo.user_id, "known", is_demo=True)
    assert not any(one.seen for one in learn_person(platform, predictor, me).values()), "nothing was served yet"
    snapshots, inputs = replay_stream(
        platform, demo, read_events(platform.connection, demo.user_id, demo.machine_id, 0, demo.last_us + 1)[0]
    )
    chosen = np.isin(snapshots.timestamps_us, inputs.timestamps_us)
    past = PastRows.of_replay(inputs, np.arange(len(inputs.timestamps_us)))
    learners, rows = [learners_of(predictor, demo.user_id, {})], []
    for number, (t_us, row) in enumerate(zip(snapshots.timestamps_us[chosen], snapshots.features[chosen], strict=True)):
        one = PastRows(*(getattr(past, name)[number : number + 1] for name in PastRows.__slots__))
        judged, mixtures = judge(predictor, learners, row[None], one, np.array([demo.user_id]))
        rows.append(
            logged(
                demo.user_id,
                demo.machine_id,
                int(t_us),
                distraction_risk=float(judged.batch.distraction_risk[0]),
                mixtures=mixtures[0],
                features=row,
            )
        )
    insert_predictions(platform.connection, rows)
    found = learn_person(platform, predictor, me)["switch"]
    assert found.known, "the model was trained on this person"
    labels_of = read_labels(home.settings.feast, is_demo=True, user_id=demo.user_id)
    moments, label = labelled(join_moments(platform, labels_of, predictor.contract.version), "switch")
    said = {one.prediction.t_us: one.prediction.mixtures["switch"].said for one in rows}
    words = np.array([said[int(at)] for at in moments.times_us], np.float32).astype(np.float64)
    known = Known(
        moments.inputs(predictor.contract, predictor.context.population),
        logit(words[:, 1]),
        moments.recency_s,
        moments.app,
        moments.times_us,
    )
    expected = learners[0]["switch"].learn(known, words, label, int(moments.times_us[-1]) + MARGIN_US + 1)
    assert found.to_json() == expected.to_json() and found.seen == len(label) > 1_000 and found.residual is not None
    write_personal_models(platform.connection, demo.user_id, {"switch": found.to_json()})
    again = learn_person(platform, predictor, me)
    assert again["switch"].to_json() == found.to_json(), "an outcome counts once"
    publish_over_days(platform, NOW)
    page = (home.settings.reports / OVER_DAYS).read_text()
    assert "demo people, simulated: an app switch within 30 s" in page and "<h2>people" not in page
    assert "nats above that of the time since the last switch" in page
    assert OVER_DAYS in model_index(home.settings)
    other = next(one for one in home.streams() if one.user_id != demo.user_id)
    stranger = learn_person(platform, predictor, Served(other.user_id, "other", is_demo=True))
    assert not any(one.seen for one in stranger.values()), "nobody learns from somebody else's moments"
    real = learn_person(platform, predictor, Served(demo.user_id, "known", is_demo=False))
    assert real["switch"].to_json() == found.to_json(), "nor a real person from a demo person's labels"


def test_a_first_model_that_fails_its_gates_leaves_the_rules_serving(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    from flows.bootstrap import bootstrap
    from infra.up.table import champion_table
    from neural_focus.evaluation import gates
    from neural_focus.models.champion import refusal, refused_already
    from serving.champion import Champion

    monkeypatch.setattr(gates, "LATENCY_BUDGET_MS", 0.0)
    told: list[str] = []
    assert bootstrap(home.settings, lambda text, _: told.append(text)) == ""
    assert told[-1] == "it did not pass its gates"
    assert "latency within the budget (p99" in refusal(home.settings)
    assert refused_already(home.settings) == refusal(home.settings), "the next start does not train it again"
    serving = Champion(home.settings)
    serving.refresh()
    assert serving.predictor.version == "rules_v0" and not serving.notice
    assert "Rules of thumb serve" in str(champion_table(home.settings).title)
    [model] = model_store.list_models(home.settings)
    assert str(model.tag) in (home.settings.reports / "evaluation" / "index.html").read_text()


def test_a_night_of_learning_trains_judges_and_decides_on_every_kind(
    home: Home, prefect_client: PrefectServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Again in the same night, with nothing new, it trains nothing. The network is a small one here."""
    from flows import training
    from flows.evaluation import evaluation
    from flows.learning import learning
    from flows.promotion import promotion

    train, kept = training.train, list[Path]()

    def seen(*arguments: Any, checkpoint: Path, **named: Any) -> TrainedBundle:
        bundle = train(*arguments, checkpoint=checkpoint, **named)
        kept.extend(checkpoint.glob("*.safetensors"))
        return bundle

    monkeypatch.setattr(SequenceModel, "recipe", Recipe(hidden=8, layer=8, epochs=2, most_rows=2_000))
    monkeypatch.setattr(training, "train", seen)
    before = len(decision_log.decisions(home.settings))
    serving = learning("a test")
    models = {model.version: model for model in model_store.list_models(home.settings)}
    assert set(models) == {"xgboost_v1", "lstm_v1", "blend_v1"} and training.train_only() == models["xgboost_v1"].tag
    assert serving in ("", *(model.tag for model in models.values()))
    decided = decision_log.decisions(home.settings)[before:]
    assert {line["decision"] for line in decided} <= {"promoted", "refused"} and len(decided) >= 1
    assert all(gate["found"] for line in decided for gate in line["gates"])
    assert training.blend_newest() == models["blend_v1"].tag and models["blend_v1"].manifest["parts"] == [
        "xgboost_v1",
        "lstm_v1",
    ]
    promotion()  # beside what serves now
    told = decision_log.decisions(home.settings)
    promotion()
    assert decision_log.decisions(home.settings) == told, "a night in which nothing changed decides nothing"
    assert len(model_store.list_models(home.settings)) == len(models)
    pages = model_index(home.settings)
    linked = {found["data"] for found in _artifacts(prefect_client, "evaluation-report")}
    for version, model in models.items():
        assert set(model.manifest) >= _SIX and model.manifest["trained_on"] == "demo"
        page = (home.settings.reports / "models" / f"{version}.html").read_text()
        assert f"neural_focus:{version}" in page and "simulated" in page
        assert json.loads((home.settings.reports / "models" / f"{version}.json").read_text())["rows"]
        assert f"/reports/models/{version}.html" in pages
        assert any(f"/reports/models/{version}.html" in link for link in linked), linked
    assert kept and not any(path.exists() for path in kept), "what a killed run goes on from, until the model is stored"
    reasons = {found["data"] for found in _artifacts(prefect_client, "learning-run")}
    assert "Started: a test." in reasons
    [came_out] = {found["data"] for found in _artifacts(prefect_client, "learning-outcome")}
    assert "lstm_v1, blend_v1" in came_out and "/reports/models/index.html" in came_out and "gates" in came_out
    for version in models:
        important = json.loads((home.settings.reports / "models" / f"{version}.json").read_text())["important"]
        assert set(important) == {"switch", "break"} and len(important["switch"]) == 15, version
    linked_before = len(_artifacts(prefect_client, "evaluation-report"))
    evaluation()
    again = _artifacts(prefect_client, "evaluation-report")
    assert len(again) >= linked_before + 3, "a second run links the reports that are there"


_SIX = {"data", "input_hash", "code_version", "code_commit", "metrics", "files", "seed", "libraries"}
"""What has to be known of every model."""


def _artifacts(server: PrefectServer, key: str) -> list[dict[str, str]]:
    """Everything that runs have left under a key, as Prefect's pages show it."""
    user, password = login(server.secrets).split(":", 1)
    address = f"{server.environment['PREFECT_API_URL']}/artifacts/filter"
    asked = {"artifacts": {"key": {"any_": [key]}}}
    answer = httpx.post(address, json=asked, auth=(user, password), timeout=60)
    found: list[dict[str, str]] = answer.raise_for_status().json()
    return found


def test_a_day_that_fails_a_gate_is_held_back_and_the_rest_is_trained_on(
    home: Home, prefect_client: PrefectServer
) -> None:
    stream = home.streams()[0]
    path = sorted(stream_folder(home.settings.feast, stream.stream_id).glob("*.parquet"))[0]
    good, before = path.read_bytes(), read_labels(home.settings.feast, is_demo=True)
    table = pq.read_table(path)
    place = table.schema.get_field_index("hour_of_day")
    broken = pa.array(np.full(table.num_rows, 99, np.float32))
    pq.write_table(table.set_column(place, table.schema.field(place), broken), path)
    try:
        assert data_quality() > 30
        left = read_labels(home.settings.feast, is_demo=True)
        day = before["event_timestamp"].dt.strftime("%Y-%m-%d") == path.stem
        assert len(left) == len(before) - (day & (before["stream_id"] == stream.stream_id)).sum() < len(before)
        told = json.loads(_artifacts(prefect_client, "data-quality-held")[-1]["data"])
        assert ("features.range", stream.stream_id, path.stem) in {(r["gate"], r["stream"], r["day"]) for r in told}
        assert all(row["found"] and row["what to do"] for row in told)
    finally:
        path.write_bytes(good)


def test_snapshots_without_their_inputs_are_held_back_too(home: Home, platform: Platform) -> None:
    stream = home.streams()[0]
    name = stream_folder(home.settings.feast, stream.stream_id).name
    path = sorted((home.settings.feast / "inputs" / name).glob("*.parquet"))[0]
    good, table = path.read_bytes(), pq.read_table(path)
    try:
        pq.write_table(table.slice(0, table.num_rows // 2), path)
        check_quality(platform)
        held = {(one.stream_id, one.day): one.reasons for one in read_held(home.settings.feast)}
        assert "features.inputs" in {reason.gate for reason in held[stream.stream_id, path.stem]}
    finally:
        path.write_bytes(good)
    check_quality(platform)
    assert not [one for one in read_held(home.settings.feast) if one.stream_id == stream.stream_id]


def test_two_runs_at_once_do_the_work_once(home: Home) -> None:
    with exclusive(home.settings, "features") as mine:
        assert mine
        state = features(return_state=True)
        with exclusive(home.settings, "features") as second:
            assert not second
    assert state.name == "Skipped"
    assert "another run" in (state.message or "")


def test_a_days_key_is_of_its_records_and_of_the_days_before(home: Home, platform: Platform) -> None:
    stream = home.streams()[0]
    found = day_keys(platform.connection, stream, stream.last_us)
    days = list(found)
    assert len(days) == len(set(found.values())) == 3
    asked = "UPDATE shipper_positions SET next_seq = next_seq + 1 WHERE machine_id = %s"
    platform.connection.execute(asked, (stream.machine_id,))
    more = day_keys(platform.connection, stream, stream.last_us)
    assert [more[day] == found[day] for day in days] == [True, True, False]
    platform.connection.execute(
        "INSERT INTO shipper_positions (machine_id, boot_id, user_id, next_seq, first_time, last_time)"
        " VALUES (%s, gen_random_uuid(), %s, 1, %s, %s)",
        (stream.machine_id, stream.user_id, *2 * [moment(days[1] + 1)]),
    )
    late = day_keys(platform.connection, stream, stream.last_us)
    assert [late[day] == more[day] for day in days] == [True, False, False]
    platform.connection.rollback()


def test_an_opened_store_finds_what_the_flow_wrote(home: Home) -> None:
    store = open_store(home.settings)
    assert all(read_online(store, [stream.stream_id for stream in home.streams() if stream.is_demo]))
    store.close()


def test_reports_name_no_folder_of_the_machine(home: Home) -> None:
    for page in Path(home.settings.reports).glob("*/index.html"):
        assert str(home.settings.home) not in page.read_text(), page
