"""What the platform consists of: each program with its command, its variables and how to tell that it works."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from flows.deploy import DEPLOYMENTS
from flows.server import client_environment, login, server_command, server_environment
from infra.up.health import active_deployments, answers, basic
from infra.up.process import Program
from neural_focus.addresses import prefect_address, service_address
from neural_focus.help_settings import HelpSettings
from neural_focus.identity_provider import VARIABLES, provider_environment
from neural_focus.secrets import Secrets
from neural_focus.settings import Settings
from serving.launch import service_command, service_environment

DEMO_OPPORTUNITY_SECONDS = 20
"""The demo person's first intervention comes this long after their first snapshot, so that a first look shows one."""
DEMO_HELP = HelpSettings(minimize_apps=("chromium", "spotify", "discord", "vlc"), block_minutes=10, break_minutes=2)
"""The demo person's own lists: what draws them on their desktop, and breaks that a first look sees whole."""
QUIET = {"DO_NOT_TRACK": "1", "BENTOML_DO_NOT_TRACK": "True", "FEAST_USAGE": "False", "PYTHONUNBUFFERED": "1"}


def environment(settings: Settings) -> dict[str, str]:
    """Our own variables for every child: the database that was found, nobody's analytics, no team's secret."""
    ours = {name: value for name, value in os.environ.items() if name not in VARIABLES}
    return ours | QUIET | {"DATABASE_URL": settings.database_url or ""}


def desktop_environment(settings: Settings) -> dict[str, str]:
    """Variables of what belongs to a desktop: no database, as records go to the service like any other machine's."""
    return {name: value for name, value in environment(settings).items() if name != "DATABASE_URL"}


def flow_environment(settings: Settings, secrets: Secrets) -> dict[str, str]:
    """Variables of a process in which flows run.

    It gets a folder for temporary files of its own: Prefect's runner uses one name there for all users of a machine.
    """
    temporary = settings.home / "tmp"
    temporary.mkdir(mode=0o700, parents=True, exist_ok=True)
    return environment(settings) | client_environment(settings, secrets) | {"TMPDIR": str(temporary)}


def prefect_server(settings: Settings, secrets: Secrets) -> Program:
    """Prefect's server."""
    return Program(
        "Prefect server",
        tuple(server_command()),
        environment(settings) | server_environment(settings, secrets),
        settings.logs / "prefect.log",
        answers(f"{prefect_address(settings)}/api/health", settings.tls_certificate, basic(login(secrets))),
        start_seconds=240,
    )


def flows_server(settings: Settings, secrets: Secrets) -> Program:
    """The process that runs flows when they are due."""
    return Program(
        "flows",
        (sys.executable, "-m", "flows.deploy"),
        flow_environment(settings, secrets),
        settings.logs / "flows.log",
        active_deployments(
            f"{prefect_address(settings)}/api", settings.tls_certificate, login(secrets), len(DEPLOYMENTS)
        ),
        start_seconds=240,
        stop_seconds=30,
    )


def service(settings: Settings, *, demo: bool) -> Program:
    """The BentoML service with the page."""
    variables = service_environment(settings, environment(settings) | provider_environment(settings.identity_provider))
    if demo:
        variables.setdefault("NEURAL_FOCUS_OPPORTUNITY_SECONDS", str(DEMO_OPPORTUNITY_SECONDS))
    return Program(
        "service",
        tuple(service_command(settings)),
        variables,
        settings.logs / "service.log",
        answers(f"{service_address(settings)}/readyz", settings.tls_certificate),
        start_seconds=240,
    )


def demo_person(settings: Settings, display: Mapping[str, str], *, brisk: bool) -> Program:
    """The demo person at work on the virtual display."""
    pace = "--brisk" if brisk else "--calm"
    command = (sys.executable, "-m", "infra.cli", "demo", "live", "--display", display["DISPLAY"], pace)
    variables = desktop_environment(settings) | dict(display)
    variables["NEURAL_FOCUS_DEMO_DISPLAY"] = display["DISPLAY"]
    return Program("demo person", command, variables, settings.logs / "demo-person.log")


def agent(settings: Settings, display: Mapping[str, str], *, demo: str = "") -> Program:
    """The desktop agent; ready when it writes its counters."""
    counters = agent_counters(settings)
    counters.unlink(missing_ok=True)
    arguments = ("--demo", demo, "--display", display["DISPLAY"], "--consent", "yes") if demo else ()
    return Program(
        "agent",
        (sys.executable, "-m", "infra.cli", "agent", *arguments),
        desktop_environment(settings) | dict(display),
        settings.logs / "agent.log",
        lambda: "" if counters.exists() else "it has counted nothing yet",
        start_seconds=60,
        stop_seconds=25,
        may_quit=True,
    )


def agent_counters(settings: Settings) -> Path:
    """Where the agent writes what it counted, each second."""
    return settings.home / "agent.json"
