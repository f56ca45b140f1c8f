"""Secrets, and the search for them in files and databases: a text, or the keys that typed it, in every form."""

from __future__ import annotations

import mmap
import random
import re
import string
from base64 import b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

ROWS = (("qwertyuiop", 24), ("asdfghjkl", 38), ("zxcvbnm", 52))
"""The first X key code of each row of letters; Linux' own are 8 less, Windows' are the capital letters."""
X_CODES = {letter: first + place for letters, first in ROWS for place, letter in enumerate(letters)}
WIDTHS = (1, 2, 4)


@dataclass(frozen=True)
class Canary:
    """What must be found nowhere, and ``app``, which is kept and so shows that the search would find it."""

    typed: str
    titles: tuple[str, str]
    app: str


def draw_canary() -> Canary:
    """New ones each time: twelve letters are nowhere by chance."""
    word = lambda: "".join(random.SystemRandom().sample(string.ascii_lowercase, 12))  # noqa: E731
    return Canary(word(), (word(), word()), word())


def forms_of_text(text: str) -> dict[str, bytes]:
    """Name → bytes of ``text`` in the encodings that a store may use."""
    raw = text.encode()
    forms = {f"{text} in {name}": text.encode(name) for name in ("ascii", "utf-16-le", "utf-16-be", "utf-32-le")}
    for skipped in range(3):  # base64 of a longer text that has it at any place
        forms[f"{text} in base64 at {skipped}"] = b64encode(b"\0" * skipped + raw)[4 * bool(skipped) :][:-4]
    return forms | {f"{text} in hexadecimal": raw.hex().encode()}


def forms_of_keys(text: str) -> dict[str, bytes]:
    """Name → bytes of the codes of the keys that type ``text``: once, or for press and release."""
    codes = {
        "X": [X_CODES[letter] for letter in text],
        "Linux": [X_CODES[letter] - 8 for letter in text],
        "Windows": [ord(letter.upper()) for letter in text],
    }
    forms = {}
    for system, numbers in codes.items():
        for each, sequence in (("once", numbers), ("twice", [number for number in numbers for _ in range(2)])):
            for width in WIDTHS:
                packed = b"".join(number.to_bytes(width, "little") for number in sequence)
                forms[f"{system} codes of {text}, {width} bytes, {each}"] = packed
            for between in (",", ", ", " ", "\n"):
                forms[f"{system} codes of {text} in decimal, {each}, {between!r} between"] = between.join(
                    map(str, sequence)
                ).encode()
    return forms


def search_files(folders: Iterable[Path], forms: Mapping[str, bytes]) -> tuple[list[str], int]:
    """(``path: form`` of each find, number of files searched); every file is read, whatever its name."""
    found, searched = [], 0
    for path in sorted(path for folder in folders for path in folder.rglob("*") if path.is_file()):
        searched += 1
        if path.stat().st_size == 0:
            continue
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            found += [f"{path}: {name}" for name, form in forms.items() if content.find(form) >= 0]
    return found, searched


def search_database(url: str, forms: Mapping[str, bytes]) -> tuple[list[str], int]:
    """(``table: form`` of each find, number of rows searched), over every column of every table, chunks included.

    A row's text has text and JSON as they are, binary columns in hexadecimal and numbers of arrays in decimal.
    """
    sought = [(form.hex(), name) for name, form in forms.items()]
    sought += [(form.decode(), name) for name, form in forms.items() if form.isascii() and b"\0" not in form]
    patterns = ["%" + re.sub(r"([%_\\])", r"\\\1", text) + "%" for text, _ in sought]
    found, searched = [], 0
    with psycopg.connect(url) as connection:
        tables = connection.execute(
            "SELECT schemaname, tablename FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
        ).fetchall()
        for schema, table in tables:
            place = sql.Identifier(schema, table)
            count = connection.execute(sql.SQL("SELECT count(*) FROM {}").format(place)).fetchone()
            searched += count[0] if count else 0
            query = sql.SQL("SELECT row::text FROM (SELECT t AS row FROM {} t) r WHERE row::text ILIKE ANY (%s)")
            for (row,) in connection.execute(query.format(place), (patterns,)):
                names = {name for text, name in sought if text.lower() in row.lower()}
                found += [f"{schema}.{table}: {name}" for name in sorted(names)]
    return found, searched
