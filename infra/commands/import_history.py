"""``neural-focus import``: history that other tools logged, into the database, and what is left out of it and why."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from neural_focus.categories import RULES_FILE, Rules
from neural_focus.errors import ConfigurationError, InputError
from neural_focus.imports import activitywatch, manictime, rescuetime, tables, wakatime
from neural_focus.imports.recognise import Wanted, read_source
from neural_focus.imports.records import convert
from neural_focus.imports.rows import Presence, SourceLog, clean
from neural_focus.imports.times import ImportRequest
from neural_focus.imports.writing import Written, write_log
from neural_focus.settings import Settings, read_settings
from neural_focus.store.database import Connection, connect
from neural_focus.store.retention import KEEP_DAYS
from neural_focus.store.users import ensure_user, read_user
from neural_focus.time import DAY_US, iso, wall_clock_us, zone_table

app = typer.Typer(add_completion=False, no_args_is_help=True, rich_markup_mode=None)


class ImportSource(StrEnum):
    """What --from takes."""

    ACTIVITYWATCH = activitywatch.SOURCE
    MANICTIME = manictime.SOURCE
    RESCUETIME = rescuetime.SOURCE
    WAKATIME = wakatime.SOURCE
    EVENTS = tables.EVENTS
    INTERVALS = tables.INTERVALS


class Dates(StrEnum):
    """What --dates takes."""

    DAY_FIRST = "dmy"
    MONTH_FIRST = "mdy"
    YEAR_FIRST = "ymd"


@app.command("import")
def import_(
    sources: Annotated[list[str], typer.Argument(help="Files of one tool, or the address of a running aw-server")],
    source: Annotated[
        ImportSource | None, typer.Option("--from", help="The tool; by default recognised by content")
    ] = None,
    tz: Annotated[str, typer.Option(help="IANA time zone of times that do not say theirs")] = "",
    dates: Annotated[Dates | None, typer.Option(help="Order of day, month and year where it cannot be seen")] = None,
    machine: Annotated[str, typer.Option(help="Name of the machine, where the log does not say it")] = "",
    whose: Annotated[str, typer.Option("--of", help="Whose rows of a table of several people")] = "",
    train: Annotated[bool, typer.Option("--train", help="Then compute features and labels and train at once")] = False,
) -> None:
    """Import what other tools logged of you. The same again adds nothing."""
    from infra.commands.database import started_url
    from infra.database_schema import make_database, migrate

    if tz:
        zone_table(tz)  # an unknown one is said before anything is read
    console, settings, now_us = Console(soft_wrap=True), read_settings(), wall_clock_us()
    wanted = Wanted(source.value if source else "", ImportRequest(tz, dates.value if dates else ""), whose)
    with console.status("Reading"):
        logs = _read(sources, wanted, machine)
        rules = Rules.load(settings.home / RULES_FILE)
    url = started_url(settings)
    make_database(url)
    migrate(url)
    with connect(url) as connection:
        user = _person(connection, settings)
        written = [_import(connection, settings, user, log, rules, now_us, console) for log in logs]
    for one in written:
        _report(one, now_us, console)
    if train:
        from infra.train_now import train_now

        train_now(settings, url, lambda text: console.print(text, markup=False, highlight=False))
    else:
        _say_what_follows(written, console)


def _read(sources: list[str], wanted: Wanted, machine: str) -> list[SourceLog]:
    """The logs of all files; those of one source and machine are one.

    Raises:
        InputError: what the reader of a file says, or --machine is given for logs of several machines.
    """
    logs: dict[tuple[str, str], SourceLog] = {}
    for place in sources:
        for log in read_source(place, wanted):
            known = logs.setdefault((log.source, log.machine), log)
            if known is not log:
                _join(known, log)
    if machine and len(logs) > 1:
        raise InputError(
            f"--machine {machine} is given for logs of {len(logs)} machines",
            why=", ".join(name for _, name in logs),
            hint="Leave it out, or give their files one by one",
        )
    for log in logs.values():
        log.machine = machine or log.machine
    return list(logs.values())


def _join(known: SourceLog, log: SourceLog) -> None:
    if log.records is not None:
        raise InputError("there are two tables of events of one person", hint="Import them one after the other")
    known.rows += log.rows
    known.total += log.total
    known.left_out += log.left_out
    known.notes += [note for note in log.notes if note not in known.notes]
    if log.presence is Presence.LOGGED:
        known.presence = log.presence


def _person(connection: Connection, settings: Settings) -> tuple[int, str]:
    """The local person, made if they are new.

    Raises:
        ConfigurationError: it is a demo person.
    """
    user = read_user(connection, settings.username)
    if user is not None and user.is_demo:
        raise ConfigurationError(
            f"{settings.username!r} is a demo person", hint="Set NEURAL_FOCUS_USERNAME to a real person's name"
        )
    found = ensure_user(connection, settings.username, zone=settings.zone) if user is None else user.id
    connection.commit()
    return found, settings.username


def _import(
    connection: Connection,
    settings: Settings,
    user: tuple[int, str],
    log: SourceLog,
    rules: Rules,
    now_us: int,
    console: Console,
) -> Written:
    clean(log, now_us)
    found = convert(log, rules, now_us, keep_titles=settings.titles)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(_name(log), total=len(found.records))
        return write_log(
            connection, user, log, found, now_us, lambda done, total: bar.update(task, completed=done, total=total)
        )


def _name(log: SourceLog) -> str:
    return f"{log.source}, {log.machine}" if log.machine else log.source


def _report(one: Written, now_us: int, console: Console) -> None:
    """Counts that add up: the source's rows are those used and those left out."""
    log, lines = one.log, list[str]()
    lines.append(f"{_name(log)}: {log.total:,} rows = {one.used:,} used + {log.left_out.total():,} left out")
    lines += [f"  {count:>10,} left out: {reason}" for reason, count in log.left_out.most_common() if count]
    lines.append(f"  {one.stored.total():>10,} events stored" + (f", {_span(one)}" if one.stored else ""))
    lines += [f"  {count:>10,} {name}" for name, count in one.stored.most_common()]
    if one.kept_off:
        lines.append(f"  {one.kept_off:>10,} events not stored: their times are captured or imported already")
    if one.forgotten:
        lines.append(f"  {one.forgotten:>10,} events not stored: you had forgotten them")
    if one.cut:
        lines.append(f"  {one.cut:>10,} rows end where the next begins, before their own end")
    lines += [f"  {note}" for note in [*log.notes, *_limits(one, now_us)]]
    console.print("\n".join(lines), markup=False, highlight=False)


def _span(one: Written) -> str:
    return f"{iso(one.first_us)[:10]} to {iso(one.last_us)[:10]}"


def _limits(one: Written, now_us: int) -> list[str]:
    """What the import cannot do, where it cannot."""
    said = []
    if not one.log.sees_switches:
        said.append("it does not log each switch of apps: nothing is learned of switches from it")
    if one.log.presence is Presence.UNKNOWN:
        said.append("it does not say when nobody was there: of a window in front the first 5 min count")
    if one.stored and one.first_us < now_us - KEEP_DAYS * DAY_US:
        said.append(
            f"events older than {KEEP_DAYS} days become sums of hours in the next night: only --train learns from them"
        )
    return said


def _say_what_follows(written: list[Written], console: Console) -> None:
    if any(one.stored for one in written):
        console.print(
            "While `neural-focus up` runs, features follow within minutes, labels within the hour, and the models"
            " learn from them in the night. To train now: the same command with --train",
            markup=False,
            highlight=False,
        )
