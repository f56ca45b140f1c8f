from pathlib import Path

import pytest

from collector.consent import read_consent, require_consent, revoke, version, words
from neural_focus.errors import ConsentError, InputError


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "consent.json"


def test_asked_once_in_plain_words(file: Path) -> None:
    shown: list[str] = []

    def ask(text: str) -> str:
        shown.append(text)
        return " Yes\n"

    first = require_consent(file, titles=False, flag=None, ask=ask)
    second = require_consent(file, titles=False, flag=None, ask=None)
    assert first == second == read_consent(file)
    assert first.how == "asked" and first.version == version(False)
    assert len(shown) == 1 and "never which one" in shown[0] and "Do you agree?" in shown[0]
    assert file.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("answer", ["no", "", "n", "maybe", "yesterday"])
def test_anything_but_yes_is_no(file: Path, answer: str) -> None:
    with pytest.raises(ConsentError, match="you do not agree"):
        require_consent(file, titles=False, flag=None, ask=lambda _: answer)
    assert not file.exists()


def test_nobody_to_ask(file: Path) -> None:
    with pytest.raises(ConsentError, match="no terminal to ask in"):
        require_consent(file, titles=False, flag=None, ask=None)


def test_titles_are_asked_for_on_their_own(file: Path) -> None:
    assert "what they say" in words(True) and words(True) != words(False)
    require_consent(file, titles=False, flag="yes", ask=None)
    with pytest.raises(ConsentError):
        require_consent(file, titles=True, flag=None, ask=None)
    assert require_consent(file, titles=True, flag="yes", ask=None).titles


def test_taking_it_back(file: Path) -> None:
    assert require_consent(file, titles=False, flag="yes", ask=None).how == "flag"
    revoke(file)
    assert read_consent(file) is None
    revoke(file)


@pytest.mark.parametrize("content", ["", "{}", "[1]", '{"version": "x", "more": 1}'])
def test_a_broken_file_is_no_consent(file: Path, content: str) -> None:
    file.write_text(content)
    with pytest.raises(InputError, match="cannot be read"):
        require_consent(file, titles=False, flag=None, ask=None)
