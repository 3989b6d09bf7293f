"""The deployment keeps every rule, and every rule finds the mistakes that it is there for."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from infra import policies_backups, policies_console, policies_platform, policies_refit, policies_storage  # noqa: F401 - their policies are listed by being imported
from infra.deployment import Deployment
from infra.policies import redelivery_seconds
from infra.queries import queries
from infra.rules import POLICIES, Policy
from infra.seeds import SEEDS as OWN_SEEDS
from infra.seeds_console import CONSOLE_SEEDS
from infra.seeds_platform import PLATFORM_SEEDS
from infra.seeds_refit import REFIT_SEEDS

SEEDS = {**OWN_SEEDS, **PLATFORM_SEEDS, **CONSOLE_SEEDS, **REFIT_SEEDS}
BY_NAME = {p.__name__: p for p in POLICIES}


@pytest.mark.parametrize("check", POLICIES, ids=lambda p: p.__name__)
def test_deployment_keeps_each_rule(check: Policy, deployed: Deployment) -> None:
    assert list(check(deployed)) == []


@pytest.mark.parametrize(("rule", "mistake"), [(rule, mistake) for rule, seeds in SEEDS.items() for mistake in seeds])
def test_each_rule_finds_its_mistakes(rule: str, mistake: str, deployed: Deployment) -> None:
    broken = SEEDS[rule][mistake](deployed.copy())
    assert list(BY_NAME[rule](broken)), f"{rule} does not see: {mistake}"


def test_every_rule_has_a_seeded_mistake() -> None:
    assert SEEDS.keys() == BY_NAME.keys()


def test_policy_figures_are_written() -> None:
    home = Path(__file__).parents[2] / "build" / "infra"
    figures = {"policies": len(POLICIES), "seeded mistakes caught": sum(map(len, SEEDS.values()))}
    (home / "figures.json").write_text(json.dumps(figures))


def test_redelivery_time_is_the_sum_of_backoffs() -> None:
    assert redelivery_seconds(10, 60, 5) == 10 + 20 + 40 + 60


def test_operations_queries_are_found() -> None:
    found = {(q.collection, name) for q in queries() for name in q.fields}
    assert {("prediction_batches", "live"), ("requests", "state"), ("outbox", "due_at")} <= found
