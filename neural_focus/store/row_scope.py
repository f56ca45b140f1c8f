"""Whose rows a transaction gets at, where the database keeps people's rows apart (``infra/database_roles.py``).

::

    BEGIN; SET LOCAL neural_focus.user_id = '7'    one person's: every other row is as good as none
    BEGIN; role neural_focus_everyone              everybody's, to the end of the transaction
    BEGIN; role neural_focus_forgetting            everybody's, and they may be deleted: for ``store/forget.py``, and
                                                   for answers that were kept for a day
    BEGIN                                          nobody's: a forgotten scope sees nothing

Each is one message to the server, in the place of a bare BEGIN. For whom no policy is meant (the owner, the flows'
login) all of it changes nothing: they see every row, as before.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from neural_focus.store.database import Connection

PERSON = "neural_focus.user_id"
"""The setting that the policies of tables compare with ``user_id``."""
EVERYONE = "neural_focus_everyone"
"""The role that no policy holds back."""
FORGETTING = "neural_focus_forgetting"
"""The role that deletes. No policy holds it back: under one, TimescaleDB 2.19 fails to delete from a hypertable (it
says "variable not found in subplan target list")."""
_TAKE = (
    "SELECT current_setting('role'), set_config('role',"
    " CASE WHEN row_security_active('users') THEN '{role}' ELSE current_setting('role') END, true)"
)


def see_person(connection: Connection, user_id: int) -> None:
    """Begins a transaction for one person's rows, on a connection with autocommit."""
    connection.execute(f"BEGIN; SET LOCAL {PERSON} = '{int(user_id)}'", prepare=False)


def see_everyone(connection: Connection) -> None:
    """Begins a transaction for everybody's rows, on a connection with autocommit."""
    connection.execute(f"BEGIN; {_TAKE.format(role=EVERYONE)}", prepare=False)


def see_to_forget(connection: Connection) -> None:
    """Begins a transaction in which rows may be deleted, on a connection with autocommit."""
    connection.execute(f"BEGIN; {_TAKE.format(role=FORGETTING)}", prepare=False)


@contextmanager
def everyones_rows(connection: Connection) -> Iterator[None]:
    """Everybody's rows within a transaction that is one person's.

    PostgreSQL refuses ``COPY … FROM`` to whom a policy holds back; and whether a machine is somebody else's cannot be
    seen among one's own rows.
    """
    row = connection.execute(_TAKE.format(role=EVERYONE)).fetchone()
    yield  # an error ends the transaction, and the role with it
    connection.execute("SELECT set_config('role', %s, true)", (row[0] if row else "none",))
