"""What a desktop's agent is given to reach the service: a token of its own person, and nothing of the database."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from collector.desktop import desktop_of
from infra.machine_token import read_token
from infra.up import plan
from neural_focus.errors import ConfigurationError
from neural_focus.secrets import load_secrets
from neural_focus.settings import Settings


def test_a_demo_person_without_a_token_is_told_who_has_one(tmp_path: Path) -> None:
    settings = Settings(tmp_path)
    with pytest.raises(ConfigurationError, match="has no token at the service: only the demo person of"):
        read_token(settings, desktop_of(settings, "demo-live"))
    assert read_token(settings, desktop_of(settings)) == load_secrets(settings.secrets).api_token


def test_the_agent_is_told_of_no_database(tmp_path: Path) -> None:
    settings = replace(Settings(tmp_path), database_url="postgresql://owner:secret@127.0.0.1/x")
    assert "DATABASE_URL" in plan.environment(settings)
    for demo in ("", "demo-live"):
        program = plan.agent(settings, {"DISPLAY": ":9"}, demo=demo)
        assert "DATABASE_URL" not in program.environment and "owner:secret" not in str(program)
