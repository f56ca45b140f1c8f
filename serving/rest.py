"""The REST endpoints under ``/api/v1``. Thin: each asks the runtime and words the answer."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from fastapi.requests import HTTPConnection, Request
from pydantic import BeforeValidator

from neural_focus.batches import BatchStored
from neural_focus.help_settings import HelpSettings
from neural_focus.messages import AskCapture, AskRounds, AskRules, Problem, SessionResponse
from neural_focus.store.consents import revoke_consents
from neural_focus.store.database import Connection
from neural_focus.validation import validate
from serving import labelling, queries
from serving.experiment_page import experiments_of
from serving.gate import PERSON_KEY
from serving.idempotency import Key
from serving.problems import MEDIA_TYPE, GapProblem, ProblemError
from serving.recent_responses import InterventionRow, Recent
from serving.responses import (
    ActionNow,
    ConsentsEnded,
    CreateSessionRequest,
    DesktopsAsked,
    ExperimentNow,
    FeedbackStored,
    ForgetAsked,
    ForgetCount,
    ForgetState,
    InterventionFeedbackRequest,
    JailExit,
    LabelRequest,
    LabelResponse,
    LeaveJailRequest,
    Link,
    ModelCard,
    Now,
    Person,
    PredictionResponse,
    RoundsNow,
    SessionEndedResponse,
    UndoAsked,
)
from serving.runtime import Runtime

MOST_MINUTES = 24 * 60
MOST_MILLISECONDS = 24 * 3600 * 1000


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """What the API's description says about these statuses."""
    return {status: {"model": Problem, "content": {MEDIA_TYPE: {}}} for status in statuses}


def exactly(shape: type[Any]) -> BeforeValidator:
    """A body as messages are read: no number for a truth value, no field that nobody knows."""
    return BeforeValidator(partial(validate, shape, where="body"))


def runtime_of(connection: HTTPConnection) -> Runtime:
    """The runtime behind a request; made when the service starts."""
    make: Callable[[], Runtime] = connection.app.state.runtime
    return make()


Here = Annotated[Runtime, Depends(runtime_of)]


async def user_of(connection: HTTPConnection, here: Here) -> int:
    """The users.id of whoever asks; the gate (``serving.callers``) has found that they are there."""
    return await here.person_id(connection.scope[PERSON_KEY])


User = Annotated[int, Depends(user_of)]
Minutes = Annotated[int, Query(ge=1, le=MOST_MINUTES)]
router = APIRouter(prefix="/api/v1", responses=problems(401, 403, 422, 503))


GAP: dict[int | str, dict[str, Any]] = {409: {"model": GapProblem, "content": {MEDIA_TYPE: {}}}}
BATCH = {
    "requestBody": {
        "required": True,
        "description": "A batch as neural_focus/batches.py lays it out, compressed by zstd (Content-Encoding: zstd)",
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}


@router.post("/ingest", openapi_extra=BATCH, responses=problems(400, 408, 413, 415, 429) | GAP)
async def ingest(request: Request, here: Here) -> BatchStored:
    """Store a batch of a desktop's records. The same one again adds nothing; 409 says which record is expected next."""
    return await here.ingest.receive(await here.person_id(request.scope[PERSON_KEY]), request)


@router.delete("/consent")
async def revoke_consent(here: Here, user_id: User) -> ConsentsEnded:
    """Take back what the person agreed to, on all their machines. Desktops stop by themselves, at their next start."""
    return ConsentsEnded(await here.database.run_for(user_id, lambda connection: revoke_consents(connection, user_id)))


@router.get("/me")
async def get_me(here: Here, user_id: User) -> Person:
    """Whoever the token says."""
    return queries.person_of(await here.person(user_id))


@router.get("/now")
async def get_now(here: Here, user_id: User) -> Now:
    """The moment: last prediction, what is on, the running session, the open offer, the model."""
    return await queries.now(here, user_id)


@router.get("/recent")
async def get_recent(here: Here, user_id: User, minutes: Minutes = 30) -> Recent:
    """The last minutes: predictions, switches, what was warned and whether it came true."""

    def work(connection: Connection) -> Recent:
        rates = queries.published_rates(connection, user_id)
        return queries.recent(connection, rates, user_id, minutes)

    return await here.database.run_for(user_id, work)


@router.get("/interventions")
async def get_interventions(here: Here, user_id: User, minutes: Minutes = MOST_MINUTES) -> list[InterventionRow]:
    """What the trial drew in the last minutes, no-op draws included, newest first."""
    return await here.database.run_for(user_id, lambda connection: queries.interventions(connection, user_id, minutes))


@router.get("/experiments")
async def get_experiments(here: Here, user_id: User) -> list[ExperimentNow]:
    """The experiments that the person is in: the arms, what a guardrail stopped, what moved, since when and why."""
    is_demo = (await here.person(user_id)).is_demo
    return await here.database.run_for(user_id, lambda connection: experiments_of(connection, user_id, is_demo=is_demo))


@router.get("/actions")
async def get_actions(here: Here, user_id: User) -> tuple[ActionNow, ...]:
    """What is ordered for the person now: applied, refused, or not reported on yet."""
    return await here.actions.now(user_id)


@router.post("/interventions/{intervention_id:int}/undo", responses=problems(404, 409))
async def undo_intervention(intervention_id: int, here: Here, user_id: User) -> UndoAsked:
    """End what is done for one row now; 409 in a jail, whose emergency exit takes a minute."""
    return await here.actions.undo(user_id, intervention_id)


@router.get("/settings/help")
async def get_help(here: Here, user_id: User) -> HelpSettings:
    """What the person allows help to do."""
    return (await here.person(user_id)).help


@router.put("/settings/help")
async def put_help(asked: Annotated[HelpSettings, exactly(HelpSettings)], here: Here, user_id: User) -> HelpSettings:
    """Store what the person allows help to do; 422 names what no list may have. What runs is not changed by it."""
    return await here.allow(user_id, asked)


@router.post("/capture", status_code=202, responses=problems(409))
async def ask_capture(asked: Annotated[AskCapture, exactly(AskCapture)], here: Here, user_id: User) -> DesktopsAsked:
    """Ask the person's desktops for a pause, or for its end; their status says what came of it."""
    return here.capture.ask(user_id, asked)


@router.put("/privacy", status_code=202, responses=problems(409))
async def ask_rules(asked: Annotated[AskRules, exactly(AskRules)], here: Here, user_id: User) -> DesktopsAsked:
    """Ask the desktop that has the edited rules for other ones; its status says what came of it."""
    return here.capture.ask_rules(user_id, asked)


@router.post("/forget/count")
async def count_forget(asked: Annotated[ForgetAsked, exactly(ForgetAsked)], here: Here, user_id: User) -> ForgetCount:
    """How much there is in each store of a time or an app; nothing is changed."""
    return await here.forget.count(user_id, asked)


@router.post("/forget", status_code=202)
async def forget(
    asked: Annotated[ForgetAsked, exactly(ForgetAsked)], here: Here, user_id: User, key: Key
) -> ForgetState:
    """Have a time or an app forgotten, in every store here and on the person's desktops. GET says how far it is."""
    return await here.forget.ask(user_id, asked, key.of(asked))


@router.get("/forget")
async def get_forget(here: Here, user_id: User) -> tuple[ForgetState, ...]:
    """What the person has had forgotten, newest first."""
    return await here.forget.requests(user_id)


@router.get("/model")
async def get_model(here: Here, user_id: User) -> ModelCard:
    """The model that answers now."""
    return (await queries.now(here, user_id)).model


@router.get("/links")
async def get_links(request: Request, here: Here, user_id: User) -> list[Link]:
    """Addresses of the other parts, by the name that the caller used."""
    host = request.headers["host"]  # the gate knows it; without a port it is the proxy's
    scheme = "https" if here.settings.proxies and ":" not in host else request.url.scheme
    address = f"{scheme}://{host}"
    return queries.links(here.settings, address, here.champion.predictor.version)


@router.post("/predict", responses=problems(409))
async def predict(here: Here, user_id: User) -> PredictionResponse:
    """The prediction for the caller's latest snapshot; 409 when none is younger than 60 s."""
    return await queries.prediction(here, user_id)


@router.post("/sessions", status_code=201)
async def create_session(
    request: Annotated[CreateSessionRequest, exactly(CreateSessionRequest)], here: Here, user_id: User, key: Key
) -> SessionResponse:
    """Start a session now; with a jail the person's lists hold for its length."""
    return await here.sessions.start(
        user_id,
        request.type,
        minutes=request.duration_minutes,
        jail_enabled=request.jail_enabled,
        key=key.of(request),
    )


@router.get("/rounds")
async def get_rounds(here: Here, user_id: User) -> RoundsNow:
    """The rounds of sessions that the person's desktop keeps."""
    return RoundsNow(here.rounds.now(user_id))


@router.post("/rounds", status_code=202, responses=problems(409))
async def ask_rounds(request: Annotated[AskRounds, exactly(AskRounds)], here: Here, user_id: User) -> RoundsNow:
    """Ask the desktop for rounds with breaks, for a break's end, or for no more; its status says what came of it."""
    await here.rounds.ask(user_id, request)
    return RoundsNow(here.rounds.now(user_id))


@router.get("/sessions/{session_id:int}", responses=problems(404))
async def get_session(session_id: int, here: Here, user_id: User) -> SessionResponse:
    """One session of the person."""
    return await here.sessions.get(user_id, session_id)


@router.post("/sessions/{session_id:int}/end", responses=problems(404, 409))
async def end_session(session_id: int, here: Here, user_id: User) -> SessionEndedResponse:
    """End a session now; 409 while its jail holds."""
    ended = await here.sessions.end(user_id, session_id)
    return SessionEndedResponse(ended.session_id, ended.reason, ended.summary)


@router.post("/sessions/{session_id:int}/leave-jail", responses=problems(404, 409))
async def leave_jail(
    session_id: int, request: Annotated[LeaveJailRequest, exactly(LeaveJailRequest)], here: Here, user_id: User
) -> JailExit:
    """The emergency exit: the jail lifts a minute later, the session goes on."""
    return await here.jail.leave(user_id, session_id, request.reason)


@router.post("/labels", status_code=201)
async def add_label(
    request: Annotated[LabelRequest, exactly(LabelRequest)], here: Here, user_id: User, key: Key
) -> LabelResponse:
    """Say what a stretch was, or, without times, what the last five minutes were."""
    work = partial(labelling.add_label_once, user_id=user_id, request=request, key=key.of(request))
    return await here.database.run_for(user_id, work)


@router.post("/interventions/feedback", responses=problems(404, 409))
async def answer_intervention(
    request: Annotated[InterventionFeedbackRequest, exactly(InterventionFeedbackRequest)], here: Here, user_id: User
) -> FeedbackStored:
    """Answer an offer. The same answer again changes nothing."""
    if not 0 <= request.response_time_ms <= MOST_MILLISECONDS:
        raise ProblemError(
            422, f"response_time_ms is {request.response_time_ms}", hint=f"Give 0 to {MOST_MILLISECONDS}"
        )
    return await here.interventions.answer(
        user_id, request.intervention_id, request.response, response_time_ms=request.response_time_ms
    )
