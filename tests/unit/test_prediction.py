import pytest

from neural_focus.events import encode_app_name
from neural_focus.features import FEATURE_NAMES, INPUT_V1, contract_hash
from neural_focus.prediction import RiskCategory, categorize_risk


@pytest.mark.parametrize(
    ("risk", "category"),
    [(0.0, "LOW"), (0.2999, "LOW"), (0.3, "MEDIUM"), (0.6999, "MEDIUM"), (0.7, "HIGH"), (1.0, "HIGH")],
)
def test_risk_categories_have_their_borders_on_the_higher_side(risk: float, category: str) -> None:
    assert categorize_risk(risk) is RiskCategory(category)


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
