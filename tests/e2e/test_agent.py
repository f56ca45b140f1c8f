"""The agent as a process: from a hand on an X server to the database and the service, also when it is killed."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from acting_desktop import away, managed_desktop
from scripted_service import ScriptedService, scripted_service
from surroundings import DEAD_PROXIES
from virtual_desktop import wait_for

from collector.agent import Agent, Options
from collector.consent import require_consent
from collector.desktop import Desktop, desktop_of
from collector.losses import losses
from collector.source import find_source
from collector.zone_watch import ZoneWatch
from infra.ports import free_port
from infra.virtual_display import start_virtual_display
from neural_focus._native import read_segment, spool_segments
from neural_focus._x11 import Injector
from neural_focus.atomic_write import atomic_write
from neural_focus.features import FEATURE_NAMES
from neural_focus.messages import (
    ApplyAction,
    DesktopStatus,
    InterventionApplied,
    InterventionFeedback,
    InterventionOffered,
    InterventionUndone,
    SessionApplied,
    SessionEnded,
    SessionStarted,
    Snapshot,
    StartSession,
)
from neural_focus.replay import CONTROL_DTYPE, ControlKind, replay
from neural_focus.sessions import SessionSummary
from neural_focus.settings import Settings
from neural_focus.store.database import Connection, connect
from neural_focus.store.events import read_events
from neural_focus.store.users import zone_history
from neural_focus.time import ZoneTable, iso, zone_history_table
from serving.auth import make_machine_token


class Desk:
    """One home folder, and agents on it that know a service's port; leaving it ends what still runs."""

    def __init__(self, home: Path, port: int, demo: str = "") -> None:
        """``demo``: the desktop of a demo person, with a token of its own."""
        self.home, self.counters = home, home / "agent.json"
        self.spool = (home / "desktops" / demo if demo else home) / "spool"
        self._arguments = ["--demo", demo] if demo else []
        self._running: list[subprocess.Popen[bytes]] = []
        if demo:
            atomic_write(desktop_of(Settings(home), demo).token, make_machine_token().encode())
        self.environment = (
            os.environ
            | DEAD_PROXIES
            | {
                "NEURAL_FOCUS_HOME": str(home),
                "NEURAL_FOCUS_SERVING_PORT": str(port),
                "NEURAL_FOCUS_ZONE": "Asia/Kolkata",
                "NEURAL_FOCUS_USERNAME": "ada",
            }
        )

    def __enter__(self) -> Desk:
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._running:
            process.kill()
            process.wait()

    def start(self, port: int = 0, *, limits: str = "") -> subprocess.Popen[bytes]:
        """An agent that has begun to capture, within ``limits`` of the shell's ulimit; ``port``: of another service."""
        self.counters.unlink(missing_ok=True)
        command = [sys.executable, "-m", "infra.cli", "agent", "--consent", "yes", *self._arguments]
        if limits:
            command = ["bash", "-c", f'ulimit {limits}; exec "$@"', "bash", *command]
        environment = self.environment | ({"NEURAL_FOCUS_SERVING_PORT": str(port)} if port else {})
        with (self.home / "agent.log").open("ab") as log:
            process = subprocess.Popen(command, env=environment, stderr=log)
        self._running.append(process)
        wait_for(lambda: self.counters.exists() or process.poll() is not None)
        assert process.poll() is None, (self.home / "agent.log").read_text()
        return process

    def stop(self, process: subprocess.Popen[bytes]) -> dict[str, Any]:
        """Ends an agent as Ctrl-C does; its last counters."""
        process.send_signal(signal.SIGINT)
        assert process.wait(120) == 0
        return self.read()

    def read(self) -> dict[str, Any]:
        """What the agent counts."""
        counted: dict[str, Any] = json.loads(self.counters.read_text())
        return counted


@contextmanager
def hands_at_work(display: str) -> Iterator[None]:
    """Somebody types, points and switches until the end."""
    stop = threading.Event()
    hands = Injector(display)
    windows = [hands.open_window(name, f"{name} title") for name in ("code", "firefox", "slack")]

    def work() -> None:
        draw = random.Random(5)
        while not stop.wait(0.01):
            hands.tap(draw.choice("abcdef"))
            hands.move(draw.randrange(1000), draw.randrange(700))
            if draw.random() < 0.03:
                hands.activate(draw.choice(windows))
                hands.click()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
        for window in windows:
            hands.close_window(window)


def stored(connection: Connection, counted: dict[str, Any]) -> tuple[int, np.ndarray]:
    """The person's id and the records of the agent's machine."""
    row = connection.execute("SELECT id FROM users WHERE username = 'ada'").fetchone()
    assert row is not None
    records, _ = read_events(connection, row[0], counted["machine_id"], 0, 4_000_000_000_000_000)
    return row[0], records


def check_same_bits(
    service: ScriptedService, records: np.ndarray, breaks_us: list[int], zone: str | ZoneTable = "Asia/Kolkata"
) -> None:
    """Every snapshot that the desktop sent is, bit by bit, what a replay of the stored events gives."""
    steps = [(int(records["timestamp_us"][0]), ControlKind.RESTART, 0.0)]
    steps += [(t_us, ControlKind.FOCUS_SCORE, score) for t_us, score in service.predicted.items()]
    steps += [(t_us, ControlKind.BREAK_ACCEPTED, 0.0) for t_us in breaks_us]
    again = replay(records, np.array(steps, CONTROL_DTYPE), zone)
    rows = {int(t): index for index, t in enumerate(again.timestamps_us)}
    sent = service.of(Snapshot)
    assert len(sent) >= 5
    for snapshot in sent:
        live = np.array([snapshot.features[name] for name in FEATURE_NAMES], np.float32)
        index = rows[snapshot.t_us]
        assert live.tobytes() == again.features[index].tobytes(), np.array(FEATURE_NAMES)[live != again.features[index]]
        assert snapshot.sequence == tuple(again.sequence[index].tolist())


def test_from_a_hand_to_the_database_and_back(display: str, tmp_path: Path, fresh_database_url: str) -> None:
    with (
        scripted_service(fresh_database_url, is_demo=True) as (service, port),
        Desk(tmp_path, port, "ada") as desk,
    ):
        agent = desk.start()
        with hands_at_work(display):
            wait_for(lambda: len(service.of(Snapshot)) >= 4)
            offered = InterventionOffered(
                3, iso(time.time_ns() // 1000), "SUGGEST_BREAK", "Focus breaks", 0.9, 4, "SUGGEST_BREAK"
            )
            service.say(offered)
            wait_for(lambda: service.of(InterventionFeedback))
        hung_up_at = len(service.paths)
        service.hang_up()
        wait_for(lambda: len(service.paths) > hung_up_at)
        counted = desk.stop(agent)
    feedback = service.of(InterventionFeedback)[0]
    assert feedback.intervention_id == 3 and feedback.response in ("accept", "reject", "snooze")
    assert service.authorization[0] is not None and service.authorization[0].startswith("Bearer nfm_")
    assert service.paths[0] == f"/ws?machine_id={counted['machine_id']}"
    assert service.of(StartSession)[0].type == "natural"
    assert counted["captured"] == counted["spooled"] == counted["shipped"] > 100
    assert counted["answers"] == counted["interventions"] == 1
    with connect(fresh_database_url) as connection:
        _, records = stored(connection, counted)
        assert len(records) == counted["shipped"]
        check_same_bits(service, records, [])  # an answer is no break yet
        consents = connection.execute("SELECT count(*) FROM consents").fetchone()
        assert consents == (1,)


def test_a_timed_session_ends_in_an_agent_that_was_killed_in_it(
    display: str, tmp_path: Path, fresh_database_url: str
) -> None:
    state = tmp_path / "engine.state"

    def newest() -> float:
        return service.of(Snapshot)[-1].features["seconds_since_session_start"]

    with (
        scripted_service(fresh_database_url) as (service, port),
        Desk(tmp_path, port) as desk,
        hands_at_work(display),
    ):
        agent = desk.start()
        wait_for(lambda: service.of(Snapshot), 60)
        begin_us = time.time_ns() // 1000 - 30_000_000
        service.say(SessionStarted(9, 1, iso(begin_us), "pomodoro", False, 0, start_us=begin_us))
        wait_for(lambda: state.exists() and b'"timed": {"id": 9' in state.read_bytes(), 60)
        [taken] = service.of(SessionApplied)
        agent.kill()
        agent.wait()
        sent = len(service.of(Snapshot))
        desk.start()
        wait_for(lambda: len(service.of(Snapshot)) > sent + 2, 60)
        assert service.of(SessionApplied) == [taken, taken], "the service hears of it again"
        before = newest()
        assert before == (service.of(Snapshot)[-1].t_us - taken.start_us) // 1_000_000
        service.say(SessionEnded(9, "user_ended", SessionSummary(60, None, 0, 0), time.time_ns() // 1000))
        wait_for(lambda: newest() < before, 60)
        wait_for(lambda: b'"timed": null' in state.read_bytes(), 60)


def test_a_demo_person_who_is_told_to_leaves_offers_open(display: str, tmp_path: Path, fresh_database_url: str) -> None:
    """Else they answer within two thirds of the time."""
    with (
        scripted_service(fresh_database_url, is_demo=True) as (service, port),
        Desk(tmp_path, port, "ada") as desk,
    ):
        desk.environment["NEURAL_FOCUS_DEMO_ANSWERS"] = "0"
        agent = desk.start()
        with hands_at_work(display):
            wait_for(lambda: service.of(Snapshot))
        service.say(InterventionOffered(3, iso(time.time_ns() // 1000), "SUGGEST_BREAK", "", 0.9, 4, "SUGGEST_BREAK"))
        wait_for(lambda: desk.read()["prompt"])
        wait_for(lambda: not desk.read()["prompt"])
        counted = desk.stop(agent)
    assert service.of(InterventionFeedback) == []
    assert (counted["interventions"], counted["answers"]) == (1, 0)


def test_a_move_to_another_zone_is_noticed_while_it_runs(display: str, tmp_path: Path, fresh_database_url: str) -> None:
    """An agent in this process, on a machine whose /etc is ours to change; its minutes last a second."""
    localtime = tmp_path / "etc" / "localtime"
    localtime.parent.mkdir()
    localtime.symlink_to("../usr/share/zoneinfo/Europe/Berlin")
    watch = ZoneWatch("Europe/Berlin", tmp_path, clock=lambda: time.monotonic() * 60)
    desktop, stop, told = Desktop(tmp_path / "a home", "ada", is_demo=False), threading.Event(), list[str]()
    agreed = require_consent(desktop.consent, titles=False, flag="yes", ask=None)
    with scripted_service(fresh_database_url, zone="Europe/Berlin") as (service, port), hands_at_work(display):
        options = Options(
            desktop=desktop,
            consent=agreed,
            source=find_source(display),
            counters=tmp_path / "agent.json",
            zone="Europe/Berlin",
            zone_watch=watch,
            address=f"http://127.0.0.1:{port}",
        )
        agent = Agent(options, told.append)
        thread = threading.Thread(target=agent.run, args=(stop,))
        thread.start()
        try:
            wait_for(lambda: len(service.of(Snapshot)) >= 4)
            moved = localtime.with_name("localtime.new")
            moved.symlink_to("../usr/share/zoneinfo/Asia/Kathmandu")
            moved.replace(localtime)
            wait_for(lambda: any("Asia/Kathmandu" in words for words in told))
            before = len(service.of(Snapshot))
            wait_for(lambda: len(service.of(Snapshot)) >= before + 4)
        finally:
            stop.set()
            thread.join()
    with connect(fresh_database_url) as connection:
        user_id, records = stored(connection, agent.counters() | {"machine_id": desktop.machine_id()})
        history = zone_history(connection, user_id)
    assert [zone for _, zone in history] == ["Europe/Berlin", "Asia/Kathmandu"]
    check_same_bits(service, records, [], zone_history_table(history))
    first, last = service.of(Snapshot)[0], service.of(Snapshot)[-1]
    hours = {int(second.features["hour_of_day"]) for second in (first, last)}
    assert len(hours) == 2, "Kathmandu's clock shows another hour than Berlin's"


def test_what_is_ordered_is_done_told_and_taken_back_after_a_crash(tmp_path: Path, fresh_database_url: str) -> None:
    with (
        managed_desktop() as shown,
        scripted_service(fresh_database_url) as (service, port),
        Desk(tmp_path, port) as desk,
    ):
        hands = Injector(shown)
        for app in ("spotify", "code"):
            hands.open_window(app, app)
        agent = desk.start()
        wait_for(lambda: service.of(DesktopStatus))
        assert all(one.able for one in service.of(DesktopStatus)[-1].abilities)
        until_us = time.time_ns() // 1000 + 600_000_000
        order = ApplyAction(4, "PREDICTIVE_BLOCK", "MINIMIZE_SPOTIFY", "spotify", until_us, "Focus breaks")
        service.say(order)
        wait_for(lambda: service.of(InterventionApplied))
        assert service.of(InterventionApplied)[0].where == "x11" and away(shown)["spotify"] == [True]
        wait_for(lambda: [one["id"] for one in desk.read()["actions"]] == [4])
        agent.kill()
        agent.wait()
        agent = desk.start()
        wait_for(lambda: service.of(InterventionUndone))
        assert service.of(InterventionUndone)[0].reason == "restarted" and away(shown)["spotify"] == [False]
        service.say(order)
        wait_for(lambda: len(service.of(InterventionUndone)) == 2)  # it is told again, and not done again
        assert away(shown)["spotify"] == [False]

        until_us = time.time_ns() // 1000 + 3_000_000
        service.say(ApplyAction(5, "SUGGEST_BREAK", "SUGGEST_BREAK", None, until_us, "Focus breaks"))
        wait_for(lambda: len(service.of(InterventionUndone)) == 3)
        rest = service.of(InterventionUndone)[2]
        assert (rest.intervention_id, rest.reason) == (5, "ended") and rest.rested_us is not None
        until_us = time.time_ns() // 1000 + 600_000_000
        service.say(ApplyAction(6, "PREDICTIVE_BLOCK", "MINIMIZE_SPOTIFY", "spotify", until_us, "Focus breaks"))
        wait_for(lambda: any(one.intervention_id == 6 for one in service.of(InterventionApplied)))
        service.hang_up()
        desk.stop(agent)
        assert away(shown)["spotify"] == [False], "a quit takes it back"
    journal = {one["id"]: one for one in json.loads((tmp_path / "actions.json").read_text())["entries"]}
    assert {number: one["reason"] for number, one in journal.items()} == {4: "restarted", 5: "ended", 6: "quit"}


def acknowledged(spool: Path) -> dict[bytes, int]:
    """Records in the spool by boot: the highest sequence number and one."""
    ends: dict[bytes, int] = {}
    for path in spool_segments(spool):
        found = read_segment(path)
        if found is not None and len(found[3]):
            ends[found[1]] = found[6]
    return ends


def test_every_acknowledged_record_survives_kill_9(display: str, tmp_path: Path, fresh_database_url: str) -> None:
    rounds = int(os.environ.get("NEURAL_FOCUS_KILLS", "5"))
    ends, draw = dict[bytes, int](), random.Random(11)
    with (
        scripted_service(fresh_database_url) as (_, port),
        Desk(tmp_path, port) as desk,
        hands_at_work(display),
    ):
        for number in range(rounds):
            agent = desk.start(free_port() if number == 0 else 0)  # nobody listens to the first one
            time.sleep(draw.uniform(0.2, 1.2))
            agent.kill()
            agent.wait()
            for boot, end in acknowledged(desk.spool).items():
                ends[boot] = max(end, ends.get(boot, 0))
        counted = desk.stop(desk.start())
    with connect(fresh_database_url) as connection:
        stored_ends = connection.execute(
            "SELECT boot_id, max(seq) + 1, count(*), count(DISTINCT seq) FROM events GROUP BY boot_id"
        ).fetchall()
    assert len(stored_ends) >= rounds
    by_boot = {boot.bytes: (end, rows, numbers) for boot, end, rows, numbers in stored_ends}
    for boot, end in ends.items():
        assert by_boot[boot] == (end, end, end)
    assert counted["lost"] == 0
    total = sum(rows for _, _, rows, _ in stored_ends)
    assert total > 50 * rounds
    print(f"agent: {rounds} kills, {total:,} records stored, every acknowledged one once")  # noqa: T201


def test_a_full_disk_is_counted_and_survived(display: str, tmp_path: Path) -> None:
    with hands_at_work(display), Desk(tmp_path, free_port()) as desk:
        agent = desk.start(limits="-f 32")  # no file longer than 32 KB: a segment is full after 500 records
        # Between the first batch that does not fit and the last one that does, smaller ones may still be taken.
        wait_for(lambda: (told := desk.read())["dropped"].get("DISK_FULL") and "disk" in " ".join(told["problems"]))
        counted = desk.stop(agent)
    whole = [read for path in spool_segments(desk.spool) if (read := read_segment(path)) is not None]
    assert sum(len(read[3]) for read in whole) == counted["spooled"] > 0
    assert all(read[7] for read in whole), "no half batch is kept"
    assert counted["captured"] == counted["spooled"] + sum(counted["dropped"].values())


def test_an_x_server_that_restarts_is_a_counted_gap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = start_virtual_display(folder=tmp_path)
    for name, value in first.environment.items():
        monkeypatch.setenv(name, value)
    second = None
    try:
        with Desk(tmp_path, free_port()) as desk:
            agent = desk.start()
            Injector(first.display).tap("a")
            wait_for(lambda: desk.read()["spooled"] >= 2)
            assert desk.read()["gaps"] == {"count": 0, "seconds": 0.0}
            first.process.kill()
            first.process.wait()
            wait_for(lambda: any("X server" in problem for problem in desk.read()["problems"]))
            assert desk.read()["gaps"]["count"] == 1
            command = ["Xvfb", first.display, "-auth", str(first.authority), "-nolisten", "tcp", "-noreset"]
            second = subprocess.Popen(command, stderr=subprocess.DEVNULL)
            wait_for(lambda: not any("X " in problem for problem in desk.read()["problems"]))
            before = desk.read()["spooled"]
            Injector(first.display).tap("b")
            wait_for(lambda: desk.read()["spooled"] >= before + 2)
            counted = desk.stop(agent)
    finally:
        for process in (first.process, *([second] if second else [])):
            process.kill()
            process.wait()
    assert counted["gaps"]["count"] == 1 and counted["gaps"]["seconds"] > 0.4
    assert counted["captured"] == counted["spooled"] and not counted["dropped"]
    assert any(loss.what.startswith("1 gap in the capture") for loss in losses(counted))


def test_nothing_is_captured_without_consent(display: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "infra.cli", "agent"]
    environment = Desk(tmp_path, free_port()).environment
    answer = subprocess.run(
        command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=False
    )
    assert answer.returncode == 1
    assert "nobody agreed to be watched yet" in answer.stderr and "Traceback" not in answer.stderr
    assert not (tmp_path / "spool").exists()
