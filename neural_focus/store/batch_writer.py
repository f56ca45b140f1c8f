"""A desktop's batch into the database: its records, its position and what came with them, all or nothing."""

from __future__ import annotations

from dataclasses import dataclass

from neural_focus.batches import BatchHeader, BatchStored, SentBatch
from neural_focus.errors import ContractError
from neural_focus.store.boots import record_step
from neural_focus.store.consents import record_consent
from neural_focus.store.database import Connection
from neural_focus.store.events import append_events, lock_position, read_position
from neural_focus.store.lost_records import skip_lost
from neural_focus.store.row_scope import everyones_rows
from neural_focus.store.users import set_zone
from neural_focus.time import moment


@dataclass(frozen=True, slots=True)
class RowContext:
    """What goes onto every row: the session and the last prediction of the moment that the rows are of; onto the first
    one ``features``, from which it was made, unless an earlier batch has them."""

    session_id: int | None = None
    focus_score: float | None = None
    distraction_risk: float | None = None
    features: dict[str, float] | None = None


def store_batch(connection: Connection, user_id: int, batch: SentBatch, context: RowContext) -> BatchStored:
    """Stores what is new of a batch, in one transaction, which is committed where the caller has begun none.

    A batch that was stored before, and whose answer was lost, is answered as if it were stored now, and adds nothing.

    Raises:
        GapError: records before it are missing; nothing is stored.
        ContractError: the machine is another person's; nothing is stored.
        InputError: an unknown time zone; nothing is stored.
        psycopg.Error: the database refuses; nothing is stored.
    """
    header = batch.header
    machine_id, boot_id = str(header.machine_id), str(header.boot_id)
    with connection.transaction():
        _refuse_others_machine(connection, user_id, machine_id)
        for one in header.zones:
            set_zone(connection, user_id, one.zone, moment(one.since_us))
        if header.consent is not None:
            record_consent(connection, user_id, machine_id, header.consent.version, titles=header.consent.titles)
        if not header.count:  # a boot's number follows from its first record: none is given to a boot without one
            return BatchStored(read_position(connection, machine_id, boot_id), 0)
        lost = _give_up_lost(connection, user_id, batch.header)
        before = read_position(connection, machine_id, boot_id)
        stored = append_events(
            connection,
            user_id=user_id,
            machine_id=machine_id,
            boot_id=boot_id,
            first_seq=header.first_seq,
            records=batch.records,
            titles=dict(header.titles),
            session_id=context.session_id,
            focus_score=context.focus_score,
            distraction_risk=context.distraction_risk,
            features=context.features,
        )
        if header.clock_step_us is not None:
            record_step(connection, machine_id, boot_id, header.clock_step_us)
        position = read_position(connection, machine_id, boot_id)
        return BatchStored(position, stored, lost, position - before - stored)


def _give_up_lost(connection: Connection, user_id: int, header: BatchHeader) -> int:
    """Only from where the service's own position is: a desktop that is mistaken about that hears of the gap."""
    machine_id, boot_id = str(header.machine_id), str(header.boot_id)
    if header.lost_from is None or header.lost_from != lock_position(connection, user_id, machine_id, boot_id):
        return 0
    return skip_lost(connection, user_id=user_id, machine_id=machine_id, boot_id=boot_id, next_seq=header.first_seq)


def _refuse_others_machine(connection: Connection, user_id: int, machine_id: str) -> None:
    asked = "SELECT 1 FROM shipper_positions WHERE machine_id = %s AND user_id <> %s LIMIT 1"
    with everyones_rows(connection):
        found = connection.execute(asked, (machine_id, user_id)).fetchone()
    if found is not None:
        raise ContractError(
            f"machine {machine_id} is another person's",
            hint="Give this person a folder of their own on it (NEURAL_FOCUS_HOME)",
        )
