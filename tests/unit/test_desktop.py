import os
import uuid
from pathlib import Path

import pytest

import collector.wayland
from collector.capture import X11Source
from collector.desktop import desktop_of
from collector.source import find_source
from neural_focus.atomic_write import READABLE, atomic_write
from neural_focus.errors import CaptureError, ConfigurationError
from neural_focus.settings import Settings


def test_a_machine_keeps_its_id(tmp_path: Path) -> None:
    desktop = desktop_of(Settings(home=tmp_path, username="ada"))
    first = desktop.machine_id()
    assert str(uuid.UUID(first)) == first
    assert desktop.machine_id() == first


def test_demo_people_have_a_desktop_of_their_own(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    real, demo = desktop_of(settings), desktop_of(settings, "demo-live")
    assert not real.is_demo and demo.is_demo and demo.username == "demo-live"
    assert demo.spool != real.spool == settings.spool
    assert demo.machine_id() != real.machine_id()


@pytest.mark.parametrize("name", ["", "..", "a/b", "-x", "x" * 51])
def test_names_that_are_no_folder(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigurationError, match="demo person's name"):
        desktop_of(Settings(home=tmp_path), name)


def test_a_broken_machine_id_is_said(tmp_path: Path) -> None:
    (tmp_path / "machine_id").write_text("not an id")
    with pytest.raises(ConfigurationError, match="a UUID is expected"):
        desktop_of(Settings(home=tmp_path)).machine_id()


def test_files_are_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "state"
    atomic_write(path, b"one")
    assert path.stat().st_mode & 0o777 == 0o600
    atomic_write(path, b"two", mode=READABLE, sync=False)
    assert path.read_bytes() == b"two" and path.stat().st_mode & 0o777 == READABLE & ~umask()
    (tmp_path / "folder" / "inside").mkdir(parents=True)
    with pytest.raises(OSError, match="folder"):
        atomic_write(tmp_path / "folder", b"three")
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["folder", "state"], "nothing is left aside"


def umask() -> int:
    found = os.umask(0)
    os.umask(found)
    return found


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({}, "no display to capture"),
        ({"WAYLAND_DISPLAY": "nowhere-0"}, "nothing of this Wayland session can be captured yet"),
        ({"XDG_SESSION_TYPE": "wayland", "DISPLAY": ":9999"}, "or log in with an Xorg"),
        ({"WAYLAND_DISPLAY": "nowhere-0", "XDG_CURRENT_DESKTOP": "ubuntu:GNOME"}, "gnome-extensions enable"),
        ({"WAYLAND_DISPLAY": "nowhere-0", "XDG_CURRENT_DESKTOP": "KDE"}, "kpackagetool6"),
    ],
)
def test_where_capture_would_be_empty_it_says_so(
    environ: dict[str, str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(collector.wayland, "INPUT_FOLDER", str(tmp_path))
    with pytest.raises(CaptureError, match=said):
        find_source(None, environ)


def test_the_display_of_the_session_or_the_one_given() -> None:
    assert find_source(None, {"DISPLAY": ":3"}) == X11Source(":3")
    assert find_source(":4", {"DISPLAY": ":3"}) == X11Source(":4")
