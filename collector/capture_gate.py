"""Whether anything may be captured now: two files say so, and both are looked at each turn of the agent.

privacy.toml   rules that can be used?  no ──► nothing is captured   (never: captured without rules)
               within its hours?        no ──► nothing is captured
pause.json     a pause that lasts?     yes ──► nothing is captured
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Literal

from collector.pause import Clocks, Pause, read_pause, write_pause
from neural_focus.atomic_write import atomic_write
from neural_focus.errors import InputError, NeuralFocusError
from neural_focus.messages import MOST_RULES, PrivacyFile
from neural_focus.privacy_rules import PrivacyRules
from neural_focus.time import SECOND_US

Stamp = tuple[int, int, int] | None


@dataclass(frozen=True, slots=True)
class Hold:
    """Why nothing is captured. ``until_us``: Unix time at which that ends by itself, None where it does not."""

    reason: Literal["pause", "hours", "file"]
    words: str
    until_us: int | None = None
    hint: str = ""


class CaptureGate:
    """On the agent's main thread."""

    def __init__(self, privacy: Path, pause: Path, zone: str, read_clocks: Callable[[], Clocks] = Clocks.read) -> None:
        self._privacy_path, self._pause_path, self.zone = privacy, pause, zone
        self._read_clocks = read_clocks
        self._stamps: dict[Path, Stamp | Literal["unread"]] = {privacy: "unread", pause: "unread"}
        self._faults: dict[Path, Hold] = {}
        self._changed: dict[Path, Stamp] = {}
        """Files that changed at the last look: an editor may still write them, so they are read when at rest."""
        self._pause: Pause | None = None
        self._pause_until_us = 0
        self.rules: PrivacyRules | None = None
        """Those of the file; None while it cannot be used."""
        self.file = PrivacyFile("")
        """The file as it was read last, for who edits it."""

    def look(self) -> Hold | None:
        """Reads what changed; why nothing may be captured now, None where it may."""
        self._read_changed()
        if self._faults:
            return next(iter(self._faults.values()))
        clocks = self._read_clocks()
        if self._pause is not None and (left_us := self._pause.left_us(clocks)) > 0:
            until_us = clocks.now_us + left_us
            if abs(until_us - self._pause_until_us) > SECOND_US:  # two clocks never agree to the microsecond
                self._pause_until_us = until_us
            return Hold("pause", "you paused it", self._pause_until_us)
        hours = self.rules.hours if self.rules else None
        if hours is not None and not hours.cover(clocks.now_us, self.zone):
            words = f"it is outside the hours of {self._privacy_path.name}"
            return Hold(
                "hours", words, hours.next_begin(clocks.now_us, self.zone), f"See [hours] in {self._privacy_path}"
            )
        return None

    def pause(self, seconds: float) -> None:
        """Begins a pause at once. Raises OSError where it cannot be kept for the next start: it holds all the same."""
        self._faults.pop(self._pause_path, None)
        self._pause = Pause.lasting(seconds, self._read_clocks())
        write_pause(self._pause_path, self._pause)
        self._stamps[self._pause_path] = _stamp(self._pause_path)

    def end_pause(self) -> None:
        """Ends a pause at once. Raises OSError where the file stays: the next start would pause again."""
        self._faults.pop(self._pause_path, None)
        self._pause = None
        write_pause(self._pause_path, None)
        self._stamps[self._pause_path] = None

    def write_rules(self, text: str, before: str) -> None:
        """Puts ``text`` in the place of the file whose digest is ``before``; comments are part of it. What is no file
        of rules, or would take the place of another text, is refused, and ``file`` says so."""
        try:
            PrivacyRules.parse(text)
            if digest(self._text()) != before:
                raise InputError("It was changed on the desktop meanwhile", hint="Look at it, and change it again")
            atomic_write(self._privacy_path, text.encode())
            self.file = replace(self.file, refused="")
        except UnicodeDecodeError:
            self.file = PrivacyFile(None, refused="The file on the desktop is no UTF-8 text: mend it there")
        except (OSError, NeuralFocusError) as error:
            self.file = replace(self.file, refused=str(error))

    def _text(self) -> str:
        """Of the file as it is now; a file that is none is empty."""
        with suppress(FileNotFoundError):
            return self._privacy_path.read_text("utf-8")
        return ""

    def _read_changed(self) -> None:
        for path, read in ((self._privacy_path, self._read_rules), (self._pause_path, self._read_pause)):
            stamp, known = _stamp(path), self._stamps[path]
            if path == self._privacy_path and known not in (stamp, "unread"):
                self._stamps[path] = "unread"
                self._changed[path] = stamp
                self._faults[path] = Hold("file", f"{path} has just changed")
            elif stamp != known and self._changed.get(path, stamp) != stamp:
                self._changed[path] = stamp
            elif stamp != known:
                self._changed.pop(path, None)
                self._stamps[path] = stamp
                self._faults.pop(path, None)
                try:
                    read()
                except NeuralFocusError as error:
                    self._faults[path] = Hold("file", f"{error.what}: {error.why}", hint=error.hint)

    def _read_rules(self) -> None:
        self.rules = None
        text: str | None = None
        with suppress(OSError, ValueError):
            text = self._text()
        self.file = replace(self.file, text=text if text is not None and len(text) <= MOST_RULES else None)
        self.rules = PrivacyRules.load(self._privacy_path)

    def _read_pause(self) -> None:
        self._pause = None
        self._pause = read_pause(self._pause_path)


def digest(text: str) -> str:
    """What tells one text of the file from another."""
    return sha256(text.encode()).hexdigest()


def _stamp(path: Path) -> Stamp:
    """What changes when a file does; None where there is none."""
    with suppress(OSError):
        found = path.stat()
        return found.st_mtime_ns, found.st_size, found.st_ino
    return None
