"""A person's lists: what may be on them, and what is refused with its reason."""

from __future__ import annotations

import pytest

from neural_focus.errors import InputError
from neural_focus.help_settings import (
    HelpSettings,
    as_stored,
    check_help,
    plain_site,
    program_refusal,
    read_help,
    registrable,
    site_refusal,
)

OWN = ("focus.example.org",)


@pytest.mark.parametrize(
    ("site", "why"),
    [
        ("*", "without *"),
        ("*.reddit.com", "without *"),
        ("localhost", "this computer"),
        ("127.0.0.1", "this computer"),
        ("[::1]", "this computer"),
        ("printer.local", "this computer"),
        ("focus.example.org", "Neural Focus itself"),
        ("com", "no name of a site"),
        ("co.uk", "many sites share"),
        ("github.io", "many sites share"),
        ("paypal.com", "bank"),
        ("www.commerzbank.de", "bank"),
        ("security.debian.org", "updates"),
        ("988lifeline.org", "in need"),
        ("", "no name of a site"),
    ],
)
def test_sites_that_no_block_may_touch_are_refused_with_the_reason(site: str, why: str) -> None:
    assert why in site_refusal(site, OWN)
    with pytest.raises(InputError, match="cannot be blocked"):
        check_help(HelpSettings(block_sites=("reddit.com", site)), OWN)
    stored = {"help": as_stored(HelpSettings(block_sites=("reddit.com", site)))}
    assert read_help(stored, OWN).block_sites == ("reddit.com",), "a list of before the rule is read without it"


def test_sites_are_stored_as_hosts_once_each() -> None:
    asked = HelpSettings(block_sites=("https://www.Reddit.com/r/all?x=1", "reddit.com:443", "bücher.example.com"))
    assert check_help(asked).block_sites == ("reddit.com", "xn--bcher-kva.example.com")
    assert plain_site("user@news.ycombinator.com/") == "news.ycombinator.com"
    assert registrable("news.ycombinator.com") == "ycombinator.com"


@pytest.mark.parametrize(
    "program", ["Xorg", "systemd", "explorer.exe", "KeePassXC", "neural-focus", "orca", "../sh", ""]
)
def test_programs_that_are_needed_are_refused(program: str) -> None:
    assert program_refusal(program)
    with pytest.raises(InputError, match="cannot be on the list"):
        check_help(HelpSettings(end_apps=(program,)))


def test_apps_are_stored_by_their_id() -> None:
    checked = check_help(HelpSettings(minimize_apps=("com.spotify.Client", "Spotify"), end_apps=("steam.exe",)))
    assert (checked.minimize_apps, checked.end_apps) == (("spotify",), ("steam",))


@pytest.mark.parametrize("changed", [{"block_minutes": 0}, {"block_minutes": 241}, {"break_minutes": 61}])
def test_lengths_have_bounds(changed: dict[str, int]) -> None:
    with pytest.raises(InputError, match=next(iter(changed))):
        check_help(HelpSettings(**changed))  # type: ignore[arg-type]


def test_settings_that_cannot_be_read_block_nothing() -> None:
    assert read_help({"help": {"block_sites": "reddit.com"}}).block_sites == ()
    assert read_help(None) == HelpSettings()
