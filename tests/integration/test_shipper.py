"""The shipper on a real spool: everything goes once and in order, whatever the service does."""

from __future__ import annotations

import time
import uuid
from collections import deque
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from collector import shipper as shipper_module
from collector.consent import Consent
from collector.desktop import Desktop
from collector.shipper import Shipper
from collector.spool import open_writer
from neural_focus.batches import BatchStored, SentBatch, unpack
from neural_focus.client.generated import ServiceApi
from neural_focus.errors import BusyError, GapError, ServiceError
from neural_focus.events import EVENT_DTYPE, EventType
from neural_focus.storable import OLDEST_US
from neural_focus.time import DAY_US

T = 1_790_000_000_000_000
AWAY = ServiceError("the service does not answer")


class Service:
    """Keeps positions as the service does. ``faults``: what comes of the next batches; a name, or None for none."""

    def __init__(self, *faults: str | None) -> None:
        self.faults = deque(faults)
        self.taken: list[SentBatch] = []
        self.stored: dict[str, list[int]] = {}
        self.positions: dict[str, int] = {}

    def ingest(self, body: bytes) -> BatchStored:
        fault = self.faults.popleft() if self.faults else None
        if fault == "away":
            raise AWAY
        if fault == "busy":
            raise BusyError("the service takes nothing more now", 0.02)
        batch = unpack(body)
        header, boot = batch.header, str(batch.header.boot_id)
        position, lost = self.positions.get(boot, 0), 0
        if header.lost_from == position < header.first_seq:
            position, lost = header.first_seq, header.first_seq - position
        if header.count and header.first_seq > position:
            raise GapError("records are missing", position)
        new = batch.records["timestamp_us"][position - header.first_seq :].tolist() if header.count else []
        self.stored.setdefault(boot, []).extend(new)
        self.positions[boot] = position + len(new)
        self.taken.append(batch)
        if fault == "answer lost":
            raise AWAY
        return BatchStored(self.positions[boot], len(new), lost)

    def close(self) -> None:
        return


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shipper_module, "SHIP_SECONDS", 0.01)
    monkeypatch.setattr(shipper_module, "RETRY_SECONDS", (0.001, 0.01))
    monkeypatch.setattr(shipper_module, "wall_clock_us", lambda: T + 10)


@pytest.fixture
def desktop(tmp_path: Path) -> Desktop:
    return Desktop(tmp_path, "ada", is_demo=False)


def shipper_of(
    desktop: Desktop, service: Service, boots: list[str], clock_steps: dict[str, int] | None = None
) -> Shipper:
    agreed = Consent("0123456789ab", False, "", "flag")
    client = cast("ServiceApi", service)
    return Shipper(client, desktop, zone="Asia/Tokyo", boots=boots, clock_steps=clock_steps or {}, consent=agreed)


def records_at(*stamps: int, kind: EventType = EventType.MOUSE_MOVE) -> np.ndarray:
    records = np.zeros(len(stamps), EVENT_DTYPE)
    records["timestamp_us"], records["event_type"] = stamps, kind
    return records


def wait_for(done: Any) -> None:
    until = time.monotonic() + 60
    while not done():
        assert time.monotonic() < until
        time.sleep(0.002)


def test_every_record_goes_once_and_in_order(desktop: Desktop) -> None:
    faults = ("away", None, "answer lost", "busy", "away", "answer lost", None)
    service, boot = Service(*faults), str(uuid.uuid4())
    writer = open_writer(desktop.spool, desktop.machine_id(), boot)
    shipper = shipper_of(desktop, service, [boot])
    shipper.start()
    for first in range(0, 500, 50):
        writer.append(records_at(*range(T + first, T + first + 50)), {})
        time.sleep(0.01)
    shipper.finish(120)
    assert service.stored == {boot: list(range(T, T + 500))} and not service.faults
    assert shipper.counters["shipped"] == 500, "also those whose answer was lost"
    assert shipper.counters["retries"] == 5 and shipper.problem == "" and shipper.counters["lost"] == 0


def test_what_cannot_go_says_why_and_waits(desktop: Desktop) -> None:
    service, boot = Service(*["away"] * 1000), str(uuid.uuid4())
    writer = open_writer(desktop.spool, desktop.machine_id(), boot)
    writer.append(records_at(T, T + 1), {})
    shipper = shipper_of(desktop, service, [boot])
    shipper.start()
    wait_for(lambda: shipper.problem == "the service does not answer")
    assert service.taken == []
    service.faults.clear()
    wait_for(lambda: shipper.counters["shipped"] == 2 and not shipper.problem)
    shipper.finish(120)


def test_zone_and_consent_are_told_until_they_are_stored(desktop: Desktop) -> None:
    service, boot = Service("away", "answer lost"), str(uuid.uuid4())
    open_writer(desktop.spool, desktop.machine_id(), boot)
    shipper = shipper_of(desktop, service, [boot])
    shipper.move(T, "Europe/Berlin")
    shipper.start()
    wait_for(lambda: len(service.taken) == 2)
    time.sleep(0.05)
    shipper.finish(120)
    assert len(service.taken) == 2, "nothing is sent where nothing is new"
    for batch in service.taken:
        assert batch.header.count == 0 and batch.header.consent is not None
        assert [one.zone for one in batch.header.zones] == ["Asia/Tokyo", "Europe/Berlin"]
        assert batch.header.zones[1].since_us == T


def test_what_the_spool_lost_is_given_up_by_name(desktop: Desktop) -> None:
    service, boot = Service(), str(uuid.uuid4())
    writer = open_writer(desktop.spool, desktop.machine_id(), boot)
    writer.append(records_at(T, T + 1, T + 2), {})
    gone = writer.current
    writer.seal()
    writer.append(records_at(T + 3), {})
    gone.unlink()
    shipper = shipper_of(desktop, service, [boot])
    shipper.start()
    shipper.finish(120)
    assert service.stored == {boot: [T + 3]} and service.positions == {boot: 4}
    assert (shipper.counters["lost"], shipper.counters["shipped"]) == (3, 1)


def test_days_and_titles_that_are_too_much_for_one_batch_go_in_several(desktop: Desktop) -> None:
    service, boot = Service(), str(uuid.uuid4())
    writer = open_writer(desktop.spool, desktop.machine_id(), boot)
    writer.append(records_at(T, T + 40 * DAY_US, T + 41 * DAY_US), {})
    titled = records_at(*range(T + 42 * DAY_US, T + 42 * DAY_US + 3000), kind=EventType.WINDOW_TITLE_CHANGE)
    titled["data"][:, 0] = np.arange(1, 3001)
    writer.append(titled, {number: f"{number} " + "ü" * 600 for number in range(1, 3001)})
    shipper = shipper_of(desktop, service, [boot])
    shipper.start()
    shipper.finish(120)
    assert [batch.header.count for batch in service.taken][:1] == [1] and len(service.taken) > 3
    assert service.positions == {boot: 3003} and len(service.stored[boot]) == 3003
    titles = {number: text for batch in service.taken for number, text in batch.header.titles}
    assert len(titles) == 3000 and len(titles[17]) == 512 and titles[17].startswith("17 ü")


def test_a_step_of_the_clock_goes_with_its_boot_and_how_far_it_was_set_back_with_what_lies_ahead(
    desktop: Desktop,
) -> None:
    earlier, boot = str(uuid.uuid4()), str(uuid.uuid4())
    service = Service()
    for name, stamp in ((earlier, T + 3_600_000_010), (boot, T)):
        writer = open_writer(desktop.spool, desktop.machine_id(), name)
        writer.append(records_at(stamp), {})
        writer.append(records_at(stamp), {})
        del writer
    shipper = shipper_of(desktop, service, [boot], {boot: -3_600_000_000})
    shipper.start()
    shipper.finish(120)
    told = [(str(one.header.boot_id), one.header.clock_step_us, one.header.set_back_us) for one in service.taken]
    assert told == [(earlier, None, 3_600_000_000), (boot, -3_600_000_000, 0)]
    assert dict(shipper.counters) == {"shipped": 2, "shipped_earlier": 2, "lost": 0, "forgotten": 0, "retries": 0}


def test_what_no_service_would_store_is_left_out_and_the_rest_goes(
    desktop: Desktop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A machine without a clock of its own starts in 1970; later its clock is two years ahead for a while."""
    boot, now = str(uuid.uuid4()), [5]
    monkeypatch.setattr(shipper_module, "wall_clock_us", lambda: now[0])
    service = Service(None, "away", "answer lost")
    writer = open_writer(desktop.spool, desktop.machine_id(), boot)
    writer.append(records_at(6, 7), {})
    writer.append(records_at(8, T, T + 1, T - 30 * DAY_US, T + 800 * DAY_US, T + 2), {})
    writer.append(records_at(T + 3, T + 800 * DAY_US), {})
    shipper = shipper_of(desktop, service, [boot], {boot: -7})
    now[0] = T + 10
    shipper.start()
    wait_for(lambda: shipper.counters["shipped"] == 4)
    shipper.finish(120)
    assert service.stored == {boot: [T, T + 1, T + 2, T + 3]} and service.positions == {boot: 9}
    first = service.taken[0].header
    assert first.clock_step_us == -7 and first.zones[0].since_us == T + 10 - OLDEST_US
    assert shipper.unstorable == {"invalid": 3, "too_old": 1, "in_the_future": 2}, "each once, though tried again"
    assert (shipper.counters["lost"], shipper.counters["retries"], shipper.problem) == (0, 2, "")
