"""What a person allows help to do: their own lists of sites and apps, for how long, and whether it may act by itself.

``users.settings`` holds it under ``help``. Nothing outside these lists is ever blocked, minimised or ended, and what
``protected.toml`` names cannot get onto them.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources

import msgspec
from publicsuffixlist import PublicSuffixList

from neural_focus.apps import app_id
from neural_focus.errors import InputError
from neural_focus.validation import NOTHING_ELSE, validate

KEY = "help"
MOST_LISTED = 50
LONGEST_MINUTES = 240
"""No block lasts longer, whatever is asked: the extension has the same bound."""
_HOST = re.compile(r"(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?")
_LOCAL = frozenset({"localhost", "local", "internal", "home", "lan", "test", "invalid", "example", "onion", "arpa"})
_PROGRAM = re.compile(r"[\w][\w .+-]{0,30}")


@dataclass(frozen=True, slots=True)
class HelpSettings:
    """The person's own words. ``end_apps`` are ended in a jail only, after a warning; all else can be undone.

    ``acts_by_itself``: an offer that nobody answers is carried out when its time is up.
    """

    __pydantic_config__ = NOTHING_ELSE
    block_sites: tuple[str, ...] = ("reddit.com", "twitter.com", "youtube.com")
    minimize_apps: tuple[str, ...] = ()
    end_apps: tuple[str, ...] = ()
    block_minutes: int = 15
    break_minutes: int = 5
    acts_by_itself: bool = False


def read_help(settings: object, own_hosts: Iterable[str] = ()) -> HelpSettings:
    """The settings in ``users.settings``; what is not allowed (any more) is left out, so that help acts on the rest."""
    stored = settings.get(KEY) if isinstance(settings, Mapping) else None
    try:
        found = validate(HelpSettings, stored, KEY) if stored is not None else HelpSettings()
    except InputError:
        found = HelpSettings(block_sites=())
    own = tuple(own_hosts)
    return replace(
        found,
        block_sites=tuple(site for site in found.block_sites if not site_refusal(site, own))[:MOST_LISTED],
        minimize_apps=tuple(app for app in found.minimize_apps if not program_refusal(app))[:MOST_LISTED],
        end_apps=tuple(app for app in found.end_apps if not program_refusal(app))[:MOST_LISTED],
        block_minutes=min(max(found.block_minutes, 1), LONGEST_MINUTES),
        break_minutes=min(max(found.break_minutes, 1), 60),
    )


def check_help(asked: HelpSettings, own_hosts: Iterable[str] = ()) -> HelpSettings:
    """The settings as they are to be stored: sites as registrable hosts, apps as ids, each once, in order.

    Raises:
        InputError: names the entry that cannot be on a list, and why.
    """
    own = tuple(own_hosts)
    sites = [plain_site(site) for site in asked.block_sites]
    for site in sites:
        if why := site_refusal(site, own):
            raise InputError(f"{site[:80]!r} cannot be blocked", why=why, hint="Give a site such as reddit.com")
    apps: dict[str, list[str]] = {"minimize_apps": list(asked.minimize_apps), "end_apps": list(asked.end_apps)}
    for name in (app for listed in apps.values() for app in listed):
        if why := program_refusal(name):
            raise InputError(f"{name[:80]!r} cannot be on the list", why=why, hint="Give an app such as spotify")
    for name, listed in (("block_sites", sites), *apps.items()):
        if len(listed) > MOST_LISTED:
            raise InputError(f"{name} has {len(listed)} entries", hint=f"Give at most {MOST_LISTED}")
    for name, value, most in (
        ("block_minutes", asked.block_minutes, LONGEST_MINUTES),
        ("break_minutes", asked.break_minutes, 60),
    ):
        if not 1 <= value <= most:
            raise InputError(f"{name} is {value}", hint=f"Give 1 to {most}")
    return replace(
        asked,
        block_sites=tuple(dict.fromkeys(sites)),
        minimize_apps=_ids(asked.minimize_apps),
        end_apps=_ids(asked.end_apps),
    )


def as_stored(settings: HelpSettings) -> dict[str, object]:
    """What goes into ``users.settings`` under ``help``."""
    stored: dict[str, object] = msgspec.to_builtins(settings)
    return stored


def plain_site(text: str) -> str:
    """``https://www.Reddit.com/r/all`` as ``reddit.com``: the host without scheme, path, port and www."""
    host = re.sub(r"^[a-z][a-z0-9+.-]*://", "", text.strip().lower())
    host = re.split(r"[/?#]", host, maxsplit=1)[0].rpartition("@")[2]
    host = re.sub(r":\d+$", "", host).rstrip(".")
    with suppress(UnicodeError):
        host = host if host.isascii() else host.encode("idna").decode("ascii")
    return host.removeprefix("www.")


def site_refusal(site: str, own_hosts: Iterable[str] = ()) -> str:
    """Why ``site`` cannot be blocked, a sentence part for people; empty where it can."""
    if "*" in site:
        return "a block names sites one by one, without *"
    if site.rpartition(".")[2] in _LOCAL or site in own_hosts or re.fullmatch(r"[\d.]+|\[.*\]|.*:.*", site):
        return "it is this computer, this network or Neural Focus itself"
    if not _HOST.fullmatch(site):
        return "it is no name of a site"
    base = registrable(site)
    if base is None:
        return "it is an ending that many sites share"
    sites = _protected()["sites"]
    if base in sites["updates"]:
        return "updates of your computer come from it"
    if base in sites["help"] or site in sites["help"] or base.endswith(".gov"):
        return "people in need must reach it"
    label = base.partition(".")[0]
    if base in sites["money"] or base.endswith(".bank") or any(word in label for word in sites["money_words"]):
        return "it looks like a bank"
    return ""


def program_refusal(name: str) -> str:
    """Why a program may be neither minimised nor ended; empty where it may."""
    if not _PROGRAM.fullmatch(name.strip()):
        return "it is no name of a program"
    for kind, why in (
        ("system", "the computer needs it"),
        ("desktop", "your desktop needs it"),
        ("access", "people need it to use the computer"),
        ("secrets", "it keeps your passwords"),
        ("interpreters", "other programs run in it"),
        ("ours", "it is a part of Neural Focus"),
    ):
        if {app_id(name), app_id(name).rstrip("0123456789.")} & set(_protected()["programs"][kind]):
            return why
    return ""


def registrable(host: str) -> str | None:
    """``news.ycombinator.com`` → ``ycombinator.com``: the domain somebody registered; None for a public suffix."""
    found: str | None = _suffixes().privatesuffix(host.lower().rstrip("."))
    return found


def _ids(apps: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(app_id(app) for app in apps))


@cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList()


@cache
def _protected() -> dict[str, dict[str, list[str]]]:
    return tomllib.loads(resources.files(__package__).joinpath("protected.toml").read_text("utf-8"))
