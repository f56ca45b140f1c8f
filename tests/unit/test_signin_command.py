"""``neural-focus signin`` makes a link that works once for whoever is live."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from typer.testing import CliRunner

from infra.commands.signin import app
from infra.person_shown import person_shown
from neural_focus.errors import ServiceError
from neural_focus.secrets import load_secrets
from neural_focus.settings import read_settings
from serving.auth import LOCAL_PERSON, issue_token, redeem_code


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
    (home / "curl-header").write_text(f"Authorization: Bearer {issue_token(secrets, 7)}\n")
    link = CliRunner().invoke(app).stdout.strip()
    code = parse_qs(urlsplit(link).query)["code"][0]
    assert redeem_code(settings, secrets, code) == 7
    assert redeem_code(settings, secrets, code) is None


def test_a_header_that_is_not_ours_counts_for_nobody(home: Path) -> None:
    settings = read_settings()
    secrets = load_secrets(settings.secrets)
    assert person_shown(settings, secrets) == LOCAL_PERSON
    (home / "curl-header").write_text("Authorization: Bearer nf1.7.forged\n")
    assert person_shown(settings, secrets) == LOCAL_PERSON
