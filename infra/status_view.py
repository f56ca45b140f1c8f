"""The moment in a terminal: focus and risks, why, the last half hour, the session, the offer, what is done now.

Only what the service answered is shown. Where it does not answer, or nothing is captured, that stands there instead of
numbers that are no longer true.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from collector.prompt import headline, offer_note
from neural_focus.client.generated import ActionNow, Now, Recent
from neural_focus.messages import InterventionOffered, PredictionMade, Rounds, SessionResponse
from neural_focus.time import local_clock, parse_iso

BAR, MINUTES = 40, 30
BLOCKS = "▁▂▃▄▅▆▇█"
COLOURS = {"LOW": "green", "MEDIUM": "yellow", "HIGH": "red"}
KEYS = "f focused  d distracted  p looked like work    s session  e end it    b pause 15 min, capture again    q quit"
ANSWERS = "y yes  n no  l later"
_ACTIONS = {
    "BLOCK": "Site closed",
    "MINIMIZE": "App minimised",
    "KILL": "App ended",
    "SUGGEST": "Break screen",
    "PLACEBO": "Card with your time in the app",
}
"""By the first word of an action's name, after which comes its target's."""
_VOICES = {
    "recency": "mostly the time since your last switch",
    "model": "mostly the model that everybody has",
    "own": "mostly what it learned from you",
}


@dataclass(frozen=True, slots=True)
class ShownMoment:
    """What was answered at ``read_at``, in seconds since the Unix epoch: ``GET /now``, the predictions and switches of
    ``GET /recent``, the desktop's rounds; ``held``: why this machine's agent captures nothing, empty where it does."""

    read_at: float
    now: Now
    prediction: PredictionMade | None = None
    session: SessionResponse | None = None
    offer: InterventionOffered | None = None
    rounds: Rounds | None = None
    recent: Recent | None = None
    held: str = ""
    offer_since: float = 0.0
    """Since when the offer is shown here."""


def show(moment: ShownMoment | None, problem: str = "", notice: str = "", *, keys: bool = True) -> RenderableType:
    """The whole view; ``problem``: why there is no moment; ``notice``: what came of the last key."""
    parts: list[RenderableType] = []
    if moment is None:
        parts.append(Text(problem or "Asking the service …", "bold red" if problem else ""))
    else:
        parts += [_head(moment), Text(), *_prediction(moment), *_half_hour(moment), Text(), *_doing(moment)]
    if keys:
        asked = moment is not None and moment.offer is not None
        parts += [Text(), Text(notice, "bold"), Text(f"{ANSWERS}    {KEYS}" if asked else KEYS, "dim")]
    return Panel(Group(*parts), title="Neural Focus", title_align="left", border_style="dim")


def _head(moment: ShownMoment) -> Text:
    now = moment.now
    head = Text(f"{now.person.username}   {local_clock(int(moment.read_at * 1e6), '%H:%M:%S')}   ")
    if moment.held and now.collecting:
        return head.append(f"this machine captures nothing: {moment.held}; another one of yours does", "yellow")
    if moment.held:
        return head.append(f"nothing is captured: {moment.held}", "bold yellow")
    if not now.collecting:
        return head.append(f"nothing is captured. {now.how_to_start}".rstrip(), "bold yellow")
    card = now.model
    head.append("captured", "green").append(f"   {card.version}")
    voices = card.voices.get("switch")
    return head.append(f", {_VOICES[voices.leader]}" if voices else "", "dim")


def _prediction(moment: ShownMoment) -> list[RenderableType]:
    made = moment.prediction
    if made is None or not moment.now.collecting:
        return [Text("There is no prediction of this moment.", "dim")]
    table = Table.grid(padding=(0, 2))
    table.add_row("Focus", bar(made.focus_score / 100, "cyan"), f"{made.focus_score:.0f} of 100")
    colour = COLOURS[made.risk_category]
    table.add_row("Switch within 30 s", bar(made.distraction_risk, colour), f"{100 * made.distraction_risk:.0f} %")
    if made.break_risk is not None:
        table.add_row("Break within 60 s", bar(made.break_risk, "magenta"), f"{100 * made.break_risk:.0f} %")
    activity = moment.now.activity
    if activity is not None and activity.app_name:
        table.add_row("App", Text(f"{activity.app_name}  ").append(activity.category, "dim"), "")
    reasons = [Text(f"  · {reason}", "dim") for reason in made.contributing_factors]
    return [table, *reasons]


def bar(share: float, colour: str) -> Text:
    """A share, 0 to 1, of ``BAR`` places."""
    full = round(min(max(share, 0.0), 1.0) * BAR)
    return Text("█" * full, colour).append("░" * (BAR - full), "dim")


def _half_hour(moment: ShownMoment) -> list[RenderableType]:
    recent = moment.recent
    if recent is None or not recent.predictions:
        return []
    end_us = recent.to_us
    start_us = end_us - MINUTES * 60_000_000
    start, end = (local_clock(t_us, "%H:%M") for t_us in (start_us, end_us))
    scores = by_place([(one.t_us, one.focus_score) for one in recent.predictions], start_us, end_us)
    line = "".join(" " if score is None else BLOCKS[min(int(score / 100 * 8), 7)] for score in scores)
    left = by_place([(one.t_us, one.count) for one in recent.switches], start_us, end_us)
    marks = "".join(" " if count is None else "|" for count in left)
    return [
        Text(),
        Text(f"{start} ", "dim").append(line, "cyan").append(f" {end}  focus", "dim"),
        Text(" " * (len(start) + 1)).append(marks).append(" " * (len(end) + 3) + "switches", "dim"),
    ]


def by_place(points: Sequence[tuple[int, float]], start_us: int, end_us: int) -> list[float | None]:
    """The mean of what lies in each of two places a minute of (start, end]; None where nothing does."""
    count = 2 * MINUTES
    found: list[list[float]] = [[] for _ in range(count)]
    for t_us, value in points:
        if start_us < t_us <= end_us:
            found[min((t_us - start_us - 1) * count // (end_us - start_us), count - 1)].append(value)
    return [sum(values) / len(values) if values else None for values in found]


def _doing(moment: ShownMoment) -> list[RenderableType]:
    from infra.commands.session import in_words, rounds_in_words

    lines: list[RenderableType] = []
    if moment.session is not None:
        lines.append(Text(in_words(moment.session, moment.read_at)))
    if moment.rounds is not None:
        lines.append(Text(rounds_in_words(moment.rounds)))
    lines += [Text(_action(one)) for one in moment.now.actions]
    if (offer := moment.offer) is not None:
        left = parse_iso(offer.timestamp) / 1e6 + offer.timeout_seconds - time.time()
        lines.append(Text(f"{headline(offer)} {offer.reason} ({max(0, round(left))} s left)", "bold reverse"))
        lines.append(Text(offer_note(offer), "dim"))
    return lines or [Text("No session runs, and nothing is done for you now.", "dim")]


def _action(one: ActionNow) -> str:
    kind = one.action.partition("_")[0]
    what = f"{_ACTIONS.get(kind, one.action)}{': ' + one.target if one.target else ''}"
    until = f"until {local_clock(parse_iso(one.ends_at), '%H:%M')}"
    if one.state == "refused":
        return f"{what}: could not be done, {one.refused_reason}"
    if one.state == "applied":
        return f"{what}, {until}, done by {one.where}"
    return f"{what}, {until}: asked for, nobody has reported on it yet"
