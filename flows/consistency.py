"""The flow `consistency`: what the desktop computed live, beside what the backfill computes from the same events.

    <feast folder>/consistency/<stream>/<UTC day>.json   what was found of a day, and what it was made from

Both run one engine, so every bit should agree. Where it does not, events came after the second was closed (late), or
something that features depend on was not logged. Either way people should see it: models learn from the backfill and
serve on the live ones. Each day is a task (``day_task``) that goes on from the engine saved at its start.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from functools import partial
from hashlib import sha256
from pathlib import Path

import numpy as np
import numpy.typing as npt

from flows.artifacts import Cell, publish_markdown, publish_table
from flows.catch_up import SKIP_AFTER
from flows.day_task import run_day
from flows.features import TAIL_US, replay_whole_day
from flows.platform_flow import Platform, log, platform_flow
from flows.stream_controls import read_controls
from flows.stream_days import code_version, day_keys, day_name
from neural_focus.atomic_write import atomic_write
from neural_focus.features import FEATURE_INDEX, FEATURE_NAMES
from neural_focus.replay import Snapshots
from neural_focus.store.database import Connection
from neural_focus.store.events import Stream, list_streams
from neural_focus.store.predictions import predicted_since
from neural_focus.time import DAY_US, day_start, moment, wall_clock_us


@dataclass(frozen=True, slots=True)
class Agreement:
    """A stream's day: live snapshots compared, equal in every bit, missing in the backfill; differences by feature."""

    stream_id: str
    day: str
    compared: int
    equal: int
    missing: int
    differing: dict[str, int]


@platform_flow(
    name="consistency",
    description="Compares the features that live predictions used with those that the backfill computes, bit for bit.",
    stale_after=SKIP_AFTER,
)
def consistency(platform: Platform, days: int = 2) -> float:
    """Compares the last UTC days, this one included; the share of snapshots that agree in every bit (1 of none)."""
    streams = list_streams(platform.connection)
    return _leave([agreement for stream in streams for agreement in compare_stream(platform, stream, days)])


def compare_stream(platform: Platform, stream: Stream, days: int) -> list[Agreement]:
    """Live against backfill on those of the last days on which the stream was predicted for."""
    from feature_repo.files import stream_folder

    feast = platform.settings.feast
    folder = feast / "consistency" / stream_folder(feast, stream.stream_id).name
    keys = day_keys(platform.connection, stream, stream.last_us + TAIL_US)
    today = day_start(wall_clock_us())
    found = []
    for day_us in range(today - (days - 1) * DAY_US, today + DAY_US, DAY_US):
        live = _live_key(platform.connection, stream, day_us)
        if live is None:
            continue
        path, name = folder / f"{day_name(day_us)}.json", f"{stream.stream_id} {day_name(day_us)}"
        key = sha256(repr((code_version(), keys.get(day_us), live)).encode()).hexdigest()
        kept = json.loads(path.read_text()) if path.exists() else {"made_from": None, "found": {}}
        work = partial(_compare_day, platform, stream, day_us, path, key)
        agreement = run_day(platform, name, key, kept["made_from"], work)
        found.append(agreement or Agreement(**kept["found"]))
    return found


def _live_key(connection: Connection, stream: Stream, day_us: int) -> tuple[int, int, str] | None:
    """Names what was logged of a day beside its events; None if nothing was predicted on it."""
    row = connection.execute(
        """SELECT count(*), max(id) FROM model_predictions WHERE user_id = %s AND machine_id = %s
        AND role <> 'challenger' AND features IS NOT NULL
        AND snapshot_time >= %s AND snapshot_time < %s AND predicted_at >= %s""",
        _logged_on(stream, day_us),
    ).fetchone()
    if row is None or not row[0]:
        return None
    controls = read_controls(connection, stream, day_us, day_us + DAY_US)
    return int(row[0]), int(row[1]), sha256(controls.tobytes()).hexdigest()


def _compare_day(platform: Platform, stream: Stream, day_us: int, path: Path, key: str) -> Agreement:
    """What a day shows, written to ``path``."""
    times, live = read_live(platform.connection, stream, day_us)
    found = compare(stream.stream_id, day_name(day_us), times, live, replay_whole_day(platform, stream, day_us))
    atomic_write(path, json.dumps({"made_from": key, "found": asdict(found)}).encode(), sync=False)
    return found


def compare(
    stream_id: str, day: str, times: npt.NDArray[np.int64], live: npt.NDArray[np.float32], backfill: Snapshots
) -> Agreement:
    """Live rows float32[n, 32] at ``times`` against the backfill's rows of the same seconds, NaN where not logged."""
    place = np.minimum(np.searchsorted(backfill.timestamps_us, times), max(len(backfill) - 1, 0))
    there = backfill.timestamps_us[place] == times if len(backfill) else np.zeros(len(times), bool)
    ours, theirs = live[there], backfill.features[place[there]] if len(backfill) else live[:0]
    differs = (ours.view(np.uint32) != theirs.view(np.uint32)) & ~np.isnan(ours)
    return Agreement(
        stream_id=stream_id,
        day=day,
        compared=len(times),
        equal=int((~differs.any(axis=1)).sum()),
        missing=int((~there).sum()),
        differing={name: int(count) for name, count in zip(FEATURE_NAMES, differs.sum(axis=0), strict=True) if count},
    )


def read_live(
    connection: Connection, stream: Stream, day_us: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]:
    """Times (µs, ascending) of a UTC day and features float32[n, 32] as predictions logged them; NaN for one that was
    not."""
    rows = connection.execute(
        """SELECT (EXTRACT(epoch FROM snapshot_time) * 1000000)::bigint AS at, (array_agg(features ORDER BY id DESC))[1]
        FROM model_predictions WHERE user_id = %s AND machine_id = %s AND role <> 'challenger'
        AND features IS NOT NULL AND snapshot_time >= %s AND snapshot_time < %s AND predicted_at >= %s
        GROUP BY at ORDER BY at""",
        _logged_on(stream, day_us),
    ).fetchall()
    live = np.full((len(rows), len(FEATURE_NAMES)), np.nan, np.float32)
    for index, (_, features) in enumerate(rows):
        for name, value in features.items():
            if name in FEATURE_INDEX and value is not None:
                live[index, FEATURE_INDEX[name]] = value
    return np.array([at for at, _ in rows], np.int64), live


def _logged_on(stream: Stream, day_us: int) -> tuple[object, ...]:
    return stream.user_id, stream.machine_id, moment(day_us), moment(day_us + DAY_US), predicted_since(day_us)


def _leave(found: list[Agreement]) -> float:
    compared = sum(agreement.compared for agreement in found)
    share = sum(agreement.equal for agreement in found) / compared if compared else 1.0
    text = f"{share:.2%} of {compared:,} live snapshots agree with the backfill in every bit."
    log(text)
    publish_markdown(
        "consistency-run", f"**{text}**" if compared else "Nothing was predicted.", "Live against backfill"
    )
    rows: list[dict[str, Cell]] = [
        {
            "stream": agreement.stream_id,
            "day": agreement.day,
            "compared": agreement.compared,
            "equal": agreement.equal,
            "not in the backfill": agreement.missing,
            "differing features": ", ".join(f"{name} {count}" for name, count in agreement.differing.items()) or "none",
        }
        for agreement in found
    ]
    publish_table("consistency-streams", rows, "Agreement by stream and day")
    return share
