"""The flow `data-quality`: Great Expectations judges what training is about to learn from; a failure stops it.

Every run writes its pages (data docs) anew under ``<home>/reports/data-docs``.
"""

from __future__ import annotations

import logging
import os
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from flows.artifacts import Cell, publish_markdown, publish_page, publish_table
from flows.catch_up import SKIP_AFTER
from flows.data_docs import CheckedSuite, stand_alone
from flows.label_files import MOST_MOMENTS, read_labels
from flows.platform_flow import Platform, log, platform_flow
from neural_focus.errors import QualityError
from neural_focus.labelling.labels import NO_LABEL
from neural_focus.models.contracts import V6
from neural_focus.prediction import HORIZON_SECONDS
from neural_focus.replay import INPUT_NAMES

if TYPE_CHECKING:
    from great_expectations.data_context import EphemeralDataContext
    from great_expectations.expectations.expectation import Expectation

SITE = "data-docs"
KINDS = {"demo": True, "people": False}


@dataclass(frozen=True, slots=True)
class Verdict:
    """How one suite went on one kind of people's data: expectations met, and what failed, in words."""

    suite: str
    rows: int
    met: int
    failures: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Whether every expectation was met."""
        return not self.failures


@platform_flow(
    name="data-quality",
    description="Checks snapshots and labels against expectations. If one fails, nothing is trained.",
    stale_after=SKIP_AFTER,
)
def data_quality(platform: Platform) -> int:
    """Checks demo people's and real people's data apart; returns how many expectations were met.

    Raises:
        QualityError: an expectation failed.
    """
    return sum(verdict.met for verdict in check_quality(platform))


def check_quality(platform: Platform) -> list[Verdict]:
    """The work of the flow.

    Raises:
        QualityError: an expectation failed; the pages are written all the same.
    """
    from flows.expectations import LABELS, SNAPSHOTS, label_expectations, snapshot_expectations

    context = _context(docs_folder(platform.settings.reports))
    verdicts = []
    for kind, is_demo in KINDS.items():
        labels = read_labels(platform.settings.feast, is_demo, MOST_MOMENTS)
        if labels.empty:
            continue
        snapshots = snapshot_frame(platform, labels)
        verdicts.append(check(context, f"{SNAPSHOTS}-{kind}", snapshots, snapshot_expectations()))
        verdicts.append(check(context, f"{LABELS}-{kind}", label_frame(labels), label_expectations()))
    _write_pages(context, platform.settings.reports, verdicts)
    _leave(platform, verdicts)
    for verdict in verdicts:
        log(f"{verdict.suite}: {verdict.met} met, {len(verdict.failures)} failed on {verdict.rows:,} rows")
    failures = [f"{verdict.suite}: {failure}" for verdict in verdicts for failure in verdict.failures]
    if failures:
        raise QualityError(
            f"{len(failures)} expectations on the data failed",
            why="; ".join(failures[:3]),
            hint=f"See {docs_folder(platform.settings.reports) / 'index.html'}; nothing is trained until they are met",
        )
    return verdicts


def snapshot_frame(platform: Platform, labels: pd.DataFrame) -> pd.DataFrame:
    """The snapshots that training will get, as of the labelled moments, with their age in seconds and how many of a
    model's inputs are there and finite."""
    from feature_repo.definitions import APPS
    from feature_repo.store import training_frame

    frame = training_frame(platform.store, labels[["stream_id", "event_timestamp"]], V6.version)
    inputs = np.isfinite(frame[list(INPUT_NAMES)].to_numpy(np.float32)).sum(axis=1)
    frame = frame.drop(columns=[*INPUT_NAMES, *APPS]).assign(inputs_known=inputs)
    frame["age_s"] = time.time() - frame["event_timestamp"].astype("int64") / _per_second(frame["event_timestamp"])
    return frame.drop(columns="recent_event_sequence")


def label_frame(labels: pd.DataFrame) -> pd.DataFrame:
    """Labels with what they can be checked against: whether the next switch was within the horizon."""
    known = labels["switch"] != NO_LABEL
    by_lead = (labels["lead_s"] <= HORIZON_SECONDS).astype(float)
    return labels.assign(
        switched=labels["switch"].where(known),
        switch=labels["switch"].astype(float),
        switch_by_lead=by_lead.where(known, np.nan),
    )


def check(
    context: EphemeralDataContext, name: str, frame: pd.DataFrame, expectations: Sequence[Expectation]
) -> Verdict:
    """One suite on one frame; its result is kept for the pages."""
    import great_expectations as gx

    suite = context.suites.add_or_update(gx.ExpectationSuite(name=name, expectations=list(expectations)))
    source = context.data_sources.add_or_update_pandas(name)
    batch = source.add_dataframe_asset(name).add_batch_definition_whole_dataframe("whole")
    definition = context.validation_definitions.add_or_update(
        gx.ValidationDefinition(name=name, data=batch, suite=suite)
    )
    checkpoint = context.checkpoints.add_or_update(
        gx.Checkpoint(name=name, validation_definitions=[definition], result_format="SUMMARY")
    )
    [result] = checkpoint.run(batch_parameters={"dataframe": frame}).run_results.values()
    failures = tuple(_words(one) for one in result.results if not one.success)
    return Verdict(name, len(frame), len(result.results) - len(failures), failures)


def docs_folder(reports: Path) -> Path:
    """Where the pages are."""
    return reports / SITE


def _context(folder: Path) -> EphemeralDataContext:
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    import great_expectations as gx
    from great_expectations.data_context.types.base import ProgressBarsConfig

    logging.getLogger("great_expectations").setLevel(logging.WARNING)
    folder.mkdir(parents=True, exist_ok=True)
    context = gx.get_context(mode="ephemeral")
    context.enable_analytics(enable=False)
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    for name in list(context.get_site_names()):
        context.delete_data_docs_site(name)
    context.add_data_docs_site(
        SITE,
        {
            "class_name": "SiteBuilder",
            "store_backend": {"class_name": "TupleFilesystemStoreBackend", "base_directory": str(folder)},
            "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"},
        },
    )
    return context


def _write_pages(context: EphemeralDataContext, reports: Path, verdicts: Sequence[Verdict]) -> None:
    """All pages anew; those of earlier runs go."""
    folder = docs_folder(reports)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    context.build_data_docs(site_names=[SITE])
    stand_alone(folder, [CheckedSuite(one.suite, one.rows, one.met, len(one.failures)) for one in verdicts])


def _words(result: Any) -> str:
    settings = result.expectation_config
    about = settings.kwargs.get("column") or settings.kwargs.get("column_A") or "the table"
    found = result.result.get("unexpected_count", result.result.get("observed_value", "an error"))
    return f"{settings.type.removeprefix('expect_')} of {about}: {found} unexpected"


def _per_second(times: pd.Series[pd.Timestamp]) -> int:
    return 10**9 if "ns" in str(times.dtype) else 10**6


def _leave(platform: Platform, verdicts: list[Verdict]) -> None:
    good = all(verdict.ok for verdict in verdicts)
    publish_markdown(
        "data-quality-run",
        "**Every expectation is met.**"
        if good
        else "**Training is stopped.**\n\n" + "\n".join(f"- {v.suite}: {f}" for v in verdicts for f in v.failures),
        "Whether models may be trained on the data",
    )
    rows: list[dict[str, Cell]] = [
        {
            "suite": verdict.suite,
            "rows": verdict.rows,
            "met": verdict.met,
            "failed": len(verdict.failures),
        }
        for verdict in verdicts
    ]
    publish_table("data-quality-suites", rows, "Results by suite")
    publish_page("data-docs", platform.settings, f"{SITE}/index.html", "Data docs: every expectation, page by page")
