"""One app, one id, whatever a system calls it: ``com.google.Chrome``, ``chrome.exe``, ``google-chrome-beta``: chrome.

::

    C:\\…\\Code.exe  Google Chrome.app  firefox.desktop     folders and endings go
    Obsidian-1.5.3-x86_64.AppImage                        and so do version and processor
    Microsoft.WindowsTerminal_8wekyb3d8bbwe!App           Windows' store: the last part of the package's name
    snap.slack.slack  firefox_firefox                     snaps: the app of a snap
    com.spotify.Client  org.mozilla.firefox               reverse DNS: the last part that says which app it is
    code-insiders  firefox-esr  idea-ce                   channels and editions go
    msedge = edge, winword = word                         the rest is listed: apps.toml
    Google-chrome (video)                                 a browser on a kind of site is an app of its own

Records keep the name as it was captured; who compares apps (rules, the models' memory) compares their ids.
"""

from __future__ import annotations

import re
import tomllib
from functools import lru_cache
from importlib import resources

from neural_focus.events import APP_NAME_BYTES, app_text, decode_app_name, encode_app_name

ALIASES_FILE = "apps.toml"

_ENDING = re.compile(r"(?<=.)(\.exe|\.app|\.desktop|\.appimage|\.bin|-bin|\.scope|\.service)$")
_STORE_PACKAGE = re.compile(r"_(?=[a-z]*\d)[a-z0-9]{13}(![\w.-]+)?$", re.IGNORECASE)
_BUILD = re.compile(r"([-_. ](v?\d+(\.\d+)+([-_.+]?[a-z]*\d*)?|x86[-_]64|amd64|x64|aarch64|arm64|i[36]86|linux))+$")
_VERSION = re.compile(r"[-_ ]v?\d+(\.\d+)+$")
_UUID = re.compile(r"-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")
_SEPARATORS = re.compile(r"[-_ ]+")
_SNAP_SCOPE = re.compile(r"snap\.[a-z0-9-]+\.(.+)")
_LABEL = re.compile(r"[a-z0-9-]+")

CHANNELS = frozenset(
    {"alpha", "beta", "canary", "dev", "developer", "eap", "esr", "insider", "insiders", "nightly", "preview", "ptb"}
    | {"rc", "stable", "unstable", "snapshot"}
    | {"ce", "community", "edition", "professional", "ultimate"}
)
"""Last words that name a channel or an edition of an app."""
_KINDS = frozenset({"app", "application", "browser", "client", "desktop", "gui"})
"""Last words that say what any app is."""
_NO_NAMES = (CHANNELS - {"preview"}) | _KINDS | {"linux", "mac", "macos", "main", "pro", "studio", "windows"}
"""Last parts of a reverse-DNS id that do not say which app it is. ``com.apple.Preview`` is one."""
_DOMAINS = frozenset({
    "com", "org", "net", "io", "dev", "app", "im", "us", "uk", "de", "fr", "ch", "at", "nl", "ru", "se", "no", "fi",
    "cz", "pl", "it", "es", "eu", "ca", "au", "jp", "cn", "in", "br", "md", "me", "tv", "fm", "gg", "ai", "co", "so",
    "sh", "cc", "to", "ly", "xyz", "info", "biz", "page", "one", "tech", "cloud", "software", "company", "design",
})  # fmt: skip
"""Top-level domains with which ids of apps begin."""
_DOMAINS_OF_TWO = frozenset({"com", "org", "net", "io"})
"""Those that need no third part: ``app.js`` and ``it.works`` are no ids."""
SITE_KINDS = (
    "learning", "reference", "code", "documents", "mail", "chat", "video", "social", "news", "shopping", "games",
    "music", "search",
)  # fmt: skip
"""What a browser can be on, where the person agreed that their extension tells."""
_ON_SITE = re.compile(rf"(.+) \(({'|'.join(SITE_KINDS)})\)")
_MAY_BE_CUT = APP_NAME_BYTES - 4
"""A name of more bytes than this may be one that a record cut, at a code point of at most four."""
_LEAST_OF_A_WORD = 3


@lru_cache(maxsize=4096)
def app_id(name: str) -> str:
    """The id of an app by any of its names; one that no rule knows stays as it is, lower case, ``-`` between words."""
    app, kind = split_site(name)
    if kind:
        return on_site(app, kind)
    text, cut = plain_name(name), _MAY_BE_CUT < len(app_text(name)) < APP_NAME_BYTES
    if text not in _aliases():
        text = _of_snap(_of_reverse_dns(text), cut)
        while text not in _aliases() and (shorter := _without_last_word(text, cut)) != text:
            text, cut = shorter, False
    return _aliases().get(text, text)


def on_site(browser: str, kind: str) -> str:
    """The name, and the id, of ``browser`` while a site of this kind (of ``SITE_KINDS``) is in front, ≤ 31 bytes."""
    rest = f" ({kind})"
    return app_text(app_id(browser))[: APP_NAME_BYTES - 1 - len(rest)].decode("utf-8", "ignore").rstrip() + rest


def split_site(name: str) -> tuple[str, str]:
    """``firefox (video)`` → (firefox, video); another name → (name, "")."""
    found = _ON_SITE.fullmatch(name)
    return (found[1], found[2]) if found else (name, "")


@lru_cache(maxsize=4096)
def plain_name(name: str) -> str:
    """A name in lower case, ``-`` between words, without folder, package, ending and version."""
    text = _of_store(app_text(name).decode().strip())
    text = re.split(r"[\\/]", text.rstrip("\\/"))[-1].strip().lower()
    bundled = text.endswith(".appimage")
    text = _UUID.sub("", _ENDING.sub("", text))
    return join_words((_BUILD if bundled else _VERSION).sub("", text))


@lru_cache(maxsize=1024)
def stored_id(name: bytes) -> bytes:
    """The id of an app by its name in a record, in the same form: how the engine tells apps apart in stays."""
    return encode_app_name(app_id(decode_app_name(name)))


def join_words(text: str) -> str:
    """``text`` with one ``-`` for each run of spaces, ``_`` and ``-``."""
    return _SEPARATORS.sub("-", text)


def _of_store(name: str) -> str:
    package = _STORE_PACKAGE.sub("", name)
    if package == name:
        return name
    return next((part for part in reversed(package.split(".")) if part.lower() not in CHANNELS), package)


def _of_reverse_dns(text: str) -> str:
    first, *labels = text.split(".")
    least = 1 if first in _DOMAINS_OF_TWO else 2
    if first not in _DOMAINS or len(labels) < least or not all(map(_LABEL.fullmatch, labels)):
        return text
    return next((label for label in reversed(labels) if label not in _NO_NAMES and not label.isdigit()), text)


def _of_snap(text: str, cut: bool) -> str:
    scope = _SNAP_SCOPE.fullmatch(text)
    text = scope[1] if scope else text
    for dash in _SEPARATORS.finditer(text):
        snap, app = text[: dash.start()], text[dash.end() :]
        if snap and app and (app == snap or (cut and snap.startswith(app))):
            return snap
    return text


def _without_last_word(text: str, cut: bool) -> str:
    rest, _, last = text.rpartition("-")
    words = CHANNELS | _KINDS
    begun = cut and len(last) >= _LEAST_OF_A_WORD and any(word.startswith(last) for word in words)
    return rest if rest and (begun or last in words) else text


@lru_cache(maxsize=1)
def _aliases() -> dict[str, str]:
    """Other name → id."""
    listed = tomllib.loads(resources.files("neural_focus").joinpath(ALIASES_FILE).read_text("utf-8"))
    return {name: app for app, names in listed.items() for name in names}
