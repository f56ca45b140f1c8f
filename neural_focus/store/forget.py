"""What a person has us forget goes out of the database: counted, deleted, counted again.

├── forgotten ──┤                    events, predictions, offers, labels and sessions of then
├── forgotten ──┤── 300 s ──┤        predictions and features that looked back into it
one UTC day, one hour                counts of warnings of its days, sums of its hours: made anew, or gone
learned since                        the person's own experts, who learn again from what is left
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from psycopg import sql

from neural_focus.forgetting import ForgottenTime
from neural_focus.sessions import LOOK_BACK_US, measure
from neural_focus.store.database import Connection, in_us
from neural_focus.store.events import read_events
from neural_focus.store.forgotten import ForgetRequest, Spans
from neural_focus.store.privacy import machines_of
from neural_focus.store.sessions import fill_metrics, read_session
from neural_focus.time import HOUR_US, SECOND_US, moment

REACH_US = 300 * SECOND_US
"""The longest window of a feature: so long a prediction looks back."""
Place = Callable[[str, int], sql.Composable]
"""SQL for "this column lies in the forgotten time, or so many µs after it"."""


@dataclass(frozen=True, slots=True)
class _Rows:
    """A kind of rows that goes: those of ``table`` for which ``where`` holds; emptied by ``change`` where they stay."""

    name: str
    table: str
    where: sql.Composable
    change: sql.Composable | None = None


def spans_of(connection: Connection, user_id: int, what: ForgottenTime, app: str) -> dict[str, Spans]:
    """When an app was in front, by machine: [first, end) µs. A stretch ends where the next app's begins."""
    rows = connection.execute(
        f"""SELECT machine_id::text, {in_us("min(time)")}, {in_us("max(until)")} FROM (
            SELECT machine_id, boot_id, time, until, app_name,
                seq - row_number() OVER (PARTITION BY machine_id, boot_id, app_name ORDER BY seq) AS island
            FROM (SELECT machine_id, boot_id, seq, time, app_name, COALESCE(
                    lead(time) OVER (PARTITION BY machine_id, boot_id ORDER BY seq), time + interval '1 microsecond')
                    AS until
                FROM events WHERE user_id = %s AND time >= %s AND time < %s) AS numbered
        ) AS stretches WHERE app_name = %s GROUP BY machine_id, boot_id, island ORDER BY 1, 2""",
        (user_id, moment(what.first_us), moment(what.end_us), app),
    )
    found: dict[str, Spans] = {}
    for machine, first, end in rows:
        found[machine] = [*found.get(machine, ()), (int(first), int(end))]
    return found


def count_forgotten(connection: Connection, request: ForgetRequest) -> dict[str, int]:
    """Kind of row → how many there are that the request takes."""
    return {rows.name: _count(connection, request.user_id, rows) for rows in _kinds(connection, request)}


def delete_forgotten(connection: Connection, request: ForgetRequest) -> None:
    """Deletes them in the caller's transaction, then measures sessions anew that reach beyond the time, and moves the
    ends of boots that began or ended in it."""
    connection.execute(  # of compressed chunks TimescaleDB rewrites only so many rows at once, by default
        "SELECT set_config(name, '0', true) FROM pg_settings"
        " WHERE name = 'timescaledb.max_tuples_decompressed_per_dml_transaction'"
    )
    crossed = _crossed_sessions(connection, request)
    _keep_open_offers(connection, request)
    if request.what.app_key is None:
        _cut_labels(connection, request)
    for rows in _kinds(connection, request):
        table, user = sql.Identifier(rows.table), sql.Literal(request.user_id)
        begin = sql.SQL("DELETE FROM {}").format(table)
        if rows.change is not None:
            begin = sql.SQL("UPDATE {} SET {}").format(table, rows.change)
        connection.execute(sql.SQL("{} WHERE user_id = {} AND {}").format(begin, user, rows.where))
    connection.execute(  # a batch that is being stored moves them too: only a statement after this one sees its records
        "SELECT FROM shipper_positions WHERE user_id = %s ORDER BY machine_id, boot_id FOR UPDATE", (request.user_id,)
    )
    for machine in machines_of(connection, request.user_id):
        _move_ends(connection, request, machine)
    for session_id in crossed:
        _measure(connection, request.user_id, session_id)


def open_offers(connection: Connection, request: ForgetRequest) -> int:
    """Interventions of the time that are not over: they stay until they are."""
    what = request.what
    asked = "SELECT count(*) FROM interventions WHERE user_id = %s AND triggered_at >= %s AND triggered_at < %s AND "
    row = connection.execute(asked + OPEN, (request.user_id, moment(what.first_us), moment(what.end_us))).fetchone()
    return int(row[0]) if row else 0


OPEN = """(
    (responded_at IS NULL AND action <> 'NO_OP'
        AND triggered_at + make_interval(secs => COALESCE(timeout_seconds, 0)) > now())
    OR (ends_at IS NOT NULL AND ends_at > now() AND undone_at IS NULL AND refused_reason IS NULL))"""
"""An offer that may still be answered, or something that is still done."""
PREDICTED = "(features IS NOT NULL OR focus_score IS NOT NULL OR distraction_risk IS NOT NULL)"
"""An event that has any of a prediction: its features stand on the first row of a batch alone, the rest on each."""


def _kinds(connection: Connection, request: ForgetRequest) -> Iterator[_Rows]:
    what, place, bounds = request.what, _place(request), request.bounds()
    everything = what.app_key is None
    first, end = sql.Literal(moment(what.first_us)), sql.Literal(moment(what.end_us))
    events = sql.SQL("time >= {} AND time < {}").format(first, end)
    hours = sql.SQL("hour > {} AND hour < {}").format(sql.Literal(moment(what.first_us - HOUR_US)), end)
    if not everything:
        name = _is_app(what.app_key or "", "app_name")
        events, hours = sql.SQL("{} AND {}").format(events, name), sql.SQL("{} AND {}").format(hours, name)
    yield _Rows("events", "events", events)
    yield _Rows("hourly_activity", "hourly_activity", hours)
    if bounds is None:  # an app that was never in front: nothing else is of it
        return
    used = sql.SQL("{} AND {} AND NOT ({})").format(sql.SQL(PREDICTED), place("time", REACH_US), events)
    emptied = sql.SQL("features = NULL, focus_score = NULL, distraction_risk = NULL")
    yield _Rows("predictions on later events", "events", used, emptied)
    yield _Rows("model_predictions", "model_predictions", place("snapshot_time", REACH_US))
    kept = sql.SQL(
        "opportunity_id NOT IN (SELECT opportunity_id FROM interventions i WHERE i.user_id = exposures.user_id AND {})"
    ).format(sql.SQL(OPEN))
    yield _Rows("exposures", "exposures", sql.SQL("{} AND {}").format(place("exposed_at", 0), kept))
    yield _Rows("interventions", "interventions", _over(request))
    yield _Rows("unavailable_moments", "unavailable_moments", place("snapshot_time", 0))
    if everything:
        within = _within(request)
        yield _Rows("labels", "labels", within)
        yield _Rows("sessions", "sessions", within)
        spoken_of = sql.SQL("first_time < {} AND end_time >= {}").format(end, first)
        yield _Rows("idempotency_keys", "idempotency_keys", spoken_of)
    else:  # what people said of a stretch, they did not say of an app
        guessed = sql.SQL("source = 'WEAK' AND {}").format(_touching(request))
        yield _Rows("labels", "labels", guessed)
    since, until = sql.Literal(moment(bounds[0])), sql.Literal(moment(bounds[1] + REACH_US))
    days = sql.SQL("day >= {}::date AND day <= {}::date").format(since, until)
    yield _Rows("warning_days", "warning_days", days)
    yield _Rows("personal_models", "personal_models", sql.SQL("learned_at >= {}").format(since))


def _over(request: ForgetRequest) -> sql.Composable:
    """Interventions of the time that are over."""
    return sql.SQL("{} AND NOT {}").format(_place(request)("triggered_at", 0), sql.SQL(OPEN))


def _within(request: ForgetRequest) -> sql.Composable:
    """Stretches that lie wholly in the time."""
    first, end = (sql.Literal(moment(at)) for at in (request.what.first_us, request.what.end_us))
    return sql.SQL("start_time >= {} AND end_time <= {}").format(first, end)


def _keep_open_offers(connection: Connection, request: ForgetRequest) -> None:
    """What is not over stays, also where its session, or the offer that it repeats, goes: it names them no more."""
    gone = [("snooze_of", "interventions", _over(request))]
    if request.what.app_key is None:
        gone.append(("session_id", "sessions", _within(request)))
    asked = sql.SQL(
        "UPDATE interventions SET {column} = NULL WHERE user_id = {user} AND {kept}"
        " AND {column} IN (SELECT id FROM {table} WHERE user_id = {user} AND {where})"
    )
    for column, table, where in gone:
        names = {"column": sql.Identifier(column), "table": sql.Identifier(table), "kept": sql.SQL(OPEN)}
        connection.execute(asked.format(**names, user=sql.Literal(request.user_id), where=where))


def _place(request: ForgetRequest) -> Place:
    """Where rows of the time lie: anywhere for everything, on the app's machines while it was in front for an app.
    What is later than the request is not of it."""
    what = request.what

    def place(column: str, reach_us: int) -> sql.Composable:
        name, bounds = sql.Identifier(column), sql.SQL("{} >= {} AND {} < {}")
        last = sql.Literal(moment(request.until_us(reach_us)))
        found = bounds.format(name, sql.Literal(moment(what.first_us)), name, last)
        if what.app_key is None:
            return found
        spans = [_on_machine(machine, name, request.on(machine), reach_us) for machine in request.spans]
        return sql.SQL("{} AND ({})").format(found, sql.SQL(" OR ").join(spans or [sql.SQL("false").format()]))

    return place


def _on_machine(machine: str, name: sql.Identifier, spans: Spans, reach_us: int) -> sql.Composable:
    asked = sql.SQL("(machine_id = {}::uuid AND {} <@ {}::tstzmultirange)")
    return asked.format(sql.Literal(machine), name, sql.Literal(_multirange(spans, reach_us)))


def _touching(request: ForgetRequest) -> sql.Composable:
    """Stretches that touch the time in which the app was in front."""
    asked = sql.SQL("(machine_id = {}::uuid AND tstzrange(start_time, end_time) && {}::tstzmultirange)")
    spans = [asked.format(sql.Literal(one), sql.Literal(_multirange(request.on(one), 0))) for one in request.spans]
    return sql.SQL("({})").format(sql.SQL(" OR ").join(spans or [sql.SQL("false").format()]))


def _multirange(spans: Spans, reach_us: int) -> str:
    ranges = (f"[{moment(first).isoformat()},{moment(end + reach_us).isoformat()})" for first, end in spans)
    return f"{{{','.join(ranges)}}}"


def _is_app(key: str, column: str) -> sql.Composable:
    salt, _, digest = key.partition(":")
    hashed = sql.SQL("encode(sha256(convert_to({} || COALESCE({}, ''), 'UTF8')), 'hex') = {}")
    return hashed.format(sql.Literal(f"{salt}:"), sql.Identifier(column), sql.Literal(digest))


def _count(connection: Connection, user_id: int, rows: _Rows) -> int:
    asked = sql.SQL("SELECT count(*) FROM {} WHERE user_id = {} AND {}")
    row = connection.execute(asked.format(sql.Identifier(rows.table), sql.Literal(user_id), rows.where)).fetchone()
    return int(row[0]) if row else 0


def _cut_labels(connection: Connection, request: ForgetRequest) -> None:
    """Labels that reach beyond the time keep what lies outside; one that lies around it becomes two."""
    asked: Mapping[str, Any] = {
        "user": request.user_id,
        "first": moment(request.what.first_us),
        "end": moment(request.what.end_us),
    }
    connection.execute(
        "INSERT INTO labels (user_id, machine_id, session_id, start_time, end_time, outcome, source, created_at)"
        " SELECT user_id, machine_id, session_id, %(end)s, end_time, outcome, source, created_at FROM labels"
        " WHERE user_id = %(user)s AND start_time < %(first)s AND end_time > %(end)s",
        asked,
    )
    connection.execute(
        "UPDATE labels SET end_time = %(first)s"
        " WHERE user_id = %(user)s AND start_time < %(first)s AND end_time > %(first)s",
        asked,
    )
    connection.execute(
        "UPDATE labels SET start_time = %(end)s"
        " WHERE user_id = %(user)s AND start_time >= %(first)s AND start_time < %(end)s AND end_time > %(end)s",
        asked,
    )


def _move_ends(connection: Connection, request: ForgetRequest, machine_id: str) -> None:
    """A boot begins and ends with a record that is left; one without any has no times."""
    for first, end in request.on(machine_id):
        connection.execute(
            """UPDATE shipper_positions p SET
                first_time = (SELECT min(time) FROM events e WHERE e.user_id = p.user_id
                    AND e.machine_id = p.machine_id AND e.boot_id = p.boot_id
                    AND e.time >= p.first_time AND e.time <= p.last_time),
                last_time = (SELECT max(time) FROM events e WHERE e.user_id = p.user_id
                    AND e.machine_id = p.machine_id AND e.boot_id = p.boot_id
                    AND e.time >= p.first_time AND e.time <= p.last_time)
            WHERE user_id = %(user)s AND machine_id = %(machine)s
                AND (first_time >= %(first)s AND first_time < %(end)s OR last_time >= %(first)s AND last_time < %(end)s)
            """,
            {"user": request.user_id, "machine": machine_id, "first": moment(first), "end": moment(end)},
        )


def _crossed_sessions(connection: Connection, request: ForgetRequest) -> Sequence[int]:
    """Ended sessions that touch the time and stay."""
    bounds = request.bounds()
    if bounds is None:
        return []
    within = "AND NOT (start_time >= %(first)s AND end_time <= %(end)s)" if request.what.app_key is None else ""
    rows = connection.execute(
        f"SELECT id FROM sessions WHERE user_id = %(user)s AND start_time < %(end)s AND end_time > %(first)s {within}",
        {"user": request.user_id, "first": moment(bounds[0]), "end": moment(bounds[1])},
    )
    return [int(number) for (number,) in rows]


def _measure(connection: Connection, user_id: int, session_id: int) -> None:
    """The session's figures from the events that are left."""
    session = read_session(connection, user_id, session_id)
    if session is None or session.end_us is None:
        return
    machines = [session.machine_id] if session.machine_id else machines_of(connection, user_id)
    found = [
        read_events(connection, user_id, machine, session.start_us - LOOK_BACK_US, session.end_us + 1)[0]
        for machine in machines
    ]
    left = [records for records in found if len(records)] or found[:1]
    for records in left:
        fill_metrics(connection, session, measure(records, session.start_us, session.end_us))


def delete_until_reset(connection: Connection, request: ForgetRequest, machine_id: str, until_us: int) -> None:
    """Predictions of a machine after a request, up to when its engine had forgotten: they looked back into the time."""
    last = moment(min(until_us, request.what.end_us + REACH_US))
    asked = (request.user_id, machine_id, moment(request.what.end_us), last)
    where = "WHERE user_id = %s AND machine_id = %s AND {0} >= %s AND {0} < %s"
    connection.execute("DELETE FROM model_predictions " + where.format("snapshot_time"), asked)
    connection.execute(
        "UPDATE events SET features = NULL, focus_score = NULL, distraction_risk = NULL "
        + where.format("time")
        + f" AND {PREDICTED}",
        asked,
    )
