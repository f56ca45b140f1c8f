"""The moment in a terminal, through the real service and a real terminal."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from io import StringIO

import pytest
from msgspec.structs import replace
from rich.console import Console
from serving_process import Service, desktop, eventually, query
from typer.testing import CliRunner

from collector.prompt import headline
from infra.commands import status
from infra.commands.status import press
from infra.status_view import ShownMoment, bar, by_place, show
from neural_focus.client.generated import ActionNow, ModelCard, Now, Person
from neural_focus.errors import InputError
from neural_focus.messages import DesktopStatus, InterventionOffered, PredictionMade
from neural_focus.time import iso

MACHINE = "0d9f5a3e-5b0c-4f0e-9a4e-000000000078"
MINUTE_US = 60_000_000


@pytest.fixture
def here(service: Service, monkeypatch: pytest.MonkeyPatch) -> Service:
    """The command's settings are those of the running service."""
    monkeypatch.setenv("NEURAL_FOCUS_HOME", str(service.settings.home))
    monkeypatch.setenv("NEURAL_FOCUS_SERVING_PORT", str(service.settings.serving_port))
    monkeypatch.setenv("NEURAL_FOCUS_USERNAME", service.settings.username)
    return service


def in_words(moment: ShownMoment | None, problem: str = "") -> str:
    console = Console(width=100, file=StringIO())
    with console.capture() as shown:
        console.print(show(moment, problem))
    return shown.get()


class Terminal:
    """The command in a terminal of its own; what it shows is read as it comes."""

    def __init__(self) -> None:
        self._file, theirs = pty.openpty()
        environment = os.environ | {"TERM": "xterm-256color", "COLUMNS": "110", "LINES": "40"}
        command = [sys.executable, "-m", "infra.cli", "status"]
        self.process = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment)
        os.close(theirs)
        self._seen = ""

    def press(self, key: str) -> None:
        os.write(self._file, key.encode())

    def shows(self, words: str, seconds: float = 60.0) -> None:
        """Waits until the words stand there; what stood there before them is forgotten."""
        until = time.monotonic() + seconds
        while (found := re.search(words, self._seen)) is None:
            assert time.monotonic() < until, f"{words} was not shown: {self._seen[-3000:]}"
            if select.select([self._file], [], [], 0.2)[0]:
                self._seen += re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", os.read(self._file, 65536).decode())
        self._seen = self._seen[found.end() :]

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._file)


@pytest.fixture
def terminal(here: Service) -> Iterator[Terminal]:
    made = Terminal()
    yield made
    made.close()


def test_the_moment_is_shown_and_keys_do_what_they_say(
    here: Service, terminal: Terminal, module_database_url: str
) -> None:
    terminal.shows("nothing is captured")
    with desktop(here, machine_id=MACHINE) as person:
        person.send(person.snapshot(keystroke_rate=4.0))
        made = person.receive(PredictionMade)
        terminal.shows("captured")
        terminal.shows(f"{made.focus_score:.0f} of 100")
        eventually(lambda: query(module_database_url, "SELECT count(*) FROM model_predictions") == [(1,)])
        terminal.press("f")
        terminal.shows("The last five minutes: focused. 1 prediction got this label.")
        assert query(module_database_url, "SELECT outcome::text FROM labels") == [("FOCUSED",)]
        terminal.press("e")
        terminal.shows("no session runs")
        terminal.press("s")
        terminal.shows("A session began")
        terminal.shows(r"Pomodoro until \d\d:\d\d, 25 min left")
        terminal.press("y")
        terminal.shows("nothing is offered now")
        terminal.press("e")
        terminal.shows("The session ended")
    terminal.shows("nothing is captured")
    terminal.press("q")
    assert terminal.process.wait(120) == 0


def test_once_and_for_programs(here: Service) -> None:
    with desktop(here, machine_id=MACHINE) as person:
        person.send(person.snapshot())
        made = person.receive(PredictionMade)
        told = CliRunner().invoke(status.app, ["--once"]).stdout
        assert "Switch within 30 s" in told and f"{100 * made.distraction_risk:.0f} %" in told and "q quit" not in told
        now = json.loads(CliRunner().invoke(status.app, ["--json"]).stdout)
        assert now["prediction"]["t_us"] == made.t_us


def test_an_offer_is_answered_by_a_key(here: Service, demo_person: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The demo person's offers come within seconds; the command asks as they would."""
    token = here.token_of(demo_person)
    monkeypatch.setattr("infra.own_server.read_token", lambda *_: token)
    with desktop(here, token, MACHINE[:-1] + "9") as person:

        def offered() -> ShownMoment | None:
            person.send(person.snapshot(keystroke_rate=0.0))
            moment = status.read_moment(here.settings)
            return moment if moment.offer is not None else None

        moment = eventually(offered)
        assert "y yes  n no  l later" in in_words(moment) and headline(moment.offer) in in_words(moment)
        assert press(here.settings, "n", moment) == "Your answer is stored: rejected."
        with pytest.raises(InputError, match="nothing is offered now"):
            press(here.settings, "n", status.read_moment(here.settings))


def test_where_nothing_is_known_no_number_is_shown() -> None:
    assert "the service does not answer" in in_words(None, "the service does not answer")
    card = ModelCard(
        version="rules_v0",
        trained_on="",
        learning=True,
        day=1,
        voices={},
        note="",
        health="",
        data_from=None,
        data_to=None,
        metrics={},
    )
    now = Now(
        person=Person(id=1, username="ann", zone="UTC", is_demo=False),
        collecting=False,
        how_to_start="Start it",
        age_s=None,
        prediction=None,
        activity=None,
        session=None,
        intervention=None,
        actions=[],
        model=card,
    )
    old = InterventionOffered(7, iso(0), "SUGGEST_BREAK", "why", 0.5, 6, "SUGGEST_BREAK")
    told = in_words(ShownMoment(0.0, now, offer=old))
    assert "nothing is captured. Start it" in told and "no prediction of this moment" in told
    assert "How about a short break? why (0 s left)" in told and " %" not in told
    asked = ActionNow(
        intervention_id=1,
        type="SUGGEST_BREAK",
        action="SUGGEST_BREAK",
        target=None,
        state="ordered",
        where=None,
        ends_at=iso(0),
        refused_reason=None,
        jail=False,
    )
    done = replace(asked, action="BLOCK_YOUTUBE", target="youtube.com", state="applied", where="chromium 156")
    refused = replace(asked, action="MINIMIZE_STEAM", target="steam", state="refused", refused_reason="it is gone")
    now = replace(now, actions=[done, refused, asked])
    told = in_words(ShownMoment(0.0, now))
    assert "Site closed: youtube.com, until" in told and "done by chromium 156" in told
    assert "App minimised: steam: could not be done, it is gone" in told
    assert re.search(r"Break screen, until \d\d:\d\d: asked for, nobody has reported on it yet", told)
    assert "nothing is captured: paused" in in_words(ShownMoment(0.0, now, held="paused"))


def test_the_half_hour_has_two_places_a_minute() -> None:
    points = [(0, 5.0), (1, 10.0), (30_000_000, 20.0), (30_000_001, 40.0), (30 * MINUTE_US, 90.0)]
    found = by_place(points, 0, 30 * MINUTE_US)
    assert (len(found), found[0], found[1], found[2], found[-1]) == (60, 15.0, 40.0, None, 90.0)
    assert [bar(share, "red").plain.count("█") for share in (-1.0, 0.0, 0.5, 1.0, 2.0)] == [0, 0, 20, 40, 40]


def test_a_page_hears_of_the_desktop_that_captures(service: Service, real_person: int) -> None:
    token = service.token_of(real_person)
    laptop, computer = (f"0d9f5a3e-5b0c-4f0e-9a4e-0000000000{number}" for number in (81, 82))
    with desktop(service, token) as page, desktop(service, token, computer) as working:
        assert page.receive(DesktopStatus).state in ("gone", "capturing")
        with desktop(service, token, laptop) as paused:
            paused.send(DesktopStatus("paused", "a test", held="pause"))
            working.send(DesktopStatus("capturing", "a test"))
            heard = ("a test", "capturing")  # either of the two may be heard first
            eventually(lambda: (now := page.receive(DesktopStatus)) and (now.source, now.state) == heard)
            paused.send(DesktopStatus("paused", "a test", held="pause"))
            told = page.receive(DesktopStatus)
            assert (told.state, told.held) == ("capturing", "")
        assert page.receive(DesktopStatus).state == "capturing", "the other one is there"
