"""What the service remembers of each stream between two snapshots: momentum, the last moment, and the person's watch.

The trial is the person's, over all their machines: their streams share one watch, and only the machine in use has
moments for it.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from neural_focus.experiments.budget import OpportunityWatch
from neural_focus.help_settings import HelpSettings
from neural_focus.messages import ActivityUpdate, DesktopStatus, Snapshot
from neural_focus.models.sequences import LiveSteps
from neural_focus.prediction import Prediction
from neural_focus.store.predictions import LoggedMoments
from neural_focus.time import STEP_US

NEXT_US = 3_000_000
"""A stream's snapshots are a second apart, three where the desktop is busy."""
MOMENTUM_AT_START = 50.0
MOMENTUM_SECONDS = 60.0


@dataclass(slots=True)
class Momentum:
    """Running mean of past focus scores: m ← s + (m − s)·e^(−Δt/60), 50 at a session's start.

    ``s`` is the score of the last prediction before t and Δt the time since the snapshot before.
    """

    value: float = MOMENTUM_AT_START
    last_us: int | None = None
    last_score: float | None = None

    def advance(self, t_us: int, seconds_since_session_start: float) -> float:
        """The value for the snapshot at ``t_us``, which began a session that many (whole) seconds ago."""
        if self.last_us is None or t_us - int(seconds_since_session_start) * 1_000_000 > self.last_us:
            self.value, self.last_score = MOMENTUM_AT_START, None
        elif self.last_score is not None:
            decay = math.exp(-(t_us - self.last_us) / 1e6 / MOMENTUM_SECONDS)
            self.value = self.last_score + (self.value - self.last_score) * decay
        self.last_us = t_us
        return self.value

    def predicted(self, score: float) -> None:
        """The prediction for the snapshot just advanced to."""
        self.last_score = score


@dataclass(slots=True)
class LiveStream:
    """One person on one machine, live."""

    user_id: int
    machine_id: str
    is_demo: bool
    watch: OpportunityWatch
    """The person's: all of their streams have the same."""
    help: HelpSettings = field(default_factory=HelpSettings)
    """What the person allows help to do."""
    momentum: Momentum = field(default_factory=Momentum)
    steps: LiveSteps = field(default_factory=LiveSteps)
    """The last two minutes, for a model that reads them: all else of the past comes with each snapshot."""
    session_id: int | None = None
    jailed: bool = False
    """The session's jail holds."""
    snapshot: Snapshot | None = None
    activity: ActivityUpdate | None = None
    prediction: Prediction | None = None
    explain: Callable[[], Mapping[str, tuple[str, ...]]] | None = None
    """Gives the last prediction's ``factors``."""
    desktop: DesktopStatus | None = None
    """What the desktop last said of itself; None while it is not connected."""
    features_us: int = 0
    """The time of the newest snapshot whose features are in ``events``."""
    received: float = 0.0
    """``time.time()`` when the last snapshot came."""

    @property
    def stream_id(self) -> str:
        """The key of the feature store."""
        return f"{self.user_id}:{self.machine_id}"

    def age_s(self, now: float | None = None) -> float | None:
        """Seconds since the last snapshot's own time, None before the first one."""
        if self.snapshot is None:
            return None
        return max(0.0, (time.time() if now is None else now) - self.snapshot.t_us / 1e6)

    @property
    def used_us(self) -> int:
        """When the machine was last used: its newest input, or what the idle time says where the desktop does not."""
        if self.snapshot is None:
            return 0
        if self.snapshot.input_us is None:
            return self.snapshot.t_us - int(self.snapshot.features["idle_time_30s"] * 1e6)
        return min(self.snapshot.input_us, self.snapshot.t_us)

    def is_set_back(self, t_us: int, now_us: int) -> bool:
        """Whether a snapshot at ``t_us`` comes after the clock was set back: the one before lies in the future now."""
        return self.snapshot is not None and self.snapshot.t_us > max(t_us, now_us + STEP_US)

    def follows(self, t_us: int) -> bool:
        """Whether a snapshot at ``t_us`` comes next after the last one."""
        return self.snapshot is not None and 0 < t_us - self.snapshot.t_us <= NEXT_US

    def begin_anew(self, found: LiveStream) -> None:
        """Goes on from what is stored as of now (``found``): what came later has another time than the present."""
        self.momentum, self.steps = found.momentum, found.steps
        self.session_id, self.jailed = found.session_id, found.jailed
        self.snapshot, self.prediction, self.explain, self.activity = None, None, None, None

    def restore(self, past: LoggedMoments) -> None:
        """Go on with the momentum where an earlier run of the service left off."""
        if not math.isnan(past.momentum[-1]):
            last_us, score = int(past.t_us[-1]), float(past.focus_score[-1])
            self.momentum = Momentum(float(past.momentum[-1]), last_us, score)


class Streams:
    """All streams that have been live since the service started."""

    def __init__(self) -> None:
        self._streams: dict[int, dict[str, LiveStream]] = {}
        """By person and machine."""
        self._watches: dict[int, OpportunityWatch] = {}
        self._allowed: dict[int, HelpSettings] = {}
        """What people allowed since the start: a stream that was just being read may have what was before."""

    def get(self, user_id: int, machine_id: str) -> LiveStream | None:
        """The stream, if it has been live."""
        return self._streams.get(user_id, {}).get(machine_id)

    def add(self, stream: LiveStream) -> LiveStream:
        """Remember a stream; a second add of the same one keeps the first, and so does a second watch of a person."""
        stream.watch = self._watches.setdefault(stream.user_id, stream.watch)
        stream.help = self._allowed.get(stream.user_id, stream.help)
        return self._streams.setdefault(stream.user_id, {}).setdefault(stream.machine_id, stream)

    def allow(self, user_id: int, help_settings: HelpSettings) -> None:
        """From now on this is what the person allows help to do."""
        self._allowed[user_id] = help_settings
        for stream in self.of(user_id):
            stream.help = help_settings

    def begin_anew(self, stream: LiveStream, found: LiveStream) -> None:
        """The clock was set back under a stream: it goes on from ``found``, as does the watch of its person."""
        stream.begin_anew(found)
        self._watches[stream.user_id] = found.watch
        for one in self.of(stream.user_id):
            one.watch = found.watch

    def watch_of(self, user_id: int) -> OpportunityWatch | None:
        """The person's watch, None before their first stream."""
        return self._watches.get(user_id)

    def in_use(self, user_id: int) -> LiveStream | None:
        """The person's stream with the newest input; of several at the same microsecond always the same one."""
        seen = [stream for stream in self.of(user_id) if stream.snapshot is not None]
        return max(seen, key=lambda stream: (stream.used_us, stream.machine_id), default=None)

    def all(self) -> list[LiveStream]:
        """Everybody's streams."""
        return [stream for streams in self._streams.values() for stream in streams.values()]

    def of(self, user_id: int) -> list[LiveStream]:
        """All of a person's streams."""
        return list(self._streams.get(user_id, {}).values())

    def desktop_of(self, user_id: int) -> DesktopStatus | None:
        """What the person's connected desktop said of itself; with several, one that captures."""
        connected = [stream.desktop for stream in self.of(user_id) if stream.desktop is not None]
        return min(connected, key=lambda status: status.state, default=None)

    def newest(self, user_id: int) -> LiveStream | None:
        """The person's stream with the latest snapshot."""
        live = [stream for stream in self.of(user_id) if stream.snapshot]
        return max(live, key=lambda stream: stream.snapshot.t_us if stream.snapshot else 0, default=None)
