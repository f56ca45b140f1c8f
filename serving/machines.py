"""``/api/v1/machines``: what sends and asks for a person, listed, revoked, given another token, and new ones approved.

The two doors for a machine that has no token yet are at the end (``serving.waiting_machines`` has the course of it).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from fastapi.requests import HTTPConnection, Request
from starlette.responses import Response

from neural_focus.store.machines import add_machine
from neural_focus.time import iso, microseconds
from neural_focus.validation import NOTHING_ELSE
from serving.auth import Caller, hash_token, make_machine_token
from serving.gate import CALLER_KEY
from serving.problems import ProblemError
from serving.rest import Here, User, exactly, problems
from serving.waiting_machines import POLL_SECONDS, WAITING_SECONDS

router = APIRouter(prefix="/api/v1/machines", responses=problems(401, 403, 422, 503))
doors = APIRouter(prefix="/machine", responses=problems(403, 413, 422, 429, 503))
"""For machines that have no token yet."""


WAITS: dict[int | str, dict[str, Any]] = {202: {"description": "Nobody has approved it yet"}}


@dataclass(frozen=True, slots=True)
class PairedMachine:
    """A machine whose token is good. ``seen_at``: its last use, a minute or so behind; ``this``: it asks now."""

    id: int
    name: str
    paired_at: str
    rotated_at: str | None
    seen_at: str | None
    connected: bool
    this: bool


@dataclass(frozen=True, slots=True)
class MachineToken:
    """The machine's token from now on. It is shown here and nowhere else."""

    id: int
    token: str


@dataclass(frozen=True, slots=True)
class MachineCode:
    """The short code on a machine's screen."""

    __pydantic_config__ = NOTHING_ELSE
    code: str


@dataclass(frozen=True, slots=True)
class WaitingMachine:
    """A machine that shows the code: what it calls itself, and the address that it asked from."""

    name: str
    address: str
    approved: bool


@dataclass(frozen=True, slots=True)
class NewMachine:
    """What a machine calls itself."""

    __pydantic_config__ = NOTHING_ELSE
    name: str


@dataclass(frozen=True, slots=True)
class MachineAsks:
    """What a machine needs to be paired: show ``code``, ask with ``device_code`` every ``interval`` seconds."""

    device_code: str
    code: str
    expires_in: int
    interval: int


@dataclass(frozen=True, slots=True)
class DeviceCode:
    """By which a machine that waits is known."""

    __pydantic_config__ = NOTHING_ELSE
    device_code: str


def caller_of(connection: HTTPConnection) -> Caller:
    """Whom the gate let in."""
    caller: Caller = connection.scope[CALLER_KEY]
    return caller


Asks = Annotated[Caller, Depends(caller_of)]


@router.get("")
async def get_machines(here: Here, user_id: User, caller: Asks) -> list[PairedMachine]:
    """The person's machines. The service's own is not among them: it has the installation's token."""
    return [
        PairedMachine(
            id=row.id,
            name=row.name,
            paired_at=iso(microseconds(row.paired_at)),
            rotated_at=iso(microseconds(row.rotated_at)) if row.rotated_at else None,
            seen_at=iso(microseconds(row.seen_at)) if row.seen_at else None,
            connected=bool(here.hub.token_hashes(row.id)),
            this=row.id == caller.machine,
        )
        for row in await here.callers.machines(user_id)
    ]


@router.post("/waiting", responses=problems(404, 429))
async def get_waiting(asked: Annotated[MachineCode, exactly(MachineCode)], here: Here, user_id: User) -> WaitingMachine:
    """Which machine shows this code: look whether it is yours before you approve it."""
    found = here.waiting_machines.find(user_id, asked.code)
    return WaitingMachine(found.name, found.address, approved=found.person is not None)


@router.post("/approve", responses=problems(404, 429))
async def approve_machine(
    asked: Annotated[MachineCode, exactly(MachineCode)], here: Here, user_id: User
) -> WaitingMachine:
    """The machine that shows this code speaks for you from its next request on, within five seconds."""
    found = here.waiting_machines.approve(user_id, asked.code)
    return WaitingMachine(found.name, found.address, approved=True)


@router.delete("/{machine_id:int}", status_code=204, responses=problems(404))
async def revoke_machine(machine_id: int, here: Here, user_id: User) -> None:
    """End a machine's token, and its connections, at once."""
    await here.callers.revoke(user_id, machine_id)


@router.post("/{machine_id:int}/rotate", responses=problems(404))
async def rotate_machine(machine_id: int, here: Here, user_id: User) -> MachineToken:
    """Another token for a machine; its present one ends at once, and its connections."""
    token = make_machine_token()
    await here.callers.rotate(user_id, machine_id, hash_token(token))
    return MachineToken(machine_id, token)


@doors.post("/pair", status_code=201)
async def ask_to_pair(asked: Annotated[NewMachine, exactly(NewMachine)], request: Request, here: Here) -> MachineAsks:
    """A machine wants to be paired; nobody speaks for it before a person has approved its code."""
    address = request.client.host if request.client else ""
    device_code, code = here.waiting_machines.add(asked.name, address)
    return MachineAsks(device_code, code, WAITING_SECONDS, POLL_SECONDS)


@doors.post("/token", status_code=201, responses=WAITS | problems(410))
async def take_token(asked: Annotated[DeviceCode, exactly(DeviceCode)], here: Here) -> MachineToken:
    """The machine's token, once, after a person has approved it. 202 until then."""
    approved = here.waiting_machines.take(asked.device_code)
    if approved is None:
        return Response(status_code=202)  # type: ignore[return-value] # FastAPI sends it as it is
    token, person = make_machine_token(), approved.person
    if person is None or await here.callers.by_person(person) is None:
        raise ProblemError(410, "Whoever approved this machine is not here any more")
    work = partial(add_machine, user_id=person, name=approved.name, token_hash=hash_token(token))
    return MachineToken(await here.database.run_for(person, work), token)
