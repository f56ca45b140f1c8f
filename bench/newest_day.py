"""What the newest day costs `features`, `labels` and `consistency`, after 1, 2 and 4 million events of one stream.

Days of 45,000 events each, with predictions, offers and words of the person's on all of them: 4 million are the 90 days
after which events are dropped. All but the last events are computed before; then these come. Of the work on their day
the CPU time counts, of the process and of its session in the database (the shortest of some runs over the same files),
and the most memory, as the kernel says, in a process of its own. A ratio of 1 is flat.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from bench.figure import Figure, beside
from bench.stream import START, working_day
from flows.consistency import compare_stream
from flows.features import compute_features
from flows.labels import compute_labels
from flows.platform_flow import Platform, open_platform
from infra.database_schema import make_database, migrate
from infra.embedded_database import EmbeddedServer
from infra.ports import free_port
from neural_focus.features import FEATURE_NAMES
from neural_focus.replay import replay
from neural_focus.settings import Settings
from neural_focus.store.database import Connection, connect
from neural_focus.store.events import list_streams, write_events
from neural_focus.store.partitions import days_of, ensure_partitions
from neural_focus.store.users import ensure_user
from neural_focus.time import DAY_US, HOUR_US, day_start, moment, wall_clock_us

DAY_EVENTS, REPEATS = 45_000, 5
MILLIONS = (1, 2, 4)
MACHINE = str(UUID(int=1))
EVERY_S, OFFERS, WORDS = 10, 10, 5
"""A prediction is logged every so many seconds; offers and labels a day."""
_WORDS = """INSERT INTO labels (user_id, start_time, end_time, outcome, source)
SELECT %s, t, t + interval '5 min', 'FOCUSED', 'HOTKEY' FROM generate_series(%s::timestamptz, %s, %s::interval) t"""
_OFFERS = """INSERT INTO interventions (user_id, machine_id, triggered_at, type, action, predicted_risk, arm,
    probability, timeout_seconds)
SELECT %s, %s, t, 'SUGGEST_BREAK', 'SUGGEST_BREAK', 0.4, 'SUGGEST_BREAK', 0.3, 300
FROM generate_series(%s::timestamptz, %s, %s::interval) t"""
_PREDICTION = """INSERT INTO model_predictions (user_id, machine_id, predicted_at, snapshot_time, focus_score,
    distraction_risk, features)
VALUES (%s, %s, %s, %s, 50, 0.5, %s::text::jsonb)"""
_PREDICTIONS_BEFORE = """INSERT INTO model_predictions (user_id, machine_id, predicted_at, snapshot_time, focus_score,
    distraction_risk, features)
SELECT user_id, machine_id, predicted_at - n * interval '1 day', snapshot_time - n * interval '1 day', 50, 0.5, features
FROM model_predictions, generate_series(1, %s) n"""


def figures() -> Iterator[Figure]:
    """CPU time and peak memory of the newest day of each flow, beside those after a million events."""
    folder = Path(tempfile.mkdtemp(prefix="neural-focus-bench-"))
    folder.chmod(0o755)  # the database's own account has to reach it
    server = EmbeddedServer(folder / "database", free_port(), "bench", durable=False)
    try:
        server.start()
        costs = {millions: _costs(server.url(f"after_{millions}"), folder, millions) for millions in MILLIONS}
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)
    least = min(MILLIONS)
    for name, cost in costs[least].items():
        for millions in MILLIONS[1:]:
            more = costs[millions][name]
            after, peer = f"after {millions} M events", f"after {least} M"
            yield beside(f"{name} of the newest day {after}", more[0] * 1e3, "ms", peer, cost[0] * 1e3,
                         less_is_better=True)  # fmt: skip
            yield beside(f"its memory {after}", more[1], "MB", peer, cost[1], less_is_better=True)


def _costs(url: str, folder: Path, millions: int) -> dict[str, tuple[float, float]]:
    """CPU seconds and MB by flow."""
    make_database(url)
    migrate(url)
    home = folder / f"home-{millions}"
    history(url, millions * 1_000_000 // DAY_EVENTS)
    command = [sys.executable, "-m", "bench.newest_day", url, str(home)]
    found = subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
    return {name: (seconds, memory) for name, (seconds, memory) in json.loads(found.splitlines()[-1]).items()}


def history(url: str, days: int) -> None:
    """Writes the days up to yesterday, each of a boot of its own; of the last one the last tenth is left out."""
    today = day_start(wall_clock_us())
    records = working_day(DAY_EVENTS)
    with connect(url) as connection:
        user_id = ensure_user(connection, "bench")
        connection.commit()
        for back in range(days, 0, -1):
            part = records if back > 1 else records[: DAY_EVENTS * 9 // 10]
            _write(connection, user_id, back, _moved(part, today - back * DAY_US), 0)
        _predictions(connection, user_id, records, today, days)
        first, last = moment(today - days * DAY_US), moment(today)
        connection.execute(_WORDS, (user_id, first, last, f"{24 / WORDS} hours"))
        connection.execute(_OFFERS, (user_id, MACHINE, first, last, f"{24 / OFFERS} hours"))
        connection.commit()
        connection.autocommit = True
        connection.execute("VACUUM ANALYZE")


def _write(connection: Connection, user_id: int, back: int, records: NDArray[np.void], seq: int) -> None:
    boot = str(UUID(int=1_000 - back))
    write_events(connection, user_id=user_id, machine_id=MACHINE, boot_id=boot, first_seq=seq, records=records)


def _moved(records: NDArray[np.void], day_us: int) -> NDArray[np.void]:
    """The records on another day, from nine o'clock on."""
    moved = records.copy()
    moved["timestamp_us"] += np.uint64(day_us + 9 * HOUR_US - START)
    return moved


def _predictions(connection: Connection, user_id: int, records: NDArray[np.void], today: int, days: int) -> None:
    """Logged predictions of every day: what was predicted from is the day's own."""
    whole = replay(_moved(records, today - DAY_US))
    ensure_partitions(connection, "model_predictions", days_of([today - back * DAY_US for back in range(days + 1)]))
    with connection.cursor() as cursor:
        cursor.executemany(
            _PREDICTION,
            [
                (user_id, MACHINE, at, at, json.dumps(dict(zip(FEATURE_NAMES, row.tolist(), strict=True))))
                for at, row in zip(map(moment, whole.timestamps_us[::EVERY_S]), whole.features[::EVERY_S], strict=True)
            ],
        )
    connection.execute(_PREDICTIONS_BEFORE, (days - 1,))


def measure(url: str, home: Path) -> dict[str, tuple[float, float]]:
    """CPU seconds and MB of each flow for the newest day, in a process that does nothing else."""
    settings = Settings(home=home, database_url=url)
    with open_platform(settings) as platform:
        _run_all(platform, lambda _, work: work())
        [stream] = list_streams(platform.connection)
        whole = _moved(working_day(DAY_EVENTS), day_start(wall_clock_us()) - DAY_US)
        _write(platform.connection, stream.user_id, 1, whole[DAY_EVENTS * 9 // 10 :], DAY_EVENTS * 9 // 10)
        before = home / "before"
        shutil.copytree(settings.feast, before, ignore=shutil.ignore_patterns("*.db*"))
        found: dict[str, tuple[float, float]] = {}

        def timed(name: str, work: Callable[[], object]) -> None:
            seconds, memory = _cost(work, platform.connection.info.backend_pid)
            best = found.get(name, (seconds, memory))
            found[name] = (min(best[0], seconds), max(best[1], memory))

        for _ in range(REPEATS):
            for kind in ("offline", "inputs", "changes", "labels", "engines", "consistency"):
                shutil.rmtree(settings.feast / kind)
                shutil.copytree(before / kind, settings.feast / kind)
            _run_all(platform, timed)
        return found


def _run_all(platform: Platform, run: Callable[[str, Callable[[], object]], object]) -> None:
    def compare() -> None:
        for stream in list_streams(platform.connection):
            compare_stream(platform, stream, 2)

    run("features", lambda: compute_features(platform))
    run("labels", lambda: compute_labels(platform))
    run("consistency", compare)


def _cost(work: Callable[[], object], backend: int) -> tuple[float, float]:
    """CPU seconds of this process and of ``backend``, and the most MB that were resident beyond those before."""
    Path("/proc/self/clear_refs").write_text("5")  # the peak is counted from now on
    before, began = _resident("VmRSS"), time.process_time() + _processor_s(backend)
    work()
    return time.process_time() + _processor_s(backend) - began, _resident("VmHWM") - before


def _processor_s(process: int) -> float:
    """The CPU time that a process has had."""
    return int(Path(f"/proc/{process}/schedstat").read_text().split()[0]) / 1e9


def _resident(name: str) -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith(name)).split()[1]) / 1024


if __name__ == "__main__":
    sys.stdout.write(json.dumps(measure(sys.argv[1], Path(sys.argv[2]))) + "\n")
