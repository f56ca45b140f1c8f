"""``neural-focus session``: start, end and look at a focus session. docs/desktop.md: keys for it."""

from __future__ import annotations

import time
from enum import StrEnum
from typing import Annotated

import typer

from infra.own_server import own_service
from neural_focus.client.generated import CreateSessionRequest, LeaveJailRequest
from neural_focus.errors import InputError
from neural_focus.messages import AskRounds, Rounds, SessionResponse
from neural_focus.settings import Settings, read_settings
from neural_focus.time import local_clock, parse_iso

REPORT_SECONDS = 30.0
"""How long the command waits for what the desktop says."""
START_ONE = "Start one: neural-focus session start pomodoro"
app = typer.Typer(
    add_completion=False, rich_markup_mode=None, no_args_is_help=True, help="Focus sessions with a timer."
)


class SessionKind(StrEnum):
    """What can be started."""

    POMODORO = "pomodoro"
    DEEP_WORK = "deep_work"


class Round(StrEnum):
    """What rounds can be asked for."""

    POMODORO = "pomodoro"
    DEEP_WORK = "deep_work"
    SKIP = "skip"
    STOP = "stop"


@app.command()
def start(
    kind: Annotated[SessionKind, typer.Argument(help="pomodoro: 25 minutes; deep_work: 90")],
    minutes: Annotated[int | None, typer.Option(help="another length")] = None,
    jail: Annotated[bool, typer.Option("--jail", help="your lists of sites and apps hold until its end")] = False,
) -> None:
    """Start a session now."""
    asked = CreateSessionRequest(type=kind.value, duration_minutes=minutes, jail_enabled=jail)
    typer.echo(in_words(own_service(read_settings()).create_session(asked), time.time()))


@app.command()
def end() -> None:
    """End the running session. One whose jail holds is not ended: see leave."""
    settings = read_settings()
    summary = own_service(settings).end_session(_running(settings).id).summary
    score = "no score" if summary.focus_score_avg is None else f"focus {summary.focus_score_avg:.0f}"
    switches = f"{summary.context_switches} switch{'es' * (summary.context_switches != 1)}"
    typer.echo(f"Ended after {_minutes(summary.duration_seconds)}: {score}, {switches}.")


@app.command()
def status() -> None:
    """Say which session runs."""
    settings = read_settings()
    found, kept = own_service(settings).get_now().session, _rounds(settings)
    resting = kept is not None and kept.rests_until is not None
    if not resting:
        typer.echo(in_words(found, time.time()) if found else f"No session runs. {START_ONE}")
    if kept is not None:
        typer.echo(rounds_in_words(kept))


@app.command()
def rounds(
    what: Annotated[Round, typer.Argument(help="what to begin; skip: the break; stop: no more after the running one")],
) -> None:
    """Sessions again and again, with breaks between them. The desktop's agent keeps them, as from its tray."""
    settings = read_settings()
    asked = _asked(what)
    own_service(settings).ask_rounds(asked)
    until = time.monotonic() + REPORT_SECONDS
    while not _came(settings, asked.command):
        if time.monotonic() > until:
            why = f"it said nothing of it for {REPORT_SECONDS:.0f} s"
            raise InputError("the desktop did not do it", why=why, hint="Is its agent up? neural-focus doctor")
        time.sleep(0.2)
    status()


@app.command()
def leave(
    reason: Annotated[str, typer.Option(prompt="Why", help="yours, 3 to 200 characters; it is kept")],
) -> None:
    """The emergency exit of a jail: it lifts a minute later, and the session goes on."""
    settings = read_settings()
    left = own_service(settings).leave_jail(_running(settings).id, LeaveJailRequest(reason=reason))
    seconds = max(0, round(left.lifts_us / 1e6 - time.time()))
    lifts = f"lifts at {_clock(left.lifts_us, seconds=True)}, in {seconds} s" if seconds else "is lifted"
    typer.echo(f"The jail {lifts}; the session goes on.")


def in_words(session: SessionResponse, now: float) -> str:
    """A running session in one line."""
    kind = session.session_type.replace("_", " ").capitalize()
    if session.ends_at is None:
        return f"{kind} session since {_clock(session.start_us or parse_iso(session.start_time))}, without a timer."
    end_us, jail = parse_iso(session.ends_at), ""
    if session.jail_enabled:
        lifts_us = session.jail_leaving_us
        left = lifts_us is not None and lifts_us <= now * 1e6
        jail = ", its jail left" if left else ", in a jail" if lifts_us is None else ", its jail about to lift"
    return f"{kind} until {_clock(end_us)}, {_minutes(end_us / 1e6 - now)} left{jail}."


def rounds_in_words(kept: Rounds) -> str:
    """Rounds in one line."""
    kind = kept.type.replace("_", " ").capitalize()
    if kept.rests_until is None:
        return f"{kind} again and again with breaks, {kept.done} done."
    return (
        f"Break until {_clock(parse_iso(kept.rests_until))}, {kept.done} done; the next one starts when you are back."
    )


def _came(settings: Settings, command: str) -> bool:
    """Whether the desktop has done what it was asked for: begun means that a session runs."""
    kept = _rounds(settings)
    if command == "stop":
        return kept is None
    running = own_service(settings).get_now().session
    on = running is not None and kept is not None and running.session_type == kept.type
    return on and kept is not None and kept.rests_until is None


def _rounds(settings: Settings) -> Rounds | None:
    return own_service(settings).get_rounds().rounds


def _running(settings: Settings) -> SessionResponse:
    """The session with a timer that runs now. Raises InputError: none does."""
    found = own_service(settings).get_now().session
    if found is None or found.session_type == "natural":
        raise InputError("no session with a timer runs", hint=START_ONE)
    return found


def _asked(what: Round) -> AskRounds:
    match what:
        case Round.POMODORO:
            return AskRounds("start", "pomodoro")
        case Round.DEEP_WORK:
            return AskRounds("start", "deep_work")
        case Round.SKIP:
            return AskRounds("skip")
        case Round.STOP:
            return AskRounds("stop")


def _clock(t_us: int, *, seconds: bool = False) -> str:
    return local_clock(t_us, "%H:%M:%S" if seconds else "%H:%M")


def _minutes(seconds: float) -> str:
    return f"{round(seconds)} s" if seconds < 60 else f"{round(seconds / 60)} min"
