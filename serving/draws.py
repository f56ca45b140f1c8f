"""What was drawn for a moment, before it is stored: what can be done there, the arm, and the rows that it becomes."""

from __future__ import annotations

import re
from dataclasses import dataclass

from neural_focus.experiments.assignment import DEMO_SEED, Arm, Draw, Trigger
from neural_focus.help_settings import HelpSettings, registrable
from neural_focus.messages import DesktopStatus, InterventionType, Unavailable
from neural_focus.store.interventions import Exposure
from serving.experiments import Chance

TYPE_OF: dict[Arm, InterventionType] = {
    Arm.NO_OP: "NO_OP",
    Arm.SUGGEST_BREAK: "SUGGEST_BREAK",
    Arm.BLOCK_SITES: "PREDICTIVE_BLOCK",
    Arm.PLACEBO: "NO_OP",
}
NO_DESKTOP = "No desktop of yours is connected. Start the agent: neural-focus agent"


@dataclass(frozen=True, slots=True)
class Reach:
    """What can be done for a person now: ``able`` are actions, ``why`` says of the others why not.

    ``sites`` and ``apps`` are those of their lists that can be blocked and minimised.
    """

    able: frozenset[str]
    why: dict[str, str]
    sites: tuple[str, ...]
    apps: tuple[str, ...]

    @classmethod
    def of(cls, settings: HelpSettings, desktop: DesktopStatus | None, *, no_block: str, jailed: bool = False) -> Reach:
        """From the person's lists and what their desktop says of itself.

        ``no_block``: why no browser of theirs may block, empty where one may; ``jailed``: a session does all of it.
        """
        abilities = desktop.abilities if desktop else ()
        able = {ability.action for ability in abilities if ability.able} | (set() if no_block else {"BLOCK"})
        otherwise = "Your desktop cannot do it. Update its agent" if desktop else NO_DESKTOP
        why = dict.fromkeys(("SUGGEST_BREAK", "MINIMIZE", "KILL", "PLACEBO"), otherwise) | {"BLOCK": no_block}
        why |= {one.action: ". ".join(part for part in (one.why, one.hint) if part) for one in abilities}
        sites = settings.block_sites if "BLOCK" in able and not jailed else ()
        apps = settings.minimize_apps if "MINIMIZE" in able and not jailed else ()
        return cls(frozenset(able), why, sites, apps)

    @property
    def eligible(self) -> frozenset[Arm]:
        """The arms that can be carried out. Doing nothing always can."""
        arms = {Arm.NO_OP}
        if "SUGGEST_BREAK" in self.able:
            arms.add(Arm.SUGGEST_BREAK)
        if self.sites or self.apps:
            arms.add(Arm.BLOCK_SITES)
        if "PLACEBO" in self.able:
            arms.add(Arm.PLACEBO)
        return frozenset(arms)

    def why_not(self, action: str) -> str | None:
        """Why an action cannot be done and what to do, a sentence for the person; None where it can."""
        return None if action in self.able else self.why[action]


@dataclass(frozen=True, slots=True)
class Drawn:
    """An opportunity whose arm is drawn and that is not stored yet."""

    trigger: Trigger
    draw: Draw
    opportunity_id: str
    reach: Reach
    chance: Chance | None = None
    """Of the experiment that it was drawn in; None for a warm start, which is in none."""
    minutes_in_app: int = 0
    """What a placebo's card says."""

    @property
    def experiment(self) -> str:
        """As ``interventions.experiment`` has it."""
        return experiment_name(self.trigger, self.chance)

    @property
    def exposures(self) -> tuple[Exposure, ...]:
        """To the experiment of the draw, and to those that assigned the person."""
        if self.chance is None:
            return ()
        chances = {arm.value: share for arm, share in self.chance.arms.items()}
        drawn = Exposure(self.chance.experiment_id, self.draw.arm.value, self.draw.probability, chances)
        return (drawn, *self.chance.others)

    @property
    def targets(self) -> list[tuple[str, str | None]]:
        """(action, target) of each row."""
        if self.draw.arm is Arm.BLOCK_SITES:
            return [
                *((block_action(site), site) for site in self.reach.sites),
                *((program_action("MINIMIZE", app), app) for app in self.reach.apps),
            ]
        return [(self.draw.arm.value, str(self.minutes_in_app) if self.draw.arm is Arm.PLACEBO else None)]


@dataclass(frozen=True, slots=True)
class Missed:
    """A moment that would have been an opportunity, had anybody been able to see an offer."""

    trigger: Trigger
    reason: Unavailable
    chance: Chance | None = None

    @property
    def experiment(self) -> str:
        """As ``unavailable_moments.experiment`` has it."""
        return experiment_name(self.trigger, self.chance)


def experiment_name(trigger: Trigger, chance: Chance | None) -> str:
    """The seed of the draw's experiment, with the trigger where that is not the budget (a warm start: demo people)."""
    seed = DEMO_SEED if chance is None else chance.spec.seed
    return seed if trigger is Trigger.BUDGET else f"{seed}:{trigger.value}"


def block_action(site: str) -> str:
    """BLOCK_REDDIT for reddit.com, BLOCK_YCOMBINATOR for news.ycombinator.com, BLOCK_BBC for bbc.co.uk."""
    host = site.lower().removeprefix("www.")
    return program_action("BLOCK", (registrable(host) or host).partition(".")[0])


def program_action(verb: str, name: str) -> str:
    """MINIMIZE_SPOTIFY, KILL_STEAM."""
    return f"{verb}_" + re.sub(r"[^A-Z0-9]+", "_", name.upper())[:80]
