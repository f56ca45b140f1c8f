"""Models in BentoML's real model store: round trip, champion, shadow, rollback, tampering, the decision log."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from quick_network import QuickNetwork
from synthetic_streams import random_moments

from flows import evaluation, promotion
from flows.platform_flow import Platform
from neural_focus.atomic_write import atomic_write
from neural_focus.errors import ConfigurationError, ContractError
from neural_focus.evaluation.gates import Gate
from neural_focus.models import champion as stored_models
from neural_focus.models.blend import blend
from neural_focus.models.predict import Predictor
from neural_focus.models.train import train
from neural_focus.models.tree_model import TreeModel
from neural_focus.registry import champion_pointer, decision_log, model_store, shadow_run
from neural_focus.registry.bundle import TrainedBundle, file_hashes
from neural_focus.settings import Settings
from serving.champion import Champion

CALIBRATED = Gate("calibrated", "off by 0.01", passed=True)


@pytest.fixture(scope="module")
def bundle() -> TrainedBundle:
    return train(TreeModel, *random_moments(1, people=1), is_demo=False, input_version=1)


def test_a_model_goes_in_serves_and_goes_back(bundle: TrainedBundle, tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    assert champion_pointer.champion(settings) is None
    assert stored_models.load_champion(settings).version == "rules_v0"
    first, second = model_store.save(settings, bundle), model_store.save(settings, bundle)
    assert (first, second) == ("neural_focus:xgboost_v1", "neural_focus:xgboost_v2")
    assert stored_models.promote(settings, "xgboost_v1") is None
    assert stored_models.promote(settings, second) == first
    served = stored_models.load_champion(settings)
    assert (served.version, served.trained_on) == ("xgboost_v2", "people")
    direct = Predictor.from_files(bundle.files, bundle.manifest, "xgboost_v2")
    features = np.random.default_rng(2).normal(size=(50, 32)).astype(np.float32)
    assert (served.predict(features).distraction_risk == direct.predict(features).distraction_risk).all()
    models = model_store.list_models(settings)
    assert [model.version for model in models] == ["xgboost_v1", "xgboost_v2"]
    assert model_store.newest_of_each_kind(models) == {"xgboost": models[-1]}
    assert champion_pointer.champion(settings) == second
    assert stored_models.rollback(settings) == first
    assert stored_models.load_champion(settings).version == "xgboost_v1"
    with pytest.raises(ConfigurationError, match="no earlier champion"):
        stored_models.rollback(settings)
    with pytest.raises(ConfigurationError, match="no model xgboost_v9"):
        stored_models.promote(settings, "xgboost_v9")


def test_changed_files_and_foreign_contracts_never_serve(bundle: TrainedBundle, tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    tag = model_store.save(settings, bundle)
    folder = settings.models / "models" / "neural_focus" / "xgboost_v1"
    trees = folder / "switch.ubj"
    kept = trees.read_bytes()
    trees.write_bytes(kept[:-1] + bytes([kept[-1] ^ 1]))
    with pytest.raises(ContractError, match=r"switch\.ubj is changed"):
        stored_models.promote(settings, tag)
    assert champion_pointer.champion(settings) is None
    trees.write_bytes(kept)
    (folder / "extra.bin").write_bytes(b"x")
    with pytest.raises(ContractError, match=r"extra\.bin is unknown"):
        stored_models.load(settings, tag)
    (folder / "extra.bin").unlink()
    model = json.loads(bundle.files["model.json"])
    foreign = json.dumps({**model, "input_hash": "0" * 12}).encode()
    files = {**bundle.files, "model.json": foreign}
    other = TrainedBundle("xgboost", files, {**bundle.manifest, "files": file_hashes(files)})
    with pytest.raises(ContractError, match="trained on input version 1"):
        stored_models.promote(settings, model_store.save(settings, other))


def test_a_champion_that_is_gone_or_of_an_older_contract_is_named_and_survived(
    bundle: TrainedBundle, tmp_path: Path
) -> None:
    settings = Settings(home=tmp_path)
    first, second = model_store.save(settings, bundle), model_store.save(settings, bundle)
    stored_models.promote(settings, first)
    stored_models.promote(settings, second)
    serving = Champion(settings)
    assert serving.refresh() and stored_models.usable_champion(settings) == (second, "")
    shutil.rmtree(settings.models / "models" / "neural_focus" / "xgboost_v2")
    tag, problem = stored_models.usable_champion(settings)
    assert tag is None and "xgboost_v2" in problem and "rollback" in problem
    fresh = Champion(settings)
    assert not fresh.refresh() and fresh.predictor.version == "rules_v0" and "xgboost_v2" in fresh.notice
    assert stored_models.rollback(settings) == first
    assert fresh.refresh() and fresh.predictor.version == "xgboost_v1" and not fresh.notice
    manifest = settings.models / "models" / "neural_focus" / "xgboost_v1" / "manifest.json"
    manifest.write_text(json.dumps({**json.loads(manifest.read_text()), "input_version": 0}))
    assert "input version 0" in stored_models.usable_champion(settings)[1]
    (settings.models / "champion.json").write_text("{")
    assert "champion.json cannot be read" in stored_models.usable_champion(settings)[1]
    assert not Champion(settings).refresh()
    model_store.save(settings, bundle)
    stored_models.promote(settings, "xgboost_v2", by="gates", gates=[CALIBRATED.row()])
    log = [(line["decision"], line["model"].split(":")[1], line["by"]) for line in decision_log.decisions(settings)]
    assert log == [
        ("promoted", "xgboost_v1", "a person"),
        ("promoted", "xgboost_v2", "a person"),
        ("rolled back", "xgboost_v1", "a person"),
        ("promoted", "xgboost_v2", "gates"),
    ]
    assert not decision_log.failed_gates(decision_log.decisions(settings)[-1]["gates"]), "as every reader reads it"


def test_a_shadow_that_cannot_be_read_stops_a_promotion_before_it_and_one_that_is_promoted_comes_out(
    bundle: TrainedBundle, tmp_path: Path
) -> None:
    settings = Settings(home=tmp_path)
    tag = model_store.save(settings, bundle)
    (settings.models / "shadow.json").write_text("{")
    with pytest.raises(ContractError, match=r"shadow\.json cannot be read"):
        stored_models.promote(settings, tag)
    assert champion_pointer.champion(settings) is None and not decision_log.decisions(settings)
    stored_models.set_shadow(settings, tag, champion=None)
    stored_models.promote(settings, tag)
    assert champion_pointer.champion(settings) == tag and shadow_run.shadow(settings) is None


def test_a_decision_that_a_kill_tore_is_passed_over_and_harms_no_other(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    settings.models.mkdir(parents=True)
    failed = [CALIBRATED.row(), Gate("fast", "slow", passed=False).row()]
    decision_log.log_decision(settings, "promoted", "a", by="gates", before=None, gates=[CALIBRATED.row()])
    with (settings.models / "decisions.jsonl").open("a") as file:
        file.write(json.dumps({"at": "", "decision": "promoted", "model": "torn"})[:20])
    assert [line["model"] for line in decision_log.decisions(settings)] == ["a"]
    decision_log.log_decision(settings, "refused", "b", by="gates", before="a", gates=failed)
    assert [line["model"] for line in decision_log.decisions(settings)] == ["a", "b"]
    assert decision_log.refused_by(settings, "b", "fast") and not decision_log.refused_by(settings, "a", "calibrated")
    assert decision_log.refused_just_so(settings, "b", "a", failed)
    assert not decision_log.refused_just_so(settings, "b", None, failed)
    assert not decision_log.refused_just_so(settings, "b", "a", [CALIBRATED.row()])


def test_a_save_that_is_killed_at_any_file_leaves_the_model_or_nothing(bundle: TrainedBundle, tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home")
    stored, exits = [model_store.save(settings, bundle)], []
    command = [sys.executable, Path(__file__).with_name("killed_save.py"), settings.home, stored[0]]
    with subprocess.Popen(command, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as doomed:
        assert doomed.stdin and doomed.stdout
        for line in doomed.stdout:
            exits.append(int(line))
            whole = [model.tag for model in model_store.list_models(settings)]
            assert whole[: len(stored)] == stored and len(whole) <= len(stored) + 1, f"kill {len(exits)}"
            folders = (settings.models / "models" / "neural_focus").iterdir()
            assert sorted(f"neural_focus:{one.name}" for one in folders) == sorted(whole), "and no half of one"
            for tag in whole[len(stored) :]:
                stored_models.load(settings, tag)
            stored = whole
            doomed.stdin.write("\n")
            doomed.stdin.flush()
    assert exits == [*[-signal.SIGKILL] * (len(exits) - 1), 0] and len(exits) > len(bundle.files) + 1, "at each file"
    last = model_store.save(settings, bundle)
    assert [model.tag for model in model_store.list_models(settings)] == [*stored, last]
    assert stored_models.load(settings, last).version == last.split(":")[1]
    assert not (settings.models / "scratch").exists(), "what the killed left is gone"


def test_what_older_code_left_half_stored_is_no_model_and_its_number_is_not_taken_again(
    bundle: TrainedBundle, tmp_path: Path
) -> None:
    settings = Settings(home=tmp_path)
    first = model_store.save(settings, bundle)
    folder = settings.models / "models" / "neural_focus" / "xgboost_v1"
    (folder.parent / "xgboost_v2").mkdir()
    for version, lacks in (("xgboost_v3", "model.yaml"), ("xgboost_v4", "manifest.json"), ("xgboost_v5", "switch.ubj")):
        shutil.copytree(folder, folder.parent / version)
        (folder.parent / version / lacks).unlink()
    shutil.copytree(folder, folder.parent / "xgboost_v6")
    (folder.parent / "xgboost_v6" / "model.yaml").write_text("")
    assert [model.tag for model in model_store.list_models(settings)] == [first]
    assert model_store.save(settings, bundle) == "neural_focus:xgboost_v7"
    (folder / ".report.html.cut").write_text("half a report")
    assert stored_models.load(settings, first).version == "xgboost_v1", "what a killed write left harms nothing"


def test_a_model_that_goes_on_answering_is_not_said_to_be_refused(bundle: TrainedBundle, tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    first, second = model_store.save(settings, bundle), model_store.save(settings, bundle)
    stored_models.promote(settings, first)
    serving = Champion(settings)
    assert serving.refresh() and not serving.notice
    (settings.models / "champion.json").write_text("{")
    assert not serving.refresh() and "champion.json cannot be read" in serving.notice
    stored_models.promote(settings, first)
    assert not serving.refresh() and serving.predictor.version == "xgboost_v1" and not serving.notice
    trees = settings.models / "models" / "neural_focus" / "xgboost_v2" / "switch.ubj"
    stored_models.promote(settings, second)
    kept = trees.read_bytes()
    trees.write_bytes(b"other")
    assert not serving.refresh() and "switch.ubj is changed" in serving.notice
    stored_models.rollback(settings)
    assert not serving.refresh() and not serving.notice
    trees.write_bytes(kept)
    stored_models.promote(settings, second)
    assert serving.refresh() and serving.predictor.version == "xgboost_v2", "it may be tried again"


@pytest.mark.parametrize("older", [{"stack": None}, {"usual": {"*": "much"}}, {"population": []}, {"calibration": 1}])
def test_a_model_of_an_older_form_is_refused_and_rules_answer(
    bundle: TrainedBundle, tmp_path: Path, older: Mapping[str, Any]
) -> None:
    settings = Settings(home=tmp_path)
    model = {**json.loads(bundle.files["model.json"]), **older}
    whole = {name: value for name, value in model.items() if value is not None}
    files = {**bundle.files, "model.json": json.dumps(whole).encode()}
    tag = model_store.save(settings, TrainedBundle("xgboost", files, {**bundle.manifest, "files": file_hashes(files)}))
    with pytest.raises(ContractError, match=r"xgboost_v1 cannot be read by this code: .*models rollback"):
        stored_models.promote(settings, tag)
    (settings.models / "champion.json").write_text(json.dumps({"champion": tag, "before": []}))
    serving = Champion(settings)
    assert not serving.refresh() and serving.predictor.version == "rules_v0" and "cannot be read" in serving.notice
    found, problem = stored_models.working_champion(settings)
    assert found is None and "cannot be read" in problem, "the flows train another"


def test_old_models_go_with_their_reports_and_what_serves_or_may_again_stays(
    bundle: TrainedBundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(home=tmp_path)
    parts = {"parts": ["neural_focus:xgboost_v8", "neural_focus:lstm_v8"]}
    network = train(QuickNetwork, *random_moments(1, people=1), is_demo=False, input_version=1)
    both = blend(bundle, network)
    both = replace(both, manifest={**both.manifest, **parts})
    for _ in range(12):
        model_store.save(settings, bundle)
    model_store.save(settings, both)
    for number in (1, 2, 3, 4, 5, 6, 7):
        stored_models.promote(settings, f"xgboost_v{number}")
    shutil.rmtree(settings.models / "models" / "neural_focus" / "xgboost_v6")
    stored_models.set_shadow(settings, "xgboost_v9", champion=champion_pointer.champion(settings))
    reports = settings.reports / "models"
    reports.mkdir(parents=True)
    for number in (1, 8, 10):
        (reports / f"xgboost_v{number}.html").write_text("report")
        (reports / f"xgboost_v{number}.json").write_text("{}")
    monkeypatch.setattr(promotion, "_evaluate_newest", lambda _: "as it was")
    arms = {"xgboost_v8"}
    monkeypatch.setattr(promotion, "models_of_arms", lambda _: arms)
    platform = Platform(settings, None)  # type: ignore[arg-type]
    (settings.models / "shadow.json").rename(tmp_path / "shadow.json")
    (settings.models / "shadow.json").write_text("{")
    assert promotion.promote_newest(platform) == "as it was"
    assert len(model_store.list_models(settings)) == 12, "nothing goes while nobody knows what is in the shadow"
    (tmp_path / "shadow.json").replace(settings.models / "shadow.json")
    champion_pointer.keep_former(settings, [f"neural_focus:xgboost_v{number}" for number in (1, 1, 2, 3, 4, 5, 6)])
    promotion.promote_newest(platform)
    assert "xgboost_v8" in {model.version for model in model_store.list_models(settings)}, "an experiment's arm"
    arms.clear()
    assert promotion.promote_newest(platform) == "as it was"
    left = [model.version for model in model_store.list_models(settings)]
    assert left == [*(f"xgboost_v{number}" for number in (1, 2, 3, 4, 5, 7, 9, 10, 11, 12)), "blend_v1"]
    assert {path.name for path in reports.iterdir()} == {
        f"xgboost_v{n}.{end}" for n in (1, 10) for end in ("html", "json")
    }
    assert [(line["decision"], line["model"]) for line in decision_log.decisions(settings)][-1:] == [
        ("removed", "neural_focus:xgboost_v8")
    ]
    stored_models.load(settings, "blend_v1")
    former = [tag.removeprefix("neural_focus:xgboost_v") for tag in champion_pointer.former_champions(settings)]
    assert former == ["1", "2", "3", "4", "5"]
    assert stored_models.rollback(settings) == "neural_focus:xgboost_v5"
    told = decision_log.decisions(settings)
    promotion.promote_newest(platform)
    assert decision_log.decisions(settings)[-1]["model"] == "neural_focus:xgboost_v7", "it is old now"
    promotion.promote_newest(platform)
    assert len(decision_log.decisions(settings)) == len(told) + 1


@pytest.mark.parametrize("cut", ["models/xgboost_v1.html", "models/xgboost_v1.json", "evaluation/index.html", "kept"])
def test_a_report_that_was_interrupted_is_published_the_next_time(
    bundle: TrainedBundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cut: str
) -> None:
    settings = Settings(home=tmp_path)
    platform = Platform(settings, None)  # type: ignore[arg-type]
    model_store.save(settings, bundle)
    with monkeypatch.context() as broken:

        def stop(path: Path, data: bytes) -> None:
            if str(path).endswith(cut if cut != "kept" else "report.json"):
                raise KeyboardInterrupt
            atomic_write(path, data)

        broken.setattr(evaluation, "atomic_write", stop)
        broken.setattr(model_store, "atomic_write", stop)
        with pytest.raises(KeyboardInterrupt):
            evaluation.evaluate_newest(platform)
    evaluation.evaluate_newest(platform)
    published = {str(path.relative_to(settings.reports)) for path in settings.reports.rglob("*.*")}
    assert published == {
        *("models/xgboost_v1.html", "models/xgboost_v1.json", "evaluation/index.html", "evaluation/figures.json")
    }
    for name, shown in ((model_store.REPORT, "xgboost_v1.html"), (model_store.FIGURES, "xgboost_v1.json")):
        assert model_store.read_file(settings, "xgboost_v1", name) == (settings.reports / "models" / shown).read_bytes()
    (settings.reports / "models" / "xgboost_v1.html").unlink()
    evaluation.evaluate_newest(platform)
    assert not (settings.reports / "models" / "xgboost_v1.html").exists(), "what is done is not done again"
