"""Rows of a CSV file by the names of its columns, whatever separates them and whatever case they are in."""

from __future__ import annotations

import csv
import io

from neural_focus.errors import InputError

_SEPARATORS = ",;\t"


def csv_header(head: str) -> list[str]:
    """The column names of a file that begins so, lower case; [] where its first line holds no two."""
    line = head.lstrip("\ufeff").splitlines()[0] if head.strip() else ""
    found = next(csv.reader([line], delimiter=_separator(line)), [])
    return [name.strip().lower() for name in found] if len(found) > 1 else []


def read_csv(content: bytes, place: str) -> list[dict[str, str]]:
    """One mapping a row that is not empty. A row with too few or too many fields has the key "" beside its own.

    Raises:
        InputError: it is no UTF-8 or UTF-16 text.
    """
    try:
        text = content.decode("utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{place} is no text in UTF-8", why=str(error), hint="Export it again as UTF-8") from None
    names = csv_header(text)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=_separator(text.splitlines()[0] if text else ""))
    next(rows, None)
    return [
        dict(zip(names, fields, strict=False)) | ({} if len(fields) == len(names) else {"": "torn"})
        for fields in rows
        if any(field.strip() for field in fields)
    ]


def _separator(line: str) -> str:
    return max(_SEPARATORS, key=line.count)
