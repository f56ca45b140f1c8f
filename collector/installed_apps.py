"""What is installed on this desktop, by its ``.desktop`` files: their categories stand in where no rule names an app.

::

    $XDG_DATA_HOME, $XDG_DATA_DIRS, Flatpak's exports, snapd's      an earlier folder's file hides a later one's
      └─ applications/**/*.desktop ──► names ──► category_hint
                                        the file's own, StartupWMClass, X-Flatpak, X-SnapInstanceName, Exec's program

Read when capture starts. An app that nobody names makes it look, at most once a minute, whether a folder has changed;
then a thread reads everything anew, and the old answers hold until it is done: capture never waits for a disk.
"""

from __future__ import annotations

import configparser
import os
import shlex
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from collector.freedesktop_categories import hint_of
from neural_focus.apps import app_id, plain_name
from neural_focus.events import encode_app_name

LOOK_SECONDS = 60.0
_GROUP = "Desktop Entry"
_KEYS = ("Type", "Hidden", "NoDisplay", "Categories", "Exec", "StartupWMClass", "X-Flatpak", "X-SnapInstanceName")
_LARGEST_BYTES = 1 << 20
_LAUNCHERS = frozenset(
    {"bash", "dbus-launch", "electron", "env", "flatpak", "gapplication", "gio", "gtk-launch", "java", "node", "perl"}
    | {"pkexec", "python", "python3", "sh", "snap", "steam", "sudo", "wine", "x-terminal-emulator", "xdg-open", "xterm"}
)
"""Programs that start others: they say nothing of the app."""


def application_folders(environ: Mapping[str, str]) -> tuple[Path, ...]:
    """Where a person's ``.desktop`` files lie, the ones that win first. Flatpak and snapd are looked into always."""
    home = environ.get("XDG_DATA_HOME") or f"{environ.get('HOME', '')}/.local/share"
    listed = environ.get("XDG_DATA_DIRS") or "/usr/local/share:/usr/share"
    exported = (f"{home}/flatpak/exports/share", "/var/lib/flatpak/exports/share", "/var/lib/snapd/desktop")
    folders = (home, *(folder for folder in listed.split(":") if folder), *exported)
    return tuple(dict.fromkeys(Path(folder) / "applications" for folder in folders))


@dataclass(frozen=True, slots=True)
class _Index:
    """category_hint by name, and by the app's id where all files of that id agree; when each folder had changed."""

    by_name: Mapping[str, int]
    by_id: Mapping[str, int]
    changed: Mapping[Path, int]


class InstalledApps:
    """``category_hint`` bits of installed apps, for ``Rules``. ``hint`` is for one thread."""

    def __init__(self, folders: Sequence[Path], *, look_seconds: float = LOOK_SECONDS) -> None:
        """Reads all files. Folders and files that cannot be read are left out."""
        self._folders, self._look_seconds = folders, look_seconds
        self._index = _read_index(folders)
        self._looked_at = time.monotonic()
        self._reading: threading.Thread | None = None

    def hint(self, app: str) -> int:
        """The bits of an app by any of its names; 0 when no file names it, or its categories say nothing."""
        index = self._index
        found = index.by_name.get(plain_name(app), index.by_id.get(app_id(app)))
        if found is None and app:
            self._look()
        return found or 0

    def _look(self) -> None:
        now = time.monotonic()
        if now - self._looked_at < self._look_seconds or (self._reading and self._reading.is_alive()):
            return
        self._looked_at = now
        if any(_changed_ns(folder) != then for folder, then in self._index.changed.items()):
            self._reading = threading.Thread(target=self._read, name="installed-apps", daemon=True)
            self._reading.start()

    def _read(self) -> None:
        self._index = _read_index(self._folders)


def _read_index(folders: Sequence[Path]) -> _Index:
    changed: dict[Path, int] = {}
    files: dict[str, Path] = {}
    for folder in folders:
        for inside, name in _walk(folder, changed):
            files.setdefault(str((inside / name).relative_to(folder)).replace("/", "-"), inside / name)
    entries = [(name, entry) for name, path in files.items() if (entry := _read_entry(path)) is not None]
    by_name: dict[str, int] = {}
    by_id: dict[str, set[int]] = {}
    for rank in (_own_name, _window_class, _package, _program):
        found: dict[str, set[int]] = {}
        for file, entry in entries:
            if name := rank(file, entry):
                hint = hint_of(entry.get("Categories", "").split(";"))
                for form in (name, encode_app_name(name).decode()):  # as a record may have cut it
                    found.setdefault(plain_name(form), set()).add(hint)
                    by_id.setdefault(app_id(form), set()).add(hint)
        for name, hints in found.items():
            if len(hints) == 1:
                by_name.setdefault(name, *hints)
    return _Index(by_name, {app: hints.pop() for app, hints in by_id.items() if len(hints) == 1}, changed)


def _walk(folder: Path, changed: dict[Path, int]) -> Iterator[tuple[Path, str]]:
    """The ``.desktop`` files below a folder in the order of their names; notes when each folder had changed."""
    changed[folder] = _changed_ns(folder)
    for inside, below, names in os.walk(folder):
        below.sort()
        changed |= {Path(inside) / name: _changed_ns(Path(inside) / name) for name in below}
        yield from ((Path(inside), name) for name in sorted(names) if name.endswith(".desktop"))


def _changed_ns(folder: Path) -> int:
    try:
        return folder.stat().st_mtime_ns
    except OSError:
        return 0


def _read_entry(path: Path) -> Mapping[str, str] | None:
    """The keys of an app's file; None for what is no app, is hidden or cannot be read."""
    parser = configparser.ConfigParser(interpolation=None, strict=False, delimiters=("=",), comment_prefixes=("#",))
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    try:
        if not path.is_file() or path.stat().st_size > _LARGEST_BYTES:  # a pipe would never end
            return None
        lines = path.read_text("utf-8-sig", errors="replace").splitlines()
        # Only what is asked for: names and comments in a hundred languages are most of a file.
        parser.read_string("\n".join(line for line in lines if line.startswith(("[", *_KEYS))))
        entry = parser[_GROUP]
    except (OSError, configparser.Error, KeyError):
        return None
    if entry.get("Type", "Application") != "Application" or entry.get("Hidden") == "true":
        return None
    return entry


def _own_name(file: str, _entry: Mapping[str, str]) -> str:
    return file.removesuffix(".desktop")


def _window_class(_file: str, entry: Mapping[str, str]) -> str:
    return entry.get("StartupWMClass", "")


def _package(_file: str, entry: Mapping[str, str]) -> str:
    return entry.get("X-Flatpak", "") or entry.get("X-SnapInstanceName", "")


def _program(_file: str, entry: Mapping[str, str]) -> str:
    """The program that an entry of the menus starts, without ``env`` and its variables."""
    if entry.get("NoDisplay") == "true":
        return ""
    try:
        words = shlex.split(entry.get("Exec", ""))
    except ValueError:
        return ""
    programs = (PurePosixPath(word).name for word in words if word != "env" and "=" not in word)
    program = next(programs, "")
    return "" if program in _LAUNCHERS else program
