"""The search for secrets finds each form of them, in a file and in a table."""

from __future__ import annotations

from pathlib import Path

import psycopg
from canary_search import draw_canary, forms_of_keys, forms_of_text, search_database, search_files


def test_every_form_is_found_in_a_file_and_in_a_binary_column(tmp_path: Path, fresh_database_url: str) -> None:
    canary = draw_canary()
    forms = forms_of_text(canary.titles[0]) | forms_of_keys(canary.typed)
    with psycopg.connect(fresh_database_url) as connection:
        connection.execute("CREATE TABLE kept (name text, content bytea)")
        for number, form in enumerate(forms.values()):
            (tmp_path / f"{number}.bin").write_bytes(b"before\0" + form + b"\0after")
            connection.execute("INSERT INTO kept VALUES (%s, %s)", (str(number), b"before" + form + b"after"))
        connection.commit()
    in_files, files = search_files([tmp_path], forms)
    assert files == len(forms)
    in_tables, rows = search_database(fresh_database_url, forms)
    assert rows >= len(forms)
    for number, name in enumerate(forms):
        assert f"{tmp_path / f'{number}.bin'}: {name}" in in_files
        assert f"public.kept: {name}" in in_tables


def test_text_json_and_numbers_of_an_array_are_found_too(fresh_database_url: str) -> None:
    canary = draw_canary()
    codes = next(form for name, form in forms_of_keys(canary.typed).items() if "decimal" in name).decode()
    with psycopg.connect(fresh_database_url) as connection:
        connection.execute("CREATE TABLE kept (said jsonb, codes int[], note text)")
        row = (f'{{"title": "{canary.titles[1]}"}}', [int(code) for code in codes.split(",")], canary.typed.upper())
        connection.execute("INSERT INTO kept VALUES (%s, %s, %s)", row)
        connection.commit()
    found, _ = search_database(
        fresh_database_url, forms_of_text(canary.titles[1]) | forms_of_keys(canary.typed) | forms_of_text(canary.typed)
    )
    assert {line.split(" ")[1] for line in found} >= {canary.titles[1], "X", canary.typed}
