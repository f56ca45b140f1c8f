"""``neural-focus backup`` and ``restore``: onto an empty machine with equal rows and predictions, or not at all."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from uuid import uuid4

import numpy as np
import psycopg
import pyarrow.parquet as pq
import pytest
from alembic import command
from logged_answers import logged
from sample_records import START_US, some_records
from served_forecast import forecast_of
from stored_people import store_something
from trained_person import TrainedPerson
from trusted_model import trust_the_model

from collector.desktop import desktop_of
from collector.spool import SpoolReader, open_writer
from feature_repo.store import open_store, read_online
from flows.server import DATABASE as PREFECT
from flows.server import ensure_database
from infra.backup import databases_at
from infra.backup_archive import writing
from infra.backup_database import identity
from infra.backup_reader import ArchiveReader
from infra.database_schema import _config, make_database, migrate, newest_revision
from infra.embedded_database import POSTGRESQL, EmbeddedServer
from infra.ports import free_port
from infra.restore_mark import NAME as MARK
from infra.restore_mark import set_mark
from neural_focus.features import FEATURE_NAMES
from neural_focus.models.champion import promote
from neural_focus.models.past import PastRows
from neural_focus.models.sequences import no_steps
from neural_focus.registry import model_store
from neural_focus.replay import INPUT_NAMES
from neural_focus.settings import Settings
from neural_focus.store.database import connect, sqlalchemy_engine
from neural_focus.store.events import write_events
from neural_focus.store.partitions import days_of, ensure_partitions
from neural_focus.store.predictions import insert_predictions
from neural_focus.store.sessions import begin_session
from serving.champion import Champion
from serving.personal_models import PersonalModels

COMMAND = (sys.executable, "-m", "infra.cli")


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """One that the database's account can pass."""
    made = Path(tempfile.mkdtemp(prefix="neural focus test "))
    made.chmod(0o755)
    before = os.umask(0o077)
    yield made
    os.umask(before)
    shutil.rmtree(made)


def installation(home: Path) -> Settings:
    return Settings(home=home, database_port=free_port(), username="ann")


def environment(settings: Settings) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    kept |= {"DATABASE_URL": settings.database_url} if settings.database_url else {}
    ports = {f"NEURAL_FOCUS_{name}_PORT": str(free_port()) for name in ("PREFECT", "SERVING")}
    ports["NEURAL_FOCUS_DATABASE_PORT"] = str(settings.database_port)
    return kept | ports | {"NEURAL_FOCUS_HOME": str(settings.home), "NEURAL_FOCUS_USERNAME": "ann"}


def run(settings: Settings, *arguments: str, limits: str = "", **more: str) -> subprocess.CompletedProcess[str]:
    """A command of the installation, to its end."""
    limited = ("bash", "-c", f'ulimit {limits}; exec "$@"', "bash") if limits else ()
    return subprocess.run(
        [*limited, *COMMAND, *arguments],
        env=environment(settings) | more,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        stdin=subprocess.DEVNULL,
    )


def succeeds(settings: Settings, *arguments: str, **more: str) -> str:
    done = run(settings, *arguments, **more)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def refused(settings: Settings, *arguments: str, limits: str = "", **more: str) -> str:
    """The one line that a person reads."""
    done = run(settings, *arguments, limits=limits, **more)
    assert done.returncode == 1 and "Traceback" not in done.stderr, done.stdout + done.stderr
    [line] = done.stderr.strip().splitlines()
    return line


@contextmanager
def database_of(settings: Settings) -> Iterator[Settings]:
    """With the URL of its embedded server, which runs meanwhile."""
    server = EmbeddedServer.from_settings(settings)
    url = server.start()
    try:
        yield replace(settings, database_url=url)
    finally:
        server.stop()


def contents(url: str) -> dict[str, tuple[int, str]]:
    """Rows and a hash of all of them, by table of the schema ``public``."""
    asked = (
        "SELECT c.relname FROM pg_class c WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition"
        " AND c.relnamespace = 'public'::regnamespace"
    )
    with psycopg.connect(url, options="-c timezone=UTC") as connection:
        found = {}
        for (name,) in connection.execute(asked).fetchall():
            row = connection.execute(
                f"SELECT count(*), md5(COALESCE(string_agg(t::text, E'\\n' ORDER BY t::text), '')) FROM \"{name}\" t"
            ).fetchone()
            assert row is not None
            found[str(name)] = (int(row[0]), str(row[1]))
        return found


def predictions(settings: Settings, user_id: int, stream_id: str) -> list[tuple[float, ...]]:
    """What the served model, with the person's own experts, says to the snapshots of the stream's features."""
    champion, people = Champion(settings), PersonalModels()
    assert champion.refresh() and champion.predictor.version == "xgboost_v1"
    with connect(settings.database_url or "") as connection:
        people.refresh(connection)
    name = stream_id.replace(":", "_")
    [seen] = (settings.feast / "offline" / name).glob("*.parquet")
    [told] = (settings.feast / "inputs" / name).glob("*.parquet")
    features = np.column_stack([pq.read_table(seen)[column].to_numpy() for column in FEATURE_NAMES])
    rows = pq.read_table(told)
    values = np.column_stack([rows[column].to_numpy() for column in INPUT_NAMES]).astype(np.float32)
    said = []
    for at in range(0, len(values), max(1, len(values) // 20)):
        app = np.array(["code"])
        past = PastRows(values[at : at + 1], app, app, no_steps(1))
        made = forecast_of(champion.predictor, people, user_id, features[at], past, 1_760_000_000_000_000).prediction
        said.append((made.focus_score, made.distraction_risk, made.break_risk or 0.0, made.confidence))
    return said


class Made:
    """An installation with everything in it, its backup, and what it held then."""

    def __init__(self, folder: Path, trained: TrainedPerson) -> None:
        self.settings = installation(folder / "first home")
        self.file = folder / "one.backup"
        with database_of(self.settings) as running:
            url = running.database_url or ""
            make_database(url)
            migrate(url)
            self.person, self.stream = store_something(running, "ann", records=900)
            store_something(running, "bob")
            with connect(url) as connection:
                session = begin_session(connection, self.person, None, "deep_work", START_US, planned_seconds=1_500)
                times = range(START_US, START_US + 300_000_000, 1_000_000)
                machine = self.stream.split(":")[1]
                rows = [logged(self.person, machine, t_us, session_id=session.id) for t_us in times]
                ensure_partitions(connection, "model_predictions", days_of([time.time_ns() // 1000]))
                insert_predictions(connection, rows)
                trust_the_model(connection, self.person)
            promote(running, model_store.save(running, trained.bundle))
            ensure_database(running)
            with psycopg.connect(databases_at(url)[PREFECT]) as prefect:
                prefect.execute("CREATE TABLE flow_run AS SELECT number FROM generate_series(1, 321) number")
            desktop = desktop_of(running)
            desktop.privacy.write_text("# mine\n")
            writer = open_writer(desktop.spool, desktop.machine_id(), str(uuid4()))
            writer.append(some_records(40), {})
            self.told = succeeds(self.settings, "backup", str(self.file))  # the agent and the database are at work
            del writer
            self.contents = contents(url)
            self.predictions = predictions(running, self.person, self.stream)


@pytest.fixture(scope="module")
def made(folder: Path, trained_person: TrainedPerson) -> Made:
    return Made(folder, trained_person)


def test_a_restore_onto_an_empty_machine_has_equal_rows_and_equal_predictions(made: Made, folder: Path) -> None:
    assert "Only you can read it" in made.told and "! Taken" not in made.told
    other = installation(folder / "another" / "home")
    told = succeeds(other, "restore", str(made.file))
    assert "neural_focus.events" in told and "prefect.flow_run" in told and "950" in told and "321" in told
    assert not (other.home / MARK).exists()
    with database_of(other) as running:
        url = running.database_url or ""
        again = contents(url)
        assert again == made.contents
        assert again["events"][0] == 950 and again["model_predictions"][0] == 300 and again["personal_models"][0] == 2
        said = predictions(running, made.person, made.stream)
        assert said == made.predictions and len(set(said)) > 5
        with psycopg.connect(databases_at(url)[PREFECT]) as prefect:
            assert prefect.execute("SELECT count(*), sum(number) FROM flow_run").fetchone() == (321, 51_681)
        with connect(url) as connection:  # and it goes on
            write_events(
                connection, first_seq=0, records=some_records(7), user_id=made.person, machine_id=str(uuid4()),
                boot_id=str(uuid4()),
            )  # fmt: skip
        rows = [read_online(store := open_store(one), [made.stream])[0] for one in (made.settings, running)]
        store.close()
        assert rows[0] is not None and rows[1] is not None
        assert rows[0].t_us == rows[1].t_us and rows[0].features.tobytes() == rows[1].features.tobytes()
    desktop = desktop_of(other)
    assert desktop.privacy.read_text() == "# mine\n"
    assert desktop.machine_id() == desktop_of(made.settings).machine_id()
    waiting = SpoolReader(desktop.spool).peek()
    assert waiting is not None and waiting.records.tobytes() == some_records(40).tobytes()
    line = refused(other, "restore", str(made.file))
    assert "is not empty" in line and "NEURAL_FOCUS_HOME" in line


def test_a_torn_or_flipped_file_is_refused_and_nothing_is_written(made: Made, folder: Path) -> None:
    data, broken, home = made.file.read_bytes(), folder / "broken.backup", installation(folder / "never")
    for bad in (data[: len(data) // 2], data[:-3], data[:-200] + bytes([data[-200] ^ 4]) + data[-199:]):
        broken.write_bytes(bad)
        assert "is torn or was changed" in refused(home, "restore", str(broken))
        assert not home.home.exists()


def rewritten(file: Path, target: Path, **told: object) -> Path:
    """The same members with another manifest."""
    reader, manifest = ArchiveReader(file), dict[str, object]()
    with writing(target, manifest) as archive:
        for member in reader.members():
            archive.add_bytes(member.name, member.file.read())
        manifest |= reader.manifest | told
    reader.close()
    return target


def test_a_newer_schema_is_refused(made: Made, folder: Path) -> None:
    home = installation(folder / "never too")
    line = refused(home, "restore", str(rewritten(made.file, folder / "newer.backup", schema="9999")))
    assert "has schema 9999" in line and "a newer version" in line and "Update this program" in line
    assert not home.home.exists()


def test_other_counts_than_those_of_the_manifest_are_an_error_and_nothing_stays(made: Made, folder: Path) -> None:
    reader = ArchiveReader(made.file)
    assert sum(1 for _ in reader.members()) > 30
    reader.close()
    databases = reader.manifest["databases"]
    databases["neural_focus"]["tables"]["public.events"] += 1
    home = installation(folder / "miscounted")
    line = refused(home, "restore", str(rewritten(made.file, folder / "other.backup", databases=databases)))
    assert "public.events has 950 rows after the restore, not 951" in line
    assert [one.name for one in home.home.iterdir()] == ["up.lock"]


def test_a_paired_machine_has_its_home_alone(folder: Path) -> None:
    desk, other = installation(folder / "desk"), installation(folder / "new desk")
    desk.home.mkdir()
    desktop_of(desk).service.write_text("https://focus.example.org\n")
    desktop_of(desk).token.write_text("a token")
    succeeds(desk, "backup", str(folder / "desk.backup"))
    succeeds(other, "restore", str(folder / "desk.backup"))
    assert {one.name for one in other.home.iterdir()} == {"service", "token", "up.lock"}
    assert desktop_of(other).token.read_text() == "a token"
    assert "there is nothing in" in refused(installation(folder / "nowhere"), "backup", str(folder / "nothing.backup"))


def test_a_full_disk_leaves_nothing(made: Made, folder: Path) -> None:
    out = folder / "full"
    out.mkdir()
    with database_of(made.settings):
        line = refused(made.settings, "backup", str(out / "two.backup"), limits="-f 100")  # KB
    assert "two.backup cannot be written" in line and "Free some space" in line
    assert list(out.iterdir()) == []
    home = installation(folder / "full home")
    for size, words in ((20, "cannot be written: File too large. Nothing was restored"), (400, "initdb failed")):
        assert words in refused(home, "restore", str(made.file), limits=f"-f {size}")
        assert [one.name for one in home.home.iterdir()] == ["up.lock"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root mounts")
def test_a_disk_that_is_really_full_leaves_nothing(made: Made, folder: Path) -> None:
    small = folder / "small"
    small.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=200k", "none", str(small)], check=False)
    if mounted.returncode != 0:
        pytest.skip("this machine mounts nothing")
    try:
        assert "No space left" in refused(made.settings, "backup", str(small / "two.backup"))
        assert list(small.iterdir()) == []
        small.chmod(0o755)
        home = installation(small / "home")
        assert "MB are free" in refused(home, "restore", str(made.file))
        assert [one.name for one in home.home.iterdir()] == ["up.lock"]
    finally:
        subprocess.run(["umount", str(small)], check=True)


def test_a_restore_that_was_killed_starts_over_and_nothing_else_starts_before(made: Made, folder: Path) -> None:
    home = installation(folder / "killed home")
    process = subprocess.Popen([*COMMAND, "restore", str(made.file)], env=environment(home), stdout=subprocess.DEVNULL)
    until = time.monotonic() + 120
    while not (home.home / "database" / "data" / "postmaster.pid").exists():  # files are there, the database is begun
        assert process.poll() is None and time.monotonic() < until
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert (home.home / MARK).exists()
    refused_ones = ("up --once", "agent", "database start", "backup x.backup", "machines list", "models list", "doctor")
    for arguments in (*map(str.split, refused_ones), ["forget", "15m", "--yes"]):
        line = refused(home, *arguments)
        assert "is half restored" in line and f"neural-focus restore {made.file}" in line
    told = succeeds(home, "restore", str(made.file))
    assert "A restore was broken off here. It starts over." in told
    with database_of(home) as running:
        assert contents(running.database_url or "") == made.contents


def programs_first(settings: Settings) -> Mapping[str, str]:
    """With the programs of the embedded server on PATH."""
    return {"PATH": f"{EmbeddedServer.from_settings(settings).programs()}:{os.environ['PATH']}"}


def test_a_server_of_ones_own(made: Made, folder: Path, plain_server: EmbeddedServer) -> None:
    """TimescaleDB's tables are read by TimescaleDB alone, a database with tables is left alone, and one that a
    broken-off restore had filled begins anew."""
    with_programs = programs_first(made.settings)
    other = replace(installation(folder / "own"), database_url=plain_server.url("nothing_yet"))
    line = refused(other, "restore", str(made.file), **with_programs)
    assert "TimescaleDB" in line and "this server has none" in line and "DATABASE_URL" in line
    assert [one.name for one in other.home.iterdir()] == ["up.lock"]

    server = EmbeddedServer(folder / "own server", free_port(), "a-password", durable=False)
    server.start()
    try:
        other = replace(other, database_url=server.url("focus"))
        succeeds(other, "restore", str(made.file), **with_programs)
        assert contents(server.url("focus")) == made.contents
        elsewhere = replace(other, home=folder / "own too")
        line = refused(elsewhere, "restore", str(made.file), **with_programs)
        assert "has tables already" in line
        assert contents(server.url("focus")) == made.contents, "and they stay"
        marked = partial(set_mark, other.home, made.file, f"127.0.0.1:{server.port}/focus")
        marked(["neural_focus=1.1", "prefect=1.1"])
        line = refused(other, "restore", str(made.file), **with_programs)
        assert "has tables already" in line, "another one by the same address is not what was begun"
        assert contents(server.url("focus")) == made.contents
        places = databases_at(server.url("focus"))
        marked([f"{name}={which(place)}" for name, place in places.items()])
        assert "It starts over" in succeeds(other, "restore", str(made.file), **with_programs)
        assert contents(server.url("focus")) == made.contents
        line = refused(other, "backup", str(folder / "never.backup"), PATH=str(_old_programs(folder)))
        assert "is too old" in line and "postgresql-client-17" in line
        succeeds(other, "backup", str(folder / "own.backup"), **with_programs)
    finally:
        server.stop()


def which(url: str) -> str:
    with connect(url) as connection:
        return identity(connection)


def _old_programs(folder: Path) -> Path:
    """A PATH on which ``pg_dump`` is of the year 2022."""
    programs = folder / "old programs"
    programs.mkdir()
    (programs / "pg_dump").write_text("#!/bin/sh\necho 'pg_dump (PostgreSQL) 15.3 (Debian 15.3-0)'\n")
    (programs / "pg_dump").chmod(0o755)
    return programs


def test_an_older_schema_on_plain_postgresql_moves_forward_taken_while_it_is_written(folder: Path) -> None:
    """Whatever is written meanwhile, rows and counts are of one moment."""
    old = installation(folder / "old home")
    server = EmbeddedServer.from_settings(old)
    server = replace(server, flavour=POSTGRESQL)
    url = server.start()
    try:
        make_database(url)
        engine = sqlalchemy_engine(url)
        with engine.connect() as connection:
            config = _config()
            config.attributes["connection"] = connection
            command.upgrade(config, "0009")
            connection.commit()
        engine.dispose()
        ended = threading.Event()
        writer = threading.Thread(target=_write_until, args=(url, ended))
        writer.start()
        while not contents(url)["labels"][0]:
            assert writer.is_alive()
        succeeds(old, "backup", str(folder / "old.backup"))
        ended.set()
        writer.join()
        rows = contents(url)["labels"][0]
    finally:
        server.stop()
    new = installation(folder / "new home")
    succeeds(new, "restore", str(folder / "old.backup"))
    assert (new.home / "database" / "flavour").read_text() == POSTGRESQL
    with database_of(new) as running, psycopg.connect(running.database_url or "") as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchone() == (newest_revision(),)
        pairs = connection.execute("SELECT count(*), count(DISTINCT start_time) FROM labels").fetchone()
        assert pairs is not None and 0 < pairs[0] <= rows and pairs[0] == 2 * pairs[1], "of one moment"


def _write_until(url: str, ended: threading.Event) -> None:
    """Two rows a transaction, until the end."""
    with psycopg.connect(url) as connection:
        connection.execute("INSERT INTO users (username, email) VALUES ('ann', 'ann@localhost')")
        connection.commit()
        number = 0
        while not ended.is_set():
            number += 1
            for outcome in ("FOCUSED", "DISTRACTED"):
                connection.execute(
                    "INSERT INTO labels (user_id, start_time, end_time, outcome, source) SELECT id,"
                    " to_timestamp(%s), to_timestamp(%s), %s, 'TIMER' FROM users",
                    (number, number + 1, outcome),
                )
            connection.commit()
