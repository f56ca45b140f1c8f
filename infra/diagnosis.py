"""What ``doctor`` looks at: each check says how things are here, and what to do where they are not well."""

from __future__ import annotations

import importlib
import os
import platform
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil

from collector.consent import read_consent, version
from collector.desktop import desktop_of
from collector.losses import losses
from collector.source import capabilities, find_source
from collector.wayland import WaylandSource
from flows.server import login
from infra.agent_file import SILENT_SECONDS, live_agent
from infra.database_diagnosis import check_database, check_logins, check_storage
from infra.finding import Finding, Grade
from infra.help_diagnosis import check_actions, check_availability, check_browsers
from infra.ports import holder, is_taken
from infra.up.counts import read_counters
from infra.up.health import answers, basic
from neural_focus.addresses import exposure, prefect_address, service_address
from neural_focus.errors import CaptureError, ConfigurationError, NeuralFocusError
from neural_focus.privacy_rules import PrivacyRules
from neural_focus.quarantine import read_held
from neural_focus.secrets import load_secrets
from neural_focus.settings import Settings
from neural_focus.tls import check_certificate

GIGABYTE = 2**30
MEMORY_GB = 7.5
DISK_GB = 5.0
DASHBOARD = Path(__file__).resolve().parent.parent / "serving" / "dashboard" / "dist" / "index.html"


def diagnose(settings: Settings) -> list[Finding]:
    """All checks, in the order of the data's way. A check that fails by an error of ours is a finding too."""
    checks: tuple[tuple[str, Callable[[Settings], Finding]], ...] = (
        ("Python", check_python),
        ("native part", check_native),
        ("memory", check_memory),
        ("disk", check_disk),
        ("display", check_display),
        ("consent", check_consent),
        ("privacy", check_privacy),
        ("capture", check_capture),
        ("offers", check_availability),
        ("help", check_actions),
        ("browsers", check_browsers),
        ("database", check_database),
        ("logins", check_logins),
        ("storage", check_storage),
        ("network", check_network),
        ("Prefect server", check_prefect),
        ("service", check_service),
        ("data quality", check_held_days),
        ("model", check_model),
        ("page", check_page),
    )
    return [_run(subject, check, settings) for subject, check in checks]


def _run(subject: str, check: Callable[[Settings], Finding], settings: Settings) -> Finding:
    try:
        return check(settings)
    except NeuralFocusError as error:
        return Finding(Grade.BROKEN, subject, f"{error.what}: {error.why}" if error.why else error.what, error.hint)


def check_python(_: Settings) -> Finding:
    """The interpreter."""
    text = f"{platform.python_version()} on {platform.platform(terse=True)}, {platform.machine()}"
    if (3, 11) <= sys.version_info[:2] < (3, 14):
        return Finding(Grade.WELL, "Python", text)
    return Finding(Grade.BROKEN, "Python", text, "Use Python 3.11, 3.12 or 3.13")


def check_native(_: Settings) -> Finding:
    """The compiled modules."""
    missing = []
    for name in ("neural_focus._native", "neural_focus._x11", "neural_focus._wayland"):
        try:
            importlib.import_module(name)
        except ImportError as error:
            missing.append(f"{name}: {error}")
    if not missing:
        return Finding(Grade.WELL, "native part", "engine, ring, spool, capture on X11 and Wayland are built")
    core = not missing[0].startswith("neural_focus._native")
    return Finding(Grade.LIMITED if core else Grade.BROKEN, "native part", "; ".join(missing), "Run: make setup")


def check_memory(_: Settings) -> Finding:
    """Memory of the machine."""
    memory = psutil.virtual_memory()
    text = f"{memory.available / GIGABYTE:.1f} of {memory.total / GIGABYTE:.1f} GB are free"
    if memory.total / GIGABYTE >= MEMORY_GB:
        return Finding(Grade.WELL, "memory", text)
    return Finding(Grade.LIMITED, "memory", text, "The whole platform wants 8 GB; the agent alone runs with 200 MB")


def check_disk(settings: Settings) -> Finding:
    """Room for the data, and whether the home can be written."""
    place = next(path for path in (settings.home, *settings.home.parents) if path.exists())
    free = shutil.disk_usage(place).free / GIGABYTE
    text = f"{free:.1f} GB are free for {settings.home}"
    if not os.access(place, os.W_OK):
        return Finding(Grade.BROKEN, "disk", f"{place} cannot be written", "Set NEURAL_FOCUS_HOME to a folder of yours")
    if free < DISK_GB:
        return Finding(Grade.LIMITED, "disk", text, "Free some space, or set NEURAL_FOCUS_HOME to another disk")
    return Finding(Grade.WELL, "disk", text)


def check_display(_: Settings) -> Finding:
    """Whether capture can see this desktop."""
    virtual = "Xvfb is installed: `up` starts a virtual display" if shutil.which("Xvfb") else "Xvfb is not installed"
    try:
        source = find_source(None)
    except CaptureError as error:
        hint = error.hint if shutil.which("Xvfb") else f"{error.hint}; or apt-get install xvfb"
        return Finding(Grade.LIMITED, "display", f"{error.what} ({error.why}). {virtual}", hint)
    found = capabilities(source, lock=True, running=False)
    if not isinstance(source, WaylandSource) and all(one.there for one in found):
        return Finding(Grade.WELL, "display", f"X11 on {source.display}")
    text = f"{source.name}: " + "; ".join(
        f"{one.subject} {'✓' if one.there else '✗'} {one.description}" for one in found
    )
    hint = "; ".join(dict.fromkeys(one.hint for one in found if not one.there))
    return Finding(Grade.LIMITED if hint else Grade.WELL, "display", text, hint)


def check_consent(settings: Settings) -> Finding:
    """Whether the local person agreed."""
    consent = read_consent(desktop_of(settings).consent)
    if consent is None or consent.version != version(settings.titles):
        words = "nobody agreed to be watched yet: nothing is captured"
        return Finding(Grade.LIMITED, "consent", words, "neural-focus agent asks; or give it --consent yes")
    return Finding(Grade.WELL, "consent", f"{settings.username} agreed on {consent.agreed_at[:10]}")


def check_privacy(settings: Settings) -> Finding:
    """Whether the person's rules can be used, and what holds capture back."""
    path = desktop_of(settings).privacy
    PrivacyRules.load(path)
    text = f"the rules of {path} and the shipped ones hold" if path.exists() else "the shipped rules hold"
    held = (live_agent(settings) or {}).get("held")
    if not held:
        return Finding(Grade.WELL, "privacy", text)
    return Finding(Grade.LIMITED, "privacy", f"{text}; nothing is captured: {held['words']}", held["hint"])


def check_capture(settings: Settings) -> Finding:
    """What the agent's last run says of itself: problems, and everything that was lost, by reason."""
    counted = read_counters(settings.home / "agent.json")
    if not counted:
        return Finding(Grade.WELL, "capture", "no agent has run here yet")
    silent_s = time.time() - counted.get("t_us", 0) / 1e6
    state = counted.get("state", "")
    if state == "running" and silent_s > SILENT_SECONDS:
        state = "ended unexpectedly"
    text = f"the agent {'is ' if state == 'running' else ''}{state}: {counted.get('captured', 0)} records captured"
    lost = losses(counted)
    words = [*counted.get("problems", []), *(f"{loss.what} ({loss.why})" for loss in lost)]
    if not words:
        return Finding(Grade.WELL, "capture", f"{text}, nothing lost")
    return Finding(
        Grade.LIMITED, "capture", f"{text}. {'; '.join(words)}", "; ".join(loss.hint for loss in lost if loss.hint)
    )


def check_network(settings: Settings) -> Finding:
    """Who can reach the servers."""
    open_to_others = exposure(settings)
    if not open_to_others:
        return Finding(Grade.WELL, "network", f"only programs of this machine reach the servers, at {settings.host}")
    if settings.tls_certificate and settings.tls_key:
        try:
            check_certificate(settings.tls_certificate, settings.tls_key)
        except ConfigurationError as error:
            return Finding(Grade.BROKEN, "network", f"{error.what}: {error.why}", error.hint)
    return Finding(Grade.WELL, "network", open_to_others)


def check_prefect(settings: Settings) -> Finding:
    """Prefect's server, if it runs."""
    headers = basic(login(load_secrets(settings.secrets))) if settings.secrets.exists() else None
    return _check_port(
        "Prefect server",
        settings.host,
        settings.prefect_port,
        "NEURAL_FOCUS_PREFECT_PORT",
        answers(f"{prefect_address(settings)}/api/health", settings.tls_certificate, headers),
    )


def check_service(settings: Settings) -> Finding:
    """The service, if it runs."""
    check = answers(f"{service_address(settings)}/readyz", settings.tls_certificate)
    return _check_port("service", settings.host, settings.serving_port, "NEURAL_FOCUS_SERVING_PORT", check)


def _check_port(subject: str, host: str, port: int, variable: str, check: Callable[[], str]) -> Finding:
    if not is_taken(port, host):
        return Finding(Grade.WELL, subject, f"it does not run; its port {port} is free")
    missing = check()
    if not missing:
        return Finding(Grade.WELL, subject, f"it works on port {port}")
    return Finding(
        Grade.BROKEN, subject, f"port {port} is in use by {holder(port)}: {missing}", f"Stop that, or set {variable}"
    )


def check_model(settings: Settings) -> Finding:
    """The model that serves."""
    from neural_focus.models.champion import working_champion

    champion, problem = working_champion(settings)
    if problem:
        return Finding(Grade.BROKEN, "model", problem, "`up` trains a new one; or: neural-focus models rollback")
    if champion is None:
        return Finding(Grade.LIMITED, "model", "there is none yet: rules of thumb predict", "`up` trains the first one")
    return Finding(Grade.WELL, "model", f"{champion.version} serves")


def check_held_days(settings: Settings) -> Finding:
    """Days that gates hold back: what, where, and what to do about the newest one."""
    held = read_held(settings.feast)
    if not held:
        return Finding(Grade.WELL, "data quality", "no day is held back: models learn from all of them")
    newest = max(held, key=lambda one: one.day)
    reason, people = newest.reasons[0], len({one.user_id for one in held})
    text = f"{len(held)} days of {people} people are held back; {newest.day} of {newest.stream_id}: {reason.found}"
    hint = f"{reason.advice}; `neural-focus quality` lists all, and releases one"
    return Finding(Grade.LIMITED, "data quality", text, hint)


def check_page(_: Settings) -> Finding:
    """The built dashboard."""
    if DASHBOARD.exists():
        return Finding(Grade.WELL, "page", "the dashboard is built")
    node = shutil.which("node")
    text = "the dashboard is not built" + ("" if node else ", and there is no Node.js")
    return Finding(Grade.LIMITED, "page", text, "Run: make setup")
