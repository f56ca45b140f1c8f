"""The flow that writes the A/B report."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from flows.artifacts import publish_markdown, publish_page
from flows.catch_up import SKIP_AFTER
from flows.platform_flow import Platform, log, platform_flow


@platform_flow(
    name="report",
    description="Writes the A/B report: what interventions did to focus, by randomisation within the person.",
    stale_after=SKIP_AFTER,
)
def report(platform: Platform) -> str:
    """Writes ``<home>/reports/ab/index.html`` and ``report.json``; returns the report's first sentence."""
    from neural_focus.experiments.report import write_report

    page = write_report(platform.connection, platform.settings.reports / "ab", now=datetime.now(UTC))
    sentence = str(json.loads((page.parent / "report.json").read_text("utf-8"))["sentence"])
    log(sentence)
    publish_markdown("ab-report-sentence", sentence, "The report's first sentence")
    publish_page("ab-report", platform.settings, "ab/index.html", "A/B report")
    return sentence
