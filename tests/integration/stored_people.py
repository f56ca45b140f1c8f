"""A person with events and everything that the flows make of them."""

from __future__ import annotations

from uuid import uuid4

from sample_records import some_records

from flows.features import compute_features
from flows.labels import compute_labels
from flows.platform_flow import open_platform
from neural_focus.settings import Settings
from neural_focus.store.database import connect
from neural_focus.store.events import write_events
from neural_focus.store.users import ensure_user


def store_something(settings: Settings, name: str, records: int = 50) -> tuple[int, str]:
    """Returns the person's id and the stream's."""
    machine = str(uuid4())
    with connect(settings.database_url or "") as connection:
        user_id = ensure_user(connection, name)
        sent = {"user_id": user_id, "machine_id": machine, "boot_id": str(uuid4())}
        write_events(connection, first_seq=0, records=some_records(records, step_us=2_000_000), **sent)
    with open_platform(settings) as platform:
        compute_features(platform)
        compute_labels(platform)
    return user_id, f"{user_id}:{machine}"
