"""Every deployment can be built, is in a group, and what is due at night does not pile up by day."""

from __future__ import annotations

import importlib

import pytest

from flows.deploy import DEPLOYMENTS, Deployment, build


@pytest.mark.parametrize("deployment", DEPLOYMENTS, ids=lambda one: f"{one.flow}/{one.name}")
def test_a_deployment_names_a_flow_that_people_can_read_about(deployment: Deployment) -> None:
    built = build(deployment, "Europe/Berlin")
    module, name = deployment.flow.split(":")
    assert getattr(importlib.import_module(module), name).description
    assert f"group:{deployment.group}" in built.tags
    assert built.paused is False
    assert built.concurrency_limit == 1
    assert bool(built.schedules) == (deployment.every is not None or deployment.cron is not None)


def test_training_is_in_a_group_of_its_own() -> None:
    groups = {deployment.flow.split(":")[1]: deployment.group for deployment in DEPLOYMENTS}
    assert groups["learning"] == groups["training"] == "learning"
    assert groups["features"] == "data"
    assert {group for flow, group in groups.items() if flow in ("features", "labels")} == {"data"}
