"""How whoever asks shows who they are.

    api_token                the local person's programs on the service's own machine (made once, in the secrets file)
    nfm_…                    a paired machine, for its person; random, known by its hash (serving.callers looks it up)
    cookie                   a browser that followed a sign-in link; signed by itsdangerous, good for a week
    /signin?code=...         one use, within its lifetime; a file named by the code's hash is the single use
    /signin/oidc             the team's provider says who it is (serving.team_signin); ends in the same cookie
    pairing codes            the same, for browser extensions (serving.browsers keeps what they get)

Nothing here is kept in memory, so links and tokens work across processes and restarts.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets as random
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from itsdangerous import BadData, BadSignature, TimestampSigner, URLSafeTimedSerializer

from neural_focus.addresses import service_link
from neural_focus.secrets import Secrets
from neural_focus.settings import Settings


@dataclass(frozen=True, slots=True)
class Caller:
    """A person (users.id), and the paired machine whose token they came by; None: by a cookie or the local token.

    ``signed_in_at``: when the cookie was made that they came by, seconds since 1970; None without one.
    ``signed_out_before``: cookies that were made before are worth nothing.
    """

    user_id: int
    role: str
    machine: int | None = None
    token_hash: str = ""
    signed_in_at: float | None = None
    signed_out_before: float = 0.0


LOCAL_PERSON = 0
"""Stands for the installation's own person where only a token is known; no row of ``users`` has it."""
COOKIE_NAME = "neural_focus_session"
COOKIE_SECONDS = 7 * 24 * 3600
_MACHINE_TOKEN = re.compile(r"nfm_[A-Za-z0-9_-]{43}")
"""So that whoever searches for leaked secrets finds one, and nothing else costs a look into the database."""
Purpose = Literal["signin", "pairing"]
"""What a code is good for; each has a folder and a key of its own, so that one is never the other."""
CODE_SECONDS: dict[Purpose, int] = {"signin": 3600, "pairing": 600}


def _signer(secrets: Secrets, purpose: str) -> TimestampSigner:
    """Its key follows from the purpose, so that a cookie is never a token."""
    return TimestampSigner(secrets.signing_key, purpose, key_derivation="hmac", digest_method=hashlib.sha256)


def _person(secrets: Secrets, purpose: str, signed: str, seconds: int | None = None) -> int | None:
    """The users.id that was signed for this purpose, within so many seconds; else None."""
    try:
        return int(_signer(secrets, purpose).unsign(signed, seconds).decode())
    except BadSignature:
        return None


def sign_text(secrets: Secrets, purpose: str, values: dict[str, str]) -> str:
    """Some texts as one that a cookie can hold; whoever has it can read it, and cannot change it."""
    return str(_serializer(secrets, purpose).dumps(values))


def read_signed(secrets: Secrets, purpose: str, signed: str, seconds: int) -> dict[str, str] | None:
    """What ``sign_text`` signed for this purpose within so many seconds, else None."""
    try:
        values: dict[str, str] = _serializer(secrets, purpose).loads(signed, seconds)
    except BadData:
        return None
    return values


def _serializer(secrets: Secrets, purpose: str) -> URLSafeTimedSerializer:
    how = {"key_derivation": "hmac", "digest_method": hashlib.sha256}
    return URLSafeTimedSerializer(secrets.signing_key, purpose, signer_kwargs=how)


def make_machine_token() -> str:
    """A new token of a machine: 256 random bits. The machine keeps it; here only its hash is stored."""
    return f"nfm_{random.token_urlsafe(32)}"


def is_machine_token(token: str) -> bool:
    """Whether it looks like one."""
    return _MACHINE_TOKEN.fullmatch(token) is not None


def hash_token(token: str) -> str:
    """What is stored of a token: SHA-256 in hex."""
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()


def is_local(secrets: Secrets, token: str) -> bool:
    """Whether it is the local person's own."""
    return hmac.compare_digest(token.encode(errors="replace"), secrets.api_token.encode())


def make_cookie(secrets: Secrets, user_id: int) -> str:
    """The value of a browser's cookie, valid for a week."""
    return _signer(secrets, "cookie").sign(str(user_id)).decode()


def read_cookie(secrets: Secrets, value: str) -> tuple[int, float] | None:
    """The person of a cookie, and the second since 1970 in which it was made; None if it is forged or has run out."""
    try:
        person, made = _signer(secrets, "cookie").unsign(value, COOKIE_SECONDS, return_timestamp=True)
        return int(person.decode()), made.timestamp()
    except BadSignature:
        return None


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
