"""Who is asking: API tokens, the browser's signed cookie, and one-time codes. All are HMACs of one key.

    api_token                       the local person (made at first start, in the secrets file)
    nf1.<user id>.<mac>             any person of this installation; ``up`` gives the demo person's desktop one
    cookie <user id>.<expiry>.<mac> a browser that followed a sign-in link
    /signin?code=...                one use, within its lifetime; a file named by the code's hash is the single use
    pairing codes                   the same, for browser extensions (serving.browsers keeps what they get)

Nothing here is kept in memory, so links and tokens work across processes and restarts.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import secrets as random
import time
from pathlib import Path
from typing import Literal, get_args

from neural_focus.addresses import service_link
from neural_focus.secrets import Secrets
from neural_focus.settings import Settings

LOCAL_PERSON = 0
"""Stands for the installation's own person where only a token is known; no row of ``users`` has it."""
COOKIE_NAME = "neural_focus_session"
COOKIE_SECONDS = 7 * 24 * 3600
SIGNIN_SECONDS = 3600
PAIRING_SECONDS = 600
_PREFIX = "nf1"
Purpose = Literal["signin", "pairing"]
"""What a code is good for; each has a folder and a kind of HMAC of its own, so that one is never the other."""


def _mac(secrets: Secrets, purpose: str, text: str) -> str:
    """HMAC-SHA-256 of ``text`` for one purpose, so that a cookie is never a token."""
    digest = hmac.digest(secrets.signing_key.encode(), f"{purpose}\0{text}".encode(), "sha256")
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _same(left: str, right: str) -> bool:
    return hmac.compare_digest(left.encode(errors="replace"), right.encode(errors="replace"))


def issue_token(secrets: Secrets, user_id: int) -> str:
    """An API token that speaks for one person of this installation."""
    return f"{_PREFIX}.{user_id}.{_mac(secrets, 'token', str(user_id))}"


def token_user(secrets: Secrets, token: str) -> int | None:
    """The person a token speaks for: a users.id, LOCAL_PERSON for the api_token, None if it is not valid."""
    if _same(token, secrets.api_token):
        return LOCAL_PERSON
    prefix, _, rest = token.partition(".")
    user, _, mac = rest.partition(".")
    if prefix != _PREFIX or not _is_id(user) or not _same(mac, _mac(secrets, "token", user)):
        return None
    return int(user)


def make_cookie(secrets: Secrets, user_id: int, now: float | None = None) -> str:
    """The value of a browser's cookie, valid for a week."""
    text = f"{user_id}.{int((time.time() if now is None else now) + COOKIE_SECONDS)}"
    return f"{text}.{_mac(secrets, 'cookie', text)}"


def cookie_user(secrets: Secrets, value: str, now: float | None = None) -> int | None:
    """The person of a cookie, None if it is forged or has run out."""
    text, _, mac = value.rpartition(".")
    user, _, expiry = text.partition(".")
    if not _same(mac, _mac(secrets, "cookie", text)) or not _is_id(user) or not expiry.isascii():
        return None
    return int(user) if int(expiry) > (time.time() if now is None else now) else None


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 10


def make_signin_link(
    settings: Settings, secrets: Secrets, user_id: int = LOCAL_PERSON, seconds: int = SIGNIN_SECONDS
) -> str:
    """A link that signs one browser in, once, as ``user_id`` (the local person by default)."""
    return f"{service_link(settings)}/signin?code={make_code(settings, secrets, 'signin', user_id, seconds)}"


def make_code(settings: Settings, secrets: Secrets, purpose: Purpose, user_id: int, seconds: int) -> str:
    """A code that ``redeem_code`` takes once, within ``seconds``, for the same purpose."""
    code = random.token_urlsafe(24)
    path = _code_path(settings, purpose, code)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    text = f"{user_id}.{int(time.time()) + seconds}"
    stored = json.dumps({"grant": text, "mac": _mac(secrets, purpose, f"{code}\0{text}")})
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(stored)
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
        stored = json.loads(taken.read_text())
    finally:
        taken.unlink()
    text = str(stored["grant"])
    if not _same(str(stored["mac"]), _mac(secrets, purpose, f"{code}\0{text}")):
        return None
    user, _, expiry = text.partition(".")
    return int(user) if int(expiry) > time.time() else None


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
