"""From the store to a predictor: which stored model may serve or shadow, once its files are checked.

``registry`` keeps bytes and says which model was chosen; only here are they read as a model.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from neural_focus.errors import ConfigurationError, ContractError, NeuralFocusError
from neural_focus.models.contracts import contract_of
from neural_focus.registry.champion_pointer import NOBODY, champion, point_to, read_pointer
from neural_focus.registry.decision_log import decisions, log_decision
from neural_focus.registry.model_store import alone, full_tag, list_models, manifest_of, read_bundle
from neural_focus.registry.provenance import code_of
from neural_focus.registry.shadow_run import clear_shadow, shadow, write_shadow

if TYPE_CHECKING:
    from neural_focus.models.predict import Predictor
    from neural_focus.settings import Settings

NEXT_STEP = (
    "Rules of thumb serve until one passes; the flow learning tries again each night. "
    "The decisions and their gates: neural-focus models decisions"
)


def load(settings: Settings, tag: str) -> Predictor:
    """The predictor of a stored model, after checking every file against its manifest.

    Raises:
        ConfigurationError: there is no such model.
        ContractError: a file is not what was saved, or the model needs another input contract.
    """
    from neural_focus.models.predict import Predictor  # only here: it brings the models' libraries

    bundle = read_bundle(settings, tag)
    return Predictor.from_files(bundle.files, bundle.manifest, full_tag(tag).split(":")[1])


def load_champion(settings: Settings) -> Predictor:
    """The champion; the rules when nothing was promoted yet.

    Raises:
        ContractError: the stored files are not what was saved, or need another input contract.
    """
    from neural_focus.models.predict import Predictor

    tag = champion(settings)
    return Predictor.rules() if tag is None else load(settings, tag)


def usable_champion(settings: Settings) -> tuple[str | None, str]:
    """The champion if this code can serve it, else None and why not ("" where there is no champion at all).

    Looks at the pointer, the folder and the manifest, not at the files themselves: ``working_champion`` does.
    """
    try:
        tag = champion(settings)
        if tag is not None:
            manifest = manifest_of(settings, tag)
            contract_of(manifest["input_version"], manifest["input_hash"])
    except NeuralFocusError as error:
        return None, str(error)
    return tag, ""


def working_champion(settings: Settings) -> tuple[Predictor | None, str]:
    """``usable_champion``, loaded: takes a second, and the memory of the models' libraries."""
    tag, problem = usable_champion(settings)
    if tag is None:
        return None, problem
    try:
        return load(settings, tag), ""
    except NeuralFocusError as error:
        return None, str(error)


def promote(
    settings: Settings, tag: str, *, by: str = "a person", gates: Sequence[Mapping[str, Any]] = ()
) -> str | None:
    """Make ``tag`` the champion, once its files have been checked; if it was in the shadow it comes out.

    Returns the tag that served until now: None where none did, ``tag`` itself where it serves already and nothing is
    done.

    Raises:
        ConfigurationError: there is no such model.
        ContractError: it cannot be loaded, or the shadow cannot be read: then nothing is promoted.
    """
    full = full_tag(tag)
    with alone(settings):
        load(settings, tag)
        try:
            pointer = read_pointer(settings)
        except ContractError:  # what cannot be read is written anew
            pointer = NOBODY
        before, beside = pointer["champion"], shadow(settings)
        if before == full:
            return full
        point_to(settings, full, [*pointer["before"], before] if before else [])
        if beside is not None and beside.tag == full:
            clear_shadow(settings)
        log_decision(settings, "promoted", full, by=by, before=before, gates=gates)
    return None if before is None else str(before)


def rollback(settings: Settings) -> str:
    """Make the champion before this one champion again, the newest that still can be loaded; returns its tag.

    Raises:
        ConfigurationError: there is none.
        ContractError: the file cannot be read.
    """
    with alone(settings):
        pointer = read_pointer(settings)
        rest, why = list(pointer["before"]), ""
        while rest:
            earlier = str(rest.pop())
            try:
                load(settings, earlier)
                break
            except NeuralFocusError as error:
                why = str(error)
        else:
            raise ConfigurationError(
                "there is no earlier champion to go back to", why=why, hint="See what is stored: neural-focus models"
            )
        point_to(settings, earlier, rest)
        log_decision(settings, "rolled back", earlier, by="a person", before=pointer["champion"])
    return earlier


def set_shadow(
    settings: Settings,
    tag: str,
    *,
    champion: str | None,
    by: str = "a person",
    gates: Sequence[Mapping[str, Any]] = (),
) -> None:
    """Let ``tag`` predict in the shadow of ``champion``, once its files have been checked.

    Raises:
        ConfigurationError: there is no such model.
        ContractError: it cannot be loaded.
    """
    full = full_tag(tag)
    with alone(settings):
        load(settings, tag)
        write_shadow(settings, full, champion=champion, by=by)
        log_decision(settings, "shadows", full, by=by, before=champion, gates=gates)


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
