"""Made by ``python -m serving.client_module`` from serving/openapi.json. Do not edit."""

from __future__ import annotations

from typing import Any, Literal
from uuid import uuid4

import msgspec

from neural_focus.batches import BatchStored
from neural_focus.client.connection import ServiceConnection
from neural_focus.help_settings import HelpSettings
from neural_focus.messages import (
    ActivityUpdate,
    AskCapture,
    AskRounds,
    AskRules,
    InterventionOffered,
    PredictionMade,
    Rounds,
    SessionResponse,
)
from neural_focus.sessions import SessionSummary


class ActionNow(msgspec.Struct, frozen=True, kw_only=True):
    """A row that is carried out now, until ``ends_at``.

    ``ordered``: nobody has reported on it yet; ``applied``: reported as done, by ``where``; ``refused``: it could
    not be done, and ``refused_reason`` tells the person why. ``jail``: a session ordered it.
    """

    intervention_id: int
    type: str
    action: str
    target: str | None
    state: str
    where: str | None
    ends_at: str
    refused_reason: str | None
    jail: bool


class ArmMoved(msgspec.Struct, frozen=True, kw_only=True):
    """Since when an arm has another probability in a context than was declared, and why."""

    context: str
    probability: float
    since: str
    why: str


class ArmNow(msgspec.Struct, frozen=True, kw_only=True):
    """An arm of an experiment. Nobody is assigned to it any more since ``stopped_at``."""

    arm: str
    probability: float
    stopped_at: str | None
    stopped_why: str
    moved: list[ArmMoved]


class CategoryStats(msgspec.Struct, frozen=True, kw_only=True):
    """Hours and mean focus score in one category of apps; the score is null where nothing was predicted."""

    hours: float
    focus_score: float | None


class ConsentsEnded(msgspec.Struct, frozen=True, kw_only=True):
    """How many consents of the person stood and were taken back."""

    ended: int


class CreateSessionRequest(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Start a session; ``duration_minutes`` overrides 25 (pomodoro) or 90 (deep work)."""

    type: Literal["pomodoro", "deep_work", "natural"]
    duration_minutes: int | None = None
    jail_enabled: bool = False


class DailyStatsResponse(msgspec.Struct, frozen=True, kw_only=True):
    """One day in the person's time zone."""

    date: str
    total_sessions: int
    completed_sessions: int
    total_hours: float
    avg_focus_score: float | None
    category_breakdown: dict[str, CategoryStats]


class DesktopsAsked(msgspec.Struct, frozen=True, kw_only=True):
    """How many connected desktops were asked. What they do they say themselves: DESKTOP_STATUS."""

    desktops: int


class DeviceCode(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """By which a machine that waits is known."""

    device_code: str


class ExperimentNow(msgspec.Struct, frozen=True, kw_only=True):
    """An experiment that the person is in, or was in until it was stopped some days ago."""

    name: str
    hypothesis: str
    since: str
    stopped_at: str | None
    stopped_why: str
    arms: list[ArmNow]


class FeedbackStored(msgspec.Struct, frozen=True, kw_only=True):
    """What is stored now. ``repeated``: the same answer was there before, nothing changed."""

    intervention_id: int
    user_response: str
    response_time_ms: int | None
    repeated: bool


class ForgetAsked(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is to be forgotten: the last ``minutes``, or from ``first_us`` to ``end_us`` (now where it is left out);
    of one ``app`` alone, by the name that the page shows, and then of all times where none is given.
    """

    minutes: int | None = None
    first_us: int | None = None
    end_us: int | None = None
    app: str | None = None


class ForgetCount(msgspec.Struct, frozen=True, kw_only=True):
    """What would go. ``open_offers``: help of then that is not over, and stays."""

    first_us: int
    end_us: int
    counts: list[StoreCount]
    open_offers: int


class ForgetState(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked to be forgotten. ``counts``: what there was of it; ``done_us``: when nothing was left in any of
    these stores, null before. ``share``: how much of the work is done; ``waits``: what for, or why it failed and
    is tried again. ``spools``: records that desktops then still had, by machine, as far as these have answered;
    ``told``: connected ones that have not.
    """

    id: int
    first_us: int
    end_us: int
    of_app: bool
    asked_us: int
    done_us: int | None
    counts: list[StoreCount]
    share: float
    waits: str
    spools: dict[str, int]
    told: int


class GroupFigures(msgspec.Struct, frozen=True, kw_only=True):
    """An experiment over all its people. ``figures``: its part of the A/B report; null where ``withheld`` says why."""

    experiment: str
    people: int
    simulated: bool
    withheld: str
    figures: dict[str, Any] | None


class HitRate(msgspec.Struct, frozen=True, kw_only=True):
    """Warned and came true over the last ``days`` days, beside how often it happens anyway (``base_rate``).

    Only warnings on which nobody acted count; ``undecided`` ones are pending or not covered by capture.
    ``reliability`` is of all untouched ``moments`` (one in ten seconds), warned or not; counted once an hour.
    """

    kind: str
    days: int
    warned: int
    came_true: int
    undecided: int
    rate: float | None
    base_rate: float | None
    moments: int = 0
    calibration_error: float | None = None
    reliability: list[ReliabilityPoint] = msgspec.field(default_factory=list)


class InterventionFeedbackRequest(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The answer to an intervention, with the time the person took as the client measured it."""

    intervention_id: int
    response: Literal["accept", "reject", "snooze"]
    response_time_ms: int


class InterventionRow(msgspec.Struct, frozen=True, kw_only=True):
    """One row of a drawn opportunity, no-op draws included. ``probability`` is that of the arm drawn.

    What was done is only what was reported: ``applied_at`` and ``applied_where``, or ``refused_reason``;
    ``undone_at`` and why. Null after ``ends_at``: nobody reported it. ``rested_at``: the person really had
    rested.
    """

    id: int
    triggered_at: str
    arm: str
    probability: float
    type: str
    action: str
    target: str | None
    predicted_risk: float
    contributing_factors: list[str]
    user_response: str | None
    response_time_ms: int | None
    focus_score_before: float | None
    focus_score_after_5min: float | None
    model_version: str | None
    opportunity_id: str | None
    ends_at: str | None
    applied_at: str | None
    applied_where: str | None
    refused_reason: str | None
    undone_at: str | None
    undone_reason: str | None
    rested_at: str | None


class JailExit(msgspec.Struct, frozen=True, kw_only=True):
    """The jail of the session is lifted at ``lifts_us``; the session goes on."""

    session_id: int
    lifts_us: int


class LabelPage(msgspec.Struct, frozen=True, kw_only=True):
    """Labels, the latest end first. ``next`` as in ``SessionPage``."""

    labels: list[StoredLabel]
    next: str | None


class LabelRequest(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a stretch was, in the person's word. Without times: the five minutes before now, as by a hotkey."""

    outcome: Literal["FOCUSED", "DISTRACTED", "PSEUDO_PRODUCTIVE"]
    from_us: int | None = None
    to_us: int | None = None


class LabelResponse(msgspec.Struct, frozen=True, kw_only=True):
    """What is stored now, and how many predictions it says the outcome of."""

    from_us: int
    to_us: int
    outcome: str
    source: str
    predictions: int


class LeaveJailRequest(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The emergency exit of a jail. ``reason``: the person's own, 3 to 200 characters."""

    reason: str


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """An address of another part of the platform."""

    name: str
    url: str
    about: str


class MachineAsks(msgspec.Struct, frozen=True, kw_only=True):
    """What a machine needs to be paired: show ``code``, ask with ``device_code`` every ``interval`` seconds."""

    device_code: str
    code: str
    expires_in: int
    interval: int


class MachineCode(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The short code on a machine's screen."""

    code: str


class MachineToken(msgspec.Struct, frozen=True, kw_only=True):
    """The machine's token from now on. It is shown here and nowhere else."""

    id: int
    token: str


class ModelCard(msgspec.Struct, frozen=True, kw_only=True):
    """The model that answers now. ``learning``: it does not know this person yet; ``day`` counts from their first."""

    version: str
    trained_on: str
    learning: bool
    day: int
    voices: dict[str, Voices]
    note: str
    health: str
    data_from: str | None
    data_to: str | None
    metrics: dict[str, float]


class ModelListed(msgspec.Struct, frozen=True, kw_only=True):
    """A stored model. ``moments``: how many it learned from, of ``trained_on`` people; AUC on held-out moments."""

    version: str
    kind: str
    trained_on: str
    moments: int
    switch_auc: float | None
    break_auc: float | None
    is_champion: bool


class NewMachine(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a machine calls itself."""

    name: str


class Now(msgspec.Struct, frozen=True, kw_only=True):
    """The moment as the page shows it. ``age_s`` is the age of the last snapshot, null without one."""

    person: Person
    collecting: bool
    how_to_start: str
    age_s: float | None
    prediction: PredictionMade | None
    activity: ActivityUpdate | None
    session: SessionResponse | None
    intervention: InterventionOffered | None
    actions: list[ActionNow]
    model: ModelCard


class PairedBrowser(msgspec.Struct, frozen=True, kw_only=True):
    """A browser whose extension blocks for the person. ``seen_at``: when it was connected last, null if it never
    was.

    ``connected``: it is now; ``allowed``: it may act on sites, as far as is known.
    """

    id: int
    browser: str
    paired_at: str
    seen_at: str | None
    connected: bool
    allowed: bool


class PairedMachine(msgspec.Struct, frozen=True, kw_only=True):
    """A machine whose token is good. ``seen_at``: its last use, a minute or so behind; ``this``: it asks now."""

    id: int
    name: str
    paired_at: str
    rotated_at: str | None
    seen_at: str | None
    connected: bool
    this: bool


class PairingCode(msgspec.Struct, frozen=True, kw_only=True):
    """A code that pairs one browser, once, until ``expires_at``."""

    code: str
    expires_at: str


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """Whoever the token or the cookie says."""

    id: int
    username: str
    zone: str
    is_demo: bool


class PredictionPoint(msgspec.Struct, frozen=True, kw_only=True):
    """One prediction of the past."""

    t_us: int
    focus_score: float
    distraction_risk: float
    break_risk: float | None
    risk_category: str
    confidence: float | None


class PredictionResponse(msgspec.Struct, frozen=True, kw_only=True):
    """The prediction for the caller's latest snapshot, which is ``age_s`` seconds old."""

    prediction: PredictionMade
    age_s: float


class Recent(msgspec.Struct, frozen=True, kw_only=True):
    """The last minutes: predictions, switches, when nobody was at the keys, and what was warned."""

    from_us: int
    to_us: int
    predictions: list[PredictionPoint]
    switches: list[Switch]
    idle: list[TimeSpan]
    warnings: list[WarningGiven]
    hit_rates: list[HitRate]


class ReliabilityPoint(msgspec.Struct, frozen=True, kw_only=True):
    """Of ``n`` moments the risk was said to be ``said`` on average, and it happened in ``came_true`` of them, 0–1."""

    said: float
    came_true: float
    n: int


class RoundsNow(msgspec.Struct, frozen=True, kw_only=True):
    """What the person's desktop last said of its rounds; null where it keeps none, or none is connected."""

    rounds: Rounds | None


class SessionEndedResponse(msgspec.Struct, frozen=True, kw_only=True):
    """How a session ended and what it came to."""

    session_id: int
    reason: str
    summary: SessionSummary


class SessionPage(msgspec.Struct, frozen=True, kw_only=True):
    """Sessions, the latest first. ``next``: give it as ``before`` for those before them; null where there are none."""

    sessions: list[SessionResponse]
    next: str | None


class SignInWays(msgspec.Struct, frozen=True, kw_only=True):
    """How a browser signs in, beside one-time links. ``provider``: null where none is set."""

    provider: TeamProvider | None


class StoreCount(msgspec.Struct, frozen=True, kw_only=True):
    """How much a store has of it: rows, files, or models."""

    store: str
    count: int


class StoredLabel(msgspec.Struct, frozen=True, kw_only=True):
    """The stretch (from_us, to_us] had ``outcome``, says ``source``."""

    id: int
    from_us: int
    to_us: int
    outcome: str
    source: str


class Switch(msgspec.Struct, frozen=True, kw_only=True):
    """The person left one app for another, within the second that ends at ``t_us``; ``count`` switches in it."""

    t_us: int
    count: int


class TeamProvider(msgspec.Struct, frozen=True, kw_only=True):
    """The team's identity provider: what it is called, and where a browser begins to sign in with it."""

    name: str
    url: str


class TimeSpan(msgspec.Struct, frozen=True, kw_only=True):
    """From ``from_us`` to ``to_us``."""

    from_us: int
    to_us: int


class UndoAsked(msgspec.Struct, frozen=True, kw_only=True):
    """The row is to end now; INTERVENTION_UNDONE will tell its end. ``repeated``: it was over, or asked for, before."""

    intervention_id: int
    repeated: bool


class Voices(msgspec.Struct, frozen=True, kw_only=True):
    """Whose word counts in a person's risk, as weights that sum to 1: the time since their last switch, the model
    that everybody has, and what is learned from them alone. ``leader`` has the most, ``since`` then; null: from
    the start.
    """

    recency: float
    model: float
    own: float
    leader: str
    since: str | None


class WaitingMachine(msgspec.Struct, frozen=True, kw_only=True):
    """A machine that shows the code: what it calls itself, and the address that it asked from."""

    name: str
    address: str
    approved: bool


class WarningGiven(msgspec.Struct, frozen=True, kw_only=True):
    """A warning and whether it came true within its horizon; null while pending or where nothing was captured."""

    t_us: int
    kind: str
    risk: float
    horizon_seconds: int
    came_true: bool | None
    lead_s: float | None
    acted_on: bool = False
    intervention_id: int | None = None
    reason: str = ""


class WeekResponse(msgspec.Struct, frozen=True, kw_only=True):
    """A week in the person's time zone, from Monday ``first_date`` on: seven days, their totals, the week before."""

    first_date: str
    days: list[DailyStatsResponse]
    totals: WeekTotals
    week_before: WeekTotals


class WeekTotals(msgspec.Struct, frozen=True, kw_only=True):
    """A week's sessions together."""

    total_sessions: int
    completed_sessions: int
    total_hours: float
    avg_focus_score: float | None


class ServiceApi(ServiceConnection):
    """What the service answers whoever the token speaks for. Raises as ``ServiceConnection``."""

    def get_actions(self) -> list[ActionNow]:
        """What is ordered for the person now: applied, refused, or not reported on yet."""
        return self._ask("GET", "/api/v1/actions", list[ActionNow])

    def get_day(self, *, date: str) -> DailyStatsResponse:
        """One day, in the person's time zone."""
        return self._ask("GET", "/api/v1/analytics/daily", DailyStatsResponse, query={"date": date})

    def get_week(self, *, date: str) -> WeekResponse:
        """The week from Monday to Sunday that the day is in, day by day, beside the totals of the week before."""
        return self._ask("GET", "/api/v1/analytics/weekly", WeekResponse, query={"date": date})

    def get_browsers(self) -> list[PairedBrowser]:
        """The person's paired browsers."""
        return self._ask("GET", "/api/v1/browsers", list[PairedBrowser])

    def make_pairing_code(self) -> PairingCode:
        """A code that pairs one browser's extension, once, within ten minutes."""
        return self._ask("POST", "/api/v1/browsers/pairing", PairingCode)

    def revoke_browser(self, browser_id: int) -> None:
        """End a pairing: what the browser blocks is lifted, and its token is worth nothing."""
        self._ask_for("DELETE", f"/api/v1/browsers/{browser_id}", object)

    def ask_capture(self, body: AskCapture) -> DesktopsAsked:
        """Ask the person's desktops for a pause, or for its end; their status says what came of it."""
        return self._ask("POST", "/api/v1/capture", DesktopsAsked, body=body)

    def revoke_consent(self) -> ConsentsEnded:
        """Take back what the person agreed to, on all their machines. Desktops stop by themselves, at their next
        start.
        """
        return self._ask("DELETE", "/api/v1/consent", ConsentsEnded)

    def get_experiments(self) -> list[ExperimentNow]:
        """The experiments that the person is in: the arms, what a guardrail stopped, what moved, since when and why."""
        return self._ask("GET", "/api/v1/experiments", list[ExperimentNow])

    def get_forget(self) -> list[ForgetState]:
        """What the person has had forgotten, newest first."""
        return self._ask("GET", "/api/v1/forget", list[ForgetState])

    def forget(self, body: ForgetAsked, *, key: str | None = None) -> ForgetState:
        """Have a time or an app forgotten, in every store here and on the person's desktops. GET says how far it is.

        ``key``: of a request that may have been sent before; a new one by default.
        """
        return self._ask(
            "POST", "/api/v1/forget", ForgetState, body=body, headers={"Idempotency-Key": key or str(uuid4())}
        )

    def count_forget(self, body: ForgetAsked) -> ForgetCount:
        """How much there is in each store of a time or an app; nothing is changed."""
        return self._ask("POST", "/api/v1/forget/count", ForgetCount, body=body)

    def get_group_figures(self) -> list[GroupFigures]:
        """The newest A/B report's experiments, each pooled over its people; withheld where there are fewer than ten."""
        return self._ask("GET", "/api/v1/groups/experiments", list[GroupFigures])

    def ingest(self, body: bytes) -> BatchStored:
        """Store a batch of a desktop's records. The same one again adds nothing; 409 says which record is expected
        next.
        """
        return self._ask("POST", "/api/v1/ingest", BatchStored, body=body, headers={"Content-Encoding": "zstd"})

    def get_interventions(self, *, minutes: int = 1440) -> list[InterventionRow]:
        """What the trial drew in the last minutes, no-op draws included, newest first."""
        return self._ask("GET", "/api/v1/interventions", list[InterventionRow], query={"minutes": minutes})

    def answer_intervention(self, body: InterventionFeedbackRequest) -> FeedbackStored:
        """Answer an offer. The same answer again changes nothing."""
        return self._ask("POST", "/api/v1/interventions/feedback", FeedbackStored, body=body)

    def undo_intervention(self, intervention_id: int) -> UndoAsked:
        """End what is done for one row now; 409 in a jail, whose emergency exit takes a minute."""
        return self._ask("POST", f"/api/v1/interventions/{intervention_id}/undo", UndoAsked)

    def get_labels(self, *, limit: int = 50, before: str | None = None) -> LabelPage:
        """What was said of stretches by the person, by timers and by rules, the latest end first."""
        return self._ask("GET", "/api/v1/labels", LabelPage, query={"limit": limit, "before": before})

    def add_label(self, body: LabelRequest, *, key: str | None = None) -> LabelResponse:
        """Say what a stretch was, or, without times, what the last five minutes were.

        ``key``: of a request that may have been sent before; a new one by default.
        """
        return self._ask(
            "POST", "/api/v1/labels", LabelResponse, body=body, headers={"Idempotency-Key": key or str(uuid4())}
        )

    def get_links(self) -> list[Link]:
        """Addresses of the other parts, by the name that the caller used."""
        return self._ask("GET", "/api/v1/links", list[Link])

    def get_machines(self) -> list[PairedMachine]:
        """The person's machines. The service's own is not among them: it has the installation's token."""
        return self._ask("GET", "/api/v1/machines", list[PairedMachine])

    def approve_machine(self, body: MachineCode) -> WaitingMachine:
        """The machine that shows this code speaks for you from its next request on, within five seconds."""
        return self._ask("POST", "/api/v1/machines/approve", WaitingMachine, body=body)

    def get_waiting(self, body: MachineCode) -> WaitingMachine:
        """Which machine shows this code: look whether it is yours before you approve it."""
        return self._ask("POST", "/api/v1/machines/waiting", WaitingMachine, body=body)

    def revoke_machine(self, machine_id: int) -> None:
        """End a machine's token, and its connections, at once."""
        self._ask_for("DELETE", f"/api/v1/machines/{machine_id}", object)

    def rotate_machine(self, machine_id: int) -> MachineToken:
        """Another token for a machine; its present one ends at once, and its connections."""
        return self._ask("POST", f"/api/v1/machines/{machine_id}/rotate", MachineToken)

    def get_me(self) -> Person:
        """Whoever the token says."""
        return self._ask("GET", "/api/v1/me", Person)

    def get_model(self) -> ModelCard:
        """The model that answers now."""
        return self._ask("GET", "/api/v1/model", ModelCard)

    def get_models(self) -> list[ModelListed]:
        """The stored models, the oldest first, and which of them is the champion."""
        return self._ask("GET", "/api/v1/models", list[ModelListed])

    def get_now(self) -> Now:
        """The moment: last prediction, what is on, the running session, the open offer, the model."""
        return self._ask("GET", "/api/v1/now", Now)

    def predict(self) -> PredictionResponse:
        """The prediction for the caller's latest snapshot; 409 when none is younger than 60 s."""
        return self._ask("POST", "/api/v1/predict", PredictionResponse)

    def ask_rules(self, body: AskRules) -> DesktopsAsked:
        """Ask the desktop that has the edited rules for other ones; its status says what came of it."""
        return self._ask("PUT", "/api/v1/privacy", DesktopsAsked, body=body)

    def get_recent(self, *, minutes: int = 30) -> Recent:
        """The last minutes: predictions, switches, what was warned and whether it came true."""
        return self._ask("GET", "/api/v1/recent", Recent, query={"minutes": minutes})

    def get_rounds(self) -> RoundsNow:
        """The rounds of sessions that the person's desktop keeps."""
        return self._ask("GET", "/api/v1/rounds", RoundsNow)

    def ask_rounds(self, body: AskRounds) -> RoundsNow:
        """Ask the desktop for rounds with breaks, for a break's end, or for no more; its status says what came of
        it.
        """
        return self._ask("POST", "/api/v1/rounds", RoundsNow, body=body)

    def get_sessions(self, *, limit: int = 50, before: str | None = None) -> SessionPage:
        """The person's sessions, the latest first."""
        return self._ask("GET", "/api/v1/sessions", SessionPage, query={"limit": limit, "before": before})

    def create_session(self, body: CreateSessionRequest, *, key: str | None = None) -> SessionResponse:
        """Start a session now; with a jail the person's lists hold for its length.

        ``key``: of a request that may have been sent before; a new one by default.
        """
        return self._ask(
            "POST", "/api/v1/sessions", SessionResponse, body=body, headers={"Idempotency-Key": key or str(uuid4())}
        )

    def get_session(self, session_id: int) -> SessionResponse:
        """One session of the person."""
        return self._ask("GET", f"/api/v1/sessions/{session_id}", SessionResponse)

    def end_session(self, session_id: int) -> SessionEndedResponse:
        """End a session now; 409 while its jail holds."""
        return self._ask("POST", f"/api/v1/sessions/{session_id}/end", SessionEndedResponse)

    def leave_jail(self, session_id: int, body: LeaveJailRequest) -> JailExit:
        """The emergency exit: the jail lifts a minute later, the session goes on."""
        return self._ask("POST", f"/api/v1/sessions/{session_id}/leave-jail", JailExit, body=body)

    def get_help(self) -> HelpSettings:
        """What the person allows help to do."""
        return self._ask("GET", "/api/v1/settings/help", HelpSettings)

    def put_help(self, body: HelpSettings) -> HelpSettings:
        """Store what the person allows help to do; 422 names what no list may have. What runs is not changed by it."""
        return self._ask("PUT", "/api/v1/settings/help", HelpSettings, body=body)

    def get_signin(self) -> SignInWays:
        """Whether one can sign in with the team's identity provider; anybody may ask."""
        return self._ask("GET", "/api/v1/signin", SignInWays)

    def sign_out(self) -> None:
        """Have this browser forget its cookie. A token goes on as it was, and so does the browser at the provider."""
        self._ask_for("POST", "/api/v1/signout", object)

    def ask_to_pair(self, body: NewMachine) -> MachineAsks:
        """A machine wants to be paired; nobody speaks for it before a person has approved its code."""
        return self._ask("POST", "/machine/pair", MachineAsks, body=body)

    def take_token(self, body: DeviceCode) -> MachineToken | None:
        """The machine's token, once, after a person has approved it. 202 until then."""
        return self._ask_for("POST", "/machine/token", MachineToken, body=body)
