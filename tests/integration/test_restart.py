"""A restart of the service in the middle of requests: whoever comes meanwhile waits, and nothing is done twice."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import psutil
import pytest
from held_tables import locked, waiting
from serving_process import Service, desktop, eventually, query, running_service
from websockets.exceptions import ConnectionClosed

from neural_focus.client.generated import LabelRequest, ServiceApi
from neural_focus.errors import BusyError, NeuralFocusError
from neural_focus.messages import PredictionMade
from neural_focus.store.database import connect
from neural_focus.store.users import ensure_user

CALLERS = 20
"""Each asks once a second, and waits for its answer."""
PATIENCE_SECONDS = 240.0
MACHINE = "0d9f5a3e-5b0c-4f0e-9a4e-000000000091"


@dataclass
class Callers:
    """Some say labels and some ask what is now, half of them on a connection that they keep, until ``stop``."""

    service: Service
    token: str
    failed: list[str] = field(default_factory=list)
    labelled: int = 0
    answered: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _over: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    def start(self) -> None:
        self._threads = [threading.Thread(target=self._ask, args=(number,)) for number in range(CALLERS)]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join(PATIENCE_SECONDS)
        assert not any(thread.is_alive() for thread in self._threads)

    def goes_on(self) -> None:
        """Every one of them is answered twice more, on average."""
        until = self.answered + 2 * CALLERS
        eventually(lambda: self.answered >= until or self.failed, PATIENCE_SECONDS)

    def _ask(self, number: int) -> None:
        self._over.wait(number / CALLERS)
        with closing(
            ServiceApi(self.service.url, self.token, seconds=PATIENCE_SECONDS, keep_open=number % 2 == 0)
        ) as api:
            while not self._over.is_set():
                began, says = time.monotonic(), number % 4 < 2
                try:
                    _patiently(_label(api) if says else api.get_now)
                except NeuralFocusError as error:
                    with self._lock:
                        self.failed.append(str(error))
                    return
                with self._lock:
                    self.answered, self.labelled = self.answered + 1, self.labelled + says
                self._over.wait(max(0.0, 1.0 - (time.monotonic() - began)))


def _label(api: ServiceApi) -> Callable[[], object]:
    key = str(uuid4())
    return lambda: api.add_label(LabelRequest(outcome="FOCUSED"), key=key)


def _patiently(ask: Callable[[], object]) -> None:
    """Comes again where the service says so: on a machine with other work its connections may all be in use."""
    while True:
        try:
            ask()
        except BusyError as error:
            time.sleep(error.seconds)
        else:
            return


def worker(service: Service) -> int:
    """The process that answers; the one that was started keeps the listening socket for it. 0: there is none."""
    with suppress(psutil.Error):
        for one in psutil.Process(service.process.pid).children():
            if "_bentoml_impl.worker.service" in one.cmdline() and one.status() != psutil.STATUS_ZOMBIE:
                return one.pid
    return 0


def test_a_restart_fails_no_request_and_does_nothing_twice(fresh_database_url: str, tmp_path: Path) -> None:
    with connect(fresh_database_url) as connection:
        ann = ensure_user(connection, "ann")
    with running_service(fresh_database_url, tmp_path) as service:
        callers, token = Callers(service, service.token_of(ann)), service.token_of(ann)
        callers.start()
        try:
            for restart, code in ((_in_order, 1012), (_by_force, 1006)):
                callers.goes_on()
                _restarted_while_a_desktop_is_connected(service, token, restart, code)
                callers.goes_on()
        finally:
            callers.stop()
        assert callers.failed == []
        assert query(fresh_database_url, "SELECT count(*) FROM labels") == [(callers.labelled,)]
        twice = "SELECT snapshot_time FROM model_predictions WHERE user_id = %s GROUP BY 1 HAVING count(*) > 1"
        assert query(fresh_database_url, twice, ann) == []


def _restarted_while_a_desktop_is_connected(
    service: Service, token: str, restart: Callable[[Service], None], code: int
) -> None:
    """Labels are being stored at that moment."""
    before = worker(service)
    with desktop(service, token, MACHINE) as person:
        person.send(person.snapshot())
        person.receive(PredictionMade)
        url = service.settings.database_url or ""
        with locked(url, "labels"):
            eventually(lambda: waiting(url, "INSERT INTO labels"))
            restart(service)
        with pytest.raises(ConnectionClosed) as closed:
            while True:
                person.receive(PredictionMade, PATIENCE_SECONDS)
    assert (closed.value.rcvd.code if closed.value.rcvd else 1006) == code
    eventually(lambda: worker(service) not in (0, before), PATIENCE_SECONDS)


def _in_order(service: Service) -> None:
    service.process.send_signal(signal.SIGHUP)


def _by_force(service: Service) -> None:
    psutil.Process(worker(service)).kill()
