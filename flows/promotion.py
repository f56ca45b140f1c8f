"""The flow `promotion`: a trained model serves only if it passes every gate, on the same moments as the champion.

::

    newest of each kind ──► offline gates ──► shadow: predicts live beside the champion, unseen ──► live gate ──► serves
                             │ no                                                                     │ no
                             └──► the champion stays                                                  └──► it stays

Where nothing serves yet there is nothing to shadow: the best that passes serves at once. A model of demo people never
replaces one of real people, and what a person took back stays out until a person promotes it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import numpy as np

from flows.artifacts import publish_markdown, publish_table
from flows.champion_challenger import champion_on
from flows.platform_flow import Platform, log, platform_flow
from neural_focus.errors import ConfigurationError, ContractError
from neural_focus.evaluation.gates import (
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
    says_as_much,
    says_numbers,
)
from neural_focus.labelling.served_outcomes import ServedOutcomes, people_served, served_outcomes
from neural_focus.models.champion import load, promote, set_shadow, usable_champion, working_champion
from neural_focus.models.held_out import FILE, HeldOut, read_held_out
from neural_focus.registry.decision_log import log_decision, refused_by, refused_just_so, taken_back
from neural_focus.registry.model_store import StoredModel, list_models, newest_of_each_kind, read_file
from neural_focus.registry.old_models import remove_old_models
from neural_focus.registry.shadow_run import Shadow, clear_shadow, shadow
from neural_focus.settings import Settings
from neural_focus.store.experiments import models_of_arms
from neural_focus.time import wall_clock_us

SHADOW_PATIENCE = timedelta(days=7)
"""A shadow that has not seen enough live moments by then, or that a person let in, gives way to a newer challenger."""


@platform_flow(
    name="promotion",
    description="Promotes a model that beats the champion and the baselines beyond noise, is calibrated and fast "
    "enough, and is no worse in any segment, nor in a shadow run.",
    stale_after=timedelta(hours=6),
)
def promotion(platform: Platform) -> str:
    """Judges the newest models and the shadow; returns the champion's tag after that."""
    return promote_newest(platform)


def promote_newest(platform: Platform) -> str:
    """The work of the flow: judges, then removes the models that nobody needs any more.

    Raises:
        ConfigurationError: there is no model yet.
    """
    serving = _evaluate_newest(platform)
    try:
        removed = remove_old_models(platform.settings, models_of_arms(platform.connection))
    except ContractError as error:
        log(f"no old model is removed: {error}")
    else:
        if removed:
            log(f"removed as old: {', '.join(removed)}")
    return serving


def _evaluate_newest(platform: Platform) -> str:
    settings = platform.settings
    models = list_models(settings)
    if not models:
        raise ConfigurationError("There is no model to promote", hint="Run the flow 'training' first")
    champion = _serving(settings, models)
    serving = None if champion is None else champion.tag
    if champion is not None and _shadow_decides(platform, champion):
        return usable_champion(settings)[0] or ""
    passed = []
    for challenger in newest_of_each_kind(models).values():
        if challenger.tag == serving:
            publish_markdown("promotion-run", f"{challenger.tag} serves already.", "Decision")
            continue
        if why := _stays_out(settings, challenger.tag):
            publish_markdown("promotion-run", f"{challenger.tag} {why}: it is not promoted.", "Decision")
            continue
        gates = _gates_or_none(platform, challenger, champion)
        _leave(challenger.tag, serving, gates)
        if all(gate.passed for gate in gates):
            passed.append((challenger, gates))
        elif not refused_just_so(settings, challenger.tag, serving, _rows(gates)):
            log_decision(settings, "refused", challenger.tag, by="gates", before=serving, gates=_rows(gates))
    if passed:
        best, gates = max(passed, key=lambda one: _skill(one[0]))
        _let_serve_or_shadow(platform, best, champion, gates)
    return usable_champion(settings)[0] or ""


def _serving(settings: Settings, models: Sequence[StoredModel]) -> StoredModel | None:
    """The champion, if it can be loaded: one that cannot answers nobody, and holds nobody up."""
    working, problem = working_champion(settings)
    if problem:
        log(f"the champion cannot serve: {problem}")
    return next((model for model in models if working is not None and model.version == working.version), None)


def _stays_out(settings: Settings, tag: str) -> str:
    """Why a model is not judged again, "" where it is: its offline gates would let it in, night after night."""
    if refused_by(settings, tag, SHADOW_GATE):
        return "was worse live"
    return "was rolled back by a person" if taken_back(settings, tag) else ""


def _gates_or_none(platform: Platform, challenger: StoredModel, champion: StoredModel | None) -> list[Gate]:
    """``judge``; for a challenger that this code cannot serve, of an older contract, say, the gate it fails."""
    try:
        return evaluate_gates(platform, challenger, champion)
    except ContractError as error:
        return [Gate("can be served", str(error), passed=False)]


def evaluate_gates(platform: Platform, challenger: StoredModel, champion: StoredModel | None) -> list[Gate]:
    """Every offline gate of a challenger, beside the champion if there is one.

    Raises:
        ContractError: the challenger was stored without its held-out moments, or cannot be loaded.
    """
    held, kind = held_out_of(platform, challenger), str(challenger.manifest["kind"])
    predictor = load(platform.settings, challenger.tag)
    gates = [says_numbers(held, kind), *beats_baselines(held, kind), *calibrated(held, kind), latency(predictor)]
    for target in ("switch", "break"):
        moments = held.of(target) if target in held.said else held.take(held.times_us < 0)
        if enough(moments.label[target]):
            predicted = moments.said[target]
            gates.append(no_collapse(moments, target, predicted[kind], {"recency": predicted["recency"]}))
    if champion is None:
        return gates
    ours, theirs = challenger.manifest["trained_on"], champion.manifest["trained_on"]
    if ours == "demo" and theirs == "people":
        return [*gates, Gate("real people's model comes first", "demo after people", passed=False)]
    gates.append(says_as_much(predictor.targets, load(platform.settings, champion.tag).targets))
    return [*gates, *beats_champion(held, kind, champion_on(platform, champion, held))]


def held_out_of(platform: Platform, model: StoredModel) -> HeldOut:
    """The held-out moments that are kept with a model.

    Raises:
        ContractError: it was stored by a version that kept none.
    """
    data = read_file(platform.settings, model.tag, FILE)
    if data is None:
        raise ContractError(
            f"{model.tag} has no held-out moments", why="an older version stored it", hint="Train a new model"
        )
    return read_held_out(data)


def live_moments(platform: Platform, tried: Shadow, champion: StoredModel) -> dict[str, ServedOutcomes]:
    """What came true since the shadow began, beside its word and the champion's, by target: where the champion itself
    answered, and no rules of thumb or model before it."""
    start_us, end_us = int(tried.since.timestamp() * 1e6), wall_clock_us()
    version = tried.tag.split(":")[1]
    people = people_served(platform.connection, start_us, end_us, version)
    found = served_outcomes(platform.connection, people, start_us, end_us, version=champion.version, challenger=version)
    return {target: moments.take(moments.other == moments.other) for target, moments in found.items()}


def _shadow_decides(platform: Platform, champion: StoredModel) -> bool:
    """Judges the gates' own shadow by what it said live; True while it goes on, or when it was promoted.

    A person's shadow is for the log alone: nothing is decided of it, and it holds up nobody.
    """
    settings = platform.settings
    tried = shadow(settings)
    if tried is None or tried.by != "gates":
        return False
    if tried.champion not in (None, champion.tag):  # it never was judged beside the one that serves now
        clear_shadow(settings)
        log_decision(settings, "shadow ended", tried.tag, by="gates", before=tried.champion)
        log(
            f"{tried.tag} was in the shadow of {tried.champion}, which does not serve any more: all are evaluated again"
        )
        return False
    live = live_moments(platform, tried, champion)
    gate = no_worse_live({name: (m.person, m.times_us, m.label, m.other, m.said) for name, m in live.items()})
    log(f"{tried.tag} in the shadow since {tried.since:%Y-%m-%d %H:%M}: {gate.found if gate else 'too few moments'}")
    if gate is None:
        waits = datetime.now(UTC) - tried.since < SHADOW_PATIENCE
        publish_markdown(
            "promotion-run",
            f"{tried.tag} predicts in the shadow of {champion.tag}: {len(live['switch'])} live moments so far.",
            "Decision",
        )
        return waits
    _leave(tried.tag, champion.tag, [gate])
    if gate.passed:
        promote(settings, tried.tag, by="gates", gates=[gate.row()])
    else:
        clear_shadow(settings)
        log_decision(settings, "refused", tried.tag, by="gates", before=champion.tag, gates=[gate.row()])
    return gate.passed


def _let_serve_or_shadow(
    platform: Platform, best: StoredModel, champion: StoredModel | None, gates: Sequence[Gate]
) -> None:
    settings = platform.settings
    theirs = shadow(settings)
    if champion is None:
        promote(settings, best.tag, by="gates", gates=_rows(gates))
        sentence = f"**{best.tag} serves now**, after no model."
    elif theirs is not None and theirs.by != "gates" and datetime.now(UTC) - theirs.since < SHADOW_PATIENCE:
        sentence = f"**{best.tag}** passed the gates and waits: {theirs.tag}, which a person chose, is in the shadow."
    else:
        set_shadow(settings, best.tag, champion=champion.tag, by="gates", gates=_rows(gates))
        sentence = f"**{best.tag}** passed the gates and predicts in the shadow of {champion.tag} from now on."
    log(sentence.replace("*", ""))
    publish_markdown("promotion-run", sentence, "Decision")


def _skill(model: StoredModel) -> float:
    """Mean AUC over both risks: the first is shown, the second is acted on."""
    metrics = model.manifest["metrics"]
    return float(np.nanmean([metrics[target]["auc"] for target in JUDGED if metrics.get(target, {}).get("n")]))


def _rows(gates: Sequence[Gate]) -> list[dict[str, object]]:
    return [gate.row() for gate in gates]


def _leave(tag: str, champion: str | None, gates: Sequence[Gate]) -> None:
    failed = [gate.name for gate in gates if not gate.passed]
    for gate in gates:
        log(f"{'passed' if gate.passed else 'FAILED'} {gate.name}: {gate.found}")
    verdict = f"**{tag}** fails: {', '.join(failed)}; {champion or 'no model'} stays." if failed else f"{tag} passes."
    publish_markdown("promotion-run", verdict, "Decision")
    publish_table(
        "promotion-gates",
        [{"passed": "yes" if gate.passed else "no", "gate": gate.name, "found": gate.found} for gate in gates],
        f"Gates for {tag}",
    )
