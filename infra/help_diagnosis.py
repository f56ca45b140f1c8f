"""What ``doctor`` says of help: what can be done on this desktop, in which browsers, and whether offers are seen."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from collector.capabilities import kind_of
from collector.pipewire_streams import can_look, runs
from collector.source import has_session_bus
from infra.finding import Finding, Grade
from infra.own_server import own_service
from infra.ports import is_taken
from infra.up.counts import read_counters
from neural_focus.settings import Settings

IN_WORDS = {
    "SUGGEST_BREAK": "a break screen",
    "MINIMIZE": "minimising apps",
    "KILL": "ending programs",
    "PLACEBO": "a card",
}
PAIR = "open /pair on the page in that browser (neural-focus signin --open)"


def check_actions(settings: Settings) -> Finding:
    """What the agent that runs, or ran last, can do on its desktop."""
    abilities: list[dict[str, Any]] = read_counters(settings.home / "agent.json").get("abilities", [])
    if not abilities:
        return Finding(Grade.WELL, "help", "no agent has told yet what it can do here")
    able = [IN_WORDS.get(one["action"], one["action"]) for one in abilities if one["able"]]
    unable = [one for one in abilities if not one["able"]]
    text = [f"it can do {', '.join(able)}"] if able else []
    text += [f"not {IN_WORDS.get(one['action'], one['action'])}: {one['why']}" for one in unable]
    hint = "; ".join(dict.fromkeys(one["hint"] for one in unable if one["hint"]))
    return Finding(Grade.LIMITED if unable else Grade.WELL, "help", "; ".join(text), hint)


def check_browsers(settings: Settings) -> Finding:
    """Browsers whose extension can close sites, as the service knows them."""
    if not settings.secrets.exists() or not is_taken(settings.serving_port, settings.host):
        return Finding(Grade.WELL, "browsers", "the service does not run, so nobody knows of them")
    browsers = own_service(settings).get_browsers()
    if not browsers:
        text = "no browser is paired: no site can be closed, and none is told"
        return Finding(Grade.LIMITED, "browsers", text, f"neural-focus extension says how to load it; then {PAIR}")
    ready = [one.browser for one in browsers if one.connected and one.allowed]
    denied = [one.browser for one in browsers if one.connected and not one.allowed]
    away = [f"{one.browser} ({_seen(one.seen_at)})" for one in browsers if not one.connected]
    text = "; ".join(
        f"{words}: {', '.join(names)}"
        for words, names in (
            ("sites can be closed in", ready),
            ("no permission to close sites in", denied),
            ("not connected", away),
        )
        if names
    )
    if denied:
        return Finding(Grade.LIMITED, "browsers", text, "Allow access to all sites in the extension's settings there")
    if not ready:
        return Finding(Grade.LIMITED, "browsers", text, f"Open that browser; where the extension is gone, {PAIR} again")
    return Finding(Grade.WELL, "browsers", text)


def check_availability(_: Settings) -> Finding:
    """Which reasons why nobody would see an offer can be known in this session."""
    blind, hint = unseen_reasons(os.environ)
    if not blind:
        return Finding(Grade.WELL, "offers", "it is known when nobody would see one (limits: docs/desktop.md)")
    return Finding(Grade.LIMITED, "offers", f"not known: {'; '.join(blind)}", "; ".join(hint))


def unseen_reasons(environ: Mapping[str, str]) -> tuple[list[str], list[str]]:
    """What cannot be known with these surroundings, and what would help."""
    blind, hint = [], []
    if not has_session_bus(environ):
        blind.append("do not disturb, players (there is no session bus)")
        hint.append("Start it from within a desktop session")
    if runs(environ) and not can_look(environ):
        blind.append("screen sharing (PipeWire runs, but pw-dump is not installed)")
        hint.append("Install pw-dump (Debian: pipewire-bin)")
    if environ.get("XDG_SESSION_TYPE") == "wayland" and kind_of(environ.get("XDG_CURRENT_DESKTOP", "")):
        blind.append("full screen (this desktop does not tell which window fills the screen)")
        hint.append("Log in with Sway, Hyprland or an Xorg session if that matters to you")
    return blind, hint


def _seen(at: str | None) -> str:
    return f"last seen {at[:10]}" if at else "never seen"
