"""``neural-focus signin`` makes a link that works once for whoever is live."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from typer.testing import CliRunner

from infra.commands.signin import app
from infra.person_shown import person_shown, show_person, token_shown
from neural_focus.errors import ServiceError
from neural_focus.secrets import load_secrets
from neural_focus.settings import read_settings
from serving.auth import LOCAL_PERSON, redeem_code


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NEURAL_FOCUS_HOME", str(tmp_path))
    return tmp_path


def test_without_a_platform_it_says_how_to_start_one() -> None:
    result = CliRunner().invoke(app)
    assert isinstance(result.exception, ServiceError)
    assert "make run" in str(result.exception)


def test_the_link_signs_in_the_person_whose_desktop_is_live(home: Path) -> None:
    settings = read_settings()
    secrets = load_secrets(settings.secrets)
    show_person(settings, 7, "a-token")
    assert (home / "curl-header").read_text() == "Authorization: Bearer a-token\n"
    assert token_shown(settings) == "a-token"
    assert {path.stat().st_mode & 0o077 for path in (home / "curl-header", home / "person-shown")} == {0}
    link = CliRunner().invoke(app).stdout.strip()
    code = parse_qs(urlsplit(link).query)["code"][0]
    assert redeem_code(settings, secrets, code) == 7
    assert redeem_code(settings, secrets, code) is None


def test_where_up_was_never_here_it_is_the_local_person(home: Path) -> None:
    settings = read_settings()
    assert person_shown(settings) == LOCAL_PERSON and token_shown(settings) == load_secrets(settings.secrets).api_token
    (home / "person-shown").write_text("nobody")
    assert person_shown(settings) == LOCAL_PERSON
