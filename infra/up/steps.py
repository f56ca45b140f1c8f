"""What ``up`` prints: a line a step with its time, and progress inside the long ones."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

PLAIN_SECONDS = 5.0
"""Without a terminal, progress is a line at most this often."""


@dataclass(slots=True)
class Step:
    """One step while it is at work: ``show`` shows what it does, with the share done (0–1) if known."""

    name: str
    console: Console
    bar: Progress | None
    shown: str = ""
    shown_at: float = field(default_factory=time.monotonic)

    def show(self, text: str, share: float | None = None) -> None:
        """Shows ``text`` as what the step does now."""
        self.shown = text
        if self.bar is not None:
            self.bar.update(self.bar.task_ids[0], detail=text, completed=share, total=None if share is None else 1)
        elif time.monotonic() - self.shown_at > PLAIN_SECONDS:
            self.shown_at = time.monotonic()
            percent = "" if share is None else f" {share:.0%}"
            self.console.print(f"    {self.name}{percent}: {text}", markup=False, highlight=False)

    def done(self, text: str) -> None:
        """What stays on the step's line."""
        self.shown = text


@contextmanager
def step(console: Console, name: str) -> Iterator[Step]:
    """Shows ``name`` at work, then as done with its time and the last thing it said."""
    started = time.monotonic()
    if console.is_terminal:
        columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(24), TimeElapsedColumn())
        with Progress(*columns, TextColumn("{task.fields[detail]}"), console=console, transient=True) as bar:
            bar.add_task(name, total=None, detail="")
            working = Step(name, console, bar)
            yield working
    else:
        working = Step(name, console, None)
        yield working
    took = time.monotonic() - started
    console.print(f"  ✓ {name:<22}{took:6.1f} s  {working.shown}", markup=False, highlight=False)
