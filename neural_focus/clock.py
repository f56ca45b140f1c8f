"""When a clock was moved, rather than kept right: NTP's small corrections are no step."""

from __future__ import annotations

from typing import Final

STEP_US: Final = 2_000_000
"""More than this at once is a step: by NTP after a long sleep, by another system on the same machine, by a person."""
