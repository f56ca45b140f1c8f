"""A team signs in with a real OpenID Connect provider, at a real service."""

from __future__ import annotations

import subprocess
from base64 import b64encode
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from urllib.parse import quote, quote_plus

import httpx
import psycopg
import pytest
from provider_process import CLIENT_ID, CLIENT_SECRET, TeamBrowser, asked, running_provider
from serving_process import Service, eventually, query, running_service
from typer.testing import CliRunner
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect as socket_to

from infra.commands.people import app
from infra.ports import free_port
from neural_focus.identity_provider import CALLBACK_PATH, ISSUER, NAME, SECRET_FILE, IdentityProvider
from neural_focus.identity_provider import CLIENT_ID as CLIENT_ID_VARIABLE
from neural_focus.store.database import connect
from neural_focus.store.identities import invite
from neural_focus.store.users import ensure_user, set_disabled
from serving.auth import COOKIE_NAME, make_signin_link
from serving.callers import FRESH_SECONDS
from serving.hub import REVOKED
from serving.team_signin import COOKIE, REFUSED_AT_ONCE

ADDRESSES = count(10)
"""Browsers ask from loopback addresses of their own: refused ones are slowed by address."""


def account(email: str, verified: object = True, **wrong: object) -> dict[str, object]:
    return {"email": email, "email_verified": verified, **wrong}


PEOPLE = ("ada", "bob", "cleo", "dan", "eve", "fay", "gus", "hal")
ACCOUNTS = {
    **{name: account(f"{name.title()}@Example.org") for name in PEOPLE},
    "stranger": account("stranger@example.org"),
    "lookalike": account("\N{KELVIN SIGN}it@example.org"),
    "unverified": account("eve@example.org", verified=False),
    "says-true": account("eve@example.org", verified="true"),
    "no-address": {},
    "hangs": account("hal@example.org", hangs=True),
    "told-apart": account("fay@example.org", claims={"email": None}),
    "other-nonce": account("gus@example.org", claims={"nonce": "of another sign-in"}),
    "no-nonce": account("gus@example.org", claims={"nonce": None}),
    "other-audience": account("gus@example.org", claims={"aud": "another client"}),
    "other-party": account("gus@example.org", claims={"aud": [CLIENT_ID, "b"], "azp": "b"}),
    "other-issuer": account("gus@example.org", claims={"iss": "https://evil.example"}),
    "expired": account("gus@example.org", claims={"iat": 1_700_000_000, "exp": 1_700_000_600}),
    "from-the-future": account("gus@example.org", claims={"iat": 9_000_000_000, "exp": 9_000_000_600}),
    "other-key": account("gus@example.org", key="other"),
    "by-secret": account("gus@example.org", key="secret"),
    "unsigned": account("gus@example.org", key="none"),
}
UNTRUSTED = [name for name, told in ACCOUNTS.items() if told.get("email") == "gus@example.org" and name != "gus"]


@dataclass
class Team:
    """A service with a provider, which can be away."""

    service: Service
    port: int
    log: Path
    before: httpx.Response
    """What a browser was told before the provider ran for the first time."""
    running: ExitStack = field(default_factory=ExitStack)

    def start_provider(self) -> None:
        back = f"{self.service.url}{CALLBACK_PATH}"
        self.running.enter_context(running_provider(self.port, back, ACCOUNTS, self.log))

    def browser(self) -> TeamBrowser:
        return TeamBrowser(self.service.url, f"127.0.0.{next(ADDRESSES)}")

    def invited(self, name: str) -> int:
        """The person of that name, invited by the address that the provider has of the account of that name."""
        with connect(self.service.settings.database_url or "") as connection:
            user_id = ensure_user(connection, name)
            invite(connection, user_id, f"{name}@example.org")
        return user_id


@pytest.fixture(scope="module")
def team(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Team]:
    home = tmp_path_factory.mktemp("home of a team")
    secret, port = home / "oidc-secret", free_port()
    secret.write_text(f"{CLIENT_SECRET}\n")
    variables = {
        ISSUER: f"http://127.0.0.1:{port}",
        CLIENT_ID_VARIABLE: CLIENT_ID,
        SECRET_FILE: str(secret),
        NAME: "Example & Sons",
    }
    with running_service(module_database_url, home, **variables) as service:
        before = TeamBrowser(service.url, "127.0.0.9").ours.get("/signin/oidc")
        found = Team(service, port, home / "provider.log", before)
        with found.running:
            found.start_provider()
            eventually(lambda: found.browser().ours.get("/signin/oidc").status_code == 303)
            yield found


def test_an_invited_person_signs_in_and_out_with_the_provider(team: Team) -> None:
    ada, browser = team.invited("ada"), team.browser()
    page = browser.ours.get("/")
    assert page.status_code == 401 and "Sign in with Example &amp; Sons" in page.text
    assert f'href="{team.service.url}/signin/oidc"' in page.text
    ways = browser.ours.get("/api/v1/signin").json()
    assert ways == {"provider": {"name": "Example & Sons", "url": f"{team.service.url}/signin/oidc"}}
    signed_in = browser.sign_in("ada")
    assert signed_in.status_code == 200 and 'content="0;url=/"' in signed_in.text
    written = [one.lower() for one in signed_in.headers.get_list("set-cookie")]
    [session] = [one for one in written if one.startswith(COOKIE_NAME + "=")]
    assert "httponly" in session and "samesite=strict" in session and "max-age=604800" in session
    assert browser.who() == "ada" and browser.ours.get("/").status_code in (200, 503)
    assert COOKIE not in browser.ours.cookies, "what it began with has gone"
    out = browser.ours.post("/api/v1/signout")
    assert out.status_code == 401, "only our own page signs out"
    assert browser.ours.post("/api/v1/signout", headers={"Origin": team.service.url}).status_code == 204
    assert COOKIE_NAME not in browser.ours.cookies and browser.who() is None
    [(issuer, subject, email)] = query(
        team.service.settings.database_url or "",
        "SELECT issuer, subject, email FROM identities WHERE user_id = %s",
        ada,
    )
    assert (issuer, subject, email) == (f"http://127.0.0.1:{team.port}", "ada", "ada@example.org")


def test_what_is_asked_has_state_nonce_and_a_challenge_and_the_exact_way_back(team: Team) -> None:
    first, second = (asked(team.browser().begin()) for _ in range(2))
    assert first["redirect_uri"] == f"{team.service.url}{CALLBACK_PATH}"
    assert (first["response_type"], first["code_challenge_method"], first["scope"]) == ("code", "S256", "openid email")
    for name in ("state", "nonce", "code_challenge"):
        assert len(first[name]) >= 43 and first[name] != second[name]
    cookie = team.browser().ours.get("/signin/oidc").headers["set-cookie"].lower()
    assert "httponly" in cookie and "samesite=lax" in cookie and "path=/signin/oidc" in cookie


@pytest.mark.parametrize("asks", ["next", "redirect_uri", "return_to", "url"])
def test_no_address_says_where_a_sign_in_leads(team: Team, asks: str) -> None:
    team.invited("bob")
    browser = team.browser()
    begun = browser.ours.get("/signin/oidc", params={asks: "https://evil.example/"})
    assert asked(begun.headers["location"])["redirect_uri"] == f"{team.service.url}{CALLBACK_PATH}"
    back = browser.at_provider(begun.headers["location"], "bob")
    done = browser.ours.get(f"{back}&{asks}=https%3A%2F%2Fevil.example%2F")
    assert done.status_code == 200 and "evil" not in done.text + str(done.headers)


def test_an_answer_that_this_browser_did_not_ask_for_is_refused(team: Team) -> None:
    """Else a page could sign a browser in as somebody else: its own address with code and state is of no use there."""
    team.invited("cleo")
    attacker, victim = team.browser(), team.browser()
    back = attacker.at_provider(attacker.begin(), "cleo")
    refused = victim.ours.get(back)
    assert refused.status_code == 403 and "not begun in this browser" in refused.text
    victim.begin()
    assert victim.ours.get(back).status_code == 403, "it has begun another one"
    assert victim.who() is None
    wrong = back.replace(asked(back)["state"], "x" * 43)
    for _ in range(2 * REFUSED_AT_ONCE):
        assert attacker.ours.get(wrong).status_code == 403
    assert attacker.ours.get(back).status_code == 200, "an older tab does not end what is under way, and slows nobody"


def test_a_stolen_code_is_of_no_use_in_another_browser(team: Team) -> None:
    """Its verifier is in the browser that began: PKCE."""
    team.invited("cleo")
    victim, thief = team.browser(), team.browser()
    stolen = asked(victim.at_provider(victim.begin(), "cleo"))["code"]
    own = asked(thief.begin())["state"]
    address = f"/signin/oidc/callback?code={stolen}&state={own}&iss=http://127.0.0.1:{team.port}"
    refused = thief.ours.get(address)
    assert refused.status_code == 403 and "not to be trusted" in refused.text
    assert thief.who() is None


def test_a_sign_in_that_was_used_is_refused(team: Team) -> None:
    team.invited("dan")
    browser, other = team.browser(), team.browser()
    address = browser.begin()
    kept = browser.ours.cookies[COOKIE]
    back = browser.at_provider(address, "dan")
    assert browser.ours.get(back).status_code == 200
    other.ours.cookies.set(COOKIE, kept)
    assert "was used" in other.ours.get(back).text, "the same state"
    again = asked(back)["code"]
    state = asked(other.begin())["state"]
    refused = other.ours.get(f"/signin/oidc/callback?code={again}&state={state}&iss=http://127.0.0.1:{team.port}")
    assert refused.status_code == 403, "the same code"
    assert other.who() is None


@pytest.mark.parametrize("login", UNTRUSTED)
def test_an_id_token_that_is_not_for_this_sign_in_is_refused(team: Team, login: str) -> None:
    """Another nonce, audience, party or issuer; expired, or of the future; signed by another key, or by nobody."""
    gus, browser = team.invited("gus"), team.browser()
    refused = browser.sign_in(login)
    assert refused.status_code == 403 and "not to be trusted" in refused.text
    assert COOKIE_NAME not in browser.ours.cookies and browser.who() is None
    bound = "SELECT bound_at FROM identities WHERE user_id = %s"
    assert query(team.service.settings.database_url or "", bound, gus) == [(None,)]


def test_an_answer_of_another_provider_is_refused(team: Team) -> None:
    """A mix-up: RFC 9207's ``iss`` is of somebody else, or missing although the provider always tells it."""
    team.invited("dan")
    for changed in ("&iss=https%3A%2F%2Fevil.example", ""):
        browser = team.browser()
        back = browser.at_provider(browser.begin(), "dan")
        assert browser.ours.get(back.split("&iss=")[0] + changed).status_code == 403
        assert browser.who() is None


@pytest.mark.parametrize("login", ["unverified", "says-true", "no-address"])
def test_an_address_that_is_not_verified_lets_nobody_in(team: Team, login: str) -> None:
    team.invited("eve")
    browser = team.browser()
    refused = browser.sign_in(login)
    assert refused.status_code == 403 and "verified" in refused.text
    assert browser.who() is None


def test_an_address_counts_once_and_then_the_account(team: Team) -> None:
    """An address that was given to somebody else later is that of a new account, and no person's."""
    hal = team.invited("hal")
    url = team.service.settings.database_url or ""
    assert team.browser().sign_in("hal").status_code == 200
    query(url, "UPDATE identities SET subject = 'the account before' WHERE user_id = %s", hal)
    browser = team.browser()
    refused = browser.sign_in("hal")
    assert refused.status_code == 403 and "another account before" in refused.text
    with connect(url) as connection:
        invite(connection, hal, "hal@example.org")
    assert browser.sign_in("hal").status_code == 200 and browser.who() == "hal"


def test_another_mailbox_that_unicode_folds_to_the_address_is_nobodys(team: Team) -> None:
    """The Kelvin sign, K, becomes a k in small letters."""
    kit, browser = team.invited("kit"), team.browser()
    refused = browser.sign_in("lookalike")
    assert refused.status_code == 403 and "not invited here" in refused.text and browser.who() is None
    bound = "SELECT bound_at FROM identities WHERE user_id = %s"
    assert query(team.service.settings.database_url or "", bound, kit) == [(None,)]


def test_a_person_has_one_account_at_the_provider(team: Team) -> None:
    url = team.service.settings.database_url or ""
    kit = team.invited("kit")
    with pytest.raises(psycopg.errors.UniqueViolation):
        query(url, "INSERT INTO identities (user_id, email) VALUES (%s, 'another@example.org')", kit)
    with connect(url) as connection:
        assert invite(connection, kit, "other@example.org") == "other@example.org"
    assert query(url, "SELECT email FROM identities WHERE user_id = %s", kit) == [("other@example.org",)]


def test_an_address_that_only_userinfo_tells_is_as_good(team: Team) -> None:
    team.invited("fay")
    browser = team.browser()
    assert browser.sign_in("told-apart").status_code == 200 and browser.who() == "fay"


def test_who_is_not_invited_is_told_what_to_do(team: Team) -> None:
    browser = team.browser()
    people = query(team.service.settings.database_url or "", "SELECT count(*) FROM users")
    refused = browser.sign_in("stranger")
    assert refused.status_code == 403 and "neural-focus people invite" in refused.text
    assert "stranger@example.org" in refused.text and browser.who() is None
    assert query(team.service.settings.database_url or "", "SELECT count(*) FROM users") == people


def test_a_disabled_person_is_let_in_by_nothing(team: Team) -> None:
    service = team.service
    bob, url = team.invited("bob"), service.settings.database_url or ""
    browser, linked = team.browser(), team.browser()
    assert browser.sign_in("bob").status_code == 200 and browser.who() == "bob"
    with service.http(service.token_of(bob)) as machine:
        assert machine.get("/api/v1/me").status_code == 200
        with connect(url) as connection:
            assert set_disabled(connection, bob, disabled=True)
        eventually(lambda: machine.get("/api/v1/me").status_code == 401, 3 * FRESH_SECONDS)
    eventually(lambda: browser.who() is None, 3 * FRESH_SECONDS)
    refused = browser.sign_in("bob")
    assert refused.status_code == 403 and "not let in any more" in refused.text
    with connect(url) as connection:
        invite(connection, bob, "bob@example.org")
    assert browser.sign_in("bob").status_code == 403
    assert query(url, "SELECT bound_at FROM identities WHERE user_id = %s", bob) == [(None,)], "nobody's, meanwhile"
    assert linked.ours.get(make_signin_link(service.settings, service.secrets, bob)).status_code == 403
    with connect(url) as connection:
        set_disabled(connection, bob, disabled=False)
    with service.http(service.token_of(bob)) as machine:
        eventually(lambda: machine.get("/api/v1/me").status_code == 200, 3 * FRESH_SECONDS)
    assert browser.who() is None, "a cookie of before does not come back"
    eventually(lambda: browser.sign_in("bob").status_code == 200 and browser.who() == "bob")


def test_refused_sign_ins_are_slowed_by_address(team: Team) -> None:
    def refused(browser: TeamBrowser) -> httpx.Response:
        state = asked(browser.begin())["state"]
        return browser.ours.get(f"/signin/oidc/callback?error=access_denied&state={state}")

    browser = team.browser()
    tried = count(1)
    while (answer := refused(browser)).status_code != 429:
        assert answer.status_code == 403 and next(tried) < 4 * REFUSED_AT_ONCE
    assert next(tried) > REFUSED_AT_ONCE
    assert int(answer.headers["retry-after"]) > 0 and "Too many sign-ins" in answer.text
    assert refused(team.browser()).status_code == 403, "not another's"


def test_who_refuses_at_the_provider_is_told_so(team: Team) -> None:
    browser = team.browser()
    state = asked(browser.begin())["state"]
    refused = browser.ours.get(f"/signin/oidc/callback?state={state}&error=%3Cscript%3E&error_description=evil")
    assert refused.status_code == 403 and "did not sign you in" in refused.text
    assert "script" not in refused.text and "evil" not in refused.text


def test_a_provider_that_is_away_is_said_and_comes_back_with_other_keys(team: Team) -> None:
    assert team.before.status_code == 503 and "does not answer as it should" in team.before.text
    assert team.before.headers["retry-after"] and "Traceback" not in team.before.text
    team.invited("dan")
    browser = team.browser()
    back = browser.at_provider(browser.begin(), "dan")
    team.running.close()
    try:
        away = browser.ours.get(back)
        assert away.status_code == 503 and "does not answer as it should" in away.text
        assert browser.who() is None
    finally:
        team.start_provider()
    assert browser.sign_in("dan").status_code == 200 and browser.who() == "dan"


def test_while_the_provider_hangs_others_are_answered(team: Team) -> None:
    browser, other = team.browser(), team.browser()
    back, answered = browser.at_provider(browser.begin(), "hangs"), 0
    with ThreadPoolExecutor(1) as pool:
        waits = pool.submit(browser.ours.get, back)
        while not waits.done():
            assert other.ours.get("/api/v1/signin").status_code == 200
            answered += not waits.done()
    assert waits.result().status_code == 503 and "does not answer as it should" in waits.result().text
    assert answered > 3, "a service that waits answers nobody meanwhile"


def test_the_secret_is_in_no_log_no_address_and_no_list_of_processes(team: Team) -> None:
    address = team.browser().begin()
    listed = subprocess.run(["ps", "axww", "-o", "args"], capture_output=True, text=True, check=True).stdout
    log = team.service.log.read_text("utf-8", "replace")
    assert log and "Example & Sons" in log
    both = f"{quote_plus(CLIENT_ID)}:{quote_plus(CLIENT_SECRET)}"
    written = (CLIENT_SECRET, quote_plus(CLIENT_SECRET), quote(CLIENT_SECRET), b64encode(both.encode()).decode())
    provider = IdentityProvider(f"http://127.0.0.1:{team.port}", CLIENT_ID, "Example", None, CLIENT_SECRET)
    settings = replace(team.service.settings, identity_provider=provider)
    for shown in (address, listed, log, repr(settings)):
        assert not [one for one in written if one in shown]
    assert "Traceback" not in log


def test_the_commands_invite_by_address_and_disable(team: Team) -> None:
    service = team.service
    environment = {
        "NEURAL_FOCUS_HOME": str(service.settings.home),
        "DATABASE_URL": service.settings.database_url or "",
        "NEURAL_FOCUS_USERNAME": "tester",
        "COLUMNS": "200",
    }

    def people(*words: str) -> tuple[int, str]:
        done = CliRunner().invoke(app, list(words), env=environment)
        return done.exit_code, done.output + str(done.exception or "")

    assert people("invite", "ivy", "--email", "Ivy@Example.org")[0] == 0
    rc, told = people("invite", "jon", "--email", "ivy@example.org")
    assert rc == 1 and "another person's" in told
    assert people("invite", "kim", "--email", "nothing")[0] == 1
    [(ivy,)] = query(service.settings.database_url or "", "SELECT id FROM users WHERE username = 'ivy'")
    browser = team.browser()
    browser.ours.get(make_signin_link(service.settings, service.secrets, ivy))
    cookie = {"Cookie": f"{COOKIE_NAME}={browser.ours.cookies[COOKIE_NAME]}", "Origin": service.url}
    address = f"{service.url.replace('http', 'ws', 1)}/ws?role=page"
    with socket_to(address, additional_headers=cookie, open_timeout=60) as page:
        page.recv(timeout=60)
        assert people("email", "ivy", "ivy@example.com")[0] == 0
        with pytest.raises(ConnectionClosed) as closed:
            while True:
                page.recv(timeout=60)
        assert closed.value.rcvd is not None and closed.value.rcvd.code == REVOKED
    assert browser.who() is None, "whoever has the account of before has a cookie of before"

    def comes_back() -> bool:
        browser.ours.get(make_signin_link(service.settings, service.secrets, ivy))
        return browser.who() == "ivy"

    eventually(comes_back)  # not within the same second: a cookie has whole ones
    assert people("disable", "ivy") == (0, "ivy is let in no more.\n")
    assert people("disable", "tester")[0] == 1
    _, listed = people("list")
    [line] = [one for one in listed.splitlines() if "ivy" in one]
    assert "ivy@example.com (not yet)" in line and "disabled" in line
    assert "jon" not in listed and "kim" not in listed, "who could not be invited was not made"
    assert people("enable", "ivy") == (0, "ivy is let in again.\n")
