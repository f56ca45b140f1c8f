"""Experiments for tests, as files would declare them."""

from __future__ import annotations

OWN = """
name = "breaks"
version = 1
hypothesis = "A suggested break raises the focus of the next five minutes."
layer = "help"
unit = "opportunity"

[[arms]]
action = "NO_OP"
probability = 0.5

[[arms]]
action = "SUGGEST_BREAK"
probability = 0.5

[outcome]
metric = "focus_score"
horizon_seconds = 300

[plan]
effect = 4.0
sd = 15.0
people = 10
"""
"""The smallest file there is, of a micro-randomised experiment."""

PEOPLE = """
name = "seldom"
version = 1
hypothesis = "Fewer offers are as good as more."
layer = "how-often"
unit = "person"

[[arms]]
name = "usual"
probability = 0.5

[[arms]]
name = "seldom"
probability = 0.5
policy = {alerts_per_hour = 1.0, gap_minutes = 30.0}

[outcome]
metric = "focus_minutes_a_day"
horizon_seconds = 86400

[plan]
effect = 20.0
sd = 60.0
sd_people = 40.0
people = 200
"""
"""Of one that assigns people."""

MODELS = """
name = "models"
version = 1
hypothesis = "Who is answered by the other model settles more."
layer = "which-model"
unit = "person"

[[arms]]
name = "usual"
probability = 0.5

[[arms]]
name = "other"
probability = 0.5
model = "xgboost_v1"

[outcome]
metric = "settled_minutes_a_day"
horizon_seconds = 86400

[plan]
effect = 20.0
sd = 60.0
sd_people = 40.0
people = 200
"""
"""Of one whose arm is a model."""

DAYS = MODELS.replace('unit = "person"', 'unit = "day"').replace("sd_people = 40.0\n", "").replace('"models"', '"days"')
"""The same, drawn anew each day."""


def changed(text: str, *changes: tuple[str, str]) -> str:
    """The text with each first part replaced by the second; every first part must be there."""
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    return text
