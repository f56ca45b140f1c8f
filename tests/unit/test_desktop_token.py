"""What a desktop's agent is given to reach the service: a token of its own person, and nothing of the database."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from collector.desktop import desktop_of
from infra.commands.agent import _token
from infra.desktop_token import give_token
from infra.up import plan
from neural_focus.errors import ConfigurationError
from neural_focus.secrets import load_secrets
from neural_focus.settings import Settings
from serving.auth import token_user


def test_a_demo_person_has_a_token_of_their_own(tmp_path: Path) -> None:
    settings = Settings(tmp_path)
    secrets, demo = load_secrets(settings.secrets), desktop_of(settings, "demo-live")
    with pytest.raises(ConfigurationError, match="has no token at the service: only the demo person of"):
        _token(settings, demo)
    give_token(demo, secrets, 17)
    assert token_user(secrets, _token(settings, demo)) == 17
    assert demo.token.stat().st_mode & 0o777 == 0o600
    assert _token(settings, desktop_of(settings)) == secrets.api_token


def test_the_agent_is_told_of_no_database(tmp_path: Path) -> None:
    settings = replace(Settings(tmp_path), database_url="postgresql://owner:secret@127.0.0.1/x")
    assert "DATABASE_URL" in plan.environment(settings)
    for demo in ("", "demo-live"):
        program = plan.agent(settings, {"DISPLAY": ":9"}, demo=demo)
        assert "DATABASE_URL" not in program.environment and "owner:secret" not in str(program)
