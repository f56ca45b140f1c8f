"""What was lost since the agent started, in words. Nothing is dropped without a count of its own in agent.json."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from neural_focus.messages import Notice

_SPOOL = {
    "dropped_over_limit": ("record{s} left the spool unsent", "the spool exceeded its limit of size or age",
                           "See why nothing is shipped: neural-focus doctor"),
    "quarantined_bytes": ("byte{s} of the spool {were} put aside", "a crash or the disk had damaged them", ""),
}  # fmt: skip
_LINK = {
    "snapshots_unsent": ("snapshot{s} {were} not sent", "the service was not connected", "Start it: neural-focus up"),
    "unreadable": ("message{s} of the service {were} not understood", "it is of another version", "Update both"),
    "inbox_full": ("message{s} of the service {were} dropped", "the agent did not come to read them", ""),
}
_ENGINE = {
    "late": ("record{s} came too late for their second", "the machine was busy; the database has them", ""),
    "rejected_controls": ("session{s} or answer{s} {were} refused", "their time was impossible", ""),
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
        what = f"{_counted(gaps['count'], 'gap{s} in the capture')}, {gaps['seconds']:.0f} s in all"
        found.append(Notice(what, "the display's server was away"))
    steps = counted.get("clock_steps", {})
    if steps.get("count"):
        times = _counted(steps["count"], "time{s}")
        what = f"the clock was moved {times}, the last time by {steps['last_seconds']:+,.0f} s"
        found.append(Notice(what, "what was captured before and after is not compared", "Let the system keep the time"))
    if counted.get("titles_lost"):
        found.append(
            Notice(_counted(counted["titles_lost"], "window title{s} {were} not looked at"), "they changed too fast")
        )
    if counted.get("lost"):
        found.append(
            Notice(_counted(counted["lost"], "record{s} never reached the database"), "missing from the spool")
        )
    found += [
        Notice(_counted(count, "record{s} {were} not sent"), _UNSTORABLE[reason], "Let the system keep the time")
        for reason, count in counted.get("unstorable", {}).items()
        if reason != "forgotten"  # the person wanted it
    ]
    for part, words in (("spool", _SPOOL), ("link", _LINK), ("engine", _ENGINE)):
        counts = counted.get(part, {})
        found += [Notice(_counted(counts[name], what), why, hint) for name, (what, why, hint) in words.items() if
                  counts.get(name)]  # fmt: skip
    found += [
        Notice(_counted(count, "record{s} {were} refused"), reason.replace("_", " "))
        for reason, count in counted.get("engine", {}).items()
        if count and reason not in _NO_FAULTS and reason not in _ENGINE
    ]
    return found


def _counted(count: int, words: str) -> str:
    one = count == 1
    return f"{count} {words.format(s='' if one else 's', were='was' if one else 'were')}"


def _ring_or_disk(reason: str, count: int) -> Notice:
    if reason == "DISK_FULL":
        return Notice(_counted(count, "record{s} {were} not kept"), "the disk took no more data", "Free some space")
    kind = reason.lower().replace("_", " ")
    return Notice(
        _counted(count, f"record{{s}} of the kind {kind} {{were}} dropped"),
        "the ring was full: the agent did not come to read",
    )
