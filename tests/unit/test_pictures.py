"""What the platform for the pictures is given, and which pictures there are."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
from typer.testing import CliRunner

from infra.commands.demo import LIFE, LIFE_HOUR
from infra.pictures.__main__ import app
from infra.pictures.own_platform import RUN, surroundings
from infra.pictures.shots import SHOTS
from neural_focus.settings import default_home, read_settings
from neural_focus.simulation.parameters import AppKind, draw_person
from neural_focus.simulation.worker import SETTLED_S, Worker, kind_of

ROOT = Path(__file__).parents[2]


def test_nobodys_desktop_database_or_home_is_used() -> None:
    mine = {
        "DISPLAY": ":0",
        "WAYLAND_DISPLAY": "wayland-0",
        "XDG_SESSION_TYPE": "wayland",
        "DATABASE_URL": "postgresql://a/b",
    }
    found = surroundings(mine | {"PATH": "/bin"})
    assert not mine.keys() & found.keys() and found["PATH"] == "/bin"
    settings = read_settings(found)
    assert settings.home != default_home() and settings.home.parent == default_home().parent
    assert len({settings.database_port, settings.prefect_port, settings.serving_port} - {15432, 4200, 3000}) == 3


def test_offers_are_left_open_unless_a_setting_says_otherwise() -> None:
    assert not read_settings(surroundings({})).demo_answers and read_settings({}).demo_answers
    given = {
        "NEURAL_FOCUS_OPPORTUNITY_SECONDS": "20",
        "NEURAL_FOCUS_HOME": "/somewhere",
        "NEURAL_FOCUS_SERVING_PORT": "3999",
    }
    settings = read_settings(surroundings(given))
    assert (settings.opportunity_seconds, str(settings.home), settings.serving_port) == (20, "/somewhere", 3999)


def test_a_picture_that_does_not_exist_is_one_line() -> None:
    refused = CliRunner().invoke(app, ["portrait"])
    assert refused.exit_code == 2
    assert all(name in refused.output for name in ("portrait", *SHOTS))


def test_each_picture_of_the_readme_is_in_the_repository() -> None:
    shown = re.findall(r"\]\((docs/pictures/[^)]+)\)", (ROOT / "README.md").read_text())
    assert shown and all((ROOT / path).exists() for path in shown)


def test_focus_is_settled_for_half_of_the_time_in_which_the_page_is_taken() -> None:
    """As a calm demo person lives the life that the platform for the pictures gives them."""
    worker = Worker(draw_person(1_000), np.random.default_rng((1, int(RUN[LIFE]))), trials=False)
    settled = []
    for tick in range(42 * 60):
        worker.step(tick, LIFE_HOUR)
        settled.append(worker.age >= SETTLED_S and kind_of(worker.app) is AppKind.WORK and worker.idle_s < 5)
    assert np.mean(settled[28 * 60 :]) > 0.5
