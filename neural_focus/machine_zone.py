"""The IANA zone that this machine's clock shows: ``TZ``, else /etc/localtime, else /etc/timezone, else UTC.

/etc/localtime is a link to a zone, which names it, or a copy of one, which is compared with those of the database.
(tzlocal gives up at a copy, and where /etc/timezone, which the clock does not follow, says something else.)
"""

from __future__ import annotations

import importlib.resources
import os
import struct
import zoneinfo
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path, PurePath

from neural_focus.errors import ConfigurationError

SET_A_ZONE = "Set NEURAL_FOCUS_ZONE to an IANA time zone such as Europe/Berlin"
_PROBES = tuple(datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=20 * step) for step in range(1250))
_RECENT = 700
"""The probes since 2000: what came before is still corrected from one version of the database to the next."""


def machine_zone(environ: Mapping[str, str], root: Path = Path("/")) -> str:
    """The zone's name; ``root`` is where /etc is looked for.

    Raises:
        ConfigurationError: TZ or /etc/localtime says a time that no zone has.
    """
    if "TZ" in environ:
        return _zone_of_variable(environ["TZ"], root)
    zone_name, localtime = _timezone_file(root), root / "etc" / "localtime"
    if not os.path.lexists(localtime):
        return zone_name or "UTC"
    found = _zone_of_file(localtime, zone_name) or zone_name
    if found:
        return found
    raise ConfigurationError(
        "The time zone of this machine cannot be told", why=f"{localtime} is none", hint=SET_A_ZONE
    )


def zone_files(root: Path = Path("/")) -> tuple[object, ...]:
    """What changes when somebody gives the machine another zone: cheap to compare."""
    return tuple(_mark(root / "etc" / name) for name in ("localtime", "timezone"))


def _mark(path: Path) -> tuple[object, ...] | None:
    try:
        target = path.readlink() if path.is_symlink() else None
        held = path.stat() if path.exists() else None
    except OSError:  # it is being replaced
        return None
    return (str(target), held and (held.st_ino, held.st_size, held.st_mtime_ns))


def is_zone(name: str) -> bool:
    """Whether the database has this zone."""
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def _zone_of_variable(text: str, root: Path) -> str:
    """``Europe/Berlin``, ``:Europe/Berlin`` or the path of a zone's file; empty means UTC."""
    name = text.removeprefix(":")
    if not name:
        return "UTC"
    if not name.startswith("/"):
        found = name if is_zone(name) else ""
    else:
        path = root / name.lstrip("/")
        found = _zone_of_file(path, _timezone_file(root)) if os.path.lexists(path) else ""
    if found:
        return found
    raise ConfigurationError(f"TZ is {text!r}", why="no zone of the database is called so", hint=SET_A_ZONE)


def _timezone_file(root: Path) -> str:
    """The name in /etc/timezone, empty where there is none."""
    try:
        words = (root / "etc" / "timezone").read_text("utf-8").split()
    except (OSError, UnicodeDecodeError):
        return ""
    return words[0] if words and is_zone(words[0]) else ""


def _zone_of_file(path: Path, zone_name: str) -> str:
    """The zone that ``path`` links to or is a copy of; ``zone_name`` is preferred to others alike."""
    named = _zone_of_path(path.resolve())
    if named:
        return named
    try:
        content = path.read_bytes()
    except OSError:
        return ""
    return _zone_of_content(content, zone_name) if content.startswith(b"TZif") else ""


def _zone_of_path(path: PurePath) -> str:
    """…/zoneinfo/Europe/Berlin is Europe/Berlin, and so is …/zoneinfo/posix/Europe/Berlin."""
    parts = path.parts
    if "zoneinfo" not in parts:
        return ""
    name = "/".join(parts[parts.index("zoneinfo") + 1 :])
    name = name.removeprefix("posix/").removeprefix("right/")
    return name if name and is_zone(name) else ""


def _zone_of_content(content: bytes, zone_name: str) -> str:
    """The zone with these bytes; where the database is of another version, one that tells the same time."""
    known = {name: data for name in sorted(zoneinfo.available_timezones()) if (data := _read(name)) is not None}
    same = [name for name, data in known.items() if data == content]
    if not same and (clock := _clock(content)):
        alike = {name: _clock(data) for name, data in known.items() if _footer(data) == _footer(content)}
        same = [name for name, other in alike.items() if other == clock]
        same = same or [name for name, other in alike.items() if other[-_RECENT:] == clock[-_RECENT:]]
    if zone_name in same:
        return zone_name
    listed = _listed()
    return min(same, key=lambda name: (name not in listed, name), default="")


def _footer(content: bytes) -> bytes:
    """The rule for the times after the last one that the file lists."""
    return content.rstrip(b"\n").rpartition(b"\n")[2]


def _clock(content: bytes) -> list[timedelta | None]:
    """Offsets from 1970 on; none where this is no whole file of a zone."""
    try:
        zone = zoneinfo.ZoneInfo.from_file(BytesIO(content))
    except (ValueError, IndexError, struct.error):
        return []
    return [probe.astimezone(zone).utcoffset() for probe in _PROBES]


def _listed() -> frozenset[str]:
    """The zones that tables of zones list: of several that are the same these are the ones people know."""
    table = _read("zone1970.tab") or _read("zone.tab") or b""
    rows = [line.split("\t") for line in table.decode("utf-8").splitlines() if not line.startswith("#")]
    return frozenset({row[2] for row in rows if len(row) > 2} | {"UTC"})


def _read(name: str) -> bytes | None:
    """A file of the database: the system's, else that of the package tzdata, in the order of ``zoneinfo``."""
    places = [Path(folder, name) for folder in zoneinfo.TZPATH]
    for place in places:
        if place.is_file():
            return place.read_bytes()
    try:
        packaged = importlib.resources.files("tzdata").joinpath("zoneinfo", *name.split("/"))
    except ModuleNotFoundError:
        return None
    return packaged.read_bytes() if packaged.is_file() else None
