from pathlib import Path

import pytest

from neural_focus.categories import Rules, category_label
from neural_focus.errors import ConfigurationError
from neural_focus.events import PRODUCTIVITY_SHIFT, CategoryFlag, ProductivityCategory


@pytest.fixture(scope="module")
def rules() -> Rules:
    return Rules.load()


@pytest.mark.parametrize(
    ("app", "kind", "category"),
    [
        ("chrome.exe", CategoryFlag.BROWSER, ""),
        ("Google Chrome", CategoryFlag.BROWSER, ""),
        ("Google-chrome", CategoryFlag.BROWSER, ""),
        ("firefox", CategoryFlag.BROWSER, ""),
        ("devenv.exe", CategoryFlag.IDE, "Building"),
        ("jetbrains-pycharm-ce", CategoryFlag.IDE, "Building"),
        ("Xcode", CategoryFlag.IDE, "Building"),
        ("Discord.exe", CategoryFlag.COMMUNICATION, "Communication"),
        ("thunderbird-esr", CategoryFlag.COMMUNICATION, "Communication"),
        ("Spotify.exe", CategoryFlag.ENTERTAINMENT, "Entertainment"),
        ("WINWORD.EXE", CategoryFlag.PRODUCTIVITY, "Knowledge"),
        ("org.gnome.Evince", CategoryFlag.PRODUCTIVITY, "Studying"),
        ("cmd.exe", CategoryFlag.PRODUCTIVITY, "Building"),
        ("com.google.Chrome", CategoryFlag.BROWSER, ""),
        ("com.visualstudio.code", CategoryFlag.IDE, "Building"),
        ("com.slack.Slack", CategoryFlag.COMMUNICATION, "Communication"),
        ("us.zoom.Zoom", CategoryFlag.COMMUNICATION, "Communication"),
        ("com.spotify.Client", CategoryFlag.ENTERTAINMENT, "Entertainment"),
        ("thunderbird_thunderbird", CategoryFlag.COMMUNICATION, "Communication"),
        ("Obsidian-1.5.3-x86_64.AppImage", CategoryFlag.PRODUCTIVITY, "Knowledge"),
        ("com.jetbrains.IntelliJ-IDEA-Community", CategoryFlag.IDE, "Building"),
        ("no-such-app", CategoryFlag(0), ""),
        ("com.example.Unheard", CategoryFlag(0), ""),
        ("", CategoryFlag(0), ""),
    ],
)
def test_apps_of_three_systems(rules: Rules, app: str, kind: CategoryFlag, category: str) -> None:
    assert rules.hint(app) & 0x3F == kind
    assert rules.label(app) == category


@pytest.mark.parametrize(
    ("title", "kinds", "category"),
    [
        ("Cats falling over - YouTube — Mozilla Firefox", CategoryFlag.ENTERTAINMENT, "Entertainment"),
        (
            "Rust tutorial, part 3 - YouTube — Mozilla Firefox",
            CategoryFlag.ENTERTAINMENT | CategoryFlag.PSEUDO_PRODUCTIVE,
            "Studying",
        ),
        ("Feed | LinkedIn", CategoryFlag.ENTERTAINMENT | CategoryFlag.PSEUDO_PRODUCTIVE, "Knowledge"),
        ("Pull requests · GitHub", CategoryFlag.PRODUCTIVITY, "Building"),
        ("Inbox (3) - Gmail", CategoryFlag.COMMUNICATION, "Communication"),
        ("[1706.03762] Attention - arXiv", CategoryFlag.PRODUCTIVITY, "Studying"),
        ("Nothing that a rule knows", CategoryFlag(0), ""),
    ],
)
def test_titles_add_to_the_browser(rules: Rules, title: str, kinds: CategoryFlag, category: str) -> None:
    hint = rules.hint("firefox", title)
    assert hint & 0x3F == CategoryFlag.BROWSER | kinds
    assert category_label(hint) == category


def test_browser_titles_do_not_touch_other_apps(rules: Rules) -> None:
    assert rules.hint("code", "reddit.py - Visual Studio Code") == rules.hint("code")


def test_a_name_longer_than_a_record_holds_matches_as_it_was_and_as_it_was_cut(tmp_path: Path) -> None:
    own = tmp_path / "categories.toml"
    own.write_text('[[app]]\nnames = ["com.example.department.Timesheets"]\nkinds = ["productivity"]\n')
    for name in ("com.example.department.Timesheets", "com.example.department.Timeshee"):
        assert Rules.load(own).hint(name) == CategoryFlag.PRODUCTIVITY


def test_own_rules_win(tmp_path: Path) -> None:
    own = tmp_path / "categories.toml"
    own.write_text(
        '[[app]]\nnames = ["firefox", "acme-*"]\nkinds = ["productivity"]\ncategory = "studying"\n'
        '[[title]]\npattern = "timesheet"\ncategory = "knowledge"\n'
    )
    rules = Rules.load(own)
    studying = ProductivityCategory.STUDYING << PRODUCTIVITY_SHIFT
    assert rules.hint("firefox") == CategoryFlag.PRODUCTIVITY | studying
    assert rules.hint("ACME-planner.exe") == CategoryFlag.PRODUCTIVITY | studying
    assert rules.label("code", "My Timesheet") == "Knowledge"
    assert rules.hint("chrome") == CategoryFlag.BROWSER


@pytest.mark.parametrize(
    "text",
    [
        "[[app]\n",
        '[[app]]\nnames = ["a"]\nkinds = ["game"]\n',
        '[[app]]\nnames = ["a"]\ncategory = "fun"\n',
        '[[app]]\nkinds = ["ide"]\n',
        '[[app]]\nnames = "a"\n',
        '[[title]]\npattern = "("\n',
        '[[apps]]\nnames = ["a"]\n',
    ],
)
def test_a_broken_file_says_so(tmp_path: Path, text: str) -> None:
    own = tmp_path / "categories.toml"
    own.write_text(text)
    with pytest.raises(ConfigurationError, match=r"categories\.toml cannot be used"):
        Rules.load(own)


def test_an_own_rule_is_for_the_app_under_any_name_and_wins_as_a_pattern_too(tmp_path: Path) -> None:
    own = tmp_path / "categories.toml"
    own.write_text(
        '[[app]]\nnames = ["Google Chrome"]\nkinds = ["productivity"]\n'
        '[[app]]\nnames = ["com.slack.*", "disc*"]\nkinds = ["entertainment"]\n'
    )
    rules = Rules.load(own)
    for app in ("com.google.Chrome", "google-chrome-beta", "chrome.exe"):
        assert rules.hint(app) == CategoryFlag.PRODUCTIVITY
    assert rules.hint("com.slack.Slack") == rules.hint("Discord.exe") == CategoryFlag.ENTERTAINMENT
    assert rules.label("slack") == "Communication"


def test_what_is_installed_comes_after_the_rules() -> None:
    asked = []

    def installed(app: str) -> int:
        asked.append(app)
        return int(CategoryFlag.BROWSER) if app == "org.example.Surfer" else 0

    rules = Rules.load(installed=installed)
    assert rules.hint("code", "x") == Rules.load().hint("code") and rules.hint("") == 0
    assert rules.hint("org.example.Surfer", "Inbox - Gmail") & CategoryFlag.COMMUNICATION
    assert rules.hint("org.example.Other") == 0
    assert asked == ["", "org.example.Surfer", "org.example.Other"]


def test_missing_own_file_means_packaged(tmp_path: Path) -> None:
    assert Rules.load(tmp_path / "none.toml").hint("chrome") == CategoryFlag.BROWSER
