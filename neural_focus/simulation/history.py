"""Weeks of a dozen demo people, into the database: marked as demo everywhere, written once.

A person's history is named by (seed, last day, days), kept in ``users.settings``. A writer that was killed goes on
where it stopped; a second one finds everything there and adds nothing.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from psycopg.types.json import Jsonb

from neural_focus.experiments.assignment import Arm
from neural_focus.settings import Settings
from neural_focus.simulation.person import CARD_S, SimulatedPerson, SimulatedTrial, simulate_person
from neural_focus.simulation.session_rows import SessionRow, session_rows
from neural_focus.simulation.trial_truth import true_effects
from neural_focus.simulation.worker import Trial
from neural_focus.store.database import Connection
from neural_focus.store.events import read_position, write_events
from neural_focus.store.users import ensure_user
from neural_focus.time import moment

EXPERIMENT = "simulated"
MODEL_VERSION = "simulated"
BLOCKED = (("BLOCK_YOUTUBE", "youtube.com"), ("BLOCK_REDDIT", "reddit.com"))
TIMEOUT_SECONDS = CARD_S
CHUNK = 200_000
"""Records a transaction."""

Report = Callable[[str, float], None]


@dataclass(frozen=True, slots=True)
class HistorySummary:
    """What ``write_history`` added; zeros when everything was there already."""

    people: int
    events: int
    sessions: int
    opportunities: int


@dataclass(frozen=True, slots=True)
class _Plan:
    """What names a person's history."""

    seed: int
    last_day: dt.date
    days: int

    def as_json(self, *, done: bool) -> dict[str, Any]:
        return {"seed": self.seed, "last_day": self.last_day.isoformat(), "days": self.days, "done": done}

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> _Plan:
        return cls(int(stored["seed"]), dt.date.fromisoformat(stored["last_day"]), int(stored["days"]))


def write_history(
    connection: Connection,
    settings: Settings,
    *,
    people: int | None = None,
    days: int | None = None,
    seed: int = 1,
    now: dt.datetime | None = None,
    progress: Report | None = None,
) -> HistorySummary:
    """Users demo-01 …, their records, sessions, hotkey labels and simulated trials, up to the day before ``now``.

    ``people`` and ``days`` (calendar days) default to the settings'. ``progress`` gets (text, share 0–1).

    Raises:
        StoreError: the database refuses.
        InputError: a demo name belongs to a real person.
    """
    count = settings.demo_people if people is None else people
    yesterday = (now or dt.datetime.now(dt.UTC)).astimezone(dt.UTC).date() - dt.timedelta(days=1)
    plan = _Plan(seed, yesterday, settings.demo_days if days is None else days)
    totals = [0, 0, 0, 0]
    for number in range(1, count + 1):
        added = _write_person(connection, number, plan)
        totals = [total + part for total, part in zip(totals, added, strict=True)]
        if progress is not None:
            progress(f"demo person {number} of {count}: {added[1]:,} events", number / count)
    return HistorySummary(*totals)


def _write_person(connection: Connection, number: int, plan: _Plan) -> tuple[int, int, int, int]:
    name = f"demo-{number:02d}"
    user_id = ensure_user(connection, name, email=f"{name}@demo.invalid", is_demo=True, zone="UTC")
    row = connection.execute("SELECT settings -> 'history' FROM users WHERE id = %s", (user_id,)).fetchone()
    stored = row[0] if row else None
    if stored is not None and stored["done"]:
        connection.commit()
        return 0, 0, 0, 0
    plan = plan if stored is None else _Plan.from_json(stored)
    person = simulate_person(plan.seed, plan.days, last_day=plan.last_day, number=number)
    sessions = session_rows(person)
    if stored is None:
        _write_context(connection, user_id, person, sessions)
        _remember(connection, user_id, plan, done=False)
    connection.commit()
    events = _write_records(connection, user_id, person, sessions)
    truth = {arm.value: effect for arm, effect in true_effects([person]).items()}
    _remember(connection, user_id, plan, done=True, truth={"true_effects": truth, "trials": len(person.trials)})
    connection.commit()
    return 1, events, len(sessions) if stored is None else 0, len(person.trials) if stored is None else 0


def _remember(
    connection: Connection, user_id: int, plan: _Plan, *, done: bool, truth: dict[str, Any] | None = None
) -> None:
    connection.execute(
        "UPDATE users SET settings = COALESCE(settings, '{}'::jsonb) || %s WHERE id = %s",
        (Jsonb({"history": plan.as_json(done=done) | (truth or {})}), user_id),
    )


def _write_records(connection: Connection, user_id: int, person: SimulatedPerson, sessions: list[SessionRow]) -> int:
    """Records by session, so that each row names its session; those between sessions have none."""
    ids = _session_ids(connection, user_id)
    machine, boot = person.machine_id, person.boot_id
    position = read_position(connection, machine, boot)
    added = 0
    for low, high, start_us in _pieces(len(person.records), sessions):
        if high <= position:
            continue
        added += write_events(
            connection,
            user_id=user_id,
            machine_id=machine,
            boot_id=boot,
            first_seq=low,
            records=person.records[low:high],
            session_id=None if start_us is None else ids[start_us],
        )
    return added


def _pieces(count: int, sessions: list[SessionRow]) -> Iterator[tuple[int, int, int | None]]:
    """(first record, end, start of the session in µs or None) that cover all records in order."""
    done = 0
    for session in [*sessions, None]:
        low, high = (count, count) if session is None else (session.low, session.high)
        for start_us, begin, end in ((None, done, low), (session.start_us if session else None, low, high)):
            yield from ((at, min(at + CHUNK, end), start_us) for at in range(begin, end, CHUNK))
        done = high


def _session_ids(connection: Connection, user_id: int) -> dict[int, int]:
    rows = connection.execute(
        "SELECT (EXTRACT(epoch FROM start_time) * 1000000)::bigint, id FROM sessions WHERE user_id = %s", (user_id,)
    )
    return {int(start): int(number) for start, number in rows}


def _write_context(connection: Connection, user_id: int, person: SimulatedPerson, sessions: list[SessionRow]) -> None:
    with connection.cursor() as cursor:
        cursor.executemany(
            """INSERT INTO sessions (user_id, machine_id, start_time, end_time, planned_seconds, session_type, category,
                total_keystrokes, total_mouse_moves, context_switches, idle_time_seconds, completed, end_reason)
            VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)""",
            [_session_values(user_id, person.machine_id, row) for row in sessions],
        )
        cursor.executemany(
            """INSERT INTO labels (user_id, machine_id, start_time, end_time, outcome, source)
            VALUES (%s, %s, %s, %s, %s, 'HOTKEY')""",
            [
                (user_id, person.machine_id, moment(m.at_us - 300_000_000), moment(m.at_us), m.outcome)
                for m in person.marks
            ],
        )
    _write_trials(connection, user_id, person)


def _session_values(user_id: int, machine_id: str, row: SessionRow) -> tuple[Any, ...]:
    planned = {"pomodoro": 1_500, "deep_work": 5_400}.get(row.session_type)
    return (
        user_id, machine_id, moment(row.start_us), moment(row.end_us), planned, row.session_type, row.category,
        row.keystrokes, row.mouse_moves, row.switches, row.idle_seconds, row.completed, row.end_reason,
    )  # fmt: skip


def _write_trials(connection: Connection, user_id: int, person: SimulatedPerson) -> None:
    """One row an opportunity, one a blocked site for BLOCK_SITES; all rows of an opportunity share its id."""
    values = []
    for number, simulated in enumerate(person.trials):
        before, after = 100 * simulated.focus_before, 100 * simulated.focus_after
        shared = (
            *_trial_values(user_id, person.machine_id, simulated.at_us, simulated.trial),
            *_done_values(simulated),
        )
        scores = (before, after, 0.5 + (after - before) / 200)
        for kind, action, target in _actions(simulated.trial):
            values.append((*shared, *scores, kind, action, target, f"{user_id}:{number}"))
    with connection.cursor() as cursor:
        cursor.executemany(
            f"""INSERT INTO interventions (user_id, machine_id, session_id, triggered_at, opportunity_time,
                responded_at, predicted_risk, user_response, response_time_ms, arm, ab_test_group, probability,
                ordered_at, ends_at, applied_at, applied_where, undone_at, undone_reason, rested_at,
                focus_score_before, focus_score_after_5min, effectiveness_score, type, action, target, opportunity_id,
                contributing_factors, model_version, experiment, timeout_seconds)
            VALUES (%s, %s, (SELECT id FROM sessions WHERE user_id = %s AND start_time <= %s AND end_time > %s
                    ORDER BY start_time DESC LIMIT 1), %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s,
                %s, %s, %s, %s, %s, %s, %s,
                md5(%s)::uuid, '["simulated"]', '{MODEL_VERSION}', '{EXPERIMENT}', {TIMEOUT_SECONDS})""",  # noqa: S608
            values,
        )


def _trial_values(user_id: int, machine_id: str, at_us: int, trial: Trial) -> tuple[Any, ...]:
    at = moment(at_us)
    answered = at + dt.timedelta(milliseconds=trial.response_ms) if trial.response_ms is not None else None
    return (
        user_id, machine_id, user_id, at, at, at, at, answered, trial.risk, trial.response, trial.response_ms,
        trial.arm.value, trial.arm.value, trial.probability,
    )  # fmt: skip


def _done_values(simulated: SimulatedTrial) -> tuple[Any, ...]:
    """ordered_at … rested_at: what acted from when until when, in the simulated world."""
    if simulated.done_us is None:
        return (None,) * 7
    begun, over = map(moment, simulated.done_us)
    is_break = simulated.trial.arm is Arm.SUGGEST_BREAK
    return begun, over, begun, "simulated", over, "ended", over if is_break else None


def _actions(trial: Trial) -> list[tuple[str, str, str | None]]:
    if trial.arm is Arm.BLOCK_SITES:
        return [("PREDICTIVE_BLOCK", action, target) for action, target in BLOCKED]
    kind = "NO_OP" if trial.arm is Arm.PLACEBO else trial.arm.value  # see ``Arm.PLACEBO``
    return [(kind, trial.arm.value, None)]
