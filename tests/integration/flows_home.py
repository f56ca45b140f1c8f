"""Two demo people's working days, with the features and labels that the flows make of them: takes a minute."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from numpy.typing import NDArray

from feature_repo.files import stream_folder
from flows.features import TAIL_US, features
from flows.labels import labels
from flows.platform_flow import Platform
from flows.stream_controls import put_momentum, read_controls, read_momentum
from infra.database_logins import with_login
from neural_focus.replay import Inputs, Snapshots, replay_with_inputs
from neural_focus.secrets import load_secrets
from neural_focus.settings import Settings
from neural_focus.simulation.history import write_history
from neural_focus.store.database import connect
from neural_focus.store.events import Stream, list_streams
from neural_focus.store.users import zone_history
from neural_focus.time import zone_history_table

NOW = datetime(2026, 3, 6, 1, tzinfo=UTC)
"""A Friday night: the history is Tuesday to Thursday."""


@dataclass(frozen=True)
class Home:
    settings: Settings

    def streams(self) -> list[Stream]:
        with connect(self.settings.database_url or "") as connection:
            return list_streams(connection)

    def rows(self, stream: Stream, kind: str = "offline") -> pa.Table:
        """A stream's snapshots, or its inputs of a model."""
        folder = self.settings.feast / kind / stream_folder(self.settings.feast, stream.stream_id).name
        return pa.concat_tables(pq.read_table(path) for path in sorted(folder.glob("*.parquet")))

    def environment(self) -> dict[str, str]:
        """As `up` gives it to the flows: their own login, not the owner's."""
        secrets = load_secrets(self.settings.secrets)
        return {
            "NEURAL_FOCUS_HOME": str(self.settings.home),
            "DATABASE_URL": with_login("flows", self.settings, secrets, pytest.fail).database_url or "",
            "NEURAL_FOCUS_DEMO_PEOPLE": "2",
        }


def made_home(database_url: str, folder: Path) -> Iterator[Home]:
    """The installation, with the environment that its flows read; needs a Prefect server."""
    settings = Settings(home=folder, database_url=database_url)
    with connect(database_url) as connection:
        write_history(connection, settings, people=2, days=3, now=NOW)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in Home(settings).environment().items():
            patch.setenv(name, value)
        features()
        labels()
        yield Home(settings)


def replay_stream(platform: Platform, stream: Stream, records: NDArray[np.void]) -> tuple[Snapshots, Inputs]:
    """Every second of a stream anew, from all its records: what the flow stores, before it keeps one in ten; and of
    those that it keeps the inputs of a model."""
    span = (stream.first_us, stream.last_us + TAIL_US)
    zone = zone_history_table(zone_history(platform.connection, stream.user_id))
    controls = read_controls(platform.connection, stream, *span)
    snapshots, inputs = replay_with_inputs(records, controls, zone, span[1])
    put_momentum(snapshots.timestamps_us, snapshots.features, read_momentum(platform.connection, stream, *span))
    return snapshots, inputs
