"""An installation of its own for a load: a database that keeps what it is told, people, and a trained champion."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from bench import served_path
from bench.load.desktops import Job
from bench.load.plain_model import train_plain
from bench.load.server import Server
from infra.database_schema import make_database, migrate
from infra.desktop_token import pair_machine
from infra.embedded_database import EmbeddedServer
from infra.embedded_database_postmaster import postmaster
from infra.ports import free_port
from neural_focus.models.champion import load_champion, promote
from neural_focus.models.contracts import V6
from neural_focus.models.datasets import cut_moments
from neural_focus.models.train import train
from neural_focus.models.tree_model import TreeModel
from neural_focus.registry.model_store import save
from neural_focus.settings import Settings
from neural_focus.simulation.parameters import draw_person
from neural_focus.simulation.person import live
from neural_focus.simulation.stream import stream_of
from neural_focus.store.database import connect
from neural_focus.store.users import ensure_user

DAYS = 5


@dataclass(frozen=True, slots=True)
class Installation:
    """Settings of a service that can be started, the champion that it will answer with, and what desktops send."""

    settings: Settings
    model: str
    texts: tuple[str, ...]
    database_pid: int = 0
    """0: what it takes is not measured."""

    @property
    def plain_folder(self) -> Path:
        """What the plain service has: trees, and the files of its store."""
        return self.settings.home / "plain"

    def job(self, server: Server, desktops: int, seconds: int) -> Job:
        """A snapshot a second to a server from so many desktops, each of a person of its own; always the same ones."""
        with connect(self.settings.database_url or "") as connection:
            people = [ensure_user(connection, f"person-{number}") for number in range(desktops)]
            tokens = tuple(pair_machine(connection, person, "load") for person in people)
        return Job(
            server.port,
            tokens,
            tuple(str(UUID(int=number + 1)) for number in range(desktops)),
            self.texts,
            server.model,
            seconds,
        )


@contextmanager
def installation(show: Callable[[str], None]) -> Iterator[Installation]:
    """Made, and removed at the end. Its database syncs each commit to disk, as in every installation."""
    folder = Path(tempfile.mkdtemp(prefix="neural-focus-load-"))
    folder.chmod(0o755)  # the database's own account has to reach it
    server = EmbeddedServer(folder / "database", free_port(), "load", report=show)
    try:
        show("the database")
        server.start()
        make_database(server.url("load"))
        migrate(server.url("load"))
        running = postmaster(server.data)
        home = folder / "home"
        home.mkdir()
        settings = Settings(home=home, database_url=server.url("load"), serving_port=free_port(), username="load")
        show("a person's days, and the model of them")
        person = stream_of(live(draw_person(101), DAYS, number=1, trials=False), 1)
        moments, stays = cut_moments([person], V6)
        bundle = train(TreeModel, moments, stays, is_demo=True)
        promote(settings, save(settings, bundle))
        texts = tuple(served_path.snapshots(person.records))
        installed = Installation(settings, load_champion(settings).version, texts, running.pid if running else 0)
        train_plain(moments, bundle.files, installed.plain_folder)
        yield installed
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)
