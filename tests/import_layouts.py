"""Small exports in the layouts that other tools write; each reader's docstring names where its layout is from."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

START = datetime(2026, 3, 2, 8, tzinfo=UTC)
"""A Monday."""


def aw_event(second: float, seconds: float, **data: object) -> dict[str, Any]:
    """An event as aw-core writes it."""
    return {"timestamp": (START + timedelta(seconds=second)).isoformat(), "duration": seconds, "data": data}


def aw_bucket(kind: str, client: str, events: list[dict[str, Any]], host: str = "laptop") -> dict[str, Any]:
    """A bucket as aw-server exports it: newest event first."""
    name = f"{client}_{host}"
    made = {"id": name, "type": kind, "client": client, "hostname": host, "created": START.isoformat()}
    return {**made, "events": sorted(events, key=lambda event: event["timestamp"], reverse=True)}


def aw_export(*buckets: dict[str, Any]) -> bytes:
    """What its page gives for all buckets."""
    return json.dumps({"buckets": {bucket["id"]: bucket for bucket in buckets}}).encode()


def aw_window(second: float, seconds: float, app: str, title: str = "") -> dict[str, Any]:
    """An event of aw-watcher-window."""
    return aw_event(second, seconds, app=app, title=title)


def aw_morning() -> bytes:
    """Two hours: an editor for 40 min, 10 min away in it, then chat and editor in turn; two other buckets."""
    windows = [aw_window(0, 2_400, "Code", "main.py"), aw_window(2_400, 0, "Slack")]
    windows += [
        aw_window(2_400 + 60 * turn, 59, ("Code", "Slack")[turn % 2], f"of turn {turn // 2}") for turn in range(1, 80)
    ]
    there = [
        aw_event(0, 600, status="not-afk"),
        aw_event(600, 600, status="afk"),
        aw_event(1_200, 6_100, status="not-afk"),
    ]
    return aw_export(
        aw_bucket("currentwindow", "aw-watcher-window", windows),
        aw_bucket("afkstatus", "aw-watcher-afk", there),
        aw_bucket("web.tab.current", "aw-watcher-web-firefox", [aw_event(5, 9, url="https://a.test", title="A")]),
        aw_bucket("app.editor.activity", "aw-watcher-vim", [aw_event(5, 9, file="x"), aw_event(6, 9, file="y")]),
    )


MANICTIME_APPLICATIONS = """\ufeffName,Start,End,Duration,Process
main.py - Code,3/25/2026 9:00:00 AM,3/25/2026 9:30:00 AM,0:30:00,Code
"general, all",3/25/2026 9:30:00 AM,3/25/2026 9:31:00 AM,0:01:00,Slack
main.py - Code,3/25/2026 1:00:00 PM,3/25/2026 1:10:00 PM,0:10:00,Code
"""
MANICTIME_USAGE = """\ufeffName,Start,End,Duration
Active,3/25/2026 9:00:00 AM,3/25/2026 9:31:00 AM,0:31:00
Away,3/25/2026 9:31:00 AM,3/25/2026 1:00:00 PM,3:29:00
Active,3/25/2026 1:00:00 PM,3/25/2026 1:10:00 PM,0:10:00
"""
RESCUETIME = """Date,Time Spent (seconds),Number of People,Activity,Category,Productivity
2026-03-02T09:00:00,200,1,code,Editing & IDEs,2
2026-03-02T09:00:00,90,1,slack,Instant Message,0
2026-03-02T09:05:00,300,1,code,Editing & IDEs,2
2026-03-02T09:05:00,40,1,slack,Instant Message,0
"""
RESCUETIME_JSON = json.dumps({
    "notes": "data is an array of arrays (rows), column names for rows in row_headers",
    "row_headers": ["Date", "Time Spent (seconds)", "Number of People", "Activity", "Category", "Productivity"],
    "rows": [["2026-03-02T09:00:00", 200, 1, "code", "", 2], ["2026-03-02T09:05:00", 0, 1, "code", "", 2]],
})  # fmt: skip


def wakatime_dump() -> bytes:
    """Two days: the second has two editors."""
    at = START.timestamp()

    def beat(second: float, kind: str = "file", entity: str = "/a/b.py") -> dict[str, Any]:
        return {"entity": entity, "type": kind, "category": "coding", "time": at + second, "machine_name_id": "m1"}

    first = {"date": "2026-03-02", "editors": [{"name": "Vim"}], "heartbeats": [beat(0), beat(110.5), beat(220)]}
    site, app = beat(86_400, "domain", "a.test"), beat(86_500, "app", "Figma")
    second = {
        "date": "2026-03-03",
        "editors": [{"name": "Vim"}, {"name": "VS Code"}],
        "heartbeats": [site, app, beat(86_600)],
    }
    dump = {"user": {"timezone": "Europe/Berlin"}, "range": {"start": at, "end": at + 90_000}, "days": [first, second]}
    return json.dumps(dump).encode()
