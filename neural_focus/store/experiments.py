"""``experiments`` and what belongs to them: started, stopped, assigned to people, moved, and stopped arm by arm.

An experiment never changes after its start: what another file says under the same name needs the next version.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

import msgspec
from psycopg.types.json import Jsonb

from neural_focus.errors import InputError
from neural_focus.experiments.declaration import (
    Experiment,
    default_experiment,
    demo_experiment,
    midnight,
    stored_experiment,
)
from neural_focus.experiments.running import Assignment, Running, assigned_arm, experiment_of
from neural_focus.store.arm_changes import ArmMove, ArmStop, read_moves, read_stops
from neural_focus.store.database import Connection

NO_OTHER_STARTS = "LOCK TABLE experiments IN SHARE ROW EXCLUSIVE MODE"
REASON_CHARACTERS = 200
AT_ITS_END = "its last day is over"
LIST = "See: neural-focus experiment list"
FOR_GOOD = date.min
"""``day`` of an assignment that a person keeps."""


@dataclass(frozen=True, slots=True)
class Started:
    """A row of ``experiments`` for people: with how many took part, and which arms were stopped and why."""

    id: int
    spec: Experiment
    traffic: tuple[float, float] | None
    started_at: datetime
    stopped_at: datetime | None
    stop_reason: str | None
    people: int
    exposures: Mapping[str, int]
    """Opportunities by arm."""
    stops: Mapping[str, ArmStop]
    """By arm."""
    moves: Sequence[ArmMove]
    """The last one of each arm and context."""


def start_experiment(connection: Connection, spec: Experiment, now: datetime | None = None) -> int:
    """Start an experiment in its layer and commit; returns its id.

    Raises:
        InputError: its last day is over, its version ran already, or its layer or policy is taken; says by what.
    """
    now = now or datetime.now(UTC)
    if spec.end is not None and now >= midnight(spec.end):
        raise InputError(f"{spec.seed} ended on {spec.end}", hint="Write a later end into its file")
    with connection.transaction():
        connection.execute(NO_OTHER_STARTS)
        close_ended(connection, now)
        _refuse_known(connection, spec)
        running = read_running(connection)
        _refuse_same_policy(spec, running)
        low, high = _free_stretch(spec, [one for one in running if one.spec.layer == spec.layer])
        row = connection.execute(
            "INSERT INTO experiments (name, version, layer, spec, spec_hash, traffic_low, traffic_high, started_at)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s) RETURNING id",
            (spec.name, spec.version, spec.layer, Jsonb(msgspec.to_builtins(spec)), spec.hash, low, high, now),
        ).fetchone()
    return int(row[0]) if row else 0


def stop_experiment(connection: Connection, name: str, reason: str) -> str:
    """Stop the running experiment of that name for good and commit; returns its name with version.

    Raises:
        InputError: none of that name runs, or there is no reason.
    """
    if not reason.strip():
        raise InputError("the reason is empty", hint="Say why it stops: --reason TEXT")
    with connection.transaction():
        row = connection.execute(
            "UPDATE experiments SET stopped_at = now(), stop_reason = %s WHERE name = %s AND stopped_at IS NULL"
            " RETURNING name || '-' || version",
            (reason.strip()[:REASON_CHARACTERS], name),
        ).fetchone()
    if row is None:
        raise InputError(f"no experiment called {name!r} runs", hint=LIST)
    return str(row[0])


def ensure_default(connection: Connection) -> None:
    """Start the platform's own experiment and the demo people's where they are new here, or another version runs.

    What a person stopped stays stopped, and what they gave the layer to keeps it. Commits.
    """
    for own in (default_experiment(), demo_experiment()):
        _ensure(connection, own)


def _ensure(connection: Connection, own: Experiment) -> None:
    with connection.transaction():
        connection.execute(NO_OTHER_STARTS)
        rows = connection.execute(
            "SELECT version, stopped_at IS NULL FROM experiments WHERE name = %s", (own.name,)
        ).fetchall()
        if any(version == own.version for version, _ in rows) or (rows and not any(runs for _, runs in rows)):
            return
        if rows:
            stop_experiment(connection, own.name, "a newer version of the platform")
        elif any(_same_rest(own, one) for one in read_running(connection)):
            return
        start_experiment(connection, own)


def close_ended(connection: Connection, now: datetime) -> list[str]:
    """Mark the experiments whose last day is over as stopped then; returns their names. The caller commits."""
    ended = [one for one in read_running(connection) if one.spec.end and now >= midnight(one.spec.end)]
    for one in ended:
        connection.execute(
            "UPDATE experiments SET stopped_at = %s, stop_reason = %s WHERE id = %s",
            (midnight(one.spec.end or ""), AT_ITS_END, one.id),
        )
    return [one.spec.seed for one in ended]


def read_running(connection: Connection) -> list[Running]:
    """Every experiment that nobody stopped, in the order of their starts. Ends no transaction."""
    rows = connection.execute(
        "SELECT id, spec, traffic_low, traffic_high, started_at FROM experiments WHERE stopped_at IS NULL ORDER BY id"
    ).fetchall()
    stops, moved = read_stops(connection), read_moves(connection)
    return [
        Running(
            id=number,
            spec=stored_experiment(spec),
            traffic=None if low is None else (low, high),
            started_at=started,
            stopped=frozenset(stops.get(number, {})),
            moved=_by_context(moved.get(number, [])),
        )
        for number, spec, low, high, started in rows
    ]


def models_of_arms(connection: Connection) -> set[str]:
    """The versions of models that answer in the arms of running experiments. Ends no transaction."""
    return {version for one in read_running(connection) for version in one.spec.models}


def list_experiments(connection: Connection, name: str | None = None) -> list[Started]:
    """Every experiment, or the versions of one, in the order of their starts. Ends its transaction."""
    rows = connection.execute(
        "SELECT id, spec, traffic_low, traffic_high, started_at, stopped_at, stop_reason FROM experiments"
        " WHERE %(name)s::text IS NULL OR name = %(name)s ORDER BY id",
        {"name": name},
    ).fetchall()
    stops, moved = read_stops(connection), read_moves(connection)
    found = [
        Started(
            number,
            stored_experiment(spec),
            None if low is None else (low, high),
            started,
            stopped,
            reason,
            *_exposures(connection, number),
            stops.get(number, {}),
            moved.get(number, []),
        )
        for number, spec, low, high, started, stopped, reason in rows
    ]
    connection.commit()
    return found


def assign(
    connection: Connection, running: Sequence[Running], days: Mapping[int, date], now: datetime
) -> dict[tuple[int, int], Assignment]:
    """(experiment, person) → the arm they have now, drawn and stored at the first call of the person, or of their day.

    ``days``: of each person the day that it is where they are. The caller commits.
    """
    found: dict[tuple[int, int], Assignment] = {}
    for one in running:
        if one.spec.unit == "opportunity":
            continue
        now_in = {user: FOR_GOOD if one.spec.unit == "person" else today for user, today in days.items()}
        drawn = [
            (one.id, day, arm.label, arm.probability, user_id)
            for user_id, day in now_in.items()
            if experiment_of(running, one.spec.layer, user_id, now) is one
            for arm in [assigned_arm(one.spec, user_id, day)]
        ]
        with connection.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO experiment_assignments (experiment_id, user_id, day, arm, probability)"
                " SELECT %s, id, %s, %s, %s FROM users WHERE id = %s ON CONFLICT DO NOTHING",
                drawn,
            )
        rows = connection.execute(
            "SELECT user_id, day, arm, probability FROM experiment_assignments"
            " WHERE experiment_id = %s AND user_id = ANY(%s) AND day = ANY(%s)",
            (one.id, list(now_in), list(set(now_in.values()))),
        )
        found |= {(one.id, user): Assignment(arm, p) for user, day, arm, p in rows if now_in[user] == day}
    return found


def _refuse_known(connection: Connection, spec: Experiment) -> None:
    row = connection.execute(
        "SELECT version, stopped_at IS NULL, (SELECT max(version) FROM experiments WHERE name = %(name)s)"
        " FROM experiments WHERE name = %(name)s AND (version = %(version)s OR stopped_at IS NULL)"
        " ORDER BY stopped_at IS NULL DESC",
        {"name": spec.name, "version": spec.version},
    ).fetchone()
    if row is None:
        return
    version, runs, newest = row
    if runs:
        raise InputError(
            f"{spec.name}-{version} runs", hint=f"Stop it first: neural-focus experiment stop {spec.name} --reason TEXT"
        )
    raise InputError(
        f"{spec.seed} has run already", why="its draws would be the same", hint=f"Write version = {newest + 1}"
    )


def _refuse_same_policy(spec: Experiment, running: Sequence[Running]) -> None:
    """Two layers overlap: a person in both would have two values of one setting."""
    for one in running:
        both = _policy_fields(spec) & _policy_fields(one.spec)
        if both and one.spec.layer != spec.layer:
            raise InputError(
                f"{one.spec.seed} in the layer {one.spec.layer!r} changes {', '.join(sorted(both))}, too",
                hint=f'Write layer = "{one.spec.layer}", so that a person is in one of the two at most',
            )


def _policy_fields(spec: Experiment) -> set[str]:
    changes = [msgspec.to_builtins(arm.policy) for arm in spec.arms if arm.policy is not None]
    found = {name for change in changes for name, value in change.items() if value is not None}
    return found | ({"the model"} if spec.models else set())


def _free_stretch(spec: Experiment, same_layer: Sequence[Running]) -> tuple[float, float] | tuple[None, None]:
    """The first stretch of the layer that is free and long enough."""
    if spec.rest_of_layer:
        for one in same_layer:
            if _same_rest(spec, one):
                hint = f"Stop it first, or write a share: traffic = 0.5 (it keeps the rest of {spec.layer!r})"
                raise InputError(f"{one.spec.seed} takes the rest of the layer {spec.layer!r}", hint=hint)
        return None, None
    low = 0.0
    taken = sorted(one.traffic for one in same_layer if one.traffic is not None)
    for begins, ends in [*taken, (1.0, 1.0)]:
        if begins - low >= spec.traffic - 1e-9:
            return low, round(low + spec.traffic, 9)
        low = max(low, ends)
    holders = ", ".join(f"{one.spec.seed} {one.spec.traffic:.0%}" for one in same_layer if one.traffic)
    raise InputError(
        f"the layer {spec.layer!r} has no {spec.traffic:.0%} of its people left",
        why=holders,
        hint="Stop one of these, write a smaller traffic, or wait for an end",
    )


def _same_rest(spec: Experiment, one: Running) -> bool:
    """Whether both take the rest of one layer, of the same people."""
    return one.traffic is None and (one.spec.layer, one.spec.demo_people) == (spec.layer, spec.demo_people)


def _by_context(moves: Sequence[ArmMove]) -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = {}
    for move in moves:
        found.setdefault(move.context, {})[move.arm] = move.probability
    return found


def _exposures(connection: Connection, experiment_id: int) -> tuple[int, dict[str, int]]:
    rows = connection.execute(
        "SELECT arm, count(*), array_agg(DISTINCT user_id) FROM exposures WHERE experiment_id = %s"
        " GROUP BY arm ORDER BY arm",
        (experiment_id,),
    ).fetchall()
    people = {user for _, _, users in rows for user in users}
    return len(people), {arm: count for arm, count, _ in rows}
