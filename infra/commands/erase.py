"""``neural-focus erase``: everything of one person, here and in the database, verified by counting.

The database comes last: until then the person has a name, by which a second try finds what is left.
"""

from __future__ import annotations

import shutil
from typing import Annotated
from uuid import uuid4

import typer

from collector.desktop import Desktop, desktop_of
from collector.spool import open_writer
from infra.commands.database import started_url
from neural_focus.errors import BusyError, ConfigurationError, ConsentError, InputError
from neural_focus.settings import Settings, read_settings
from neural_focus.store.database import connect
from neural_focus.store.flow_locks import locked
from neural_focus.store.privacy import erase_user, machines_of
from neural_focus.store.users import User, read_user
from serving.forgetting import FLOWS, RETRY_SECONDS

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def erase(
    username: Annotated[str, typer.Argument(help="Whose data; the local person's by default")] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask")] = False,
) -> None:
    """Erase everything of one person: database, feature stores, moments in models, spooled files, consent."""
    settings = read_settings()
    name = username or settings.username
    with connect(started_url(settings)) as connection:
        user = read_user(connection, name)
        if user is None:
            raise InputError(f"nobody here is called {name!r}")
        desktop = _desktop(settings, user)
        if desktop is not None:
            refuse_while_capturing(desktop)
        _confirm(user.username, yes)
        with locked(connection, FLOWS) as busy:  # what a flow had read before would be written again
            if busy:
                raise BusyError(f"the flow {busy} is at work", RETRY_SECONDS, why="try again when it has ended")
            streams = [f"{user.id}:{machine}" for machine in machines_of(connection, user.id)]
            typer.echo(f"{'feature stores':20} {erase_features(settings, streams):>10,} files and rows erased")
            typer.echo(
                f"{'models':20} {erase_from_models(settings, user.id):>10,} changed, the person's own part is erased"
            )
            if desktop is not None:
                erase_files(desktop)
            erased = erase_user(connection, user.id)
    for table, rows in erased.items():
        typer.echo(f"{table:20} {rows:>10,} rows erased, 0 left")
    typer.echo(
        "What models learned from these data and the figures in reports stay. So do backups: delete those from before."
    )


def refuse_while_capturing(desktop: Desktop) -> None:
    """Raises ConfigurationError while an agent writes into the desktop's spool."""
    if not desktop.spool.exists():
        return
    try:
        writer = open_writer(desktop.spool, str(uuid4()), str(uuid4()))
    except ConfigurationError as error:
        raise ConfigurationError("the agent is running", why=str(error), hint="Stop it first (Ctrl-C)") from error
    del writer


def erase_features(settings: Settings, streams: list[str]) -> int:
    """Forgets the streams in both feature stores, with their labels; returns how many files and rows went."""
    if not streams or not settings.feast.exists():
        return 0
    from feature_repo.store import forget_streams, open_store

    store = open_store(settings)
    try:
        return forget_streams(store, streams)
    finally:
        store.close()


def erase_from_models(settings: Settings, user_id: int) -> int:
    """Takes the person out of the stored models; returns how many knew them."""
    from neural_focus.model_forgetting import forget_person

    return forget_person(settings, user_id)


def erase_files(desktop: Desktop) -> None:
    """Removes the records that wait, the saved engine, what help did, the consent and the machine's id."""
    if desktop.is_demo:
        shutil.rmtree(desktop.folder, ignore_errors=True)
        return
    shutil.rmtree(desktop.spool, ignore_errors=True)
    kept = (desktop.engine_state, desktop.consent, desktop.actions)
    for path in (*kept, desktop.folder / "machine_id", desktop.folder / "agent.json"):
        path.unlink(missing_ok=True)


def _desktop(settings: Settings, user: User) -> Desktop | None:
    """The person's desktop on this machine, None if it is somebody else's."""
    if user.is_demo:
        return desktop_of(settings, user.username)
    return desktop_of(settings) if user.username == settings.username else None


def _confirm(name: str, yes: bool) -> None:
    if not yes and typer.prompt(f"Type {name} to erase everything of {name}") != name:
        raise ConsentError("nothing was erased", why="the name was not typed")
