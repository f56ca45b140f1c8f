"""What the REST endpoints take and give. Names are those of the original API; the page's types are made from them.

Times: ``*_us`` are µs since the Unix epoch, the others ISO 8601 in UTC. Scores 0–100, probabilities and rates 0–1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from neural_focus.messages import (
    ActivityUpdate,
    InterventionOffered,
    InterventionType,
    PredictionMade,
    Response,
    Rounds,
    SessionResponse,
    StoredResponse,
)
from neural_focus.prediction import TrainedOn
from neural_focus.sessions import EndReason, SessionSummary, SessionType
from neural_focus.validation import NOTHING_ELSE

OutcomeName = Literal["FOCUSED", "DISTRACTED", "PSEUDO_PRODUCTIVE"]


@dataclass(frozen=True, slots=True)
class CreateSessionRequest:
    """Start a session; ``duration_minutes`` overrides 25 (pomodoro) or 90 (deep work)."""

    __pydantic_config__ = NOTHING_ELSE
    type: SessionType
    duration_minutes: int | None = None
    jail_enabled: bool = False


@dataclass(frozen=True, slots=True)
class ConsentsEnded:
    """How many consents of the person stood and were taken back."""

    ended: int


@dataclass(frozen=True, slots=True)
class ForgetAsked:
    """What is to be forgotten: the last ``minutes``, or from ``first_us`` to ``end_us`` (now where it is left out); of
    one ``app`` alone, by the name that the page shows, and then of all times where none is given."""

    __pydantic_config__ = NOTHING_ELSE
    minutes: int | None = None
    first_us: int | None = None
    end_us: int | None = None
    app: str | None = None


@dataclass(frozen=True, slots=True)
class StoreCount:
    """How much a store has of it: rows, files, or models."""

    store: str
    count: int


@dataclass(frozen=True, slots=True)
class ForgetCount:
    """What would go. ``open_offers``: help of then that is not over, and stays."""

    first_us: int
    end_us: int
    counts: tuple[StoreCount, ...]
    open_offers: int


@dataclass(frozen=True, slots=True)
class ForgetState:
    """What was asked to be forgotten. ``counts``: what there was of it; ``done_us``: when nothing was left in any of
    these stores, null before. ``share``: how much of the work is done; ``waits``: what for, or why it failed and is
    tried again. ``spools``: records that desktops then still had, by machine, as far as these have answered; ``told``:
    connected ones that have not."""

    id: int
    first_us: int
    end_us: int
    of_app: bool
    asked_us: int
    done_us: int | None
    counts: tuple[StoreCount, ...]
    share: float
    waits: str
    spools: dict[str, int]
    told: int


@dataclass(frozen=True, slots=True)
class DesktopsAsked:
    """How many connected desktops were asked. What they do they say themselves: DESKTOP_STATUS."""

    desktops: int


@dataclass(frozen=True, slots=True)
class RoundsNow:
    """What the person's desktop last said of its rounds; null where it keeps none, or none is connected."""

    rounds: Rounds | None


@dataclass(frozen=True, slots=True)
class SessionEndedResponse:
    """How a session ended and what it came to."""

    session_id: int
    reason: EndReason
    summary: SessionSummary


@dataclass(frozen=True, slots=True)
class ArmMoved:
    """Since when an arm has another probability in a context than was declared, and why."""

    context: str
    probability: float
    since: str
    why: str


@dataclass(frozen=True, slots=True)
class ArmNow:
    """An arm of an experiment. Nobody is assigned to it any more since ``stopped_at``."""

    arm: str
    probability: float
    stopped_at: str | None
    stopped_why: str
    moved: tuple[ArmMoved, ...]


@dataclass(frozen=True, slots=True)
class ExperimentNow:
    """An experiment that the person is in, or was in until it was stopped some days ago."""

    name: str
    hypothesis: str
    since: str
    stopped_at: str | None
    stopped_why: str
    arms: tuple[ArmNow, ...]


@dataclass(frozen=True, slots=True)
class CategoryStats:
    """Hours and mean focus score in one category of apps; the score is null where nothing was predicted."""

    hours: float
    focus_score: float | None


@dataclass(frozen=True, slots=True)
class DailyStatsResponse:
    """One day in the person's time zone."""

    date: str
    total_sessions: int
    completed_sessions: int
    total_hours: float
    avg_focus_score: float | None
    category_breakdown: dict[str, CategoryStats]


@dataclass(frozen=True, slots=True)
class WeekTotals:
    """A week's sessions together."""

    total_sessions: int
    completed_sessions: int
    total_hours: float
    avg_focus_score: float | None


@dataclass(frozen=True, slots=True)
class WeekResponse:
    """A week in the person's time zone, from Monday ``first_date`` on: seven days, their totals, the week before."""

    first_date: str
    days: tuple[DailyStatsResponse, ...]
    totals: WeekTotals
    week_before: WeekTotals


@dataclass(frozen=True, slots=True)
class SessionPage:
    """Sessions, the latest first. ``next``: give it as ``before`` for those before them; null where there are none."""

    sessions: tuple[SessionResponse, ...]
    next: str | None


@dataclass(frozen=True, slots=True)
class StoredLabel:
    """The stretch (from_us, to_us] had ``outcome``, says ``source``."""

    id: int
    from_us: int
    to_us: int
    outcome: OutcomeName
    source: Literal["HOTKEY", "RETROSPECTIVE", "TIMER", "WEAK"]


@dataclass(frozen=True, slots=True)
class LabelPage:
    """Labels, the latest end first. ``next`` as in ``SessionPage``."""

    labels: tuple[StoredLabel, ...]
    next: str | None


@dataclass(frozen=True, slots=True)
class ModelListed:
    """A stored model. ``moments``: how many it learned from, of ``trained_on`` people; AUC on held-out moments."""

    version: str
    kind: str
    trained_on: str
    moments: int
    switch_auc: float | None
    break_auc: float | None
    is_champion: bool


@dataclass(frozen=True, slots=True)
class InterventionFeedbackRequest:
    """The answer to an intervention, with the time the person took as the client measured it."""

    __pydantic_config__ = NOTHING_ELSE
    intervention_id: int
    response: Response
    response_time_ms: int


@dataclass(frozen=True, slots=True)
class FeedbackStored:
    """What is stored now. ``repeated``: the same answer was there before, nothing changed."""

    intervention_id: int
    user_response: StoredResponse
    response_time_ms: int | None
    repeated: bool


@dataclass(frozen=True, slots=True)
class ActionNow:
    """A row that is carried out now, until ``ends_at``.

    ``ordered``: nobody has reported on it yet; ``applied``: reported as done, by ``where``; ``refused``: it could not
    be done, and ``refused_reason`` tells the person why. ``jail``: a session ordered it.
    """

    intervention_id: int
    type: InterventionType
    action: str
    target: str | None
    state: Literal["ordered", "applied", "refused"]
    where: str | None
    ends_at: str
    refused_reason: str | None
    jail: bool


@dataclass(frozen=True, slots=True)
class UndoAsked:
    """The row is to end now; INTERVENTION_UNDONE will tell its end. ``repeated``: it was over, or asked for, before."""

    intervention_id: int
    repeated: bool


@dataclass(frozen=True, slots=True)
class LeaveJailRequest:
    """The emergency exit of a jail. ``reason``: the person's own, 3 to 200 characters."""

    __pydantic_config__ = NOTHING_ELSE
    reason: str


@dataclass(frozen=True, slots=True)
class JailExit:
    """The jail of the session is lifted at ``lifts_us``; the session goes on."""

    session_id: int
    lifts_us: int


@dataclass(frozen=True, slots=True)
class PredictionResponse:
    """The prediction for the caller's latest snapshot, which is ``age_s`` seconds old."""

    prediction: PredictionMade
    age_s: float


@dataclass(frozen=True, slots=True)
class Person:
    """Whoever the token or the cookie says."""

    id: int
    username: str
    zone: str
    is_demo: bool


@dataclass(frozen=True, slots=True)
class Voices:
    """Whose word counts in a person's risk, as weights that sum to 1: the time since their last switch, the model that
    everybody has, and what is learned from them alone. ``leader`` has the most, ``since`` then; null: from the start.
    """

    recency: float
    model: float
    own: float
    leader: Literal["recency", "model", "own"]
    since: str | None


@dataclass(frozen=True, slots=True)
class ModelCard:
    """The model that answers now. ``learning``: it does not know this person yet; ``day`` counts from their first."""

    version: str
    trained_on: TrainedOn
    learning: bool
    day: int
    voices: dict[str, Voices]
    """By target, "switch" and "break"."""
    note: str
    health: str
    """What the last look for drift found; empty before the first."""
    data_from: str | None
    data_to: str | None
    metrics: dict[str, float]


@dataclass(frozen=True, slots=True)
class Now:
    """The moment as the page shows it. ``age_s`` is the age of the last snapshot, null without one."""

    person: Person
    collecting: bool
    how_to_start: str
    age_s: float | None
    prediction: PredictionMade | None
    activity: ActivityUpdate | None
    session: SessionResponse | None
    intervention: InterventionOffered | None
    actions: tuple[ActionNow, ...]
    model: ModelCard


@dataclass(frozen=True, slots=True)
class LabelRequest:
    """What a stretch was, in the person's word. Without times: the five minutes before now, as by a hotkey."""

    __pydantic_config__ = NOTHING_ELSE
    outcome: OutcomeName
    from_us: int | None = None
    to_us: int | None = None


@dataclass(frozen=True, slots=True)
class LabelResponse:
    """What is stored now, and how many predictions it says the outcome of."""

    from_us: int
    to_us: int
    outcome: OutcomeName
    source: Literal["HOTKEY", "RETROSPECTIVE"]
    predictions: int


@dataclass(frozen=True, slots=True)
class Link:
    """An address of another part of the platform."""

    name: str
    url: str
    about: str


@dataclass(frozen=True, slots=True)
class PairingCode:
    """A code that pairs one browser, once, until ``expires_at``."""

    code: str
    expires_at: str


@dataclass(frozen=True, slots=True)
class PairedBrowser:
    """A browser whose extension blocks for the person. ``seen_at``: when it was connected last, null if it never was.

    ``connected``: it is now; ``allowed``: it may act on sites, as far as is known.
    """

    id: int
    browser: str
    paired_at: str
    seen_at: str | None
    connected: bool
    allowed: bool
