"""What tests know about the Prefect server that ``conftest.py`` starts."""

from __future__ import annotations

from dataclasses import dataclass

from neural_focus.secrets import Secrets
from neural_focus.settings import Settings


@dataclass(frozen=True)
class PrefectServer:
    """A running server: its settings, secrets and the environment its clients need."""

    settings: Settings
    secrets: Secrets
    environment: dict[str, str]

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.settings.prefect_port}"
