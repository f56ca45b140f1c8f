"""Rules of privacy: which hold, and which are none."""

from __future__ import annotations

from pathlib import Path

import pytest

from neural_focus.capture_hours import CaptureHours
from neural_focus.errors import ConfigurationError
from neural_focus.privacy_rules import Keep, PrivacyRules
from neural_focus.time import parse_iso


def load(tmp_path: Path, text: str) -> PrivacyRules:
    path = tmp_path / "privacy.toml"
    path.write_text(text)
    return PrivacyRules.load(path)


@pytest.mark.parametrize("app", ["keepassxc", "KeePassXC", "org.keepassxc.KeePassXC", "pinentry-gtk-2", "swaylock"])
def test_keepers_of_passwords_and_screen_locks_are_shipped(app: str) -> None:
    assert PrivacyRules.load().judge(app, "").keep is Keep.NOTHING


@pytest.mark.parametrize("title", ["News — Mozilla Firefox Private Browsing", "a - [InPrivate] - Microsoft Edge"])
def test_private_windows_that_say_so_are_shipped(title: str) -> None:
    assert PrivacyRules.load().judge("firefox (video)", title).keep is Keep.NOTHING
    assert PrivacyRules.load().judge("firefox", "Private Browsing explained — Firefox").keep is Keep.ALL


def test_the_strictest_rule_holds_and_record_lifts_shipped_ones_only(tmp_path: Path) -> None:
    rules = load(
        tmp_path,
        '[never]\napps=["org.signal.*"]\ntitles=["payslip"]\n[only-focus]\napps=["mail"]\n'
        '[record]\napps=["bitwarden", "mail"]\n',
    )
    assert rules.judge("org.signal.Signal", "").rule == "never app"
    assert rules.judge("mail", "Payslip May").keep is Keep.NOTHING
    assert rules.judge("mail", "").keep is Keep.ONLY_FOCUS
    assert rules.judge("bitwarden", "").keep is Keep.ALL
    assert rules.judge("keepassxc", "").keep is Keep.NOTHING


def test_a_rule_for_a_part_of_a_site_holds_for_all_that_is_known_of_it(tmp_path: Path) -> None:
    rules = load(tmp_path, '[never]\nsites=["Online.Bank.com"]\n')
    assert rules.judge_site("bank.com").rule == "never site"
    assert rules.judge_site("notbank.com").keep is rules.judge_site("com.example").keep is Keep.ALL


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("never = [", "Invalid"),
        ("[nevr]\napps=[]", "unknown table 'nevr'"),
        ('[never]\napp=["x"]', "unknown key 'app'"),
        ('[never]\napps="x"', "a list of texts"),
        ('[never]\napps=["x", 3]', "a list of texts"),
        ('[never]\ntitles=["("]', "unterminated"),
        ('[never]\napps=[""]', "a list of texts"),
        ('[without-title]\nsites=["a.com"]', "unknown key 'sites'"),
        ("[hours]\nmunday='09:00-10:00'", "unknown day"),
        ("[hours]\nmonday='9-10'", "hours such as"),
        ("[hours]\nmonday='22:00-06:00'", "hours such as"),
        ("hours = 3", "object"),
        ("never = 3", "a table is expected"),
    ],
)
def test_what_is_no_rule_is_refused(tmp_path: Path, text: str, why: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        load(tmp_path, text)
    assert why in refused.value.why or why == "Invalid", refused.value.why
    assert "Nothing is captured" in refused.value.hint


@pytest.mark.parametrize(
    ("at", "covered", "following"),
    [
        ("2026-03-27T07:59:59+00:00", False, "2026-03-27T08:00:00+00:00"),  # Friday, 8:59:59 in Berlin
        ("2026-03-27T08:00:00+00:00", True, "2026-03-27T12:30:00+00:00"),
        ("2026-03-27T11:00:00+00:00", False, "2026-03-27T12:30:00+00:00"),
        ("2026-03-27T23:30:00+00:00", False, "2026-03-30T07:00:00+00:00"),  # clocks go forward on Sunday
    ],
)
def test_hours_are_those_of_the_persons_clock(at: str, covered: bool, following: str) -> None:
    hours = CaptureHours.read({"friday": "13:30-24:00, 09:00-12:00", "monday": "09:00-10:00"})
    assert hours.cover(parse_iso(at), "Europe/Berlin") is covered
    assert hours.next_begin(parse_iso(at), "Europe/Berlin") == parse_iso(following)
    assert CaptureHours.read({}).next_begin(parse_iso(at), "UTC") is None
