"""When a flow run is not worth making any more."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from flows.platform_flow import skip_reason


def test_a_run_whose_moment_has_passed_is_skipped() -> None:
    due = datetime(2026, 3, 6, 1, tzinfo=UTC)
    assert skip_reason(due, due + timedelta(minutes=4), timedelta(minutes=4)) is None
    assert skip_reason(None, due, timedelta(minutes=4)) is None
    reason = skip_reason(due, due + timedelta(minutes=5), timedelta(minutes=4))
    assert reason is not None and "5 min ago" in reason
