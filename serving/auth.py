"""Who is asking: API tokens, the browser's signed cookie, and one-time codes, all signed with one key by itsdangerous.

    api_token                the local person (made at first start, in the secrets file)
    nf1.<user id>.…          any person of this installation; ``up`` gives the demo person's desktop one
    cookie                   a browser that followed a sign-in link; it is good for a week
    /signin?code=...         one use, within its lifetime; a file named by the code's hash is the single use
    pairing codes            the same, for browser extensions (serving.browsers keeps what they get)

Nothing here is kept in memory, so links and tokens work across processes and restarts.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets as random
import time
from pathlib import Path
from typing import Literal, get_args

from itsdangerous import BadSignature, TimestampSigner

from neural_focus.addresses import service_link
from neural_focus.secrets import Secrets
from neural_focus.settings import Settings

LOCAL_PERSON = 0
"""Stands for the installation's own person where only a token is known; no row of ``users`` has it."""
COOKIE_NAME = "neural_focus_session"
COOKIE_SECONDS = 7 * 24 * 3600
_PREFIX = "nf1."
Purpose = Literal["signin", "pairing"]
"""What a code is good for; each has a folder and a key of its own, so that one is never the other."""
CODE_SECONDS: dict[Purpose, int] = {"signin": 3600, "pairing": 600}


def _signer(secrets: Secrets, purpose: str) -> TimestampSigner:
    """Its key follows from the purpose, so that a cookie is never a token."""
    return TimestampSigner(secrets.signing_key, purpose, key_derivation="hmac", digest_method=hashlib.sha256)


def _person(secrets: Secrets, purpose: str, signed: str, seconds: int | None = None) -> int | None:
    """The users.id that was signed for this purpose, within so many seconds; else None."""
    try:
        return int(_signer(secrets, purpose).unsign(signed, seconds).decode().removeprefix(_PREFIX))
    except BadSignature:
        return None


def issue_token(secrets: Secrets, user_id: int) -> str:
    """An API token that speaks for one person of this installation."""
    return _signer(secrets, "token").sign(f"{_PREFIX}{user_id}").decode()


def token_user(secrets: Secrets, token: str) -> int | None:
    """The person a token speaks for: a users.id, LOCAL_PERSON for the api_token, None if it is not valid."""
    if hmac.compare_digest(token.encode(errors="replace"), secrets.api_token.encode()):
        return LOCAL_PERSON
    return _person(secrets, "token", token)


def make_cookie(secrets: Secrets, user_id: int) -> str:
    """The value of a browser's cookie, valid for a week."""
    return _signer(secrets, "cookie").sign(str(user_id)).decode()


def cookie_user(secrets: Secrets, value: str) -> int | None:
    """The person of a cookie, None if it is forged or has run out."""
    return _person(secrets, "cookie", value, COOKIE_SECONDS)


def make_signin_link(settings: Settings, secrets: Secrets, user_id: int = LOCAL_PERSON) -> str:
    """A link that signs one browser in, once, as ``user_id`` (the local person by default)."""
    return f"{service_link(settings)}/signin?code={make_code(settings, secrets, 'signin', user_id)}"


def make_code(settings: Settings, secrets: Secrets, purpose: Purpose, user_id: int) -> str:
    """A code that ``redeem_code`` takes once, within ``CODE_SECONDS``, for the same purpose."""
    code = random.token_urlsafe(24)
    path = _code_path(settings, purpose, code)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(_signer(secrets, purpose + code).sign(str(user_id)))
    return code


def redeem_code(settings: Settings, secrets: Secrets, code: str, purpose: Purpose = "signin") -> int | None:
    """The person a code was made for, None if it is unknown, used or too old. Uses it up."""
    path = _code_path(settings, purpose, code)
    taken = path.with_suffix(f".{os.getpid()}.{random.token_hex(4)}")
    try:
        path.rename(taken)  # of two browsers with one link, one gets it
    except OSError:
        return None
    try:
        return _person(secrets, purpose + code, taken.read_text(), CODE_SECONDS[purpose])
    finally:
        taken.unlink()


def forget_old_codes(settings: Settings) -> int:
    """Removes codes that nobody used in a day; returns how many."""
    files = [path for purpose in get_args(Purpose) for path in _folder(settings, purpose).glob("*")]
    old = [path for path in files if time.time() - path.stat().st_mtime > 86_400]
    for path in old:
        path.unlink(missing_ok=True)
    return len(old)


def _folder(settings: Settings, purpose: Purpose) -> Path:
    return settings.home / purpose


def _code_path(settings: Settings, purpose: Purpose, code: str) -> Path:
    return _folder(settings, purpose) / hashlib.sha256(code.encode(errors="replace")).hexdigest()
