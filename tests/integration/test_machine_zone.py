"""The machine's zone, by whatever way the machine says it: links, copies, a name in a file, a variable."""

from __future__ import annotations

import importlib.resources
import shutil
import zoneinfo
from pathlib import Path

import pytest

from collector.zone_watch import LOOK_SECONDS, ZoneWatch
from neural_focus import machine_zone as module
from neural_focus.errors import ConfigurationError
from neural_focus.machine_zone import machine_zone
from neural_focus.settings import Settings, read_settings
from neural_focus.store.database import connect
from neural_focus.store.users import set_zone, zone_history
from serving.runtime import _local_person


def zone_file(name: str) -> Path:
    """The zone's file in the database of this machine, else in that of the package."""
    for folder in zoneinfo.TZPATH:
        if Path(folder, name).is_file():
            return Path(folder, name)
    return packaged(name)


def packaged(name: str) -> Path:
    return Path(str(importlib.resources.files("tzdata").joinpath("zoneinfo", *name.split("/"))))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A machine of which nothing is known."""
    (tmp_path / "etc").mkdir()
    return tmp_path


def link(root: Path, name: str) -> None:
    """As timedatectl does: the link is replaced whole."""
    fresh = root / "etc" / "localtime.new"
    fresh.symlink_to(f"../usr/share/zoneinfo/{name}")
    fresh.replace(root / "etc" / "localtime")


def test_nothing_is_known(root: Path) -> None:
    assert machine_zone({}, root) == "UTC"


@pytest.mark.parametrize(
    "linked", ["America/Argentina/Buenos_Aires", "posix/America/Argentina/Buenos_Aires", "UTC", "Etc/GMT-3"]
)
def test_a_link_names_its_zone_also_where_no_database_is_installed(root: Path, linked: str) -> None:
    link(root, linked)
    assert machine_zone({}, root) == linked.removeprefix("posix/")


@pytest.mark.parametrize("name", ["Europe/Berlin", "America/New_York", "Asia/Kolkata", "Asia/Kathmandu", "UTC"])
@pytest.mark.parametrize("place", [zone_file, packaged])
def test_a_copy_is_known_by_its_bytes_or_its_times(root: Path, name: str, place: object) -> None:
    """The two databases write the same zone in other bytes: one with every transition to 2037, one with the rule."""
    shutil.copy(place(name), root / "etc" / "localtime")  # type: ignore[operator]
    assert machine_zone({}, root) == name


def test_of_zones_that_are_the_same_the_named_one_is_meant(root: Path) -> None:
    shutil.copy(zone_file("Asia/Kolkata"), root / "etc" / "localtime")
    (root / "etc" / "timezone").write_text("Asia/Calcutta\n")
    assert machine_zone({}, root) == "Asia/Calcutta"


def test_the_clock_follows_localtime_where_the_name_says_something_else(root: Path) -> None:
    shutil.copy(zone_file("Asia/Kolkata"), root / "etc" / "localtime")
    (root / "etc" / "timezone").write_text("Europe/Berlin\n")
    assert machine_zone({}, root) == "Asia/Kolkata"


def test_the_name_alone(root: Path) -> None:
    (root / "etc" / "timezone").write_text("Europe/Berlin\n")
    assert machine_zone({}, root) == "Europe/Berlin"


@pytest.mark.parametrize("text", ["Europe/Berlin", ":Europe/Berlin", "/zones/Berlin", ":/zones/Berlin"])
def test_the_variable_goes_first(root: Path, text: str) -> None:
    link(root, "Asia/Tokyo")
    (root / "zones").mkdir()
    shutil.copy(zone_file("Europe/Berlin"), root / "zones" / "Berlin")
    assert machine_zone({"TZ": text}, root) == "Europe/Berlin"
    assert machine_zone({"TZ": ""}, root) == "UTC"
    assert machine_zone({"TZ": ":/etc/localtime"}, root) == "Asia/Tokyo"


@pytest.mark.parametrize("text", ["CET-1CEST", "Mars/Base", "/nowhere/at/all", "/etc"])
def test_a_variable_that_names_no_zone_is_one_line(root: Path, text: str) -> None:
    with pytest.raises(ConfigurationError, match=r"TZ is '.*': no zone .* Set NEURAL_FOCUS_ZONE"):
        machine_zone({"TZ": text}, root)
    assert read_settings({"TZ": text, "NEURAL_FOCUS_ZONE": "Asia/Tokyo"}).zone == "Asia/Tokyo"


@pytest.mark.parametrize("content", [b"", b"TZif", b"no zone at all"])
def test_a_localtime_that_is_no_zone_is_one_line(root: Path, content: bytes) -> None:
    (root / "etc" / "localtime").write_bytes(content)
    with pytest.raises(ConfigurationError, match=r"cannot be told: .*localtime is none"):
        machine_zone({}, root)


def test_only_what_etc_says_may_change_meanwhile() -> None:
    follows = [read_settings(given).zone_follows for given in ({}, {"TZ": "UTC"}, {"NEURAL_FOCUS_ZONE": "UTC"})]
    assert follows == [True, False, False]


def test_a_move_is_noticed_once_within_a_minute(root: Path) -> None:
    now = 0.0
    link(root, "Europe/Berlin")
    watch = ZoneWatch("Europe/Berlin", root, clock=lambda: now)
    told = []
    for half_minute in range(8):
        now += LOOK_SECONDS / 2
        if half_minute == 2:
            link(root, "Asia/Tokyo")
        told.append(watch.moved())
    assert told == [None, None, None, "Asia/Tokyo", None, None, None, None]


def test_a_copy_that_is_half_written_is_looked_at_again(root: Path) -> None:
    now = 0.0
    localtime = root / "etc" / "localtime"
    shutil.copy(zone_file("Europe/Berlin"), localtime)
    watch = ZoneWatch("Europe/Berlin", root, clock=lambda: now)
    localtime.write_bytes(zone_file("Asia/Tokyo").read_bytes()[:40])
    now += LOOK_SECONDS
    assert watch.moved() is None
    shutil.copy(zone_file("Asia/Tokyo"), localtime)
    now += LOOK_SECONDS
    assert watch.moved() == "Asia/Tokyo"


def test_an_unchanged_machine_costs_a_look_at_two_files(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    shutil.copy(zone_file("Europe/Berlin"), root / "etc" / "localtime")
    watch = ZoneWatch("Europe/Berlin", root, clock=lambda: now)
    now += LOOK_SECONDS
    assert watch.moved() is None
    monkeypatch.setattr(module.zoneinfo, "available_timezones", lambda: pytest.fail("the database was read again"))
    now += LOOK_SECONDS
    assert watch.moved() is None


def test_a_service_that_starts_again_keeps_the_zone_that_the_desktop_told(
    fresh_database_url: str, tmp_path: Path
) -> None:
    """``up`` gave it the zone of before the journey."""
    settings = Settings(home=tmp_path, username="ada", zone="Europe/Berlin")
    with connect(fresh_database_url) as connection:
        user_id = _local_person(connection, settings)
        set_zone(connection, user_id, "Asia/Tokyo")
        assert _local_person(connection, settings) == user_id
        assert [zone for _, zone in zone_history(connection, user_id)] == ["Europe/Berlin", "Asia/Tokyo"]
