"""The composition root: everything of the platform, started in order and stopped in the opposite one.

database → schema → Prefect server → first model (once) → flows, service → display, demo person → agent
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from collector.desktop import desktop_of
from flows.server import ensure_database
from infra.database_logins import with_login
from infra.database_schema import make_database, migrate
from infra.desktop_token import give_token
from infra.embedded_database import EmbeddedServer
from infra.embedded_database_postmaster import postmaster
from infra.ports import holder, is_taken
from infra.prefect_login import with_prefect_login
from infra.up import plan
from infra.up.counts import AgentRun
from infra.up.display import NAME as DISPLAY
from infra.up.display import start_display
from infra.up.first_model import make_first_model
from infra.up.mark import ProcessMark
from infra.up.memory import MemoryWatch
from infra.up.steps import step
from infra.up.supervisor import Supervisor
from infra.virtual_display import find_xvfb
from neural_focus.addresses import exposure, service_link
from neural_focus.errors import ServiceError, StoreError
from neural_focus.identity_provider import CALLBACK_PATH
from neural_focus.models.champion import NEXT_STEP, refused_already, usable_champion
from neural_focus.passable_folder import make_folder
from neural_focus.registry.champion_pointer import champion
from neural_focus.secrets import Secrets, load_secrets
from neural_focus.settings import Settings
from neural_focus.store.database import connect
from neural_focus.store.users import ensure_user, set_role
from neural_focus.tls import check_certificate
from serving.people import store_help

DEMO_PERSON = "demo-live"


@dataclass(slots=True)
class RunningPlatform:
    """One running installation. ``demo``: the demo person works on a virtual display instead of the local person."""

    settings: Settings
    console: Console
    demo: bool
    secrets: Secrets = field(init=False)
    supervisor: Supervisor = field(init=False)
    memory: MemoryWatch = field(init=False)
    embedded: EmbeddedServer | None = None

    def __post_init__(self) -> None:
        self.memory = MemoryWatch(self._database_pids)
        prepare_home(self.settings.home)
        self.secrets = load_secrets(self.settings.secrets)
        self.supervisor = Supervisor(ProcessMark.of(self.settings.home, self.secrets), self.log)

    def log(self, text: str) -> None:
        """A line for the person at the terminal."""
        self.console.print(f"  {text}", markup=False, highlight=False)

    def start(self) -> AgentRun:
        """Starts everything and returns whose counts to look at.

        Raises:
            NeuralFocusError: a step failed; what was started before still runs until ``stop``.
        """
        self.memory.start()
        left = self.supervisor.end_leftovers()
        if left:
            self.log(f"ended {left} process{'es' if left > 1 else ''} that a killed run had left behind")
        self._check_ports()
        if self.settings.tls_certificate and self.settings.tls_key:
            check_certificate(self.settings.tls_certificate, self.settings.tls_key)
        if words := exposure(self.settings):
            self.log(f"! {words}.")
        if provider := self.settings.identity_provider:
            provider.read_secret()  # said now, not by a service that does not start
            back = f"{service_link(self.settings)}{CALLBACK_PATH}"
            self.log(f"People sign in with {provider.name}, which has to know this redirect address: {back}")
        if self.demo:
            find_xvfb()  # said now, not after the minutes of the first model
        self._start_database()
        self._start_platform()
        run = self._start_desktop()
        with step(self.console, "flows"):  # they get ready while the desktop does
            self.supervisor.wait_ready("flows")
        return run

    def tend(self) -> None:
        """One look: starts again what died."""
        if self.embedded is not None and not self.embedded.running():
            self.log("the database ended, again now")
            try:
                self.embedded.start()
            except StoreError as error:
                self.log(f"the database cannot be started: {error}")
        self.supervisor.tend()

    def stop(self) -> None:
        """Stops everything, the agent first, the database last."""
        self.memory.stop()
        for name in reversed([slot.program.name for slot in self.supervisor.slots]):
            self.supervisor.stop(name)
            self.log(f"{name} stopped")
        if self.embedded is not None:
            self.embedded.stop()
            self._database_mark.unlink(missing_ok=True)
            self.log("database stopped")

    def _check_ports(self) -> None:
        settings = self.settings
        ports = (("Prefect", settings.prefect_port, "PREFECT"), ("the service", settings.serving_port, "SERVING"))
        for name, port, variable in ports:
            if is_taken(port, settings.host):
                raise ServiceError(
                    f"port {port} of {name} is in use by {holder(port)}",
                    hint=f"Stop it, or set NEURAL_FOCUS_{variable}_PORT to a free port",
                )

    def _start_database(self) -> None:
        with step(self.console, "database") as at_work:
            url = self.settings.database_url
            if url is None:
                url = self._start_embedded(at_work.show)
            make_database(url)
            self.settings = replace(self.settings, database_url=url)
            revision = migrate(url)
            with connect(url) as connection:
                version, licence = connection.execute(
                    "SELECT split_part(current_setting('server_version'), ' ', 1),"
                    " current_setting('timescaledb.license', true)"
                ).fetchone() or ("", "")
            kind = f"TimescaleDB ({licence} edition)" if licence else "a partition a day"
            at_work.done(f"PostgreSQL {version}, {kind}, schema {revision}")

    def _start_embedded(self, show: Callable[[str], None]) -> str:
        """A server that somebody started by hand runs on after us; ours, or that of a killed run, does not."""
        server, mark = EmbeddedServer.from_settings(self.settings, show), self._database_mark
        ours = mark.exists() or not server.running()
        if ours:  # known before it starts: a Ctrl-C meanwhile stops it too
            mark.touch()
            self.embedded = server
        return server.start()

    def _database_pids(self) -> list[int]:
        """The embedded server is nobody's child."""
        return [found.pid for found in (postmaster(self.settings.home / "database" / "data"),) if found]

    @property
    def _database_mark(self) -> Path:
        return self.settings.home / "database-of-up"

    def _start_platform(self) -> None:
        settings, supervisor = self.settings, self.supervisor
        tag, problem = usable_champion(settings)
        refused = refused_already(settings)
        settled = tag is not None or bool(refused)
        if refused:
            self._log_refusal(refused)
        elif problem:
            self.log(f"the champion cannot serve any more, so a new model is trained: {problem}")
        ensure_database(settings)
        service = plan.service(with_login("service", settings, self.secrets, self.log), demo=self.demo)
        of_flows = with_login("flows", settings, self.secrets, self.log)
        of_prefect = with_prefect_login(settings, self.secrets, self.log)
        supervisor.launch(plan.prefect_server(of_prefect, self.secrets))
        if settled:
            supervisor.launch(service)  # both take their time: side by side
        with step(self.console, "Prefect server"):
            supervisor.wait_ready("Prefect server")
        if not settled:
            with step(self.console, "first model") as at_work:
                refused = make_first_model(
                    settings, plan.flow_environment(of_flows, self.secrets), supervisor.mark, at_work.show
                )
                at_work.done("no model serves" if refused else f"{champion(settings)} serves")
            if refused:
                self._log_refusal(refused)
            supervisor.launch(service)
        supervisor.launch(plan.flows_server(of_flows, self.secrets))
        with step(self.console, "service"):
            supervisor.wait_ready("service")

    def _log_refusal(self, why: str) -> None:
        self.log(f"! No model serves: {why}. {NEXT_STEP}")

    def _start_desktop(self) -> AgentRun:
        settings, since = self.settings, datetime.now(UTC)
        with connect(settings.database_url or "") as connection:
            name = DEMO_PERSON if self.demo else settings.username
            user_id = ensure_user(connection, name, is_demo=self.demo, zone=settings.zone)
            if self.demo:
                set_role(connection, user_id, "operator")  # for the local person, whose page this would be
                store_help(connection, user_id, plan.DEMO_HELP, keep=True)
                give_token(desktop_of(settings, DEMO_PERSON), connection, user_id)
        display: Mapping[str, str] = {}
        if self.demo:
            with step(self.console, DISPLAY) as at_work:
                display = start_display(settings, self.supervisor)
                at_work.done(display["DISPLAY"])
        with step(self.console, "agent") as at_work:
            self.supervisor.start(plan.agent(settings, display, demo=DEMO_PERSON if self.demo else ""))
            at_work.done(f"captures {display.get('DISPLAY') or os.environ.get('DISPLAY', '')} for {name}")
        if self.demo:
            with step(self.console, "demo person") as at_work:
                self.supervisor.start(plan.demo_person(settings, display, brisk=True))
                at_work.done("types, points and switches through the X server")
        return AgentRun(plan.agent_counters(settings), user_id, since)


def prepare_home(home: Path) -> None:
    """Makes the folder. Root's has to let the database's account through; nobody may list either kind.

    Raises:
        ServiceError: it cannot be made.
    """
    try:
        make_folder(home)
        home.chmod(0o711 if os.geteuid() == 0 else 0o700)
    except OSError as error:
        raise ServiceError(
            f"{home} cannot be used", why=error.strerror or "", hint="Set NEURAL_FOCUS_HOME to a folder of yours"
        ) from error


@contextmanager
def only_one(home: Path) -> Iterator[None]:
    """Raises ServiceError if another ``up`` works on this home."""
    prepare_home(home)
    descriptor = os.open(home / "up.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "r+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise ServiceError(
                f"Neural Focus runs here already (pid {file.read().strip() or 'unknown'})",
                hint="Stop it first (Ctrl-C in its terminal), or set NEURAL_FOCUS_HOME to another folder",
            ) from error
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield
