"""An experiment as its file declares it: one TOML file each, refused as a whole if any field does not fit.

``unit = "opportunity"``: every opportunity draws its arm anew, within the person (micro-randomised). ``unit =
"person"``: a person draws once and keeps the arm; ``unit = "day"``: each of a person's days draws anew. What an arm is
follows from it: an action, or a policy of offers and the model that answers.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, Literal

import msgspec

from neural_focus.errors import InputError
from neural_focus.validation import validate

DEFAULT_FILE, DEMO_FILE = "default.toml", "demo.toml"
Action = Literal["NO_OP", "SUGGEST_BREAK", "BLOCK_SITES", "PLACEBO"]
Category = Literal["Building", "Studying", "Knowledge", "Communication", "Entertainment"]
Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
ContextName = Literal["part_of_day", "category", "opportunity_of_day"]
Away = Literal["locked", "do_not_disturb", "full_screen", "call", "screen_sharing", "presentation"]
AWAY: tuple[Away, ...] = ("locked", "do_not_disturb", "full_screen", "call", "screen_sharing", "presentation")
"""Every reason why nobody could see an offer (``messages.Unavailable``)."""


@dataclass(frozen=True, slots=True)
class PolicyChange:
    """What an arm changes in how often help is offered (``assignment.Policy``); what is left out stays."""

    alerts_per_hour: float | None = None
    gap_minutes: float | None = None
    threshold_quantile: float | None = None
    """Risks above this quantile of the person's own settled moments are opportunities, instead of a fitted one."""


@dataclass(frozen=True, slots=True)
class ArmSpec:
    """One arm. An action is its own name; an arm without action, policy and model is the control: all as it is."""

    probability: float
    name: str = ""
    action: Action | None = None
    policy: PolicyChange | None = None
    model: str | None = None
    """The version of a stored model that answers instead of the champion."""

    @property
    def label(self) -> str:
        """What rows call the arm."""
        return self.action or self.name

    @property
    def control(self) -> bool:
        """Whether nothing is done in it."""
        return self.action == "NO_OP" if self.action else self.policy is None and self.model is None


@dataclass(frozen=True, slots=True)
class Eligibility:
    """Which opportunities take part. Empty lists and 0 mean all; hours and days are the person's own."""

    categories: tuple[Category, ...] = ()
    days: tuple[Day, ...] = ()
    from_hour: int = 0
    to_hour: int = 24
    first_of_day: int = 0


@dataclass(frozen=True, slots=True)
class Availability:
    """While one of these is so, nobody could see an offer: nothing is drawn, and the moment is logged as such.

    What is left out counts as seen: moments of it are drawn like others. A locked screen is always among them.
    """

    unavailable: tuple[Away, ...] = AWAY


@dataclass(frozen=True, slots=True)
class OutcomeSpec:
    """What is measured after the draw, and for how long.

    focus_minutes_a_day: a minute at a focus score of 70 is 0.7 of one. settled_minutes_a_day: of at least a minute in
    one app, with input; no model has a say in it.
    """

    metric: Literal["focus_score", "focus_minutes_a_day", "settled_minutes_a_day"]
    horizon_seconds: int


@dataclass(frozen=True, slots=True)
class Guardrail:
    """What no arm may do, tested so that it may be looked at every day (``guardrails``).

    outcome: lower the outcome by more than ``bound``. rejected, undone: a larger share than ``bound`` of its offers
    that were answered, or of its actions that were applied.
    """

    metric: Literal["outcome", "rejected", "undone"]
    bound: float


@dataclass(frozen=True, slots=True)
class Adaptive:
    """Whether probabilities move toward what helps, by which context, and between which bounds."""

    on: bool = False
    context: tuple[ContextName, ...] = ()
    low: float = 0.2
    high: float = 0.8


@dataclass(frozen=True, slots=True)
class Plan:
    """What the planned length follows from. ``effect`` and standard deviations are in the unit of the outcome.

    ``sd`` is that of one outcome around what was known before the draw; for people, of one day around the person's
    mean, and ``sd_people`` that of the people's means. ``available``: the share of opportunities where an offer can be
    seen. ``carried_out``: the share of the opportunities that drew an arm at which that arm was really done.
    """

    effect: float
    sd: float
    people: int
    opportunities_a_day: float = 1.0
    available: float = 1.0
    carried_out: float = 1.0
    sd_people: float = 0.0
    power: float = 0.8
    alpha: float = 0.05


@dataclass(frozen=True, slots=True)
class Experiment:
    """A whole file. ``start`` and ``end`` are days in UTC, drawn from the first on and before the second."""

    name: str
    version: int
    hypothesis: str
    layer: str
    unit: Literal["opportunity", "person", "day"]
    arms: tuple[ArmSpec, ...]
    outcome: OutcomeSpec
    plan: Plan
    traffic: float = 1.0
    """The share of people in the layer who take part."""
    rest_of_layer: bool = False
    """Takes whoever is in no other experiment of the layer, instead of a share."""
    demo_people: bool = False
    """Of that rest it takes the demo people alone, before one that takes all of it."""
    eligibility: Eligibility = Eligibility()
    availability: Availability = Availability()
    guardrails: tuple[Guardrail, ...] = ()
    adaptive: Adaptive = Adaptive()
    start: str | None = None
    end: str | None = None

    @property
    def seed(self) -> str:
        """Of every draw; ``interventions.experiment`` holds it."""
        return f"{self.name}-{self.version}"

    @property
    def control(self) -> ArmSpec:
        """The arm that the others are compared to."""
        return next(arm for arm in self.arms if arm.control)

    @property
    def models(self) -> tuple[str, ...]:
        """The versions that answer in its arms."""
        return tuple(arm.model for arm in self.arms if arm.model is not None)

    @property
    def hash(self) -> str:
        """SHA-256 over all fields, as hex digits."""
        return hashlib.sha256(json.dumps(msgspec.to_builtins(self), sort_keys=True).encode()).hexdigest()

    def draws_at(self, now: datetime) -> bool:
        """Whether the days of the file allow draws at ``now``."""
        begun = self.start is None or now >= midnight(self.start)
        return begun and (self.end is None or now < midnight(self.end))


def midnight(day: str) -> datetime:
    """The beginning of an ISO day in UTC."""
    return datetime.combine(date.fromisoformat(day), time(), UTC)


def read_experiment(path: Path) -> Experiment:
    """The experiment that a file declares.

    Raises:
        InputError: the file cannot be read, is no TOML, or a field does not fit; names the field and what to write.
    """
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} cannot be read", why=str(error), hint="Give an experiment's TOML file") from error
    return parse_experiment(text, str(path))


def parse_experiment(text: str, where: str = "experiment") -> Experiment:
    """The experiment that a TOML text declares; ``where`` begins each error. Raises InputError as the above."""
    from neural_focus.experiments.declaration_checks import advice, check

    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{where} is no TOML", why=str(error), hint="Correct that line") from error
    try:
        found = validate(Experiment, _plain_days(table), "experiment")
    except InputError as error:
        raise InputError(f"{where}: {error.what}", why=error.why, hint=advice(error)) from None
    check(found, where)
    return found


def stored_experiment(spec: object) -> Experiment:
    """The experiment of a stored ``spec``. Raises InputError where another version of the platform wrote it."""
    return validate(Experiment, spec, "experiment")


@cache
def default_experiment() -> Experiment:
    """The platform's own one."""
    return parse_experiment(resources.files(__package__).joinpath(DEFAULT_FILE).read_text("utf-8"), DEFAULT_FILE)


@cache
def demo_experiment() -> Experiment:
    """That of the demo people, which has a placebo."""
    return parse_experiment(resources.files(__package__).joinpath(DEMO_FILE).read_text("utf-8"), DEMO_FILE)


def _plain_days(table: dict[str, Any]) -> dict[str, Any]:
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in table.items()}
