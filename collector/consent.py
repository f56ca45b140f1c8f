"""Consent: asked once in plain words, kept in a file. Nothing is captured before."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from collector.desktop import write_json
from neural_focus.errors import ConsentError, InputError

WORDS = """\
Neural Focus would like to watch how you work on this computer, to predict when your focus is about to break.

It records   when you press a key and what kind of key it is (text, deleting, moving, ...), never which one;
             where the mouse is, clicks and scrolling; which app is in front, minimising, pauses, screen locks;
             how long window titles are{titles}.
It keeps it  on this computer, in your own database: events for 90 days, what is computed from them
             until you erase it. Nothing is sent anywhere else.
You can      stop it at any time (Ctrl-C), take this back (neural-focus agent --consent no),
             export everything (neural-focus export) and erase everything (neural-focus erase).
"""
WITHOUT_TITLES = ", not what they say"
WITH_TITLES = ", and what they say (you turned titles on)"
QUESTION = "Do you agree? [yes/no] "


@dataclass(frozen=True, slots=True)
class Consent:
    """``version`` names the words that were agreed to; other words, or titles, have to be asked for again."""

    version: str
    titles: bool
    agreed_at: str
    how: str
    """``asked`` in a terminal, or ``flag``: --consent yes."""


def words(titles: bool) -> str:
    """What the person is told."""
    return WORDS.format(titles=WITH_TITLES if titles else WITHOUT_TITLES)


def version(titles: bool) -> str:
    """Names the words: twelve hex digits."""
    return hashlib.sha256(words(titles).encode()).hexdigest()[:12]


def read_consent(path: Path) -> Consent | None:
    """What was agreed to, None if nothing was.

    Raises:
        InputError: the file cannot be read.
    """
    try:
        return Consent(**json.loads(path.read_text("utf-8")))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError) as error:
        raise InputError(f"{path} cannot be read", why=str(error), hint="Remove it; you will be asked again") from error


def require_consent(path: Path, *, titles: bool, flag: str | None, ask: Callable[[str], str] | None) -> Consent:
    """The consent to these words: from the file, from ``--consent yes``, or asked for now.

    ``ask`` shows a text and returns what was typed; None without a terminal.

    Raises:
        ConsentError: the person said no, or cannot be asked.
        InputError: the file cannot be read.
    """
    if flag == "no":
        revoke(path)
        raise ConsentError("you do not agree", why="nothing is captured from now on")
    known = read_consent(path)
    if known is not None and known.version == version(titles):
        return known
    if flag == "yes":
        return _keep(path, titles, "flag")
    if ask is None:
        raise ConsentError(
            "nobody agreed to be watched yet",
            why="there is no terminal to ask in",
            hint="Run neural-focus agent in a terminal, or give --consent yes",
        )
    if ask(words(titles) + "\n" + QUESTION).strip().lower() not in ("y", "yes"):
        raise ConsentError(
            "you do not agree", why="nothing was captured", hint="Run it again when you change your mind"
        )
    return _keep(path, titles, "asked")


def revoke(path: Path) -> None:
    """Nothing is agreed to any more."""
    path.unlink(missing_ok=True)


def _keep(path: Path, titles: bool, how: str) -> Consent:
    consent = Consent(version(titles), titles, datetime.now(UTC).isoformat(timespec="seconds"), how)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_json(path, asdict(consent))
    return consent
