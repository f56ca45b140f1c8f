"""Why no model serves: what the gates said of the newest one, in a sentence for people."""

from __future__ import annotations

from neural_focus.models.champion_pointer import usable_champion
from neural_focus.models.decision_log import decisions
from neural_focus.models.model_store import list_models
from neural_focus.models.provenance import code_of
from neural_focus.settings import Settings

NEXT_STEP = (
    "Rules of thumb serve until one passes; the flow learning tries again each night. "
    "The decisions and their gates: neural-focus models decisions"
)


def refusal(settings: Settings) -> str:
    """What stopped the newest stored model; "" where one serves, or where none has been refused."""
    if usable_champion(settings)[0] is not None:
        return ""
    models = list_models(settings)
    decided = decisions(settings, models[-1].tag) if models else []
    if not decided or decided[-1]["decision"] != "refused":
        return ""
    gates = decided[-1]["gates"]
    failed = [f"{gate['name']} ({gate['found'].split(';')[0]})" for gate in gates if not gate["passed"]]
    return f"{models[-1].version} failed {len(failed)} of {len(gates)} gates: {'; '.join(failed)}"


def refused_already(settings: Settings) -> str:
    """``refusal`` where this very code trained that model: to train it again would end the same way."""
    said = refusal(settings)
    if not said:
        return ""
    manifest, code = list_models(settings)[-1].manifest, code_of()
    same = (manifest.get("code_version"), manifest.get("code_commit")) == (code["version"], code["commit"])
    return said if same else ""
