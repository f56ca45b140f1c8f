"""Where ``neural-focus pair`` sends a token, and where it does not."""

from __future__ import annotations

import pytest

from infra.commands.pair import checked_address
from neural_focus.errors import ConfigurationError


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("https://focus.example", "https://focus.example"),
        ("https://focus.example:8443/", "https://focus.example:8443"),
        ("http://127.0.0.1:3000", "http://127.0.0.1:3000"),
        ("http://[::1]:3000", "http://[::1]:3000"),
        ("http://localhost:3000", "http://localhost:3000"),
    ],
)
def test_an_address_is_taken_without_its_path(text: str, address: str) -> None:
    assert checked_address(text, unencrypted=False) == address


@pytest.mark.parametrize("text", ["http://focus.example", "http://192.168.1.5:3000", "http://localhost.example"])
def test_an_address_where_the_token_could_be_read_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError, match="is not encrypted"):
        checked_address(text, unencrypted=False)
    assert checked_address(text, unencrypted=True) == text


@pytest.mark.parametrize("text", ["focus.example", "ftp://x", "https://", "https://a:b@focus.example", "https://x/y"])
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError, match="--service is"):
        checked_address(text, unencrypted=False)
