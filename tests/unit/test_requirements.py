"""What the set-up still has to install."""

from __future__ import annotations

import pytest

from infra.requirements import canonical, missing, read_installed, read_pins, wanted


@pytest.mark.parametrize("requirement", ["Psycopg[binary]>=3.2", "psycopg", "psycopg<4,>=3 ; sys_platform == 'linux'"])
def test_a_requirement_is_known_by_its_canonical_name(requirement: str) -> None:
    assert canonical(requirement) == "psycopg"
    assert canonical("ruamel.yaml_CLIB==1") == "ruamel-yaml-clib"


def test_only_what_is_absent_or_of_another_version_is_missing() -> None:
    pins = {"numpy": "2.4.6", "pandas": "2.3.3", "six": "1.17"}
    installed = {"numpy": "2.4.6", "six": "1.16"}
    assert missing(["numpy>=1.26", "pandas<3"], pins, installed) == ["pandas<3", "six==1.17"]


def test_this_environment_lacks_nothing() -> None:
    requirements = wanted(["platform", "dev"])
    assert len(requirements) > 30
    assert missing(requirements, read_pins(), read_installed()) == []
    assert {canonical(requirement) for requirement in requirements} <= {"torch", *read_pins()}, "each is pinned"
