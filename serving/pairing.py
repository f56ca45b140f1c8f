"""Pairing a browser: a page of the signed-in person shows a one-time code, the extension trades it for a token.

::

    POST /api/v1/browsers/pairing ─► code ─► <meta name="neural-focus-pair" content="PORT:CODE"> ─► extension: "Pair?"
    POST /browser/pair {code}     ─► token, for the Origin that asked, for /ws/browser alone
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from fastapi import APIRouter, FastAPI, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import HTMLResponse, JSONResponse, Response

from neural_focus.errors import InputError
from neural_focus.pages import render
from neural_focus.time import iso, microseconds, wall_clock_us
from neural_focus.validation import validate
from serving.auth import CODE_SECONDS, make_code, redeem_code
from serving.problems import ProblemError, problem_of, respond
from serving.responses import PairedBrowser, PairingCode
from serving.rest import Here, User, problems
from serving.runtime import Runtime

META = "neural-focus-pair"
router = APIRouter(prefix="/api/v1/browsers", responses=problems(401, 403, 422, 503))


@dataclass(frozen=True, slots=True)
class PairingRequest:
    """What the extension sends: the code, and which browser it is in."""

    code: str
    browser: str


@router.post("/pairing", status_code=201)
async def make_pairing_code(here: Here, user_id: User) -> PairingCode:
    """A code that pairs one browser's extension, once, within ten minutes."""
    return await _new_code(here, user_id)


@router.get("")
async def get_browsers(here: Here, user_id: User) -> list[PairedBrowser]:
    """The person's paired browsers."""
    return [
        PairedBrowser(
            id=row.id,
            browser=row.browser if browser is None else browser.name,
            paired_at=iso(microseconds(row.paired_at)),
            seen_at=iso(microseconds(row.seen_at)) if row.seen_at else None,
            connected=browser is not None,
            allowed=browser is not None and browser.allowed,
        )
        for row, browser in await here.browsers.paired(user_id)
    ]


@router.delete("/{browser_id:int}", status_code=204, responses=problems(404))
async def revoke_browser(browser_id: int, here: Here, user_id: User) -> None:
    """End a pairing: what the browser blocks is lifted, and its token is worth nothing."""
    await here.browsers.revoke(user_id, browser_id)


def add_pairing(app: FastAPI, runtime: Callable[[], Runtime]) -> None:
    """The plain page that offers to pair, and the door for the extension."""

    @app.get("/pair", include_in_schema=False)
    async def pair_page(request: Request, user_id: User) -> Response:
        """Words and the offer, for an extension that looks for it."""
        made = await _new_code(runtime(), user_id)
        port = request.url.port or 80
        offer = f"{port}:{made.code}"
        text = (
            "If the Neural Focus extension is in this browser, it now asks whether to pair. If it does not, open the "
            f"extension's page from the browser's bar and give it this code within ten minutes: {offer}"
        )
        page = render("plain", title="Pair this browser", text=text, meta={META: offer})
        return HTMLResponse(page, headers={"cache-control": "no-store"})

    @app.post("/browser/pair", include_in_schema=False)
    async def pair(request: Request) -> Response:
        """The gate lets in extensions alone. Only the one that asks may read the answer."""
        here, origin = runtime(), request.headers["origin"]
        shown_to = {"access-control-allow-origin": origin, "vary": "origin", "cache-control": "no-store"}
        try:
            wanted = validate(PairingRequest, _decoded(await request.body()), "pairing")
            user = await run_in_threadpool(redeem_code, here.settings, here.secrets, wanted.code, "pairing")
            if user is None:
                hint = "Open /pair again and accept within ten minutes"
                raise ProblemError(403, "This code was used or is too old", hint=hint)
            person = await here.person_id(user)
            if await here.callers.by_person(person) is None:
                hint = "Ask whoever runs this service: neural-focus people enable"
                raise ProblemError(403, "You are not let in any more", hint=hint)
            token = await here.browsers.pair(person, origin, wanted.browser[:100])
        except (ProblemError, InputError) as error:
            return respond(problem_of(error, "/browser/pair"), shown_to)
        return JSONResponse({"token": token}, 201, headers=shown_to)


async def _new_code(here: Runtime, user_id: int) -> PairingCode:
    expires_us = wall_clock_us() + CODE_SECONDS["pairing"] * 1_000_000
    work = partial(make_code, here.settings, here.secrets, "pairing", user_id)
    return PairingCode(await run_in_threadpool(work), iso(expires_us))


def _decoded(body: bytes) -> object:
    if len(body) > 1000:
        raise InputError(f"The request has {len(body)} bytes", hint="Send code and browser")
    try:
        return json.loads(body)
    except ValueError:
        raise InputError("The request is no JSON", hint='Send {"code": ..., "browser": ...}') from None
