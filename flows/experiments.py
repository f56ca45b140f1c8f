"""The nightly review of running experiments: ends, guardrails, and probabilities that may move."""

from __future__ import annotations

from datetime import UTC, datetime

from flows.artifacts import Cell, publish_markdown, publish_table
from flows.catch_up import SKIP_AFTER
from flows.platform_flow import Platform, log, platform_flow
from neural_focus.experiments.review import ReviewStep, review


@platform_flow(
    name="experiments",
    description="Reviews running experiments: ends those whose last day is over, stops arms whose guardrails broke, "
    "and moves the probabilities of those that chose it toward what helps.",
    stale_after=SKIP_AFTER,
)
def experiments(platform: Platform) -> str:
    """Reviews what runs; returns what was done, in a sentence."""
    return review_experiments(platform, datetime.now(UTC))


def review_experiments(platform: Platform, now: datetime) -> str:
    """The work of the flow, with its artifacts."""
    decisions = review(platform.connection, now)
    sentence = in_words(decisions)
    log(sentence)
    publish_markdown("experiments-review", sentence, "What the review of the experiments did")
    rows: list[dict[str, Cell]] = [
        {"experiment": one.experiment, "arm": one.arm, "what": one.what, "why": one.why} for one in decisions
    ]
    publish_table("experiments-decisions", rows, "Guardrails and probabilities, arm by arm")
    return sentence


def in_words(decisions: list[ReviewStep]) -> str:
    """What was done, stops first."""
    sentences = [
        f"{one.experiment} {one.arm or 'as a whole'} stopped: {one.why}." for one in decisions if one.what == "stopped"
    ]
    sentences += [f"{one.experiment} ended: {one.why}." for one in decisions if one.what == "ended"]
    moved = {one.experiment for one in decisions if one.what == "moved"}
    sentences += [f"Probabilities of {name} moved." for name in sorted(moved)]
    return " ".join(sentences) or "All arms keep within their guardrails; no probability moved."
