import stat
from pathlib import Path

import pytest

from neural_focus.errors import ConfigurationError
from neural_focus.secrets import load_secrets
from neural_focus.settings import read_settings


def test_defaults_are_loopback_and_private() -> None:
    settings = read_settings({"NEURAL_FOCUS_HOME": "/somewhere/nf"})
    assert settings.host == "127.0.0.1"
    assert not settings.titles
    assert settings.spool == Path("/somewhere/nf/spool")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SERVING_PORT", "0"),
        ("DATABASE_PORT", "65536"),
        ("PREFECT_PORT", "http"),
        ("ZONE", "Mars/Olympus"),
        ("SHIP", "all"),
    ],
)
def test_a_wrong_setting_is_named_with_its_value(name: str, value: str) -> None:
    with pytest.raises(ConfigurationError, match=f"NEURAL_FOCUS_{name} is '{value}'"):
        read_settings({f"NEURAL_FOCUS_{name}": value})


def test_secrets_are_made_once_and_only_their_owner_reads_them(tmp_path: Path) -> None:
    path = tmp_path / "home" / "secrets.json"
    first = load_secrets(path)
    assert load_secrets(path) == first
    assert len({first.api_token, first.database_password, first.prefect_password, first.signing_key}) == 4
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_broken_secrets_say_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "secrets.json"
    path.write_text("{")
    with pytest.raises(ConfigurationError, match="Restore it"):
        load_secrets(path)
