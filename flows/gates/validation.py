"""Great Expectations on the frames: which rows fail which gates; and its pages."""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from flows.data_docs import CheckedSuite, stand_alone
from flows.gates.table import GATES, DataGate, DataKind, gates_of

if TYPE_CHECKING:
    from great_expectations.data_context import EphemeralDataContext

SITE = "data-docs"
_GATES = {gate.name: gate for gate in GATES}


@dataclass(frozen=True, slots=True)
class GateFailure:
    """A gate that a row of its frame failed."""

    gate: DataGate
    row: dict[str, Any]

    @property
    def found(self) -> str:
        """What was found, in words."""
        return self.gate.words(self.row)


@dataclass(frozen=True, slots=True)
class SuiteResult:
    """How one kind of data went: rows checked, expectations met, and each row that failed one."""

    data: DataKind
    rows: int
    met: int
    failures: tuple[GateFailure, ...]


def validate(context: EphemeralDataContext, data: DataKind, frame: pd.DataFrame) -> SuiteResult:
    """The gates of a kind of data on its frame; the result is kept for the pages."""
    import great_expectations as gx

    gates, frame = gates_of(data), frame.reset_index(drop=True)
    frame = frame.assign(row=frame.index, **{gate.column: frame[gate.column].astype(float) for gate in gates})
    suite = context.suites.add_or_update(
        gx.ExpectationSuite(name=data.value, expectations=[gate.expectation() for gate in gates])
    )
    source = context.data_sources.add_or_update_pandas(data.value)
    batch = source.add_dataframe_asset(data.value).add_batch_definition_whole_dataframe("whole")
    definition = context.validation_definitions.add_or_update(
        gx.ValidationDefinition(name=data.value, data=batch, suite=suite)
    )
    checkpoint = context.checkpoints.add_or_update(
        gx.Checkpoint(
            name=data.value,
            validation_definitions=[definition],
            result_format={"result_format": "COMPLETE", "unexpected_index_column_names": ["row"]},
        )
    )
    [result] = checkpoint.run(batch_parameters={"dataframe": frame}).run_results.values()
    failures = [failure for one in result.results if not one.success for failure in _failures(one, frame)]
    met = sum(bool(one.success) for one in result.results)
    return SuiteResult(data, len(frame), met, tuple(failures))


def _failures(result: Any, frame: pd.DataFrame) -> list[GateFailure]:
    """A row that failed; an expectation that could not be evaluated is an error of ours.

    Raises:
        RuntimeError: Great Expectations could not evaluate it.
    """
    gate = _GATES[result.expectation_config.meta["gate"]]
    if "unexpected_index_list" not in result.result:
        raise RuntimeError(f"{gate.name} could not be evaluated: {result.exception_info}")
    rows = [one["row"] for one in result.result["unexpected_index_list"]]
    return [GateFailure(gate, dict(frame.loc[at])) for at in rows]


def docs_folder(reports: Path) -> Path:
    """Where the pages are."""
    return reports / SITE


def new_context(folder: Path | None = None) -> EphemeralDataContext:
    """Great Expectations without analytics or progress bars; it writes its pages to ``folder``."""
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    import great_expectations as gx
    from great_expectations.data_context.types.base import ProgressBarsConfig

    logging.getLogger("great_expectations").setLevel(logging.WARNING)
    context = gx.get_context(mode="ephemeral")
    context.enable_analytics(enable=False)
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    for name in list(context.get_site_names()):
        context.delete_data_docs_site(name)
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        context.add_data_docs_site(
            SITE,
            {
                "class_name": "SiteBuilder",
                "store_backend": {"class_name": "TupleFilesystemStoreBackend", "base_directory": str(folder)},
                "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"},
            },
        )
    return context


def write_pages(context: EphemeralDataContext, reports: Path, results: Sequence[SuiteResult]) -> None:
    """All pages anew; those of earlier runs go."""
    folder = docs_folder(reports)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    context.build_data_docs(site_names=[SITE])
    gates = {one.data: len({failure.gate.name for failure in one.failures}) for one in results}
    stand_alone(folder, [CheckedSuite(one.data.value, one.rows, one.met, gates[one.data]) for one in results])
