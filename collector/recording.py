"""From the hook to the engine: what is captured is spooled, and what the spool has acknowledged is seen by the engine.

    hook ─► drain ─► privacy ─► categories ─► spool ─► live engine ─► seconds

In this order and no other, so that a replay of the stored events gives the same. A pause, and what the
person keeps from us, end a boot, and the next record begins another one: what lies between counts as not covered.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from collector.capture import CaptureSource, DesktopCapture, Drained, Records
from collector.desktop import Desktop
from collector.forgetting import forget_records
from collector.live import LiveEngine
from collector.privacy_filter import PrivacyFilter
from collector.spool import BootWriter
from collector.wall_clock import WallClock
from neural_focus.categories import Rules
from neural_focus.forgetting import ForgottenTime
from neural_focus.messages import Snapshot
from neural_focus.time import STEP_US


class Recording:
    """One desktop's records; not for several threads. A boot has an id, and sequence numbers from 0."""

    def __init__(
        self,
        desktop: Desktop,
        source: CaptureSource,
        rules: Rules,
        *,
        zone: str,
        titles: bool,
        clock: WallClock,
        privacy: PrivacyFilter,
    ) -> None:
        """Recovers the spool, restores the engine and starts capturing.

        Raises:
            CaptureError: the display cannot be opened.
            ConfigurationError: another agent runs for this desktop.
            FormatError, InputError: the spool cannot be used.
        """
        self._state, self._spool = desktop.engine_state, desktop.spool
        self._writer = BootWriter(desktop.spool, desktop.machine_id())
        self.boots = self._writer.boots
        """Boots of this run, the present one last: grows when a pause ends, and when the clock is moved."""
        self.clock_steps: dict[str, int] = {}
        """How far the clock was moved just before a boot, µs, by the boot's id."""
        self.live = LiveEngine.restore(self._state, desktop.spool, self.boots[-1], zone)
        self._clock = clock
        ahead_us = self.live.last_us - clock.now_us()
        if ahead_us > STEP_US:  # what was saved lies in the future: the clock was set back while no agent ran
            clock.note(-ahead_us)
            self.clock_steps[self.boots[-1]] = -ahead_us
        self._privacy = privacy
        self.capture = DesktopCapture(
            source, rules, clock=clock, floor_us=self.live.last_us, titles=titles, privacy=privacy
        )
        self._full = self._stopped = False

    @property
    def problem(self) -> str:
        """Why nothing is kept at the moment; empty while all is well."""
        return self.capture.lost or ("the disk takes no more data" if self._full else "")

    def turn(self) -> list[Snapshot]:
        """Takes what came since the last turn; returns the seconds that are over."""
        began_us = self.capture.now_us()
        closed = self._keep(self.capture.drain())
        return closed if self.capture.withholds else [*closed, *self.live.close_until(began_us)]

    def stop(self) -> None:
        """Ends capture; what was captured is on the disk, and the engine is kept. Raises OSError for the engine."""
        self._stopped = True
        self._keep(self.capture.stop())
        self._writer.sync()
        self.save()

    def resume(self) -> None:
        """Captures again, as another boot."""
        self._new_boot()
        self.capture.resume()
        self._stopped = False

    def forget(self, what: ForgottenTime) -> int:
        """Nothing of it is left in the spool, and the engine begins anew; returns how many records that were.

        Raises OSError: the disk did not take it; it may be asked again.
        """
        self._keep(self.capture.drain())  # what was in the ring, too
        self._writer.sync()
        self._new_boot()  # what was written is in segments that are written no more
        gone = forget_records(self._spool, what)
        self.live.begin_anew()
        self.save()
        return gone

    def follow_clock(self) -> int:
        """How far wall time was moved since the last call, µs: a boot ends where it was, and another begins."""
        step_us = self._clock.take_step()
        if step_us and not self._stopped:
            self._keep(self.capture.stop())  # the seconds that this closes are of the old time: nobody is asked of them
            self.resume()
            self.clock_steps[self.boots[-1]] = step_us
        return step_us

    def move(self, zone: str) -> int:
        """The person's clock shows another zone from now on; returns the µs from which it holds."""
        now_us = self.capture.now_us()
        self.live.move(now_us, zone)
        return now_us

    def save(self) -> None:
        """Keeps the engine for the next start. Raises OSError."""
        self.live.save(self._state)

    def counters(self) -> dict[str, Any]:
        """Everything captured is dropped, by reason, or spooled."""
        spool, seen = self._writer.counters(), self.capture.counters()
        refused = {"DISK_FULL": spool["refused"]} if spool["refused"] else {}
        return {
            **seen,
            "dropped": {**seen["dropped"], **refused},
            "spooled": spool["appended"],
            "withheld": dict(self._privacy.counts),
            "withheld_last_hour": self._privacy.last_hour(),
            "spool": spool,
            "snapshots": self.live.snapshots,
            "clock_steps": {"count": self._clock.steps, "last_seconds": round(self._clock.last_step_us / 1e6, 1)},
            "engine": self.live.counters(),
        }

    def _new_boot(self) -> None:
        if self.live.has_begun:  # else it has no record yet
            self._writer.new_boot()
            self.live.new_boot(self.boots[-1])

    def _keep(self, drained: Drained) -> list[Snapshot]:
        closed: list[Snapshot] = []
        for start, end in pairwise((0, *drained.begins, len(drained.records))):
            if start in drained.begins:
                self._new_boot()
            if start < end:
                closed += self._append(drained.records[start:end], drained.titles)
        return closed

    def _append(self, records: Records, titles: dict[int, str]) -> list[Snapshot]:
        self._full = not self._writer.append(records, titles)
        if self._full:  # counted by the writer, and the engine must not see what a replay will not
            return []
        return self.live.push(records, titles)
