"""The flow `consistency`: what the desktop computed live, beside what the backfill computes from the same events.

Both run one engine, so every bit should agree. Where it does not, events came after the second was closed (late), or
something that features depend on was not logged. Either way people should see it: models learn from the backfill and
serve on the live ones. Only the days compared are computed, from the engine saved at the start of the first.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from flows.artifacts import Cell, publish_markdown, publish_table
from flows.catch_up import SKIP_AFTER
from flows.features import replay_since
from flows.platform_flow import Platform, log, platform_flow
from neural_focus.features import FEATURE_INDEX, FEATURE_NAMES
from neural_focus.replay import Snapshots
from neural_focus.store.database import Connection
from neural_focus.store.events import Stream, list_streams


@dataclass(frozen=True, slots=True)
class Agreement:
    """One stream: live snapshots compared, equal in every bit, missing in the backfill; differences by feature."""

    stream: Stream
    compared: int
    equal: int
    missing: int
    differing: dict[str, int]


@platform_flow(
    name="consistency",
    description="Compares the features that live predictions used with those that the backfill computes, bit for bit.",
    stale_after=SKIP_AFTER,
)
def consistency(platform: Platform, hours: int = 26) -> float:
    """Compares the last hours; returns the share of snapshots that agree in every bit (1 where there are none)."""
    found = [compare_stream(platform, stream, hours) for stream in list_streams(platform.connection)]
    return _leave([agreement for agreement in found if agreement is not None])


def compare_stream(platform: Platform, stream: Stream, hours: int) -> Agreement | None:
    """Live against backfill for one stream; None if it predicted nothing in the last hours."""
    times, live = read_live(platform.connection, stream, hours)
    if not len(times):
        return None
    return compare(stream, times, live, replay_since(platform, stream, int(times[0])))


def compare(
    stream: Stream, times: npt.NDArray[np.int64], live: npt.NDArray[np.float32], backfill: Snapshots
) -> Agreement:
    """Live rows float32[n, 32] at ``times`` against the backfill's rows of the same seconds, NaN where not logged."""
    place = np.minimum(np.searchsorted(backfill.timestamps_us, times), max(len(backfill) - 1, 0))
    there = backfill.timestamps_us[place] == times if len(backfill) else np.zeros(len(times), bool)
    ours, theirs = live[there], backfill.features[place[there]] if len(backfill) else live[:0]
    differs = (ours.view(np.uint32) != theirs.view(np.uint32)) & ~np.isnan(ours)
    return Agreement(
        stream=stream,
        compared=len(times),
        equal=int((~differs.any(axis=1)).sum()),
        missing=int((~there).sum()),
        differing={name: int(count) for name, count in zip(FEATURE_NAMES, differs.sum(axis=0), strict=True) if count},
    )


def read_live(
    connection: Connection, stream: Stream, hours: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]:
    """Times (µs, ascending) and features float32[n, 32] as predictions logged them; NaN where one was not."""
    rows = connection.execute(
        """SELECT (EXTRACT(epoch FROM snapshot_time) * 1000000)::bigint AS at, (array_agg(features ORDER BY id DESC))[1]
        FROM model_predictions WHERE user_id = %s AND machine_id = %s AND role <> 'challenger'
        AND features IS NOT NULL AND snapshot_time > now() - make_interval(hours => %s) GROUP BY at ORDER BY at""",
        (stream.user_id, stream.machine_id, hours),
    ).fetchall()
    live = np.full((len(rows), len(FEATURE_NAMES)), np.nan, np.float32)
    for index, (_, features) in enumerate(rows):
        for name, value in features.items():
            if name in FEATURE_INDEX and value is not None:
                live[index, FEATURE_INDEX[name]] = value
    return np.array([at for at, _ in rows], np.int64), live


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
            "stream": agreement.stream.stream_id,
            "compared": agreement.compared,
            "equal": agreement.equal,
            "not in the backfill": agreement.missing,
            "differing features": ", ".join(f"{name} {count}" for name, count in agreement.differing.items()) or "none",
        }
        for agreement in found
    ]
    publish_table("consistency-streams", rows, "Agreement by stream")
    return share
