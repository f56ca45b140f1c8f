"""A time zone in which it is a certain hour now: a test in it does not meet the midnight of its person."""

from __future__ import annotations

from datetime import UTC, datetime


def zone_at(hour: int) -> str:
    """One in which that hour, 0 to 23, has begun and is not over."""
    ahead = hour - datetime.now(UTC).hour
    ahead += 24 if ahead < -12 else -24 if ahead > 14 else 0
    return f"Etc/GMT{-ahead:+d}" if ahead else "Etc/GMT"
