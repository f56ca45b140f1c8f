import tomllib
from importlib import resources
from pathlib import Path

import pytest

from neural_focus.apps import SITE_KINDS
from neural_focus.categories import RULES_FILE, Rules, category_label
from neural_focus.errors import ConfigurationError
from neural_focus.events import PRODUCTIVITY_SHIFT, CategoryFlag, ProductivityCategory
from neural_focus.help_settings import registrable


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
        '[[site]]\nkind = "fun"\nsites = ["a.example"]\n',
        '[[site]]\nkind = "video"\nsites = "a.example"\n',
        '[[site]]\nkind = "video"\n',
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


def test_a_browser_on_a_kind_of_site_is_of_that_kind(rules: Rules) -> None:
    assert rules.site_kind("youtube.com") == rules.site_kind("YouTube.com") == "video"
    assert rules.site_kind("nowhere.example") == ""
    hint = rules.hint("firefox (video)")
    assert hint & 0x3F == CategoryFlag.BROWSER | CategoryFlag.ENTERTAINMENT
    assert category_label(hint) == "Entertainment"
    assert category_label(rules.hint("Google-chrome (code)", "Pull requests")) == "Building"
    assert category_label(rules.hint("firefox (video)", "Rust tutorial - YouTube")) == "Studying"
    assert rules.hint("firefox (search)") == rules.hint("firefox")
    assert rules.hint("firefox (never heard of)") == 0


def test_own_sites_win_and_a_kind_has_the_bits_of_the_first_file(tmp_path: Path) -> None:
    own = tmp_path / "categories.toml"
    own.write_text(
        '[[site]]\nkind = "learning"\nsites = ["youtube.com", "acme.example"]\n'
        '[[site]]\nkind = "news"\nsites = []\nkinds = ["productivity"]\ncategory = "building"\n'
    )
    rules = Rules.load(own)
    assert [rules.site_kind(site) for site in ("youtube.com", "acme.example", "netflix.com")] == [
        "learning", "learning", "video",
    ]  # fmt: skip
    assert category_label(rules.hint("firefox (learning)")) == "Studying"
    news = rules.hint("firefox (news)")
    assert (news & 0x3F, category_label(news)) == (CategoryFlag.BROWSER | CategoryFlag.PRODUCTIVITY, "Building")


def test_every_listed_site_is_one_that_an_extension_can_tell() -> None:
    """A registrable domain, once."""
    listed = tomllib.loads(resources.files("neural_focus").joinpath(RULES_FILE).read_text("utf-8"))["site"]
    sites = [site for rule in listed for site in rule["sites"]]
    assert [site for site in sites if registrable(site) != site] == []
    assert len(set(sites)) == len(sites) > 200
    assert [rule["kind"] for rule in listed] == list(SITE_KINDS)
