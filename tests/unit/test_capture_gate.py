"""Pause, hours and broken rules, by clocks by hand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from collector.capture_gate import CaptureGate, digest
from collector.pause import Clocks, Pause, write_pause
from infra.commands.pause import parse_pause
from neural_focus.errors import ConfigurationError
from neural_focus.messages import MOST_RULES, PrivacyFile
from neural_focus.time import parse_iso

MINUTE = 60_000_000
FRIDAY = parse_iso("2026-03-27T10:00:00+00:00")


class Desk:
    """A gate, its two files, and clocks that are moved by hand."""

    def __init__(self, folder: Path) -> None:
        self.privacy, self.pause = folder / "privacy.toml", folder / "pause.json"
        self.clocks = Clocks(FRIDAY, 1_000 * MINUTE, "first")
        self.gate = self.start()

    def start(self) -> CaptureGate:
        return CaptureGate(self.privacy, self.pause, "UTC", lambda: self.clocks)

    def later(self, us: int, step_us: int = 0) -> None:
        self.clocks = replace(self.clocks, now_us=self.clocks.now_us + us + step_us, boot_us=self.clocks.boot_us + us)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


@pytest.mark.parametrize("step_us", [0, 3600_000_000, -3600_000_000])
def test_a_pause_is_as_long_as_asked_for_however_the_clock_is_moved(desk: Desk, step_us: int) -> None:
    assert desk.gate.look() is None
    desk.gate.pause(1800)
    desk.later(30 * MINUTE - 1, step_us)
    hold = desk.gate.look()
    assert hold is not None and hold.reason == "pause"
    assert hold.until_us == pytest.approx(desk.clocks.now_us + 1, abs=1_000_000)
    desk.later(1)
    assert desk.gate.look() is None


def test_a_pause_outlives_the_agent_and_the_machine(desk: Desk) -> None:
    desk.gate.pause(1800)
    desk.later(10 * MINUTE)
    assert desk.start().look() is not None
    desk.clocks = Clocks(FRIDAY + 29 * MINUTE, MINUTE, "second")
    assert desk.start().look() is not None
    desk.later(MINUTE)
    assert desk.start().look() is None


def test_until_a_time_of_day_is_that_of_the_wall_clock(desk: Desk) -> None:
    write_pause(desk.pause, parse_pause(["until", "12:00"], desk.clocks, "Europe/Berlin"))
    gate = desk.start()
    desk.later(MINUTE)
    assert gate.look() is not None  # it is 11:01 there
    desk.later(0, 59 * MINUTE)
    assert gate.look() is None
    tomorrow = parse_pause(["until", "9:30"], desk.clocks, "UTC")
    assert tomorrow == Pause(parse_iso("2026-03-28T09:30:00+00:00"))


def test_the_command_takes_lengths(desk: Desk) -> None:
    assert parse_pause(["1h30m"], desk.clocks, "UTC").left_us(desk.clocks) == 90 * MINUTE
    for words in (["0m"], ["m"], [""], ["until", "25:00"], ["until"], ["for", "30m"], ["99999h"], ["-5m"]):
        with pytest.raises(ConfigurationError, match="Give a length"):
            parse_pause(words, desk.clocks, "UTC")


def test_a_pause_begun_and_ended_elsewhere_is_seen(desk: Desk) -> None:
    assert desk.gate.look() is None
    write_pause(desk.pause, Pause.lasting(60, desk.clocks))
    assert [desk.gate.look() is not None for _ in range(2)] == [True, True]
    write_pause(desk.pause, None)
    desk.gate.look()
    assert desk.gate.look() is None
    desk.pause.write_text("{")
    assert desk.start().look() is not None, "what cannot be read may be a pause"


def test_rules_that_cannot_be_used_stop_capture_until_they_are_mended(desk: Desk) -> None:
    desk.privacy.write_text("[never]\napps = [")
    assert desk.gate.look() is not None and desk.gate.rules is None
    desk.privacy.write_text('[never]\napps = ["vault"]')
    changed = desk.gate.look()
    assert changed is not None and "has just changed" in changed.words
    assert desk.gate.look() is None and desk.gate.rules is not None
    desk.privacy.write_text("")  # as an editor begins to write
    assert desk.gate.look() is not None
    desk.privacy.write_text('[never]\nappz = ["vault"]')
    assert desk.gate.look() is not None
    told = desk.gate.look()
    assert told is not None and "appz" in told.words and str(desk.privacy) in told.words


def test_outside_the_hours_nothing_is_captured(desk: Desk) -> None:
    desk.privacy.write_text('[hours]\nfriday = "09:00-10:30"')
    assert desk.gate.look() is None
    desk.later(30 * MINUTE)
    hold = desk.gate.look()
    assert hold is not None and hold.reason == "hours"
    assert hold.until_us == parse_iso("2026-04-03T09:00:00+00:00")
    desk.gate.zone = "America/New_York"  # 6:30 there
    moved = desk.gate.look()
    assert moved is not None and moved.until_us == parse_iso("2026-03-27T13:00:00+00:00")


def test_rules_are_written_as_they_are_given_and_only_over_those_that_were_edited(desk: Desk) -> None:
    before = '# mine\n[never]\napps = ["signal"]\n'
    desk.privacy.write_text(before)
    gate = desk.start()
    assert gate.look() is None and gate.file == PrivacyFile(before)
    gate.write_rules("[nevver]\n", digest(before))
    assert "nevver" in gate.file.refused and desk.privacy.read_text() == before
    gate.write_rules("[never]\n", digest("another text"))
    assert "changed on the desktop" in gate.file.refused and desk.privacy.read_text() == before
    after = before + '[only-focus]\napps = ["diary"]  # and why\n'
    gate.write_rules(after, digest(before))
    assert desk.privacy.read_text() == after and gate.file == PrivacyFile(before), "it goes by the old ones yet"
    hold = gate.look()
    assert hold is not None and hold.reason == "file", "nothing is captured while the file has just changed"
    assert gate.look() is None and gate.file == PrivacyFile(after) and gate.rules is not None
    assert gate.rules.judge("diary", "").rule == "only-focus app"


def test_a_file_that_is_too_long_for_a_message_holds_and_is_not_sent(desk: Desk) -> None:
    desk.privacy.write_text("#" * MOST_RULES + '\n[never]\napps = ["signal"]\n')
    gate = desk.start()
    assert gate.look() is None and gate.file.text is None
    assert gate.rules is not None and gate.rules.judge("signal", "").rule == "never app"


def test_a_file_that_is_no_text_is_not_shown_as_what_was_there_before_and_not_written_over(desk: Desk) -> None:
    desk.privacy.write_text("[never]\n")
    gate = desk.start()
    assert gate.look() is None
    desk.privacy.write_bytes("# für mich\n".encode("latin-1"))
    for _ in range(3):
        hold = gate.look()
    assert hold is not None and hold.reason == "file" and gate.file.text is None
    gate.write_rules("[never]\n", digest("[never]\n"))
    assert "no UTF-8 text" in gate.file.refused and desk.privacy.read_bytes().startswith(b"# f\xfcr")
