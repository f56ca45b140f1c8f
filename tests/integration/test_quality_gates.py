"""Gates on real data: a fault in each kind of it, what is held back for it, and what is learned from all the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from flows.data_quality import check_quality
from flows.features import compute_features
from flows.gates.stream_profiles import stream_profiles
from flows.label_files import label_path, read_labels, read_stays
from flows.labels import compute_labels
from flows.platform_flow import Platform, exclusive, open_platform
from flows.training import choose_labels
from infra.commands.quality import app
from infra.diagnosis import check_held_days
from infra.finding import Grade
from neural_focus.errors import BusyError, QualityError
from neural_focus.events import EventType
from neural_focus.help_settings import HelpSettings
from neural_focus.quarantine import VERDICTS, HeldDay, quality_folder, read_held
from neural_focus.settings import Settings
from neural_focus.simulation.history import write_history
from neural_focus.simulation.person import simulate_person
from neural_focus.store.database import connect
from neural_focus.store.events import list_streams, write_events
from neural_focus.store.users import ensure_user
from neural_focus.time import DAY_US
from serving.champion import Champion
from serving.people import UserProfile
from serving.personal_models import PersonalModels
from serving.queries import model_card

NOW = datetime(2026, 3, 6, 1, tzinfo=UTC)
"""A Friday night: the history is Tuesday to Thursday."""
DAYS = ["2026-03-03", "2026-03-04", "2026-03-05"]
LAPTOP = "6f1c2a9e-0000-4000-8000-0000000000aa"
COPY = "6f1c2a9e-0000-4000-8000-0000000000bb"


@pytest.fixture(scope="module")
def platform(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """Two demo people, and a real one who on Wednesday has another scale of pixels."""
    settings = Settings(home=tmp_path_factory.mktemp("home"), database_url=module_database_url)
    with connect(module_database_url) as connection:
        write_history(connection, settings, people=2, days=3, now=NOW)
        user = ensure_user(connection, "ann", zone="Europe/Berlin")
        records = simulate_person(5, 3, last_day=date(2026, 3, 5)).records
        day = (records["timestamp_us"] // DAY_US).astype(np.int64)
        scaled = (day == np.unique(day)[1]) & (records["event_type"] == EventType.MOUSE_MOVE)
        data = records["data"][scaled]
        data[:, :2] *= 1_000
        records["data"][scaled] = data
        write_events(connection, user_id=user, machine_id=LAPTOP, boot_id=LAPTOP, first_seq=0, records=records)
    with open_platform(settings) as opened:
        compute_features(opened)
        compute_labels(opened)
        yield opened


@pytest.fixture
def ann(platform: Platform) -> str:
    """Ann's stream."""
    return next(one.stream_id for one in list_streams(platform.connection) if not one.is_demo)


@pytest.fixture
def demo(platform: Platform) -> str:
    """A demo person's stream."""
    return next(one.stream_id for one in list_streams(platform.connection) if one.is_demo)


def held(platform: Platform) -> dict[tuple[str, str], set[str]]:
    """What is held back after a check, with the gates."""
    check_quality(platform)
    return {
        (one.stream_id, one.day): {reason.gate for reason in one.reasons} for one in read_held(platform.settings.feast)
    }


def days_learned(platform: Platform, stream_id: str, *, is_demo: bool) -> list[str]:
    """The days of a stream that are learned from."""
    labels = read_labels(platform.settings.feast, is_demo)
    mine = labels[labels["stream_id"] == stream_id]
    return sorted(mine["event_timestamp"].dt.strftime("%Y-%m-%d").unique())


def page_note(platform: Platform, user_id: int, name: str, *, is_demo: bool) -> str:
    """What the page says of the model to a person."""
    user = UserProfile(user_id, name, is_demo, "UTC", NOW, HelpSettings())
    return model_card(platform.connection, Champion(platform.settings), PersonalModels(), user).note


def spoilt(path: Path, name: str, change: Callable[[np.ndarray], np.ndarray]) -> bytes:
    """A column of a file, changed; returns the file as it was."""
    good, table = path.read_bytes(), pq.read_table(path)
    place = table.schema.get_field_index(name)
    values = pa.array(change(table[name].to_numpy().copy()), table.schema.field(place).type)
    pq.write_table(table.set_column(place, table.schema.field(place), values), path)
    return good


def test_another_scale_in_the_events_stops_that_day_of_that_person_alone(
    platform: Platform, ann: str, demo: str
) -> None:
    found = held(platform)
    assert list(found) == [(ann, DAYS[1])] and "events.pointer-outside" in found[ann, DAYS[1]]
    assert days_learned(platform, ann, is_demo=False) == [DAYS[0], DAYS[2]]
    assert days_learned(platform, demo, is_demo=True) == DAYS
    labels, is_demo = choose_labels(platform.settings.feast)
    assert is_demo and labels["stream_id"].nunique() == 2, "everybody else's training goes on"
    mine = read_labels(platform.settings.feast, is_demo=False)
    wednesday = datetime(2026, 3, 4, tzinfo=UTC).timestamp() * 1e6
    stays = read_stays(platform.settings.feast, mine)
    assert len(stays) == 2 and not any(
        ((one.end_us >= wednesday) & (one.end_us < wednesday + DAY_US)).any() for one in stays
    )
    assert max(one.seconds.max() for one in stays) < 86_400, "no stay goes on across the day that is held back"


def test_a_day_is_profiled_once(platform: Platform) -> None:
    check_quality(platform)
    assert [stream_profiles(platform, stream).read for stream in list_streams(platform.connection)] == [0, 0, 0]


def test_snapshots_out_of_range_are_held_back_until_they_are_good_again(platform: Platform, demo: str) -> None:
    path = platform.settings.feast / "offline" / demo.replace(":", "_") / f"{DAYS[0]}.parquet"
    good = spoilt(path, "hour_of_day", lambda hour: np.full_like(hour, 99))
    try:
        assert "features.range" in held(platform)[demo, DAYS[0]]
        assert days_learned(platform, demo, is_demo=True) == DAYS[1:]
    finally:
        path.write_bytes(good)
    assert (demo, DAYS[0]) not in held(platform)
    assert days_learned(platform, demo, is_demo=True) == DAYS


def test_labels_that_contradict_what_followed_are_held_back(platform: Platform, demo: str) -> None:
    path = label_path(platform.settings.feast, demo.replace(":", "_"), DAYS[2])
    good = spoilt(path, "switch", lambda switch: np.where(switch < 0, switch, 1 - switch))
    try:
        assert "labels.next-switch" in held(platform)[demo, DAYS[2]]
    finally:
        path.write_bytes(good)
    assert (demo, DAYS[2]) not in held(platform)


def test_a_session_that_ends_before_it_starts_stops_that_day(platform: Platform, demo: str) -> None:
    asked = (
        "UPDATE sessions SET end_time = start_time - interval '1 minute' WHERE id = (SELECT min(id) FROM sessions"
        " WHERE user_id = %s) RETURNING id, to_char(start_time, 'YYYY-MM-DD')"
    )
    user = int(demo.partition(":")[0])
    row = platform.connection.execute("SELECT min(id) FROM sessions WHERE user_id = %s", (user,)).fetchone()
    end = platform.connection.execute("SELECT end_time FROM sessions WHERE id = %s", row).fetchone()
    [(session, day)] = platform.connection.execute(asked, (user,)).fetchall()
    platform.connection.commit()
    try:
        assert held(platform)[demo, day] == {"sessions.end"}
    finally:
        platform.connection.execute("UPDATE sessions SET end_time = %s WHERE id = %s", (*(end or ()), session))
        platform.connection.commit()
    assert (demo, day) not in held(platform)


def test_a_clock_that_was_moved_before_the_first_boot_stops_nothing(platform: Platform, demo: str) -> None:
    """No record was made with the wrong clock. ``tests/unit/flows/test_gate_frames.py`` has the other cases."""
    machine = demo.partition(":")[2]
    asked = "UPDATE shipper_positions SET clock_step_us = %s WHERE machine_id = %s"
    platform.connection.execute(asked, (-3_600_000_000, machine))
    platform.connection.commit()
    try:
        assert demo not in {stream for stream, _ in held(platform)}
    finally:
        platform.connection.execute(asked, (None, machine))
        platform.connection.commit()


def test_an_agent_that_sees_input_while_no_event_arrives_is_told(platform: Platform, ann: str) -> None:
    friday, (user, _, machine) = "2026-03-06", ann.partition(":")
    moved = "UPDATE shipper_positions SET first_time = first_time + %s::interval WHERE machine_id = %s"
    began = platform.connection.execute(
        "SELECT first_time FROM shipper_positions WHERE machine_id = %s", (machine,)
    ).fetchone() or (None,)
    typing = (
        "INSERT INTO model_predictions (user_id, machine_id, predicted_at, snapshot_time, focus_score,"
        " distraction_risk, features) SELECT %s, %s, at, at, 50, 0.5,"
        """ '{"keystroke_count": 4, "mouse_move_count": 0}' FROM generate_series("""
        "%s::date + interval '9 h', %s::date + interval '10 h', interval '10 s') AS at"
    )
    platform.connection.execute(typing, (user, machine, friday, friday))
    platform.connection.commit()
    profiles = quality_folder(platform.settings.feast, ann) / "profiles.json"
    profiles.unlink(missing_ok=True)  # days that are over are asked once
    try:
        assert held(platform)[ann, friday] == {"events.silent"}
        # the first days' events are past their retention: their predictions are kept, and so is when the stream began
        platform.connection.execute("DELETE FROM model_predictions WHERE machine_id = %s", (machine,))
        platform.connection.execute(typing, (user, machine, "2026-02-25", "2026-02-25"))
        platform.connection.execute(moved, ("-7 days", machine))
        platform.connection.commit()
        profiles.unlink()
        assert {day for stream, day in held(platform) if stream == ann} == {DAYS[1]}
    finally:
        platform.connection.execute(
            "UPDATE shipper_positions SET first_time = %s WHERE machine_id = %s", (*began, machine)
        )
        platform.connection.execute("DELETE FROM model_predictions WHERE machine_id = %s", (machine,))
        platform.connection.commit()
        profiles.unlink()
    assert (ann, friday) not in held(platform)


def test_a_person_releases_a_day_and_takes_it_back(
    platform: Platform, ann: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEURAL_FOCUS_HOME", str(platform.settings.home))
    run = CliRunner()
    check_quality(platform)
    listed = run.invoke(app, []).output
    assert f"{ann}  {DAYS[1]}  held back" in listed and "events.pointer-outside" in listed and "→ Update" in listed
    finding = check_held_days(platform.settings)
    assert (
        finding.state is Grade.LIMITED
        and DAYS[1] in finding.description
        and "outside of any desktop" in finding.description
    )
    user = int(ann.partition(":")[0])
    assert "1 day of yours is held back from learning" in page_note(platform, user, "ann", is_demo=False)
    assert "held back" not in page_note(platform, 1, "demo-01", is_demo=True), "nobody is told of others' days"
    assert "is released" in run.invoke(app, ["release", ann[:5], DAYS[1]]).output
    assert held(platform) == {}, "the gate still fails, and a person let the day go"
    assert days_learned(platform, ann, is_demo=False) == DAYS
    assert check_held_days(platform.settings).state is Grade.WELL
    assert "released" in run.invoke(app, []).output
    assert run.invoke(app, ["release", ann, DAYS[1]]).exit_code != 0, "it is not held back"
    assert "held back again" in run.invoke(app, ["hold", ann, DAYS[1]]).output
    assert list(held(platform)) == [(ann, DAYS[1])]


def test_where_nothing_is_left_the_training_stops_and_says_why(platform: Platform) -> None:
    paths = sorted(platform.settings.feast.glob("labels/*/*.parquet"))
    good = {path: spoilt(path, "switch", lambda switch: np.where(switch < 0, switch, 1 - switch)) for path in paths}
    try:
        with pytest.raises(QualityError, match=r"demo: set\.left: 6 days are held back, 0 are left"):
            check_quality(platform)
    finally:
        for path, content in good.items():
            path.write_bytes(content)
    check_quality(platform)


def test_a_check_waits_for_another_one(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flows.data_quality.PATIENCE_S", 0.0)
    with exclusive(platform.settings, VERDICTS) as mine:
        assert mine
        with pytest.raises(BusyError, match="another check"):
            check_quality(platform)
    check_quality(platform)


def test_a_copied_machine_is_held_back_and_the_first_is_not(platform: Platform, ann: str) -> None:
    user = int(ann.partition(":")[0])
    records = simulate_person(5, 3, last_day=date(2026, 3, 5)).records
    write_events(platform.connection, user_id=user, machine_id=COPY, boot_id=COPY, first_seq=0, records=records)
    compute_features(platform)
    compute_labels(platform)
    found = held(platform)
    assert {(stream, day) for stream, day in found if stream == f"{user}:{COPY}"} == {
        (f"{user}:{COPY}", DAYS[0]),
        (f"{user}:{COPY}", DAYS[2]),
    }
    assert found[f"{user}:{COPY}", DAYS[0]] == {"training.twice"} and (ann, DAYS[0]) not in found


def test_records_that_the_database_lost_are_missed_and_those_that_were_forgotten_are_not(
    platform: Platform, ann: str
) -> None:
    """Of the copy, whose days nothing learns from anyway."""
    user, stream = ann.partition(":")[0], f"{ann.partition(':')[0]}:{COPY}"
    platform.connection.execute(
        "DELETE FROM events WHERE machine_id = %s AND time >= %s AND time < %s AND seq %% 4 = 0",
        (COPY, DAYS[1], DAYS[2]),
    )
    platform.connection.commit()
    (quality_folder(platform.settings.feast, stream) / "profiles.json").unlink()
    assert "events.sequence" in held(platform)[stream, DAYS[1]]
    platform.connection.execute(
        "INSERT INTO forgotten (user_id, first_time, end_time) VALUES (%s, %s, %s)",
        (user, f"{DAYS[1]} 08:00+00", f"{DAYS[1]} 09:00+00"),
    )
    platform.connection.commit()
    assert "events.sequence" not in held(platform).get((stream, DAYS[1]), set())


def test_a_held_day_knows_whose_it_is() -> None:
    assert HeldDay("12:abc", DAYS[0], ()).user_id == 12
