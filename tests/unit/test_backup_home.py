"""What a backup takes of a home, file by file."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import pytest

from infra.backup_home import classify, copy_of_sqlite, list_home
from neural_focus.errors import StoreError

TAKEN = (
    "secrets.json",
    "privacy.toml",
    "categories.toml",
    "consent.json",
    "token",
    "engine.state",
    "spool/000000000007.segment",
    "spool/quarantine/000000000003.segment.1",
    "desktops/demo-live/spool/000000000001.segment",
    "desktops/demo-live/machine_id",
    "bentoml/models/neural_focus/xgboost_v3/switch.ubj",
    "bentoml/champion.json",
    "bentoml/decisions.jsonl",
    "feast/registry.db",
    "feast/online.db",
    "feast/offline/1_00eac514-b51b-5414-9319-b8c9c30140c3/2026-11-26.parquet",
    "reports/data-docs/static/styles/neural_focus.css",
    "prefect/memo_store.toml",
)
LEFT_OUT = (
    "up.lock",
    "database/data/PG_VERSION",
    "logs/agent.log",
    "signin/a223919ae723a8ec",
    "spool/lock",
    "feast/online.db-wal",
    "feast/registry.lock",
    "bentoml/scratch/xgboost_v3/switch.ubj",
    "bentoml/store.lock",
    ".consent.json.0a1b2c3d",
    "secrets.4711",
    "feast/offline/1_00eac514-b51b-5414-9319-b8c9c30140c3/2026-11-26.4711",
    "restoring",
)


@pytest.mark.parametrize("name", TAKEN)
def test_what_a_person_would_miss_is_taken(name: str) -> None:
    assert classify(name) == ("taken", "")


@pytest.mark.parametrize("name", LEFT_OUT)
def test_what_is_left_out_has_a_reason(name: str) -> None:
    kind, why = classify(name)
    assert kind == "left out" and why


def test_what_nobody_knows_is_unknown() -> None:
    assert classify("something/new.bin") == ("unknown", "")


def test_links_and_pipes_are_named_and_not_followed(tmp_path: Path) -> None:
    (tmp_path / "reports").mkdir()
    (tmp_path / "reports" / "shadow").symlink_to("/etc/shadow")
    os.mkfifo(tmp_path / "reports" / "pipe")
    (tmp_path / "reports" / "page.html").write_text("a page")
    found = {one.name: (one.kind, one.why) for one in list_home(tmp_path)}
    assert found == {
        "reports/page.html": ("taken", ""),
        "reports/pipe": ("left out", "no plain file"),
        "reports/shadow": ("left out", "no plain file"),
    }


def test_a_database_is_copied_whole_while_it_is_written(tmp_path: Path) -> None:
    path, copied = tmp_path / "online.db", tmp_path / "copied.db"
    writer = sqlite3.connect(path)
    writer.execute("PRAGMA journal_mode = WAL")
    writer.execute("CREATE TABLE numbers (number)")
    writer.execute("INSERT INTO numbers VALUES (1)")
    writer.commit()
    writer.execute("INSERT INTO numbers VALUES (2)")  # not committed
    copied.write_bytes(copy_of_sqlite(path))
    reader = sqlite3.connect(copied)
    assert reader.execute("SELECT * FROM numbers").fetchall() == [(1,)]
    assert reader.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    reader.close()
    writer.close()


def test_a_folder_that_is_elsewhere_is_not_missing_without_a_word(tmp_path: Path) -> None:
    home, elsewhere = tmp_path / "home", tmp_path / "a bigger disk"
    (elsewhere / "models").mkdir(parents=True)
    home.mkdir()
    (home / "bentoml").symlink_to(elsewhere)
    with pytest.raises(StoreError, match=r"bentoml is a link: what it leads to would not be in the backup"):
        list(list_home(home))
    (home / "bentoml").unlink()
    (home / "logs").symlink_to(elsewhere)
    assert list(list_home(home)) == [], "what is left out may be anywhere"
