"""Sessions from the tray: what each entry does, what a jail leaves of them, and a row with its breaks."""

from __future__ import annotations

import pytest

from collector.timed_sessions import ANSWER_SECONDS, GIVE_UP_SECONDS, REASONS, TimedSessions
from neural_focus.messages import (
    AskRounds,
    ClientMessage,
    EndSession,
    JailLeaving,
    LeaveJail,
    Problem,
    Rounds,
    SessionEnded,
    SessionStarted,
    StartSession,
)
from neural_focus.sessions import EndReason, SessionSummary, SessionType
from neural_focus.time import iso

T0 = 1_700_000_000_000_000
MINUTE = 60.0


class Tray:
    """A tray and a service for one person, on a clock of their own."""

    def __init__(self) -> None:
        self.now, self.sent, self.next = 0.0, list[ClientMessage](), 7
        self.news: list[str] = []
        self.sessions = TimedSessions(self.sent.append, now_us=self.now_us, clock=lambda: self.now)

    def now_us(self) -> int:
        return T0 + round(self.now * 1e6)

    def click(self, label: str) -> ClientMessage | None:
        """The entry that begins so; what was sent for it."""
        before = len(self.sent)
        [wish] = [wish for text, wish in self.sessions.menu() if text.startswith(label) and wish]
        self.sessions.execute(wish.split()[1:])
        return self.sent[before] if len(self.sent) > before else None

    def labels(self) -> list[str]:
        return [label for label, _ in self.sessions.menu()]

    def starts(self, kind: SessionType = "pomodoro", *, jail: bool = False, minutes: float = 25) -> int:
        """The service tells of a session."""
        self.next += 1
        ends = iso(self.now_us() + round(minutes * 60e6))
        self.sessions.receive(SessionStarted(self.next, 1, iso(self.now_us()), kind, jail, 0, ends_at=ends))
        return self.next

    def ends(self, session_id: int, reason: EndReason = "timer_expired") -> None:
        self.sessions.receive(SessionEnded(session_id, reason, SessionSummary(1, None, 0, 0)))

    def wait(self, minutes: float, *, there: bool = False) -> None:
        self.now += minutes * MINUTE
        self.news += self.sessions.turn(self.now_us() if there else T0)


@pytest.fixture
def tray() -> Tray:
    return Tray()


def test_a_session_is_started_shown_and_ended(tray: Tray) -> None:
    assert tray.click("Pomodoro in a jail") == StartSession("pomodoro", jail_enabled=True)
    assert tray.click("Deep work in a jail") == StartSession("deep_work", jail_enabled=True)
    [plain] = [wish for text, wish in tray.sessions.menu() if text == "Deep work"]
    tray.sessions.execute(plain.split()[1:])
    assert tray.sent[-1] == StartSession("deep_work", jail_enabled=False)
    number = tray.starts("deep_work", minutes=90)
    assert tray.labels()[0].startswith("Deep work until ") and len(tray.labels()) == 2
    assert tray.click("End the session") == EndSession(number)
    tray.ends(number, "user_ended")
    assert tray.labels()[0] == "Pomodoro"


def test_a_natural_session_is_none_of_the_trays(tray: Tray) -> None:
    before = tray.labels()
    tray.starts("natural")
    assert tray.labels() == before


def test_a_jail_is_left_by_a_reason_and_a_wait_and_only_then_ended(tray: Tray) -> None:
    number = tray.starts(jail=True)
    assert not any(label.startswith("End") for label in tray.labels())
    assert tray.click(f"Leave the jail: {REASONS[1]}") == LeaveJail(number, REASONS[1])
    tray.sessions.receive(JailLeaving(number, tray.now_us() + 60_000_000))
    assert len(tray.labels()) == 1 and "its jail lifts at" in tray.labels()[0]
    tray.wait(1)
    assert tray.click("End the session") == EndSession(number)


def test_a_row_rests_and_goes_on_when_somebody_is_back(tray: Tray) -> None:
    assert tray.click("Pomodoro, again and again") == StartSession("pomodoro")
    for done in range(1, 5):
        number = tray.starts()
        assert "No more after this one" in tray.labels()
        tray.wait(25)
        tray.ends(number)
        rest = 15 if done == 4 else 5
        before = len(tray.sent)
        tray.wait(0)
        assert f"break of {rest} minutes" in tray.news[-1] and len(tray.news) == done
        assert tray.labels()[0].startswith("Break until ") and tray.labels()[0].endswith(f"{done} done")
        tray.wait(rest - 0.1, there=True)
        assert len(tray.sent) == before, "it is not over"
        tray.wait(2)
        assert len(tray.sent) == before, "nobody is there"
        tray.wait(1, there=True)
        assert tray.sent[before:] == [StartSession("pomodoro")]


def test_a_row_ends_where_its_person_ends_it(tray: Tray) -> None:
    tray.click("Deep work, again")
    tray.ends(tray.starts("deep_work"), "user_ended")
    assert tray.labels()[0] == "Pomodoro"
    tray.click("Deep work, again")
    number = tray.starts("deep_work")
    tray.click("No more after this one")
    tray.ends(number)
    assert tray.labels()[0] == "Pomodoro"
    tray.click("Deep work, again")
    tray.ends(tray.starts("deep_work"))
    assert tray.click("Start the next one now") == StartSession("deep_work")
    tray.ends(tray.starts("deep_work"))
    tray.click("No more")
    tray.wait(20, there=True)
    assert tray.labels()[0] == "Pomodoro" and tray.sent[-1] == StartSession("deep_work") and len(tray.sent) == 4


def test_a_row_ends_where_nobody_comes_back(tray: Tray) -> None:
    tray.click("Pomodoro, again")
    tray.ends(tray.starts())
    tray.wait(5)
    tray.wait(GIVE_UP_SECONDS / MINUTE + 0.1)
    assert tray.labels()[0] == "Pomodoro"
    tray.wait(1, there=True)
    assert len(tray.sent) == 1


def test_a_start_that_is_refused_or_not_answered_is_said(tray: Tray) -> None:
    tray.click("Pomodoro, again")
    tray.sessions.receive(Problem("Session 3 is running", 422))
    tray.wait(0)
    tray.click("Pomodoro, again")
    tray.wait(ANSWER_SECONDS / MINUTE + 0.1)
    assert [text.partition(": ")[2] for text in tray.news] == ["Session 3 is running", "the service does not answer"]
    assert tray.labels()[0] == "Pomodoro"


def test_an_end_that_was_not_heard_is_one(tray: Tray) -> None:
    tray.click("Pomodoro, again")
    tray.starts()
    tray.wait(25.9)
    assert tray.labels()[0].startswith("Pomodoro until")
    tray.wait(0.2)
    assert tray.labels()[0].startswith("Break until")


def test_page_and_command_ask_for_the_same_row_and_are_told_of_it(tray: Tray) -> None:
    assert tray.sessions.rounds is None
    tray.sessions.receive(AskRounds("start", "deep_work"))
    assert tray.sent == [StartSession("deep_work")] and tray.sessions.rounds == Rounds("deep_work", 0, None)
    number = tray.starts("deep_work", minutes=90)
    tray.sessions.receive(AskRounds("skip"))
    assert len(tray.sent) == 1, "there is no break to skip"
    tray.wait(90)
    tray.ends(number)
    told = tray.sessions.rounds
    assert told == Rounds("deep_work", 1, iso(tray.now_us() + round(15 * 60e6)))
    tray.now += 1e-6
    assert tray.sessions.rounds == told, "two clocks differ by a microsecond: no news"
    tray.sessions.receive(AskRounds("skip"))
    assert tray.sent[1:] == [StartSession("deep_work")] and tray.sessions.rounds == Rounds("deep_work", 1, None)
    tray.starts("deep_work")
    tray.sessions.receive(AskRounds("stop"))
    assert tray.sessions.rounds is None
