"""The front door names what there is: every command, target, option, file and picture that it mentions."""

from __future__ import annotations

import importlib
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from infra.cli import COMMANDS

ROOT = Path(__file__).parents[2]
PAGES = ("README.md", "docs/operations.md", "docs/privacy.md", "docs/desktop.md")


def texts() -> str:
    return "\n".join((ROOT / page).read_text("utf-8") for page in PAGES)


def targets() -> set[str]:
    [names] = re.findall(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    return set(names.split())


def test_every_target_is_real_and_help_lists_all_of_them() -> None:
    mentioned = set(
        re.findall(r"\bmake ([a-z]+)(?=[ `\n.,:;)])", "\n".join(re.findall(r"`[^`]+`|^    .*$", texts(), re.M)))
    )
    assert mentioned - targets() == set()
    command = ["make", "--no-print-directory", "help"]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert {line.split()[0] for line in said.splitlines()} == targets()


def test_every_command_is_mentioned_and_real() -> None:
    mentioned = set(re.findall(r"neural-focus ([a-z]+)\b", "\n".join(re.findall(r"`[^`]+`|^    .*$", texts(), re.M))))
    assert mentioned == set(COMMANDS)


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_every_option_that_is_mentioned_is_real(command: str) -> None:
    used = {
        option
        for line in re.findall(rf"neural-focus {command}\b([^`\n]*)", texts())
        for option in re.findall(r"--[a-z-]+", line)
    }
    if used:
        assert used <= options(get_command(importlib.import_module(COMMANDS[command][0]).app))


def options(command: Any) -> set[str]:
    """All that a command and its subcommands take."""
    own = {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)}
    return own.union(*map(options, getattr(command, "commands", {}).values()))


def test_every_link_leads_somewhere() -> None:
    for page in PAGES:
        for link in re.findall(r"\]\(([^)#]+)\)", (ROOT / page).read_text("utf-8")):
            assert "://" in link or ((ROOT / page).parent / link).exists(), f"{page}: {link}"
