"""Signing in and out: one-time links, the team's provider, and what a page needs to offer either."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from fastapi import APIRouter, FastAPI, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import HTMLResponse, RedirectResponse, Response

from neural_focus.addresses import service_link
from neural_focus.errors import StoreError
from neural_focus.identity_provider import TEAM_PATH
from neural_focus.pages import render
from serving.auth import COOKIE_NAME, COOKIE_SECONDS, make_cookie, redeem_code
from serving.problems import STORE_RETRY_SECONDS, ProblemError, problem_of
from serving.rest import Here, problems
from serving.runtime import Runtime
from serving.team_signin import ATTEMPT_SECONDS, COOKIE, ProviderAnswer, TeamSignIn

router = APIRouter(prefix="/api/v1", responses=problems(401, 403, 422, 503))
NO_STORE = {"cache-control": "no-store"}


@dataclass(frozen=True, slots=True)
class TeamProvider:
    """The team's identity provider: what it is called, and where a browser begins to sign in with it."""

    name: str
    url: str


@dataclass(frozen=True, slots=True)
class SignInWays:
    """How a browser signs in, beside one-time links. ``provider``: null where none is set."""

    provider: TeamProvider | None


@router.get("/signin")
async def get_signin(here: Here) -> SignInWays:
    """Whether one can sign in with the team's identity provider; anybody may ask."""
    provider = here.settings.identity_provider
    if provider is None:
        return SignInWays(None)
    return SignInWays(TeamProvider(provider.name, f"{service_link(here.settings)}{TEAM_PATH}"))


@router.post("/signout", status_code=204)
async def sign_out(response: Response) -> None:
    """Have this browser forget its cookie. A token goes on as it was, and so does the browser at the provider."""
    response.delete_cookie(COOKIE_NAME, path="/", httponly=True, samesite="strict")


def add_signin(app: FastAPI, runtime: Callable[[], Runtime]) -> None:
    """The routes that turn a one-time code, or what the provider says, into a cookie."""

    @app.get("/signin", include_in_schema=False)
    async def signin(request: Request, code: str = "") -> Response:
        """Use up a one-time code; the browser gets a cookie that other sites' pages cannot send along."""
        here = runtime()
        token_user = await run_in_threadpool(redeem_code, here.settings, here.secrets, code)
        user_id = None if token_user is None else await here.person_id(token_user)
        if user_id is None or await here.callers.by_person(user_id) is None:
            text = "This sign-in link has been used or is too old. A new one: neural-focus signin"
            if user_id is not None:
                text = "You are not let in any more. Ask whoever runs this service: neural-focus people enable"
            return HTMLResponse(render("plain", title="Not signed in", text=text), 403, headers=NO_STORE)
        return _signed_in(request, here, user_id)

    @app.get(TEAM_PATH, include_in_schema=False)
    async def begin(request: Request) -> Response:
        """Send the browser to the team's provider, with a cookie that it needs when it is back."""
        here = runtime()
        try:
            address, kept = await _team(here).begin(_sender(request))
        except ProblemError as error:
            return _refusal(here, error)
        response = RedirectResponse(address, 303, headers=NO_STORE)
        response.set_cookie(
            COOKIE,
            kept,
            ATTEMPT_SECONDS,
            httponly=True,
            secure=request.url.scheme == "https",
            samesite="lax",  # the provider's page sends the browser back, which is another site's
            path=TEAM_PATH,
        )
        return response

    @app.get(f"{TEAM_PATH}/callback", include_in_schema=False)
    async def callback(
        request: Request, state: str = "", code: str = "", error: str = "", iss: str | None = None
    ) -> Response:
        """The browser is back from the provider."""
        here, kept, answer = runtime(), request.cookies.get(COOKIE), ProviderAnswer(state, code, error, iss)
        try:
            user_id = await _team(here).finish(_sender(request), kept, answer)
        except (ProblemError, StoreError) as refused:
            response: Response = _refusal(here, refused)
        else:
            response = _signed_in(request, here, user_id)
        if here.team_signin is not None and here.team_signin.is_of(kept, answer):
            response.delete_cookie(COOKIE, path=TEAM_PATH)  # an older tab does not end the sign-in under way
        return response


def _signed_in(request: Request, here: Runtime, user_id: int) -> Response:
    # Not a redirect: after a click in a mail, or from a provider's page, a Strict cookie is not sent to its target.
    page = render("plain", title="Signed in", text="", forward="/")
    response = HTMLResponse(page, headers=NO_STORE)
    response.set_cookie(
        COOKIE_NAME,
        make_cookie(here.secrets, user_id),
        COOKIE_SECONDS,
        httponly=True,
        secure=request.url.scheme == "https",
        samesite="strict",
        path="/",
    )
    return response


def _refusal(here: Runtime, error: ProblemError | StoreError) -> Response:
    """For a person, not for a program: what happened, and a way on."""
    problem = problem_of(error)
    headers = (error.headers or {}) if isinstance(error, ProblemError) else {"Retry-After": STORE_RETRY_SECONDS}
    text = ". ".join(part for part in (problem.detail, problem.hint) if part)
    provider = here.settings.identity_provider
    links = [(f"Sign in with {provider.name}", f"{service_link(here.settings)}{TEAM_PATH}")] if provider else []
    page = render("plain", title=problem.title, text=text, links=links)
    return HTMLResponse(page, problem.status, headers=NO_STORE | headers)


def _team(here: Runtime) -> TeamSignIn:
    if here.team_signin is None:
        raise ProblemError(404, "No identity provider is set", hint="Sign in with a link: neural-focus signin")
    return here.team_signin


def _sender(request: Request) -> str:
    return request.client.host if request.client else ""
