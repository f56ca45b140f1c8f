"""The flow `promotion`: a trained model serves only if it passes every gate, on the same moments as the champion.

::

    newest of each kind ──► offline gates ──► shadow: predicts live beside the champion, unseen ──► live gate ──► serves
                             │ no                                                                     │ no
                             └──► the champion stays                                                  └──► it stays

Where nothing serves yet there is nothing to shadow: the best that passes serves at once. A model of demo people never
replaces one of real people.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import numpy as np

from flows.artifacts import leave_table, leave_words
from flows.champion_challenger import champion_on
from flows.running import Platform, platform_flow, tell
from neural_focus.errors import ConfigurationError, ContractError
from neural_focus.models import registry
from neural_focus.models.gates import (
    JUDGED,
    SHADOW_GATE,
    Gate,
    beats_baselines,
    beats_champion,
    calibrated,
    enough,
    latency,
    no_collapse,
    no_worse_live,
)
from neural_focus.models.held_out import FILE, HeldOut, read_held_out
from neural_focus.models.registry import Shadow, StoredModel
from neural_focus.settings import Settings
from neural_focus.store.live_check import Lived, lived, people_served

SHADOW_PATIENCE = timedelta(days=7)
"""A shadow that has not seen enough live moments by then gives way to a newer challenger."""


@platform_flow(
    name="promotion",
    description="Lets a model serve if it beats the champion and the baselines beyond noise, is calibrated and fast "
    "enough, and is no worse in any segment, nor in a shadow run.",
    stale_after=timedelta(hours=6),
)
def promotion(platform: Platform) -> str:
    """Judges the newest models and the shadow; returns the champion's tag after that."""
    return promote_newest(platform)


def promote_newest(platform: Platform) -> str:
    """The work of the flow.

    Raises:
        ConfigurationError: there is no model yet.
    """
    settings = platform.settings
    models = registry.list_models(settings)
    if not models:
        raise ConfigurationError("There is no model to promote", todo="Run the flow 'training' first")
    serving, problem = registry.usable_champion(settings)
    champion = next((model for model in models if model.tag == serving), None)
    if problem:
        tell(f"the champion cannot serve: {problem}")
    if champion is not None and _shadow_decides(platform, champion):
        return registry.champion(settings) or ""
    newest = {model.version.split("_v")[0]: model for model in models}
    passed = []
    for challenger in newest.values():
        if challenger.tag == serving:
            leave_words("promotion-run", f"{challenger.tag} serves already.", "What was decided")
            continue
        if _failed_live(settings, challenger):
            leave_words("promotion-run", f"{challenger.tag} was worse live: it stays out.", "What was decided")
            continue
        gates = judge(platform, challenger, champion)
        _leave(challenger.tag, serving, gates)
        if all(gate.passed for gate in gates):
            passed.append((challenger, gates))
        elif not _said_before(settings, challenger, serving, gates):
            registry.log_decision(settings, "refused", challenger.tag, by="gates", before=serving, gates=_rows(gates))
    if passed:
        best, gates = max(passed, key=lambda one: _skill(one[0]))
        _let_serve_or_shadow(platform, best, champion, gates)
    return registry.usable_champion(settings)[0] or ""


def judge(platform: Platform, challenger: StoredModel, champion: StoredModel | None) -> list[Gate]:
    """Every offline gate of a challenger, beside the champion if there is one.

    Raises:
        ContractError: the challenger was stored without its held-out moments.
    """
    held, kind = held_out_of(platform, challenger), str(challenger.manifest["kind"])
    gates = [*beats_baselines(held, kind), *calibrated(held, kind)]
    gates.append(latency(registry.load(platform.settings, challenger.tag)))
    for target in ("switch", "break"):
        moments = held.of(target) if target in held.said else held.take(held.times_us < 0)
        if enough(moments.label[target]):
            said = moments.said[target]
            gates.append(no_collapse(moments, target, said[kind], {"recency": said["recency"]}))
    if champion is None:
        return gates
    ours, theirs = challenger.manifest["trained_on"], champion.manifest["trained_on"]
    if ours == "demo" and theirs == "people":
        return [*gates, Gate("real people's model comes first", "demo after people", passed=False)]
    return [*gates, *beats_champion(held, kind, champion_on(platform, champion, held))]


def held_out_of(platform: Platform, model: StoredModel) -> HeldOut:
    """The held-out moments that are kept with a model.

    Raises:
        ContractError: it was stored by a version that kept none.
    """
    data = registry.read_file(platform.settings, model.tag, FILE)
    if data is None:
        raise ContractError(
            f"{model.tag} has no held-out moments", why="an older version stored it", todo="Train a new model"
        )
    return read_held_out(data)


def live_moments(platform: Platform, shadow: Shadow) -> dict[str, Lived]:
    """What came true since the shadow began, beside its word and the champion's, by target."""
    start_us, end_us = int(shadow.since.timestamp() * 1e6), time.time_ns() // 1000
    version = shadow.tag.split(":")[1]
    people = people_served(platform.connection, start_us, end_us, version)
    found = lived(platform.connection, people, start_us, end_us, challenger=version)
    return {target: moments.take(moments.other == moments.other) for target, moments in found.items()}


def _shadow_decides(platform: Platform, champion: StoredModel) -> bool:
    """Judges the shadow by what it said live; True while it goes on, or when it was promoted."""
    settings = platform.settings
    shadow = registry.shadow(settings)
    if shadow is None:
        return False
    live = live_moments(platform, shadow)
    gate = no_worse_live({name: (m.person, m.times_us, m.label, m.other, m.said) for name, m in live.items()})
    tell(f"{shadow.tag} in the shadow since {shadow.since:%Y-%m-%d %H:%M}: {gate.found if gate else 'too few moments'}")
    if gate is None:
        waits = datetime.now(UTC) - shadow.since < SHADOW_PATIENCE
        leave_words(
            "promotion-run",
            f"{shadow.tag} predicts in the shadow of {champion.tag}: {len(live['switch'])} live moments so far.",
            "What was decided",
        )
        return waits
    _leave(shadow.tag, champion.tag, [gate])
    if gate.passed and shadow.by == "gates":
        registry.promote(settings, shadow.tag, by="gates", gates=[gate.row()])
        return True
    if not gate.passed:
        registry.clear_shadow(settings)
        registry.log_decision(settings, "refused", shadow.tag, by="gates", before=champion.tag, gates=[gate.row()])
    return gate.passed


def _failed_live(settings: Settings, challenger: StoredModel) -> bool:
    """Whether a shadow run of it ended in a refusal: its offline gates would let it in again, night after night."""
    mine = [line for line in registry.decisions(settings) if line["model"] == challenger.tag]
    return any(
        line["decision"] == "refused" and any(gate["name"] == SHADOW_GATE for gate in line["gates"]) for line in mine
    )


def _said_before(settings: Settings, challenger: StoredModel, serving: str | None, gates: Sequence[Gate]) -> bool:
    """Whether the last decision on it was this very refusal: a night in which nothing changed decides nothing."""
    mine = [line for line in registry.decisions(settings) if line["model"] == challenger.tag]
    if not mine or mine[-1]["decision"] != "refused" or mine[-1]["before"] != serving:
        return False
    failed = {gate["name"] for gate in mine[-1]["gates"] if not gate["passed"]}
    return failed == {gate.name for gate in gates if not gate.passed}


def _let_serve_or_shadow(
    platform: Platform, best: StoredModel, champion: StoredModel | None, gates: Sequence[Gate]
) -> None:
    settings = platform.settings
    if champion is None:
        registry.promote(settings, best.tag, by="gates", gates=_rows(gates))
        said = f"**{best.tag} serves now**, after no model."
    else:
        registry.set_shadow(settings, best.tag, by="gates", gates=_rows(gates))
        said = f"**{best.tag}** passed the gates and predicts in the shadow of {champion.tag} from now on."
    tell(said.replace("*", ""))
    leave_words("promotion-run", said, "What was decided")


def _skill(model: StoredModel) -> float:
    """Mean AUC over both risks: the first is shown, the second is acted on."""
    metrics = model.manifest["metrics"]
    return float(np.mean([metrics[target]["auc"] for target in JUDGED if metrics.get(target, {}).get("n")]))


def _rows(gates: Sequence[Gate]) -> list[dict[str, object]]:
    return [gate.row() for gate in gates]


def _leave(tag: str, champion: str | None, gates: Sequence[Gate]) -> None:
    failed = [gate.name for gate in gates if not gate.passed]
    for gate in gates:
        tell(f"{'passed' if gate.passed else 'FAILED'} {gate.name}: {gate.found}")
    verdict = f"**{tag}** fails: {', '.join(failed)}; {champion or 'no model'} stays." if failed else f"{tag} passes."
    leave_words("promotion-run", verdict, "What was decided")
    leave_table(
        "promotion-gates",
        [{"gate": gate.name, "found": gate.found, "passed": "yes" if gate.passed else "no"} for gate in gates],
        f"Gates for {tag}",
    )
