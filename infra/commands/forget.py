"""``neural-focus forget``: 15m, --from --to, or --app NAME, out of every store, counted before and after.

The service has it done (``serving.forgetting``), also for a machine that is only paired with it; this desktop's spool
is the agent's, or this command's while none runs.
"""

from __future__ import annotations

import re
import time
from datetime import datetime
from typing import Annotated
from uuid import uuid4
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from collector.desktop import Desktop, desktop_of
from collector.forgetting import count_records, forget_records
from collector.spool import open_writer
from infra.agent_file import live_agent
from infra.own_server import own_service
from neural_focus.client.generated import ForgetAsked, ForgetCount, ForgetState, StoreCount
from neural_focus.errors import ConfigurationError, ConsentError, InputError, ServiceError
from neural_focus.forgetting import ForgottenTime, app_key, recorded_name
from neural_focus.settings import Settings, read_settings
from neural_focus.time import local_clock, microseconds, moment, wall_clock_us

_LENGTH = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?")
_CLOCK = re.compile(r"(\d\d?):(\d\d)")
EXAMPLES = "Give a length such as 15m, 1h30m or 2d, --from and --to, or --app"
SPOOL = "spool of this machine"
AGENT_SECONDS = 30.0
TRY_AGAIN = "It goes on by itself while the service runs; the same command again shows it"
app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def forget(
    length: Annotated[str, typer.Argument(help="the last so long: 15m, 1h30m, 2d")] = "",
    begin: Annotated[str, typer.Option("--from", help="from 14:00, or 2026-11-30T14:00")] = "",
    end: Annotated[str, typer.Option("--to", help="until 14:30; now where it is left out")] = "",
    name: Annotated[str, typer.Option("--app", help="one app alone, by the name on the page")] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask")] = False,
) -> None:
    """Forget a time, or an app: what was captured then and all that was made of it."""
    settings, console = read_settings(), Console(soft_wrap=True)
    asked = asked_time(length, begin, end, name, settings.zone, wall_clock_us())
    counted = own_service(settings).count_forget(asked)
    desktop, what = desktop_of(settings), _here(counted, name)
    _show(console, counted, count_records(desktop.spool, what))
    if not yes and not typer.confirm("Forget it?"):
        raise ConsentError("nothing was forgotten", why="you did not say yes")
    exact = ForgetAsked(first_us=counted.first_us, end_us=counted.end_us, app=name or None)
    state = _followed(settings, console, own_service(settings).forget(exact))
    for one in state.counts:
        console.print(f"{one.store:28} {one.count:>10,} forgotten, 0 left", highlight=False)
    _forget_here(settings, console, desktop, what, state)
    console.print(
        "What models learned from several people's data together and the figures in reports stay. Erase your backups"
        " yourself.",
        highlight=False,
    )


def asked_time(length: str, begin: str, end: str, name: str, zone: str, now_us: int) -> ForgetAsked:
    """The body of a request.

    Raises:
        ConfigurationError: no time, or one that cannot be read.
    """
    if length and (begin or end):
        raise ConfigurationError(f"{length} and --from or --to are two times", hint=EXAMPLES)
    if length:
        found = _LENGTH.fullmatch(length)
        days, hours, minutes = (int(part or 0) for part in found.groups()) if found else (0, 0, 0)
        if not (total := (days * 24 + hours) * 60 + minutes):
            raise ConfigurationError(f"the length is {length[:40]!r}", hint=EXAMPLES)
        return ForgetAsked(minutes=total, app=name or None)
    if not (begin or name):
        raise ConfigurationError("there is no time to forget", hint=EXAMPLES)
    first_us, end_us = (_parsed(text, zone, now_us) if text else None for text in (begin, end))
    return ForgetAsked(first_us=first_us, end_us=end_us, app=name or None)


def _parsed(text: str, zone: str, now_us: int) -> int:
    """A time of today, or an ISO 8601 one, on the person's clock where it names no zone; µs."""
    if (found := _CLOCK.fullmatch(text)) and int(found[1]) < 24 and int(found[2]) < 60:
        today = moment(now_us).astimezone(ZoneInfo(zone))
        return microseconds(today.replace(hour=int(found[1]), minute=int(found[2]), second=0, microsecond=0))
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise ConfigurationError(f"the time is {text[:40]!r}", hint="Give 14:00 or 2026-11-30T14:00") from error
    return microseconds(at if at.tzinfo else at.replace(tzinfo=ZoneInfo(zone)))


def _here(counted: ForgetCount, name: str) -> ForgottenTime:
    key = app_key(recorded_name(name)) if name else None
    return ForgottenTime(counted.first_us, counted.end_us, key)


def _show(console: Console, counted: ForgetCount, spooled: int) -> None:
    first, last = (local_clock(at_us, "%a %Y-%m-%d %H:%M:%S") for at_us in (counted.first_us, counted.end_us))
    console.print(f"From {first} to {last} there is", highlight=False)
    for one in [*counted.counts, StoreCount(store=SPOOL, count=spooled)]:
        console.print(f"  {one.store:28} {one.count:>10,}", highlight=False)
    rows = {one.store: one.count for one in counted.counts}
    if rows.get("exposures"):
        console.print(
            f"{rows['exposures']:,} are of experiments: their reports will be without them, from the next one on.",
            highlight=False,
        )
    if counted.open_offers:
        console.print(f"{counted.open_offers} of then are not over, and stay: forget again later.", highlight=False)


def _followed(settings: Settings, console: Console, state: ForgetState) -> ForgetState:
    """Until nothing is left. Raises ServiceError: the service cannot end it now."""
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"))
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("Forgetting", total=1.0)
        while state.done_us is None:
            bar.update(task, completed=state.share, description=state.waits or "Forgetting")
            time.sleep(0.5)
            state = _asked_again(settings, state)
        bar.update(task, completed=1.0)
    return state


def _asked_again(settings: Settings, state: ForgetState) -> ForgetState:
    """The request as it is now. Raises ServiceError: the service does not have it among its last ones."""
    found = next((one for one in own_service(settings).get_forget() if one.id == state.id), None)
    if found is None:
        raise ServiceError("the service does not know of it any more", hint=TRY_AGAIN)
    return found


def _forget_here(
    settings: Settings, console: Console, desktop: Desktop, what: ForgottenTime, state: ForgetState
) -> None:
    """The spool: by the agent that runs, or here."""
    if not desktop.spool.exists():
        return
    running = live_agent(settings) is not None
    gone = _by_agent(settings, desktop.machine_id(), state) if running else _alone(desktop, what)
    left = count_records(desktop.spool, what)
    if left:
        raise InputError(f"{left:,} records are left in the spool", hint="Is the agent up? neural-focus doctor")
    console.print(f"{SPOOL:28} {gone:>10,} forgotten, 0 left", highlight=False)


def _alone(desktop: Desktop, what: ForgottenTime) -> int:
    """No agent may start meanwhile; the engine that was kept has seen the time, and begins anew."""
    writer = open_writer(desktop.spool, str(uuid4()), str(uuid4()))
    try:
        gone = forget_records(desktop.spool, what)
        desktop.engine_state.unlink(missing_ok=True)
    finally:
        del writer
    return gone


def _by_agent(settings: Settings, machine_id: str, state: ForgetState) -> int:
    until = time.monotonic() + AGENT_SECONDS
    while machine_id not in state.spools:
        if time.monotonic() > until:
            why = f"it said nothing of it for {AGENT_SECONDS:.0f} s"
            raise InputError("the agent did not forget it", why=why, hint=f"{TRY_AGAIN}. Or: neural-focus doctor")
        time.sleep(0.2)
        state = _asked_again(settings, state)
    return state.spools[machine_id]
