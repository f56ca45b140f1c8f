from dataclasses import replace

import pytest

from neural_focus.events import encode_app_name
from neural_focus.features import FEATURE_NAMES, INPUT_V1, contract_hash
from neural_focus.messages import PredictionMade
from neural_focus.prediction import Prediction, RiskCategory, categorize_risk
from neural_focus.time import iso


@pytest.mark.parametrize(
    ("risk", "category"),
    [(0.0, "LOW"), (0.2999, "LOW"), (0.3, "MEDIUM"), (0.6999, "MEDIUM"), (0.7, "HIGH"), (1.0, "HIGH")],
)
def test_risk_categories_have_their_borders_on_the_higher_side(risk: float, category: str) -> None:
    assert categorize_risk(risk) is RiskCategory(category)


MADE = Prediction(
    t_us=1_790_000_000_000_000,
    predicted_us=1_790_000_000_004_000,
    focus_score=62.5,
    distraction_risk=0.7,
    break_risk=0.25,
    confidence=0.9,
    factors={"switch": ("3 app switches in 30 s",), "break": ("40 min in one app",)},
    focus_momentum=50.0,
    model_version="xgboost_v1",
    trained_on="people",
    intervention_type="BLOCK_SITES",
    intervention_target="reddit.com",
    intervention_reason="Focus is at risk",
    ab_test_group="BLOCK_SITES",
)
ORIGINAL = (
    "timestamp focus_score distraction_risk risk_category confidence prediction_horizon_seconds contributing_factors"
    " intervention_type intervention_target intervention_reason model_version ab_test_group"
)


def test_a_message_says_what_the_prediction_says_in_each_field_of_the_original_schema() -> None:
    message = PredictionMade.of(MADE)
    for name in (*ORIGINAL.split()[1:], "t_us", "break_risk", "focus_momentum", "trained_on"):
        assert getattr(message, name) == getattr(MADE, name), name
    assert message.timestamp == iso(round(MADE.timestamp * 1e6)), "it is when it was made, not what it is of"
    assert message.risk_category == "HIGH" and message.contributing_factors == ("3 app switches in 30 s",)


def test_help_is_for_a_break_where_focus_is_settled_and_else_for_a_switch() -> None:
    assert (MADE.risk, MADE.reasons) == (0.25, ("40 min in one app",))
    unsettled = replace(MADE, break_risk=None, factors={"switch": ("why",)})
    assert (unsettled.risk, unsettled.reasons) == (0.7, ("why",))


def test_input_version_1_takes_27_of_the_features() -> None:
    assert len(INPUT_V1) == 27 == len(set(INPUT_V1))
    assert set(INPUT_V1) <= set(FEATURE_NAMES)


def test_an_input_contract_is_its_order_and_version() -> None:
    assert contract_hash(INPUT_V1, 1) != contract_hash(INPUT_V1[::-1], 1)
    assert contract_hash(INPUT_V1, 1) != contract_hash(INPUT_V1, 2)


@pytest.mark.parametrize("name", ["", "code", "x" * 31, "x" * 40, "é" * 20, "日本語" * 6, "a\0b"])
def test_app_names_fit_and_are_cut_at_a_code_point(name: str) -> None:
    raw = encode_app_name(name)
    assert len(raw) <= 31 and b"\0" not in raw
    assert name.replace("\0", "").startswith(raw.decode())
