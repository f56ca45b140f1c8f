"""The boots of a stream, and what their order in time says: where the clock was set back between two of them.

boot 1   ├───────────────────────┤            stored: all of it
                         clock ↓ −1 h
boot 2          ├───────────────────────┤
replay   ├──────┤ SET_BACK
                ├───────────────────────┤     what boot 1 has after boot 2's start has wrong times
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neural_focus.store.database import Connection


@dataclass(frozen=True, slots=True)
class Boot:
    """One run of an agent. Times µs UTC of the first and last stored record.

    What is later than ``until_us`` is not replayed. ``anew``: the engine begins anew with it. The clock was set back
    before it, into the time of an earlier boot, or the boot before it in time ran after it.
    """

    number: int
    first_us: int
    last_us: int
    until_us: int
    anew: bool


def read_boots(connection: Connection, user_id: int, machine_id: str) -> list[Boot]:
    """The boots of a stream that have records, in the order of their first ones."""
    rows = connection.execute(
        "SELECT boot_number, (EXTRACT(epoch FROM first_time) * 1000000)::bigint,"
        " (EXTRACT(epoch FROM last_time) * 1000000)::bigint FROM shipper_positions"
        " WHERE user_id = %s AND machine_id = %s AND first_time IS NOT NULL ORDER BY boot_number",
        (user_id, machine_id),
    )
    return order_boots([(int(number), int(first), int(last)) for number, first, last in rows])


def record_step(connection: Connection, machine_id: str, boot_id: str, step_us: int) -> None:
    """Keeps how far the wall clock was moved just before a boot that has records, in the caller's transaction."""
    connection.execute(
        "UPDATE shipper_positions SET clock_step_us = %s WHERE machine_id = %s AND boot_id = %s",
        (step_us, machine_id, boot_id),
    )


def order_boots(rows: Sequence[tuple[int, int, int]]) -> list[Boot]:
    """Boots from (number, first µs, last µs) in the order in which they ran. Agents of one machine never run at once,
    so where two overlap in time, the clock was set back between them."""
    if not rows:
        return []
    number, first, last = np.array(sorted(rows), np.int64).T
    until, anew = last.copy(), first < np.r_[0, np.maximum.accumulate(last)[:-1]]
    for place in np.flatnonzero(anew):
        overlaps = (first[:place] <= last[place]) & (last[:place] > first[place])
        until[:place][overlaps] = np.minimum(until[:place][overlaps], first[place])
    order = np.lexsort((number, first))
    anew[order[1:]] |= number[order[:-1]] > number[order[1:]]
    columns = [column[order].tolist() for column in (number, first, last, until, anew)]
    return [Boot(*row) for row in zip(*columns, strict=True)]


def replay_order(
    boots: Sequence[Boot], stamps_us: NDArray[np.int64], seq: NDArray[np.int64], number: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Row numbers of the records that are replayed, in order. A record has a stamp, ``seq`` and its boot's number."""
    place = {boot.number: order for order, boot in enumerate(boots)}
    numbers, back = np.unique(number, return_inverse=True)
    order = np.array([place[one] for one in numbers.tolist()], np.int64)[back]
    until = np.array([boots[place[one]].until_us for one in numbers.tolist()], np.int64)[back]
    rows = np.lexsort((seq, order))
    return rows[(stamps_us <= until)[rows]]
