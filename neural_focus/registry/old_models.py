"""Which stored models are kept: what serves or may serve again, and the newest. The others go, with their reports."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from neural_focus.registry.champion_pointer import champion, former_champions, keep_former
from neural_focus.registry.decision_log import log_decision
from neural_focus.registry.model_store import NAME, StoredModel, alone, discard, full_tag, list_models
from neural_focus.registry.shadow_run import shadow

if TYPE_CHECKING:
    from neural_focus.settings import Settings

NEWEST_KEPT = 3
"""Of each kind. The newest are what the next blend, and the next promotion, are made of."""
FORMER_KEPT = 5
"""Champions to roll back to."""


def remove_old_models(settings: Settings, in_use: Collection[str] = ()) -> list[str]:
    """Remove all models but the champion, those before it, the shadow and the newest; returns the tags of the removed.

    ``in_use``: versions that are kept besides, the arms of experiments. A blend has the files of its parts in it: the
    parts may go.

    Raises:
        ContractError: champion or shadow cannot be read: then nothing is removed.
    """
    with alone(settings) as scratch:
        models, beside = list_models(settings), shadow(settings)
        stored = {model.tag for model in models}
        former = [tag for tag in former_champions(settings) if tag in stored][-FORMER_KEPT:]
        kept = {champion(settings), *former, beside.tag if beside else None, *_newest(models), *map(full_tag, in_use)}
        keep_former(settings, former)
        old = [model.tag for model in models if model.tag not in kept]
        for tag in old:
            for page in (settings.reports / "models").glob(f"{tag.removeprefix(f'{NAME}:')}.*"):
                page.unlink()
            discard(settings, tag, scratch)
            log_decision(settings, "removed", tag, by="age", before=None)
    return old


def _newest(models: list[StoredModel]) -> set[str]:
    by_kind: dict[str, list[str]] = {}
    for model in models:
        by_kind.setdefault(str(model.manifest["kind"]), []).append(model.tag)
    return {tag for tags in by_kind.values() for tag in tags[-NEWEST_KEPT:]}
