"""``neural-focus import`` against a real database: counted against its source, once only, behind what was captured."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import numpy as np
import pytest
from import_layouts import (
    MANICTIME_APPLICATIONS,
    MANICTIME_USAGE,
    RESCUETIME,
    START,
    aw_bucket,
    aw_event,
    aw_export,
    aw_morning,
    aw_window,
)
from typer.testing import CliRunner, Result

from flows.features import compute_features
from flows.labels import compute_labels
from flows.platform_flow import open_platform
from infra.commands.import_history import app
from neural_focus.errors import ConfigurationError
from neural_focus.events import EVENT_DTYPE, EventType
from neural_focus.forgetting import ForgottenTime
from neural_focus.imports import writing
from neural_focus.settings import Settings, read_settings
from neural_focus.store.boots import read_boots
from neural_focus.store.database import Connection, connect
from neural_focus.store.events import count_events, write_events
from neural_focus.store.forgotten import add_request
from neural_focus.store.imports import imported_machine, read_imports
from neural_focus.store.users import ensure_user

START_US = round(START.timestamp() * 1e6)
LAPTOP = imported_machine("ann", "activitywatch", "laptop")


@pytest.fixture
def ann(fresh_database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Connection, int]]:
    monkeypatch.setenv("NEURAL_FOCUS_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("NEURAL_FOCUS_USERNAME", "ann")
    monkeypatch.setenv("DATABASE_URL", fresh_database_url)
    monkeypatch.chdir(tmp_path)
    with connect(fresh_database_url) as connection:
        connection.autocommit = True  # an open transaction would keep the command from making partitions
        user = ensure_user(connection, "ann")
        yield connection, user


def import_(content: bytes | str, *arguments: str, name: str = "export") -> Result:
    Path(name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return CliRunner().invoke(app, [name, *arguments], catch_exceptions=False)


def test_counts_add_up_and_the_same_again_adds_nothing(ann: tuple[Connection, int]) -> None:
    connection, user = ann
    said = import_(aw_morning()).output
    assert "activitywatch, laptop: 87 rows = 84 used + 3 left out" in said
    assert "neural-focus up" in said and "--train" in said
    stored = count_events(connection, user, LAPTOP)
    assert f"{stored:,} events stored, 2026-03-02 to 2026-03-02" in said and stored == 193
    assert sum(int(number.replace(",", "")) for number in re.findall(r"([\d,]+) [A-Z]+_", said)) == stored
    rows = connection.execute("SELECT time, event_type, app_name, window_title FROM events ORDER BY seq").fetchall()
    assert rows[0] == (START, "WINDOW_FOCUS_CHANGE", "Code", None) and all(row[3] is None for row in rows)
    again = import_(aw_morning()).output
    assert "87 rows = 0 used + 87 left out" in again and "84 left out: imported before" in again
    assert count_events(connection, user, LAPTOP) == stored
    longer = json.loads(aw_morning())
    more = aw_bucket("currentwindow", "w", [aw_window(7_200, 600, "Code")])["events"]
    longer["buckets"]["aw-watcher-window_laptop"]["events"] += more
    longer["buckets"]["aw-watcher-afk_laptop"]["events"].append(aw_event(7_300, 500, status="not-afk"))
    assert "89 rows = 2 used + 87 left out" in import_(json.dumps(longer)).output
    assert read_imports(connection, user)[LAPTOP]["covered"] == [[START_US, START_US + 7_800_000_001]]
    boots = read_boots(connection, user, LAPTOP)
    assert len(boots) == 2 and not any(boot.anew for boot in boots)


def test_what_an_agent_captured_stays_as_it_is(ann: tuple[Connection, int]) -> None:
    connection, user = ann
    captured = np.zeros(2, EVENT_DTYPE)
    captured["timestamp_us"] = [START_US + 2_500_000_000, START_US + 3_500_000_000]
    captured["event_type"], captured["app_name"] = EventType.WINDOW_FOCUS_CHANGE, b"vim"
    machine = str(uuid4())
    write_events(connection, user_id=user, machine_id=machine, boot_id=str(uuid4()), first_seq=0, records=captured)
    said = import_(aw_morning()).output
    assert "16 left out: of times that an agent captured" in said
    inside = connection.execute(
        "SELECT count(*) FROM events WHERE machine_id = %s AND time BETWEEN %s AND %s",
        (LAPTOP, START + timedelta(seconds=2_500), START + timedelta(seconds=3_500)),
    ).fetchone()
    assert inside == (0,) and count_events(connection, user, machine) == 2
    assert len(read_boots(connection, user, LAPTOP)) == 2  # nothing is labelled across what lies between


def test_what_was_forgotten_is_told_and_not_counted_as_stored(ann: tuple[Connection, int]) -> None:
    connection, user = ann
    add_request(connection, user, ForgottenTime(START_US, START_US + 3_000_000_000, None), {}, {})
    said = import_(aw_morning()).output
    stored = count_events(connection, user, LAPTOP)
    [gone] = re.findall(r"(\d+) events not stored: you had forgotten them", said)
    assert 0 < stored < 193 and stored + int(gone) == 193 and f"{stored:,} events stored" in said
    assert sum(int(number.replace(",", "")) for number in re.findall(r"([\d,]+) [A-Z]+_", said)) == stored
    assert read_imports(connection, user)[LAPTOP]["events"] == stored


def test_an_import_that_was_killed_goes_on(ann: tuple[Connection, int], monkeypatch: pytest.MonkeyPatch) -> None:
    connection, user = ann
    days = [aw_window(day * 86_400 + minute * 60, 60, f"app {minute % 7}") for day in range(4) for minute in range(30)]
    content = aw_export(aw_bucket("currentwindow", "w", days))
    monkeypatch.setattr(writing, "RECORDS_AT_ONCE", 1)
    appended, days_begun = writing._append, list[int]()

    def die(*arguments: object) -> int:
        stored = appended(*arguments)  # type: ignore[arg-type]
        days_begun.append(1)
        if len(days_begun) == 3:
            raise KeyboardInterrupt
        return stored

    monkeypatch.setattr(writing, "_append", die)
    import_(content)
    assert count_events(connection, user, LAPTOP) == 62
    monkeypatch.setattr(writing, "_append", appended)
    assert "120 rows = 60 used + 60 left out" in import_(content).output
    assert count_events(connection, user, LAPTOP) == 4 * 31
    assert len(read_boots(connection, user, LAPTOP)) == 4


def test_two_timelines_of_manictime_are_one_log(ann: tuple[Connection, int]) -> None:
    connection, user = ann
    Path("usage.csv").write_text(MANICTIME_USAGE)
    said = import_(MANICTIME_APPLICATIONS, "usage.csv", "--tz", "Europe/Berlin", "--machine", "desk").output
    assert "manictime, desk: 6 rows = 6 used + 0 left out" in said and "first 5 min" not in said
    rows = connection.execute(
        "SELECT event_type, count(*) FROM events WHERE user_id = %s GROUP BY 1 ORDER BY 1", (user,)
    ).fetchall()
    assert dict(rows)["IDLE_START"] == dict(rows)["IDLE_END"] == 1


def test_features_and_labels_of_what_sees_switches(ann: tuple[Connection, int], tmp_path: Path) -> None:
    import_(aw_morning())
    import_(RESCUETIME.replace("2026-03-02", "2026-03-03"), "--tz", "Europe/Berlin")
    settings = Settings(home=tmp_path / "home", database_url=read_settings().database_url)
    with open_platform(settings) as platform:
        assert len(compute_features(platform)) == 2
        [labelled] = compute_labels(platform)
        assert labelled.stream.machine_id == LAPTOP and labelled.moments > 300 and 0 < labelled.switch < 1


def test_a_demo_person_gets_no_import(ann: tuple[Connection, int], monkeypatch: pytest.MonkeyPatch) -> None:
    connection, _ = ann
    ensure_user(connection, "demo-01", is_demo=True)
    monkeypatch.setenv("NEURAL_FOCUS_USERNAME", "demo-01")
    with pytest.raises(ConfigurationError, match="demo person"):
        import_(aw_export(aw_bucket("afkstatus", "a", [aw_event(0, 9, status="afk")])))
