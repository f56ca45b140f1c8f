"""What can be done for a person on a machine now, and what each action on a target is called."""

from __future__ import annotations

import re
from dataclasses import dataclass

from neural_focus.experiments.assignment import Arm
from neural_focus.help_settings import HelpSettings, registrable
from neural_focus.messages import DesktopStatus

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


def block_action(site: str) -> str:
    """BLOCK_REDDIT for reddit.com, BLOCK_YCOMBINATOR for news.ycombinator.com, BLOCK_BBC for bbc.co.uk."""
    host = site.lower().removeprefix("www.")
    return program_action("BLOCK", (registrable(host) or host).partition(".")[0])


def program_action(verb: str, name: str) -> str:
    """MINIMIZE_SPOTIFY, KILL_STEAM."""
    return f"{verb}_" + re.sub(r"[^A-Z0-9]+", "_", name.upper())[:80]
