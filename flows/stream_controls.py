"""What events alone cannot say about a stream, read from where it was logged."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from neural_focus.features import FEATURE_INDEX
from neural_focus.replay import CONTROL_DTYPE, ControlKind
from neural_focus.store.boots import read_boots
from neural_focus.store.database import Connection
from neural_focus.store.events import Stream
from neural_focus.store.predictions import predicted_since
from neural_focus.time import moment

MOMENTUM = FEATURE_INDEX["focus_momentum"]

_CONTROLS = f"""
WITH asked (u, m, f, l) AS (SELECT %(user)s::int, %(machine)s::uuid, %(first)s::timestamptz, %(last)s::timestamptz)
SELECT (EXTRACT(epoch FROM start_time) * 1000000)::bigint, {ControlKind.SESSION_START:d}, 0::float8
  FROM sessions, asked WHERE user_id = u AND (machine_id IS NULL OR machine_id = m) AND session_type <> 'natural'
  AND start_time >= f AND start_time < l
UNION ALL
SELECT (EXTRACT(epoch FROM end_time) * 1000000)::bigint, {ControlKind.SESSION_END:d}, 0
  FROM sessions, asked WHERE user_id = u AND (machine_id IS NULL OR machine_id = m) AND session_type <> 'natural'
  AND end_time >= f AND end_time < l
UNION ALL
SELECT (EXTRACT(epoch FROM rested_at) * 1000000)::bigint, {ControlKind.BREAK_ACCEPTED:d}, 0
  FROM interventions, asked WHERE user_id = u AND (machine_id IS NULL OR machine_id = m) AND type = 'SUGGEST_BREAK'
  AND rested_at >= f AND rested_at < l
UNION ALL
SELECT (EXTRACT(epoch FROM snapshot_time) * 1000000)::bigint, {ControlKind.FOCUS_SCORE:d},
  (array_agg(focus_score ORDER BY id DESC))[1]
  FROM model_predictions, asked WHERE user_id = u AND machine_id = m AND role <> 'challenger'
  AND snapshot_time >= f AND snapshot_time < l AND predicted_at >= %(predicted)s GROUP BY 1
ORDER BY 1
"""  # noqa: S608 - put together from constants


def read_controls(connection: Connection, stream: Stream, first_us: int, last_us: int) -> npt.NDArray[np.void]:
    """Timed sessions, breaks that were rests, predicted scores, agent's starts in [first, last): CONTROL_DTYPE[k]."""
    rows = connection.execute(_CONTROLS, _asked(stream, first_us, last_us)).fetchall()
    rows += [
        (boot.first_us, ControlKind.SET_BACK if boot.anew else ControlKind.RESTART, 0.0)
        for boot in read_boots(connection, stream.user_id, stream.machine_id)
        if first_us <= boot.first_us < last_us
    ]
    controls = np.zeros(len(rows), CONTROL_DTYPE)
    for index, row in enumerate(rows):
        controls[index] = row
    return controls


def read_momentum(
    connection: Connection, stream: Stream, first_us: int, last_us: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]:
    """Snapshot times (µs, ascending) in [first, last) with the momentum that their prediction used."""
    rows = connection.execute(
        """SELECT (EXTRACT(epoch FROM snapshot_time) * 1000000)::bigint, (array_agg(focus_momentum ORDER BY id DESC))[1]
        FROM model_predictions
        WHERE user_id = %(user)s AND machine_id = %(machine)s AND role <> 'challenger' AND focus_momentum IS NOT NULL
        AND snapshot_time >= %(first)s AND snapshot_time < %(last)s AND predicted_at >= %(predicted)s
        GROUP BY 1 ORDER BY 1""",
        _asked(stream, first_us, last_us),
    ).fetchall()
    return np.array([time for time, _ in rows], np.int64), np.array([value for _, value in rows], np.float32)


def put_momentum(
    timestamps_us: npt.NDArray[np.int64],
    features: npt.NDArray[np.float32],
    logged: tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]],
) -> None:
    """Writes the logged momentum into the snapshots (float32[n, 32]) of the same seconds, in place."""
    times, values = logged
    if len(times) and len(timestamps_us):
        place = np.minimum(np.searchsorted(timestamps_us, times), len(timestamps_us) - 1)
        same = timestamps_us[place] == times
        features[place[same], MOMENTUM] = values[same]


def _asked(stream: Stream, first_us: int, last_us: int) -> dict[str, object]:
    return {
        "user": stream.user_id,
        "machine": stream.machine_id,
        "first": moment(first_us),
        "last": moment(last_us),
        "predicted": predicted_since(first_us),
    }
