"""What was lost since the agent started, in words. Nothing is dropped without a count of its own in agent.json."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from neural_focus.messages import Notice

_SPOOL = {
    "dropped_over_limit": ("records left the spool unsent", "the spool exceeded its limit of size or age",
                           "See why nothing is shipped: neural-focus doctor"),
    "quarantined_bytes": ("bytes of the spool were put aside", "a crash or the disk had damaged them", ""),
}  # fmt: skip
_LINK = {
    "snapshots_unsent": ("snapshots were not sent", "the service was not connected", "Start it: neural-focus up"),
    "unreadable": ("messages of the service were not understood", "it is of another version", "Update both"),
    "inbox_full": ("messages of the service were dropped", "the agent did not come to read them", ""),
}
_ENGINE = {
    "late": ("records came too late for their second", "the machine was busy; the database has them", ""),
    "rejected_controls": ("sessions and answers were refused", "their time was impossible", ""),
}
_UNSTORABLE = {
    "invalid": "their times or types are none: before 2000 where a machine has no clock of its own",
    "too_old": "their times are too long ago: the clock was behind, or the spool waited too long",
    "in_the_future": "the clock was ahead by more than a year",
}
_NO_FAULTS = ("events", "snapshots", "clamped", "idle_merged", "apps_forgotten", "stays_forgotten")


def losses(counted: Mapping[str, Any]) -> list[Notice]:
    """Every loss in ``counted``, the content of agent.json; empty while nothing was lost."""
    found = [_ring_or_disk(reason, int(count)) for reason, count in sorted(counted.get("dropped", {}).items()) if count]
    gaps = counted.get("gaps", {})
    if gaps.get("count"):
        what = f"{gaps['count']} gaps in the capture, {gaps['seconds']:.0f} s in all"
        found.append(Notice(what, "the display's server was away"))
    steps = counted.get("clock_steps", {})
    if steps.get("count"):
        what = f"the clock was moved {steps['count']} times, the last time by {steps['last_seconds']:+,.0f} s"
        found.append(Notice(what, "what was captured before and after is not compared", "Let the system keep the time"))
    if counted.get("titles_lost"):
        found.append(Notice(f"{counted['titles_lost']} window titles were not looked at", "they changed too fast"))
    if counted.get("lost"):
        found.append(Notice(f"{counted['lost']} records never reached the database", "they are missing from the spool"))
    found += [
        Notice(f"{count} records were not sent", _UNSTORABLE[reason], "Let the system keep the time")
        for reason, count in counted.get("unstorable", {}).items()
    ]
    for part, words in (("spool", _SPOOL), ("link", _LINK), ("engine", _ENGINE)):
        counts = counted.get(part, {})
        found += [Notice(f"{counts[name]} {what}", why, hint) for name, (what, why, hint) in words.items() if
                  counts.get(name)]  # fmt: skip
    found += [
        Notice(f"{count} records were refused", reason.replace("_", " "))
        for reason, count in counted.get("engine", {}).items()
        if count and reason not in _NO_FAULTS and reason not in _ENGINE
    ]
    return found


def _ring_or_disk(reason: str, count: int) -> Notice:
    if reason == "DISK_FULL":
        return Notice(f"{count} records were not kept", "the disk took no more data", "Free some space")
    kind = reason.lower().replace("_", " ")
    return Notice(
        f"{count} records of the kind {kind} were dropped", "the ring was full: the agent did not come to read"
    )
