"""``.desktop`` files as people's folders hold them: which names they answer to, which file wins, what is skipped."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from collector.installed_apps import InstalledApps, application_folders
from neural_focus.categories import Rules, category_label
from neural_focus.events import CategoryFlag, encode_app_name

GAME, OFFICE = "Game;", "Office;"


def install(folder: Path, name: str, categories: str = GAME, **keys: str) -> Path:
    """Writes a file as packages do: comments, a translated name, an action of its own."""
    file = folder / f"{name}.desktop"
    file.parent.mkdir(parents=True, exist_ok=True)
    listed = "".join(f"{key.replace('_', '-')}={value}\n" for key, value in keys.items())
    file.write_text(
        f"# made by a test\n[Desktop Entry]\nType=Application\nName=Tetris\nName[de]=100 % Tetris\n"
        f"Categories={categories}\n{listed}\n"
        f"[Desktop Action new]\nName=New\nExec=other-{name}\nCategories=WebBrowser;\n"
    )
    return file


def labels(folders: Path | tuple[Path, ...], *apps: str) -> list[str]:
    installed = InstalledApps((folders,) if isinstance(folders, Path) else folders)
    return [category_label(installed.hint(app)) for app in apps]


@pytest.mark.parametrize(
    ("name", "keys", "app"),
    [
        ("org.example.Blocks", {}, "org.example.Blocks"),
        ("org.example.Blocks", {}, "blocks"),
        ("blocks_blocks", {}, "Blocks"),
        ("blocks-beta", {}, "blocks.desktop"),
        ("kde4/blocks", {}, "kde4-blocks"),
        ("x", {"StartupWMClass": "Blocks Deluxe"}, "blocks deluxe"),
        ("x", {"X_Flatpak": "org.example.Blocks"}, "org.example.Blocks"),
        ("x", {"X_SnapInstanceName": "blocks"}, "blocks"),
        ("x", {"Exec": "/opt/Blocks/blocks --full %U"}, "blocks"),
        ("x", {"Exec": 'env A=1 B=2 "/opt/my apps/blocks" %U'}, "blocks"),
        ("x", {"Exec": "/home/ann/Blocks-2.10.1-x86_64.AppImage --no-sandbox"}, "blocks"),
        ("org.example.department.Blocks-Deluxe", {}, encode_app_name("org.example.department.Blocks-Deluxe").decode()),
    ],
)
def test_an_app_is_found_by_each_name_that_its_file_gives(
    tmp_path: Path, name: str, keys: dict[str, str], app: str
) -> None:
    install(tmp_path, name, **keys)
    assert labels(tmp_path, app, "other-x", "nobody", "") == ["Entertainment", "", "", ""]


def test_launchers_hidden_helpers_and_programs_of_many_say_nothing(tmp_path: Path) -> None:
    for program in ("flatpak run org.example.A", "sh -c blocks", "env", 'broken "quote', ""):
        install(tmp_path, f"a{len(program)}", Exec=program)
    install(tmp_path, "handler", NoDisplay="true", Exec="blocks-handler")
    install(tmp_path, "suite-game", GAME, Exec="suite --game")
    install(tmp_path, "suite-office", OFFICE, Exec="suite --office")
    assert labels(tmp_path, "flatpak", "sh", "env", "blocks-handler", "suite") == [""] * 5
    assert labels(tmp_path, "handler", "suite-office") == ["Entertainment", "Knowledge"]


def test_a_persons_own_file_wins_and_hides(tmp_path: Path) -> None:
    own, system = tmp_path / "own", tmp_path / "system"
    install(system, "blocks", GAME)
    install(system, "cards", GAME, Hidden="false")
    install(own, "blocks", OFFICE)
    install(own, "cards", GAME, Hidden="true")
    assert labels((own, system), "blocks", "cards") == ["Knowledge", ""]
    assert labels((system, own), "blocks", "cards") == ["Entertainment", "Entertainment"]


def test_what_cannot_be_read_is_skipped_and_its_neighbours_are_there(tmp_path: Path) -> None:
    install(tmp_path, "good")
    for name, content in {
        "empty": b"",
        "no-group": b"Type=Application\nCategories=Game;\n",
        "binary": bytes(range(256)) * 40,
        "link-type": b"[Desktop Entry]\nType=Link\nCategories=Game;\n",
        "no-value": b"[Desktop Entry]\nCategories\nExec\n",
    }.items():
        (tmp_path / f"{name}.desktop").write_bytes(content)
    (tmp_path / "latin.desktop").write_bytes(b"[Desktop Entry]\nName=caf\xe9\nType=Application\nCategories=Game;\n")
    (tmp_path / "marked.desktop").write_text("[Desktop Entry]\r\nCategories=Game;\r\n", "utf-8-sig")
    (tmp_path / "twice.desktop").write_text("[Desktop Entry]\nCategories=Office;\nCategories=Game;\nIcon=50%d\n")
    (tmp_path / "large.desktop").write_text("[Desktop Entry]\nCategories=Game;\n" + "#" * (1 << 20))
    (tmp_path / "nowhere.desktop").symlink_to(tmp_path / "gone")
    (tmp_path / "folder.desktop").mkdir()
    os.mkfifo(tmp_path / "pipe.desktop")
    names = ("empty", "no-group", "binary", "link-type", "no-value", "large", "nowhere", "folder", "pipe")
    assert labels(tmp_path, *names) == [""] * len(names)
    assert labels(tmp_path, "good", "latin", "marked", "twice") == ["Entertainment"] * 4


def test_what_is_installed_later_is_found_and_what_goes_is_forgotten(tmp_path: Path) -> None:
    nested, missing = tmp_path / "nested", tmp_path / "made-later"
    install(nested, "old")
    os.utime(nested, (0, 0))  # or what follows could fall into one tick of the file system's clock
    installed = InstalledApps((tmp_path, missing), look_seconds=0.0)
    assert installed.hint("nested-old") and not installed.hint("blocks")
    install(nested, "blocks")
    install(missing, "cards")
    (nested / "old.desktop").unlink()
    deadline = time.monotonic() + 120
    while not (installed.hint("nested-blocks") and installed.hint("cards")):
        assert time.monotonic() < deadline, "it was not found"
        time.sleep(0.005)
    assert not installed.hint("nested-old")


def test_folders_are_not_looked_at_again_within_a_minute(tmp_path: Path) -> None:
    installed = InstalledApps((tmp_path,))
    install(tmp_path, "blocks")
    assert installed.hint("blocks") == 0 and installed._reading is None


def test_folders_of_the_person_flatpak_and_snap() -> None:
    assert [str(folder) for folder in application_folders({"HOME": "/home/ann"})] == [
        "/home/ann/.local/share/applications",
        "/usr/local/share/applications",
        "/usr/share/applications",
        "/home/ann/.local/share/flatpak/exports/share/applications",
        "/var/lib/flatpak/exports/share/applications",
        "/var/lib/snapd/desktop/applications",
    ]
    told = application_folders(
        {"HOME": "/h", "XDG_DATA_HOME": "/data", "XDG_DATA_DIRS": "/var/lib/snapd/desktop:/opt/share:"}
    )
    assert [str(folder) for folder in told[:3]] == [
        "/data/applications",
        "/var/lib/snapd/desktop/applications",
        "/opt/share/applications",
    ]
    assert len(told) == len(set(told)) == 5


def test_rules_come_first_and_pages_in_an_installed_browser_are_told_apart(tmp_path: Path) -> None:
    install(tmp_path, "com.slack.Slack", GAME)
    install(tmp_path, "org.example.Surfer", "Network;WebBrowser;")
    rules = Rules.load(installed=InstalledApps((tmp_path,)).hint)
    assert rules.label("com.slack.Slack") == "Communication"
    assert rules.hint("org.example.Surfer") == CategoryFlag.BROWSER
    assert rules.label("org.example.Surfer", "Pull requests · GitHub") == "Building"
