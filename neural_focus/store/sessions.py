"""``sessions`` as the service keeps it: begin, end, what is open, and the metrics of what ended."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import psycopg
from psycopg.rows import class_row

from neural_focus.errors import InputError
from neural_focus.sessions import SessionMetrics, SessionSummary, SessionType
from neural_focus.store.database import Connection, in_us
from neural_focus.store.predictions import SERVED
from neural_focus.store.row_pages import Place, rows_before
from neural_focus.time import moment

_COLUMNS = (
    "id, user_id, machine_id::text, session_type AS type, COALESCE(jail_enabled, false) AS jail_enabled,"
    f" {in_us('start_time')} AS start_us, {in_us('end_time')} AS end_us, planned_seconds, focus_score_avg,"
    " COALESCE(context_switches, 0) AS context_switches, end_reason,"
    f" COALESCE(interventions_triggered, 0) AS interventions, {in_us('jail_leaving_at')} AS jail_leaving_us"
)


@dataclass(frozen=True, slots=True)
class StoredSession:
    """A row of ``sessions``. Times µs UTC; ``deadline_us`` is None without a timer."""

    id: int
    user_id: int
    machine_id: str | None
    type: SessionType
    jail_enabled: bool
    start_us: int
    end_us: int | None
    planned_seconds: int | None
    focus_score_avg: float | None
    context_switches: int
    end_reason: str | None
    interventions: int
    jail_leaving_us: int | None = None
    """When the emergency exit lifts the jail, or lifted it."""

    @property
    def deadline_us(self) -> int | None:
        """When the timer ends it."""
        return None if self.planned_seconds is None else self.start_us + self.planned_seconds * 1_000_000


@dataclass(frozen=True, slots=True)
class SessionDay:
    """A row of ``daily_stats`` with its categories: name → (hours, mean focus score)."""

    total_sessions: int
    completed_sessions: int
    total_hours: float
    avg_focus_score: float | None
    categories: dict[str, tuple[float, float | None]]


def begin_session(
    connection: Connection,
    user_id: int,
    machine_id: str | None,
    kind: SessionType,
    start_us: int,
    *,
    planned_seconds: int | None = None,
    jail_enabled: bool = False,
) -> StoredSession:
    """Store a session. The same natural session reported twice is stored once.

    Raises:
        InputError: another timed session of the person is running.
    """
    with connection.transaction():
        connection.execute("SELECT 1 FROM users WHERE id = %s FOR UPDATE", (user_id,))
        if kind == "natural":
            if (known := _natural_at(connection, user_id, machine_id, start_us)) is not None:
                return known
        elif (running := running_timed(connection, user_id)) is not None:
            raise InputError(
                f"Session {running.id} ({running.type}) is running", hint="End it first, then start the next one"
            )
        asked = (
            "INSERT INTO sessions (user_id, machine_id, session_type, jail_enabled, start_time, planned_seconds)"
            f" VALUES (%s, %s, %s, %s, %s, %s) RETURNING {_COLUMNS}"
        )
        values = (user_id, machine_id, kind, jail_enabled, moment(start_us), planned_seconds)
        stored = _cursor(connection).execute(asked, values).fetchone()
    if stored is None:
        raise InputError("The session vanished", why="its person is being erased")
    return stored


def move_start(connection: Connection, user_id: int, session_id: int, start_us: int) -> None:
    """Set the start to the microsecond that the desktop's engine used."""
    connection.execute(
        "UPDATE sessions SET start_time = %s WHERE id = %s AND user_id = %s AND end_time IS NULL",
        (moment(start_us), session_id, user_id),
    )


def read_session(connection: Connection, user_id: int, session_id: int) -> StoredSession | None:
    """One of the person's sessions."""
    return _find(connection, "id = %s AND user_id = %s", session_id, user_id)


def running_timed(connection: Connection, user_id: int) -> StoredSession | None:
    """The person's timed session that has not ended."""
    where = "user_id = %s AND end_time IS NULL AND session_type <> 'natural' ORDER BY start_time DESC LIMIT 1"
    return _find(connection, where, user_id)


def open_timed(connection: Connection) -> list[StoredSession]:
    """Everybody's sessions that a timer will end."""
    asked = f"SELECT {_COLUMNS} FROM sessions WHERE end_time IS NULL AND planned_seconds IS NOT NULL"
    return _cursor(connection).execute(asked).fetchall()


def current_session(connection: Connection, user_id: int, since_us: int) -> StoredSession | None:
    """What the person is in now: the timed session, else the natural one that began last after ``since_us``."""
    where = (
        "user_id = %s AND end_time IS NULL AND (session_type <> 'natural' OR start_time > %s)"
        " ORDER BY (session_type = 'natural'), start_time DESC LIMIT 1"
    )
    return _find(connection, where, user_id, moment(since_us))


def finish_session(
    connection: Connection, user_id: int, session_id: int, end_us: int, reason: str, *, completed: bool
) -> StoredSession | None:
    """Store the end, once: a session that has ended stays as it is. None if the person has no such session.

    Raises:
        InputError: the end lies before the start.
    """
    session = read_session(connection, user_id, session_id)
    if session is None or session.end_us is not None:
        return session
    if end_us < session.start_us:
        raise InputError(f"end_us is {end_us}", why=f"the session began at {session.start_us}")
    try:
        connection.execute(
            "UPDATE sessions SET end_time = %s, end_reason = %s, completed = %s WHERE id = %s AND end_time IS NULL",
            (moment(end_us), reason, completed, session_id),
        )
    except psycopg.errors.NumericValueOutOfRange as error:
        raise InputError(f"end_us is {end_us}", why="the session would last for decades") from error
    return read_session(connection, user_id, session_id)


def fill_metrics(connection: Connection, session: StoredSession, metrics: SessionMetrics) -> SessionSummary:
    """Fill the metric columns of an ended session from its events' ``metrics``, its predictions and offers."""
    if session.end_us is None:
        raise InputError(f"Session {session.id} has not ended", hint="End it first")
    row = connection.execute(
        "WITH scores AS (SELECT avg(focus_score) AS mean, min(focus_score) AS low, max(focus_score) AS high"
        f"   FROM model_predictions WHERE user_id = %(user)s AND {SERVED}"
        "    AND snapshot_time > %(start)s AND snapshot_time <= %(end)s),"
        " offers AS (SELECT count(DISTINCT opportunity_id) AS shown,"
        "    count(DISTINCT opportunity_id) FILTER (WHERE user_response = 'ACCEPTED') AS accepted,"
        "    count(DISTINCT opportunity_id) FILTER (WHERE user_response = 'REJECTED') AS rejected"
        "   FROM interventions WHERE user_id = %(user)s AND type NOT IN ('NO_OP', 'MANUAL_JAIL')"
        "    AND triggered_at > %(start)s AND triggered_at <= %(end)s)"
        " UPDATE sessions SET focus_score_avg = mean, focus_score_min = low, focus_score_max = high,"
        " interventions_triggered = shown, interventions_accepted = accepted, interventions_rejected = rejected,"
        " total_keystrokes = %(keys)s, total_mouse_moves = %(moves)s, context_switches = %(switches)s,"
        " idle_time_seconds = %(idle)s, category = %(category)s, is_pseudo_productive = %(pseudo)s"
        " FROM scores, offers WHERE id = %(id)s RETURNING mean, shown",
        {
            "user": session.user_id,
            "id": session.id,
            "start": moment(session.start_us),
            "end": moment(session.end_us),
            "keys": metrics.keystrokes,
            "moves": metrics.mouse_moves,
            "switches": metrics.context_switches,
            "idle": metrics.idle_seconds,
            "category": metrics.category or None,
            "pseudo": metrics.is_pseudo_productive,
        },
    ).fetchone()
    mean, shown = row if row else (None, 0)
    return SessionSummary(
        duration_seconds=(session.end_us - session.start_us) // 1_000_000,
        focus_score_avg=mean,
        context_switches=metrics.context_switches,
        interventions=int(shown),
    )


def read_page(connection: Connection, user_id: int, limit: int, before: Place | None = None) -> list[StoredSession]:
    """The person's sessions, the latest first, that are before a place by their start."""
    where, values = rows_before("start_time", before)
    asked = f"SELECT {_COLUMNS} FROM sessions WHERE user_id = %s{where} ORDER BY start_time DESC, id DESC LIMIT %s"
    return _cursor(connection).execute(asked, (user_id, *values, limit)).fetchall()


def read_totals(connection: Connection, user_id: int, first: date, last: date) -> tuple[int, int, float, float | None]:
    """Sessions, completed ones, hours and mean focus score of the person's days from ``first`` to ``last``."""
    row = connection.execute(
        "SELECT count(*), count(*) FILTER (WHERE completed), coalesce(sum(duration_seconds), 0) / 3600.0,"
        " avg(focus_score_avg) FROM local_sessions WHERE user_id = %s AND date BETWEEN %s AND %s",
        (user_id, first, last),
    ).fetchone()
    count, completed, hours, score = row or (0, 0, 0, None)
    return int(count), int(completed), float(hours), score


def read_day(connection: Connection, user_id: int, day: date) -> SessionDay:
    """The person's day, in the zone they had then; zeros where nothing was."""
    row = connection.execute(
        "SELECT total_sessions, completed_sessions, total_hours, avg_focus_score FROM daily_stats"
        " WHERE user_id = %s AND date = %s",
        (user_id, day),
    ).fetchone()
    categories = connection.execute(
        "SELECT category, hours, avg_focus_score FROM category_stats WHERE user_id = %s AND date = %s", (user_id, day)
    )
    sessions, completed, hours, score = row or (0, 0, 0, None)
    return SessionDay(
        int(sessions),
        int(completed),
        float(hours or 0),
        score,
        {str(name): (float(hours or 0), score) for name, hours, score in categories},
    )


def _natural_at(connection: Connection, user_id: int, machine_id: str | None, start_us: int) -> StoredSession | None:
    where = "user_id = %s AND machine_id IS NOT DISTINCT FROM %s::uuid AND session_type = 'natural' AND start_time = %s"
    return _find(connection, where, user_id, machine_id, moment(start_us))


def _find(connection: Connection, where: str, *values: object) -> StoredSession | None:
    return _cursor(connection).execute(f"SELECT {_COLUMNS} FROM sessions WHERE {where}", values).fetchone()


def _cursor(connection: Connection) -> psycopg.Cursor[StoredSession]:
    return connection.cursor(row_factory=class_row(StoredSession))
