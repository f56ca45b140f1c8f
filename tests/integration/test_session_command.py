"""The session command, through the real service: what it starts, says, ends and refuses."""

from __future__ import annotations

import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

import pytest
from serving_process import Service, desktop, eventually, query
from typer.testing import CliRunner

from collector.timed_sessions import TimedSessions
from infra.commands import session
from infra.commands.session import in_words
from infra.ports import free_port
from neural_focus.errors import InputError, ServiceError
from neural_focus.messages import DesktopStatus, SessionEnded, SessionResponse, SessionStarted, decode_server
from neural_focus.secrets import load_secrets
from neural_focus.sessions import SessionSummary
from neural_focus.time import iso

MACHINE = "0d9f5a3e-5b0c-4f0e-9a4e-000000000077"
NOW = 1_767_225_600.0


def said(*arguments: str) -> str:
    """What the command prints; raises what it raises."""
    result = CliRunner().invoke(session.app, list(arguments))
    if result.exception is not None:
        raise result.exception
    return result.stdout.strip()


@pytest.fixture
def here(service: Service, monkeypatch: pytest.MonkeyPatch) -> Service:
    """The command's settings are those of the running service."""
    monkeypatch.setenv("NEURAL_FOCUS_HOME", str(service.settings.home))
    monkeypatch.setenv("NEURAL_FOCUS_SERVING_PORT", str(service.settings.serving_port))
    monkeypatch.setenv("NEURAL_FOCUS_USERNAME", service.settings.username)
    return service


def test_a_session_is_started_told_and_ended(here: Service) -> None:
    with desktop(here, machine_id=MACHINE) as person:
        assert said("status") == "No session runs. Start one: neural-focus session start pomodoro"
        with pytest.raises(InputError, match=r"no session with a timer runs.*session start pomodoro"):
            said("end")
        assert re.fullmatch(r"Deep work until \d\d:\d\d, 50 min left\.", said("start", "deep_work", "--minutes", "50"))
        started = person.receive(SessionStarted)
        assert (started.session_type, started.jail_enabled) == ("deep_work", False)
        assert re.fullmatch(r"Deep work until \d\d:\d\d, 50 min left\.", said("status"))
        with pytest.raises(InputError, match=rf"Session {started.id} \(deep_work\) is running"):
            said("start", "pomodoro")
        with pytest.raises(InputError, match="has no jail"):
            said("leave", "--reason", "something came up")
        assert re.fullmatch(r"Ended after \d+ s: no score, 0 switches\.", said("end"))
        assert person.receive(SessionEnded).session_id == started.id
    assert said("status").startswith("No session runs.")


def test_a_jail_is_not_ended_but_left(here: Service, module_database_url: str) -> None:
    with pytest.raises(InputError, match="duration_minutes is 0"):
        said("start", "pomodoro", "--minutes", "0")
    assert said("start", "pomodoro", "--jail").endswith("25 min left, in a jail.")
    with pytest.raises(InputError, match=r"(?i)emergency exit"):
        said("end")
    with pytest.raises(InputError, match="reason"):
        said("leave", "--reason", "no")
    assert re.fullmatch(
        r"The jail lifts at \d\d:\d\d:\d\d, in (5\d|60) s; the session goes on\.", said("leave", "--reason", "a call")
    )
    assert said("status").endswith("25 min left, its jail about to lift.")
    assert query(module_database_url, "SELECT jail_left_reason FROM sessions WHERE jail_enabled") == [("a call",)]


def is_connected(here: Service) -> bool:
    """Whether the service knows of a desktop: one that has just sent its first message is on its way there."""
    with here.http() as client:
        return client.post("/api/v1/rounds", json={"command": "stop"}).json()["title"] == "No rounds are on"


@contextmanager
def keeping_rounds(here: Service, database_url: str) -> Iterator[TimedSessions]:
    """A desktop that does nothing but what the agent does of rounds, for a person who is in no session."""
    query(database_url, "UPDATE sessions SET end_time = now() WHERE end_time IS NULL")  # another test's jail
    over = threading.Event()
    with desktop(here, machine_id=str(uuid4())) as person:
        sessions = TimedSessions(person.send, now_us=lambda: time.time_ns() // 1000)

        def work() -> None:
            while not over.is_set():
                with suppress(TimeoutError):
                    sessions.receive(decode_server(person.socket.recv(timeout=0.1)))
                person.send(DesktopStatus("capturing", "a test", rounds=sessions.rounds))

        thread = threading.Thread(target=work)
        thread.start()
        try:
            eventually(lambda: is_connected(here))
            yield sessions
        finally:
            over.set()
            thread.join()


def test_rounds_are_begun_skipped_and_stopped_on_the_desktop(here: Service, module_database_url: str) -> None:
    with pytest.raises(InputError, match="No desktop of yours is connected, and rounds are kept there"):
        said("rounds", "pomodoro")
    with keeping_rounds(here, module_database_url):
        with pytest.raises(InputError, match="No rounds are on"):
            said("rounds", "stop")
        begun = said("rounds", "pomodoro")
        assert re.fullmatch(
            r"Pomodoro until \d\d:\d\d, 25 min left\.\nPomodoro again and again with breaks, 0 done\.", begun
        )
        with pytest.raises(InputError, match="There is no break now"):
            said("rounds", "skip")
        with pytest.raises(InputError, match="A session with a timer or a round is on"):
            said("rounds", "deep_work")
        assert re.fullmatch(r"Pomodoro until \d\d:\d\d, 25 min left\.", said("rounds", "stop")), "it goes on alone"
        said("end")
    with pytest.raises(InputError, match="No desktop of yours"):
        said("rounds", "stop")


def test_a_break_between_rounds_is_told_and_skipped(here: Service, module_database_url: str) -> None:
    with keeping_rounds(here, module_database_url) as sessions:
        said("rounds", "deep_work")
        running = "SELECT id FROM sessions WHERE end_time IS NULL AND planned_seconds IS NOT NULL"
        [(number,)] = query(module_database_url, running)
        # Nobody waits for an hour and a half: the desktop is told that it is over, and then it is ended.
        sessions.receive(SessionEnded(number, "timer_expired", SessionSummary(5400, None, 0, 0)))
        said("end")
        resting = r"Break until \d\d:\d\d, 1 done; the next one starts when you are back\."
        eventually(lambda: re.fullmatch(resting, said("status")))
        assert re.fullmatch(
            r"Deep work until .*\nDeep work again and again with breaks, 1 done\.", said("rounds", "skip")
        )
        assert query(module_database_url, running) != [(number,)]
        said("end")
        eventually(lambda: said("status").startswith("No session runs.") and sessions.rounds is None)


def test_a_service_that_is_not_there_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEURAL_FOCUS_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("NEURAL_FOCUS_SERVING_PORT", str(free_port()))
    with pytest.raises(ServiceError, match=r"nothing was started in .*make run"):
        said("status")
    assert not (tmp_path / "home").exists()
    load_secrets(tmp_path / "home" / "secrets.json")
    with pytest.raises(ServiceError, match=r"does not answer at .*make run; or see: neural-focus doctor"):
        said("status")


def test_what_is_no_service_of_ours_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEURAL_FOCUS_HOME", str(tmp_path))
    load_secrets(tmp_path / "secrets.json")
    for answer, told in ((b"HTTP/1.0 502 no\r\n\r\n", "the service answers 502"), (b"nonsense", "does not answer")):
        with socket.create_server(("127.0.0.1", 0)) as other:
            monkeypatch.setenv("NEURAL_FOCUS_SERVING_PORT", str(other.getsockname()[1]))

            def serve(other: socket.socket = other, answer: bytes = answer) -> None:
                with other.accept()[0] as caller:
                    caller.recv(4096)
                    caller.sendall(answer)

            thread = threading.Thread(target=serve)
            thread.start()
            with pytest.raises(ServiceError, match=told):
                said("status")
            thread.join()


def test_a_running_session_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    start_us = int(NOW * 1e6)
    began = SessionResponse(1, 1, iso(start_us), "natural", False, 0, start_us=start_us)
    assert in_words(began, NOW) == "Natural session since 00:00, without a timer."

    def jail(leaving_us: int | None, left_s: int = 90) -> str:
        end = iso(start_us + left_s * 1_000_000)
        held = SessionResponse(1, 1, iso(start_us), "deep_work", True, 0, ends_at=end, jail_leaving_us=leaving_us)
        return in_words(held, NOW)

    assert jail(None) == "Deep work until 00:01, 2 min left, in a jail."
    assert jail(start_us + 1) == "Deep work until 00:01, 2 min left, its jail about to lift."
    assert jail(start_us, 59) == "Deep work until 00:00, 59 s left, its jail left."
    monkeypatch.undo()
    time.tzset()
