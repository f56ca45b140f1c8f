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
        ("HOST", "desk.lan"),
        ("HOST", "127.0.0"),
        ("HOST", "fe80::1%eth0"),
    ],
)
def test_a_wrong_setting_is_named_with_its_value(name: str, value: str) -> None:
    with pytest.raises(ConfigurationError, match=f"NEURAL_FOCUS_{name} is '{value}'"):
        read_settings({f"NEURAL_FOCUS_{name}": value})


def test_a_host_is_written_as_the_operating_system_writes_it() -> None:
    written = {
        "localhost": "127.0.0.1",
        "[::1]": "::1",
        "0:0:0:0:0:0:0:1": "::1",
        "0.0.0.0": "0.0.0.0",
        "": "127.0.0.1",
    }
    proxy = {"NEURAL_FOCUS_PROXIES": "10.0.0.2", "NEURAL_FOCUS_HOST_NAMES": "focus.example"}
    assert {text: read_settings({"NEURAL_FOCUS_HOST": text} | proxy).host for text in written} == written


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"HOST": "0.0.0.0"}, "HOST is 0.0.0.0: other machines would reach it unencrypted"),
        ({"HOST": "192.168.1.5"}, "HOST is 192.168.1.5"),
        ({"HOST": "0.0.0.0", "TLS_CERTIFICATE": "own.pem"}, "only one of"),
        ({"TLS_KEY": "own.pem"}, "only one of"),
        ({"PROXIES": "127.0.0.1"}, "NEURAL_FOCUS_PROXIES is set without NEURAL_FOCUS_HOST_NAMES"),
        ({"PROXIES": "my-proxy", "HOST_NAMES": "a.example"}, "NEURAL_FOCUS_PROXIES is 'my-proxy'"),
    ],
)
def test_what_other_machines_reach_is_encrypted_or_not_started(given: dict[str, str], said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        read_settings({f"NEURAL_FOCUS_{name}": value for name, value in given.items()})


def test_names_of_the_host_are_those_of_a_host_header() -> None:
    assert read_settings({"NEURAL_FOCUS_HOST_NAMES": " Desk.lan, 192.168.1.5 ,fd00::5"}).host_names == (
        "desk.lan",
        "192.168.1.5",
        "[fd00::5]",
    )
    for wrong in ("http://desk.lan", "desk.lan:3000", "a b", "*"):
        with pytest.raises(ConfigurationError, match=r"Give names without http:// and without a port"):
            read_settings({"NEURAL_FOCUS_HOST_NAMES": f"desk.lan,{wrong}"})


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
