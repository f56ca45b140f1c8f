"""What the settings say of a team's identity provider."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.up import plan
from neural_focus.errors import ConfigurationError, InputError
from neural_focus.identity_provider import (
    CLIENT_ID,
    ISSUER,
    NAME,
    SECRET,
    SECRET_FILE,
    VARIABLES,
    is_safe,
    read_provider,
)
from neural_focus.secrets import load_secrets
from neural_focus.settings import Settings, read_settings
from neural_focus.store.identities import read_email

WHOLE = {ISSUER: "https://login.example.org/realms/team", CLIENT_ID: "focus", SECRET: "s3cret"}


def test_none_is_set_by_default() -> None:
    assert read_provider({}) is None and read_settings({}).identity_provider is None


def test_the_settings_have_it_and_show_no_secret() -> None:
    settings = read_settings(WHOLE)
    assert settings.identity_provider is not None
    assert settings.identity_provider.name == "login.example.org"
    assert settings.identity_provider.read_secret() == "s3cret"
    assert "s3cret" not in repr(settings)


def test_the_secret_can_be_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    given = {name: text for name, text in WHOLE.items() if name != SECRET} | {SECRET_FILE: str(file), NAME: "Example"}
    provider = read_provider(given)
    assert provider is not None and provider.name == "Example"
    with pytest.raises(ConfigurationError, match="cannot be read"):
        provider.read_secret()
    file.write_text("\n")
    with pytest.raises(ConfigurationError, match="is empty"):
        provider.read_secret()
    file.write_text("of a file\n")
    assert provider.read_secret() == "of a file"


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({ISSUER: ""}, f"{ISSUER} is not set"),
        ({CLIENT_ID: ""}, f"{CLIENT_ID} is not set"),
        ({SECRET: ""}, "neither is set"),
        ({SECRET_FILE: "/somewhere"}, "both are set"),
        ({ISSUER: "http://login.example.org"}, "no https"),
        ({ISSUER: "login.example.org"}, "no https"),
        ({ISSUER: "https://login.example.org?a=b"}, "no https"),
        ({ISSUER: "https://login.example.org:port"}, "no https"),
        ({ISSUER: "https://login.example.org:99999"}, "no https"),
        ({ISSUER: "https://[::1/realm"}, "no https"),
        ({NAME: "x" * 41}, "at most 40"),
    ],
)
def test_half_a_provider_is_refused(changed: dict[str, str], says: str) -> None:
    with pytest.raises(ConfigurationError, match=says):
        read_settings(WHOLE | changed)


@pytest.mark.parametrize(
    ("address", "safe"),
    [
        ("https://a.example/x", True),
        ("http://127.0.0.1:9/x", True),
        ("http://[::1]/x", True),
        ("http://localhost/x", True),
        ("http://10.0.0.1/x", False),
        ("http://127.0.0.1.evil.example/", False),
        ("ftp://127.0.0.1/", False),
        ("//127.0.0.1/", False),
    ],
)
def test_what_leaves_the_machine_is_encrypted(address: str, safe: bool) -> None:
    assert is_safe(address) is safe


def test_only_the_service_is_given_the_providers_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, text in WHOLE.items():
        monkeypatch.setenv(name, text)
    provider = read_provider(WHOLE)
    settings = Settings(home=tmp_path, database_url="postgresql://127.0.0.1/none", identity_provider=provider)
    secrets = load_secrets(settings.secrets)
    display = {"DISPLAY": ":9"}
    others = (
        plan.prefect_server(settings, secrets),
        plan.flows_server(settings, secrets),
        plan.agent(settings, display),
        plan.demo_person(settings, display, brisk=True),
    )
    assert read_provider(plan.service(settings, demo=False).environment) == provider
    for program in (plan.service(settings, demo=False), *others):
        assert "s3cret" not in " ".join(program.command)
    for program in others:
        assert not program.environment.keys() & set(VARIABLES), program.name


@pytest.mark.parametrize(
    "text", ["ada", "@example.org", "ada@", "a b@example.org", "ada@example.org\n.", "a" * 255 + "@b"]
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="e-mail address"):
        read_email(text)


def test_addresses_are_compared_in_small_letters() -> None:
    assert read_email(" Ada@Example.ORG ") == "ada@example.org"


def test_no_other_letter_becomes_one_of_an_address() -> None:
    """``str.lower`` makes a k of the Kelvin sign."""
    assert read_email("\N{KELVIN SIGN}it@Example.org") == "\N{KELVIN SIGN}it@example.org"
