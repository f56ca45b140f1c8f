"""The WebSocket messages: ``{"type": ..., "data": {...}}``, JSON names as clients know them.

One dataclass a message; ``encode`` and ``decode_*`` are the only way in and out, for the service, the desktop and
(through ``message_schema``) the page's TypeScript types. Timestamps are ISO 8601 in UTC; ``*_us`` fields are µs since
the Unix epoch and exact. Fields with a default may be left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal, get_args

import msgspec

from neural_focus.errors import InputError, UnknownMessageError
from neural_focus.events import MAX_TIMESTAMP_US, MIN_TIMESTAMP_US, EventType
from neural_focus.features import FEATURE_NAMES, SEQUENCE_LENGTH
from neural_focus.prediction import Prediction, TrainedOn
from neural_focus.sessions import EndReason, SessionSummary, SessionType
from neural_focus.time import iso
from neural_focus.validation import NOTHING_ELSE, validate

MAX_MESSAGE_BYTES = 64 * 1024
MOST_RULES = 12_000
"""Characters of a file of rules that fits into a message."""
MOST_FLOAT32 = float.fromhex("0x1.fffffep127")
RiskName = Literal["LOW", "MEDIUM", "HIGH"]
Response = Literal["accept", "reject", "snooze"]
StoredResponse = Literal["ACCEPTED", "REJECTED", "SNOOZED", "TIMEOUT"]
STORED_RESPONSE: dict[str, StoredResponse] = {"accept": "ACCEPTED", "reject": "REJECTED", "snooze": "SNOOZED"}
InterventionType = Literal["NO_OP", "SUGGEST_BREAK", "PREDICTIVE_BLOCK", "MANUAL_JAIL"]
UndoneReason = Literal["ended", "undone", "needed", "emergency", "quit", "restarted", "service_gone", "clock", "failed"]
"""Why an action ended: its time was up; the person undid it; needed one blocked site; left a jail; the agent or the
browser stopped; a start found it left over; nothing was heard of the service; a clock was set back; it broke."""
Unavailable = Literal["", "locked", "do_not_disturb", "full_screen", "call", "screen_sharing", "presentation"]
"""Why nobody could see an offer now; empty: they could."""
TimeUs = Annotated[int, msgspec.Meta(ge=MIN_TIMESTAMP_US, le=MAX_TIMESTAMP_US)]
"""µs since 1970 in UTC, of the years 2000 to 2100."""
Kind = Annotated[int, msgspec.Meta(ge=0, le=max(EventType).value)]


# ---------------------------------------------------------------------------- desktop or page → service


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One second of a stream: all features by name at ``t_us``, and what the page may show of it.

    ``input_us``: when the newest input of the computer came, null if the desktop does not know of any.
    ``unavailable``: why an offer could not be seen at this moment. ``inputs``: what else a model reads, in the form of
    ``SnapshotInputs``; a snapshot without them is refused.
    """

    TYPE: ClassVar[str] = "SNAPSHOT"
    t_us: TimeUs
    features: dict[str, float]
    sequence: Annotated[tuple[Kind, ...], msgspec.Meta(min_length=SEQUENCE_LENGTH, max_length=SEQUENCE_LENGTH)]
    app_name: str = ""
    category: str = ""
    window_title: str = ""
    input_us: TimeUs | None = None
    unavailable: Unavailable = ""
    inputs: str = ""

    def __post_init__(self) -> None:
        if missing := [name for name in FEATURE_NAMES if name not in self.features]:
            raise InputError("features lacks a name", why=missing[0], hint="Send every feature of this version")
        if len(self.features) != len(FEATURE_NAMES):
            extra = sorted(set(self.features) - set(FEATURE_NAMES))
            raise InputError(
                "features has an unknown name", why=repr(extra[0]), hint="Update the desktop or the service"
            )
        if max(map(abs, self.features.values())) > MOST_FLOAT32:
            name = max(self.features, key=lambda one: abs(self.features[one]))
            raise InputError(f"features.{name} is {self.features[name]}", hint="It should fit into a float32")


@dataclass(frozen=True, slots=True)
class InterventionFeedback:
    """The person's answer. ``answered_us``: when the desktop took it, so that a replay knows the same break."""

    TYPE: ClassVar[str] = "INTERVENTION_FEEDBACK"
    intervention_id: int
    response: Response
    answered_us: TimeUs | None = None


@dataclass(frozen=True, slots=True)
class StartSession:
    """Start a session now, or report a natural one; ``start_us`` is the microsecond that the engine used."""

    TYPE: ClassVar[str] = "START_SESSION"
    type: SessionType
    duration_minutes: int | None = None
    jail_enabled: bool = False
    start_us: TimeUs | None = None


@dataclass(frozen=True, slots=True)
class EndSession:
    """End a session now, or report that a natural one ended at ``end_us``."""

    TYPE: ClassVar[str] = "END_SESSION"
    session_id: int
    end_us: TimeUs | None = None


@dataclass(frozen=True, slots=True)
class SessionApplied:
    """The desktop's engine is in a timed session, since which microsecond: said when it takes it, and when it connects.

    Where that session has ended, its end is the answer.
    """

    TYPE: ClassVar[str] = "SESSION_APPLIED"
    session_id: int
    start_us: TimeUs


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that is missing or was lost: what, and how much of it, why, and what would help."""

    what: str
    why: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class LeaveJail:
    """The emergency exit of a jail: it lifts a minute later. ``reason`` is the person's, 3 to 200 characters."""

    TYPE: ClassVar[str] = "LEAVE_JAIL"
    session_id: int
    reason: str


@dataclass(frozen=True, slots=True)
class UndoIntervention:
    """The person wants an action ended before its time; not for what a jail does."""

    TYPE: ClassVar[str] = "UNDO_INTERVENTION"
    intervention_id: int


@dataclass(frozen=True, slots=True)
class BrowserHello:
    """An extension says who it is. ``allowed``: it may redirect and cover pages (host permission)."""

    TYPE: ClassVar[str] = "BROWSER_HELLO"
    browser: str
    version: str
    allowed: bool


# ---------------------------------------------------------------------------- what was done, told on by the service


@dataclass(frozen=True, slots=True)
class InterventionApplied:
    """The desktop or the browser did what row ``intervention_id`` asks, or could not.

    ``where``: what did it ("screen", "x11", "sway", "process", "chromium 156"); ``until_us``: when it ends by itself.
    ``refused_reason``: a sentence for the person why nothing was done; empty where it was.
    """

    TYPE: ClassVar[str] = "INTERVENTION_APPLIED"
    intervention_id: int
    t_us: TimeUs
    where: str
    until_us: TimeUs | None = None
    refused_reason: str = ""


@dataclass(frozen=True, slots=True)
class InterventionUndone:
    """What was applied is gone again, and why.

    ``rested_us``: for a break, when it ended after the person really had rested; null where they had not.
    """

    TYPE: ClassVar[str] = "INTERVENTION_UNDONE"
    intervention_id: int
    t_us: TimeUs
    reason: UndoneReason
    rested_us: TimeUs | None = None


@dataclass(frozen=True, slots=True)
class SiteInFront:
    """The registrable domain of the tab in front, null where there is none to tell (another program, a private window).

    From an extension whose person agreed to it, through the service, to the desktop. It is stored nowhere.
    """

    TYPE: ClassVar[str] = "SITE_IN_FRONT"
    site: str | None
    t_us: TimeUs
    browser: str = ""


@dataclass(frozen=True, slots=True)
class RecordsForgotten:
    """The desktop's spool has nothing left of request ``id``, and had so many records; its engine began anew."""

    TYPE: ClassVar[str] = "RECORDS_FORGOTTEN"
    id: int
    records: Annotated[int, msgspec.Meta(ge=0)]


@dataclass(frozen=True, slots=True)
class Ability:
    """Whether this desktop can do one kind of action, and how to make it able."""

    action: Literal["SUGGEST_BREAK", "MINIMIZE", "KILL", "PLACEBO"]
    able: bool
    why: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Rounds:
    """Sessions one after the other with breaks between them, which the desktop's agent keeps: ``done`` so far.

    ``rests_until``: in a break, its end; null while a session runs or is about to start.
    """

    type: Literal["pomodoro", "deep_work"]
    done: int
    rests_until: str | None


@dataclass(frozen=True, slots=True)
class PrivacyFile:
    """A desktop's privacy.toml as it is there, null where it is too long for a message; ``refused``: why the last text
    that a page sent was not taken."""

    text: Annotated[str, msgspec.Meta(max_length=MOST_RULES)] | None
    refused: str = ""


@dataclass(frozen=True, slots=True)
class DesktopStatus:
    """What a desktop does: it tells the service, which tells pages. ``gone``: the service's word for not connected.

    ``held``: why nothing is captured: the person paused it, it is outside their hours, or a file cannot be used;
    ``missing``: what its capture cannot see; ``lost``: what went since its agent started; ``abilities``: what it can
    do; ``rounds``: of sessions that it keeps, null for none.
    """

    TYPE: ClassVar[str] = "DESKTOP_STATUS"
    state: Literal["capturing", "paused", "gone"]
    source: str
    paused_until: str | None = None
    missing: tuple[Notice, ...] = ()
    lost: tuple[Notice, ...] = ()
    abilities: tuple[Ability, ...] = ()
    rounds: Rounds | None = None
    held: Literal["", "pause", "hours", "file"] = ""
    privacy: PrivacyFile | None = None


# ---------------------------------------------------------------------------- service → desktop and page


@dataclass(frozen=True, slots=True)
class ActivityUpdate:
    """What the person is on right now. ``window_title`` is empty while titles are off."""

    TYPE: ClassVar[str] = "ACTIVITY_UPDATE"
    timestamp: str
    app_name: str
    window_title: str
    category: str
    is_pseudo_productive: bool

    @classmethod
    def of(cls, snapshot: Snapshot) -> ActivityUpdate:
        """What pages are told of a snapshot."""
        return cls(
            iso(snapshot.t_us),
            snapshot.app_name,
            snapshot.window_title,
            snapshot.category,
            bool(snapshot.features["is_pseudo_productive"]),
        )


@dataclass(frozen=True, slots=True)
class PredictionMade:
    """The prediction for the snapshot at ``t_us``. Scores 0–100, probabilities 0–1, momentum in points.

    ``focus_momentum`` is the value as of this snapshot; ``break_risk`` is null while focus is not settled.
    """

    TYPE: ClassVar[str] = "PREDICTION"
    timestamp: str
    t_us: TimeUs
    focus_score: float
    distraction_risk: float
    risk_category: RiskName
    confidence: float
    contributing_factors: tuple[str, ...]
    prediction_horizon_seconds: int
    break_risk: float | None
    focus_momentum: float
    model_version: str
    trained_on: TrainedOn
    intervention_type: str | None = None
    intervention_target: str | None = None
    intervention_reason: str = ""
    ab_test_group: str | None = None

    @classmethod
    def of(cls, made: Prediction) -> PredictionMade:
        """What clients are told of a prediction."""
        return cls(
            timestamp=iso(made.predicted_us),
            t_us=made.t_us,
            focus_score=made.focus_score,
            distraction_risk=made.distraction_risk,
            risk_category=made.risk_category.value,
            confidence=made.confidence,
            contributing_factors=made.contributing_factors,
            prediction_horizon_seconds=made.prediction_horizon_seconds,
            break_risk=made.break_risk,
            focus_momentum=made.focus_momentum,
            model_version=made.model_version,
            trained_on=made.trained_on,
            intervention_type=made.intervention_type,
            intervention_target=made.intervention_target,
            intervention_reason=made.intervention_reason,
            ab_test_group=made.ab_test_group,
        )


@dataclass(frozen=True, slots=True)
class InterventionOffered:
    """Help offered now; without an answer within ``timeout_seconds`` it is stored as TIMEOUT.

    ``acts_by_itself``: a TIMEOUT acts, as the person chose beforehand; else nothing is done then. ``minutes``: how long
    it will last. ``targets`` are its sites and apps; one answer is for all of them. ``offer`` is 2 after a snooze.
    """

    TYPE: ClassVar[str] = "INTERVENTION"
    id: int
    timestamp: str
    action: str
    reason: str
    predicted_risk: float
    timeout_seconds: int
    type: InterventionType
    targets: tuple[str, ...] = ()
    offer: int = 1
    minutes: int = 0
    acts_by_itself: bool = False


@dataclass(frozen=True, slots=True)
class InterventionClosed:
    """An offer was answered or timed out. ``auto_accepted``: a timeout that acts, as the person chose beforehand."""

    TYPE: ClassVar[str] = "INTERVENTION_CLOSED"
    id: int
    user_response: StoredResponse
    response_time_ms: int | None
    auto_accepted: bool


@dataclass(frozen=True, slots=True)
class ApplyAction:
    """Do one row of an intervention now, on this desktop, until ``until_us``; told again until it is reported.

    ``action``: SUGGEST_BREAK, MINIMIZE_<APP>, KILL_<PROCESS>, PLACEBO; ``target``: the app or process of the person's
    own list, or the minutes that a placebo's card names.
    """

    TYPE: ClassVar[str] = "APPLY_ACTION"
    intervention_id: int
    type: InterventionType
    action: str
    target: str | None
    until_us: TimeUs
    why: str


@dataclass(frozen=True, slots=True)
class UndoAction:
    """End what was applied for a row now, and report it."""

    TYPE: ClassVar[str] = "UNDO_ACTION"
    intervention_id: int
    reason: UndoneReason


@dataclass(frozen=True, slots=True)
class ForgetRecords:
    """Forget the records of [first_us, end_us), of one app where ``app_key`` is there (``neural_focus.forgetting``);
    told again on each connection until RECORDS_FORGOTTEN comes."""

    TYPE: ClassVar[str] = "FORGET_RECORDS"
    id: int
    first_us: TimeUs
    end_us: TimeUs
    app_key: str | None = None


@dataclass(frozen=True, slots=True)
class AskCapture:
    """Ask the desktop to capture nothing for so many seconds, or to go on. Its status says what came of it."""

    __pydantic_config__ = NOTHING_ELSE
    TYPE: ClassVar[str] = "ASK_CAPTURE"
    command: Literal["pause", "resume"]
    seconds: Annotated[int, msgspec.Meta(ge=1, le=31 * 24 * 3600)] = 900


@dataclass(frozen=True, slots=True)
class AskRules:
    """Ask the desktop whose privacy.toml has the SHA-256 ``before`` (hex, of its UTF-8) to have ``text`` instead. Its
    status says what came of it."""

    __pydantic_config__ = NOTHING_ELSE
    TYPE: ClassVar[str] = "ASK_RULES"
    text: Annotated[str, msgspec.Meta(max_length=MOST_RULES)]
    before: Annotated[str, msgspec.Meta(max_length=64)]


@dataclass(frozen=True, slots=True)
class AskRounds:
    """The person wants rounds of ``type`` begun, the break skipped, or no session after the running one.

    The desktop tells what comes of it by its status.
    """

    __pydantic_config__ = NOTHING_ELSE
    TYPE: ClassVar[str] = "ASK_ROUNDS"
    command: Literal["start", "skip", "stop"]
    type: Literal["pomodoro", "deep_work"] = "pomodoro"


@dataclass(frozen=True, slots=True)
class SiteBlock:
    """A site to be blocked now. ``wait_seconds``: how long "I need it" takes; ``jail``: a session ordered it."""

    intervention_id: int
    site: str
    until_us: TimeUs
    why: str
    wait_seconds: int
    jail: bool


@dataclass(frozen=True, slots=True)
class SiteBlocks:
    """All blocks of the person, to their extensions: whatever is not in it is lifted. Sent on change and every 25 s."""

    TYPE: ClassVar[str] = "SITE_BLOCKS"
    blocks: tuple[SiteBlock, ...]
    t_us: TimeUs


@dataclass(frozen=True, slots=True)
class ReportStored:
    """To who reported: this kind of report on the row is stored, or never will be, and need not come again."""

    TYPE: ClassVar[str] = "REPORT_STORED"
    intervention_id: int
    report: str
    """Its type."""


@dataclass(frozen=True, slots=True)
class JailLeaving:
    """The emergency exit was asked for: the jail of this session lifts at ``lifts_us``."""

    TYPE: ClassVar[str] = "JAIL_LEAVING"
    session_id: int
    lifts_us: int


@dataclass(frozen=True, slots=True)
class SessionResponse:
    """A session, as REST and SESSION_STARTED give it. ``start_us`` is what the engine has to use."""

    id: int
    user_id: int
    start_time: str
    session_type: SessionType
    jail_enabled: bool
    context_switches: int
    end_time: str | None = None
    focus_score_avg: float | None = None
    start_us: TimeUs | None = None
    ends_at: str | None = None
    """When the timer will end it; null without a timer."""
    jail_leaving_us: int | None = None
    """When the emergency exit lifts the jail, or lifted it; null where nobody asked for it."""


@dataclass(frozen=True, slots=True)
class SessionStarted(SessionResponse):
    """A session began: answer to START_SESSION, and told to every client of the person."""

    TYPE: ClassVar[str] = "SESSION_STARTED"


@dataclass(frozen=True, slots=True)
class SessionEnded:
    """A session ended, why, and what it came to."""

    TYPE: ClassVar[str] = "SESSION_ENDED"
    session_id: int
    reason: EndReason
    summary: SessionSummary
    end_us: TimeUs | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """What went wrong, as RFC 9457 has it; over the socket the connection lives on."""

    TYPE: ClassVar[str] = "ERROR"
    title: str
    status: int
    detail: str = ""
    type: str = "about:blank"
    instance: str | None = None
    hint: str = ""


ClientMessage = (
    Snapshot
    | InterventionFeedback
    | InterventionApplied
    | InterventionUndone
    | UndoIntervention
    | StartSession
    | EndSession
    | LeaveJail
    | SessionApplied
    | DesktopStatus
    | BrowserHello
    | SiteInFront
    | RecordsForgotten
)
ServerMessage = (
    ActivityUpdate
    | PredictionMade
    | InterventionOffered
    | InterventionClosed
    | InterventionApplied
    | InterventionUndone
    | ApplyAction
    | UndoAction
    | SiteBlocks
    | ReportStored
    | SiteInFront
    | SessionStarted
    | SessionEnded
    | JailLeaving
    | AskRounds
    | ForgetRecords
    | AskCapture
    | AskRules
    | DesktopStatus
    | Problem
)
CLIENT_MESSAGES: dict[str, type[Any]] = {kind.TYPE: kind for kind in get_args(ClientMessage)}
SERVER_MESSAGES: dict[str, type[Any]] = {kind.TYPE: kind for kind in get_args(ServerMessage)}


class _Envelope(msgspec.Struct):
    type: str
    data: Any = msgspec.field(default_factory=dict)


ENVELOPE_HINT = 'Send {"type": ..., "data": {...}}'
_ENVELOPE = msgspec.json.Decoder(_Envelope)


def encode(message: ClientMessage | ServerMessage) -> str:
    """The message as one JSON text."""
    return msgspec.json.encode({"type": message.TYPE, "data": message}).decode()


def decode_client(text: str | bytes) -> ClientMessage:
    """What a desktop or page sent. Raises InputError: no JSON, an unknown type, a field that does not fit."""
    message: ClientMessage = _decode(text, CLIENT_MESSAGES)
    return message


def decode_server(text: str | bytes) -> ServerMessage:
    """What the service sent, which may be newer: fields that this version does not know are left out.

    Raises:
        UnknownMessageError: a type that this version does not know.
        InputError: no JSON, a field that does not fit.
    """
    message: ServerMessage = _decode(text, SERVER_MESSAGES, exact=False)
    return message


def _decode(text: str | bytes, known: dict[str, type[Any]], *, exact: bool = True) -> Any:
    if len(text) > MAX_MESSAGE_BYTES:
        raise InputError(f"The message has {len(text)} bytes", hint=f"Send at most {MAX_MESSAGE_BYTES}")
    try:
        envelope = _ENVELOPE.decode(text)
    except msgspec.ValidationError as error:
        raise InputError("The message has no type", why=str(error), hint=ENVELOPE_HINT) from None
    except (ValueError, RecursionError) as error:
        raise InputError("The message is no JSON", why=str(error), hint=ENVELOPE_HINT) from None
    kind = known.get(envelope.type)
    if kind is None:
        raise UnknownMessageError(f"type is {envelope.type[:60]!r}", hint=f"Send one of {', '.join(known)}")
    return validate(kind, envelope.data, envelope.type, exact=exact)


def message_schema() -> dict[str, Any]:
    """JSON Schema of every message, with ``ClientMessage`` and ``ServerMessage`` as unions by ``type``."""
    kinds = CLIENT_MESSAGES | SERVER_MESSAGES
    references, definitions = msgspec.json.schema_components(kinds.values(), ref_template="#/$defs/{name}")
    for (name, kind), data in zip(kinds.items(), references, strict=True):
        definitions[_envelope_name(kind)] = {
            "type": "object",
            "properties": {"type": {"const": name}, "data": data},
            "required": ["type", "data"],
        }
    for union, members in (("ClientMessage", CLIENT_MESSAGES), ("ServerMessage", SERVER_MESSAGES)):
        definitions[union] = {"oneOf": [{"$ref": f"#/$defs/{_envelope_name(kind)}"} for kind in members.values()]}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Neural Focus WebSocket messages",
        "$defs": definitions,
    }


def _envelope_name(kind: type[Any]) -> str:
    """``PredictionMessage`` for PREDICTION, as the original schemas name them."""
    return "FeedbackMessage" if kind is InterventionFeedback else kind.TYPE.title().replace("_", "") + "Message"
