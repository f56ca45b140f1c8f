"""``neural-focus status``: the moment in a terminal, with keys for what a person does all day."""

from __future__ import annotations

import os
import select
import sys
import termios
import time
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, Literal

import msgspec
import typer
from rich.console import Console
from rich.live import Live

from collector.desktop import desktop_of
from collector.pause import Clocks, Pause, write_pause
from infra.agent_file import live_agent
from infra.commands.pause import noted_pause
from infra.own_server import own_service
from infra.restore_mark import refuse_half_restored
from infra.status_view import MINUTES, ShownMoment, show
from neural_focus.client.generated import CreateSessionRequest, InterventionFeedbackRequest, LabelRequest
from neural_focus.errors import InputError, NeuralFocusError
from neural_focus.settings import Settings, read_settings
from neural_focus.time import local_clock

EVERY_SECONDS = 1.0
RECENT_SECONDS = 10.0
"""The last half hour changes slowly, and takes the service longer."""
NOTICE_SECONDS = 8.0
PAUSE_SECONDS = 15 * 60
Outcome = Literal["FOCUSED", "DISTRACTED", "PSEUDO_PRODUCTIVE"]
Response = Literal["accept", "reject", "snooze"]
app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def status(
    once: Annotated[bool, typer.Option("--once", help="print it once and end")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="print what the service says of now, for programs")] = False,
) -> None:
    """Show the moment and keep it up to date. Keys label the last minutes, start and end a session, answer an offer."""
    settings, console = read_settings(), Console()
    if as_json:
        print(msgspec.json.format(msgspec.json.encode(own_service(settings).get_now()), indent=1).decode())
    elif once or not (console.is_terminal and sys.stdin.isatty()):
        console.print(show(read_moment(settings), keys=False))
    else:
        with _single_keys() as key, Live(console=console, screen=True, auto_refresh=False) as live:
            _watch(settings, live, key)


def read_moment(settings: Settings, before: ShownMoment | None = None) -> ShownMoment:
    """What the service says now, with the last half hour of ``before`` while that is new enough.

    Raises:
        ServiceError: it does not answer.
        InputError: it refuses.
    """
    service = own_service(settings)
    now, read_at = service.get_now(), time.time()
    if before is not None and before.recent and read_at - before.recent.to_us / 1e6 < RECENT_SECONDS:
        recent = before.recent
    else:
        recent = service.get_recent(minutes=MINUTES)
    offer = now.intervention
    known = before is not None and before.offer is not None and offer is not None and before.offer.id == offer.id
    kept, agent = service.get_rounds().rounds, live_agent(settings)
    held = agent.get("held") if agent else None
    return ShownMoment(
        read_at,
        now,
        now.prediction,
        now.session,
        offer,
        kept,
        recent,
        held["words"] if held else "",
        before.offer_since if known and before is not None else read_at,
    )


def _watch(settings: Settings, live: Live, key: Callable[[float], str]) -> None:
    moment, problem, notice, noticed, due = None, "", "", 0.0, 0.0
    while True:
        if time.monotonic() >= due:
            due = time.monotonic() + EVERY_SECONDS
            try:
                moment, problem = read_moment(settings, moment), ""
            except NeuralFocusError as error:
                moment, problem = None, f"{error} It is asked again each second."
        if time.monotonic() - noticed > NOTICE_SECONDS:
            notice = ""
        live.update(show(moment, problem, notice), refresh=True)
        pressed = key(max(0.05, due - time.monotonic()))
        if pressed in ("q", "\x03", "\x04"):
            return
        if pressed:
            try:
                notice = press(settings, pressed, moment)
            except NeuralFocusError as error:
                notice = str(error)
            noticed, due = time.monotonic(), 0.0


def press(settings: Settings, key: str, moment: ShownMoment | None) -> str:
    """Does what a key stands for; in words what came of it, empty for a key that stands for nothing.

    Raises:
        ServiceError: the service does not answer.
        InputError: it refuses, or there is nothing that the key could be meant for.
    """
    if key in _OUTCOMES:
        outcome = _OUTCOMES[key]
        count = own_service(settings).add_label(LabelRequest(outcome=outcome)).predictions
        word = outcome.lower().replace("_", " ")
        return f"The last five minutes: {word}. {count} prediction{'s' * (count != 1)} got this label."
    if key in _ANSWERS:
        return _answer(settings, _ANSWERS[key], moment)
    if key == "s":
        own_service(settings).create_session(CreateSessionRequest(type="pomodoro"))
        return "A session began."
    if key == "e":
        if moment is None or moment.session is None:
            raise InputError("no session runs", hint="s starts one")
        own_service(settings).end_session(moment.session.id)
        return "The session ended."
    return _pause(settings) if key == "b" else ""


_OUTCOMES: dict[str, Outcome] = {"f": "FOCUSED", "d": "DISTRACTED", "p": "PSEUDO_PRODUCTIVE"}
_ANSWERS: dict[str, Response] = {"y": "accept", "n": "reject", "l": "snooze"}


def _answer(settings: Settings, response: Response, moment: ShownMoment | None) -> str:
    if moment is None or moment.offer is None:
        raise InputError("nothing is offered now")
    took_ms = max(0, round((time.time() - moment.offer_since) * 1000))
    asked = InterventionFeedbackRequest(intervention_id=moment.offer.id, response=response, response_time_ms=took_ms)
    stored = own_service(settings).answer_intervention(asked)
    return f"Your answer is stored: {stored.user_response.lower()}."


def _pause(settings: Settings) -> str:
    """Of this machine's agent, as ``neural-focus pause`` notes it; the view shows when the agent took it up."""
    refuse_half_restored(settings.home)
    lasts = noted_pause(settings) is not None
    asked = None if lasts else Pause.lasting(PAUSE_SECONDS, Clocks.read())
    write_pause(desktop_of(settings).pause, asked)
    if asked is None:
        return "The pause is over as soon as the agent has seen it."
    return f"A pause until {local_clock(asked.until_us, '%H:%M')} is noted; the agent takes it up within seconds."


@contextmanager
def _single_keys() -> Iterator[Callable[[float], str]]:
    """Gives a function that waits so many seconds for a key; the terminal is as before afterwards."""
    file = sys.stdin.fileno()
    before, waiting = termios.tcgetattr(file), list[str]()

    def key(seconds: float) -> str:
        """The next one that was pressed; "" for none, "q" where the terminal is gone."""
        if not waiting and select.select([file], [], [], seconds)[0]:
            pressed = os.read(file, 64).decode(errors="replace") or "q"
            waiting.extend("" if pressed.startswith("\x1b") else pressed)  # an arrow is several bytes, and nothing here
        return waiting.pop(0) if waiting else ""

    try:
        tty.setcbreak(file)
        yield key
    finally:
        termios.tcsetattr(file, termios.TCSADRAIN, before)
