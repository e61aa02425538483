"""The built-in scenarios mean something: the reference driver passes, a blind one and one that always brakes do not."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from alpasim.policy.loading import load_policy
from alpasim.rollout import RolloutResult, run_rollout
from alpasim.scenario.loading import find_scenarios, load_scenario

FILES = find_scenarios([Path("builtin")])
LEAST = 8
STOPPING_IS_THE_ANSWER: frozenset[str] = frozenset()
"""Scenarios that need not require their goal."""


@cache
def driven(file: Path, policy: str, seed: int = 0) -> RolloutResult:
    return run_rollout(load_scenario(file).concrete(seed), load_policy(policy), policy_reference=policy)


def test_there_are_at_least_ten_of_as_many_families() -> None:
    families = {load_scenario(file).family for file in FILES}
    assert len(FILES) >= 10
    assert len(families) >= 10 and "" not in families


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_each_says_what_a_good_driver_does_and_requires_its_goal(file: Path) -> None:
    scenario = load_scenario(file).concrete(0)
    required = {one.metric for one in scenario.expect if one.required}
    assert scenario.expect
    assert "goal_reached" in required or scenario.name in STOPPING_IS_THE_ANSWER
    assert scenario.tags.get("sources"), "where the situation comes from"


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_seed_of_the_first_five_can_be_built(file: Path) -> None:
    logical = load_scenario(file)
    hashes = {logical.concrete(seed).content_hash for seed in range(5)}
    assert len(hashes) == 5


def test_the_reference_driver_passes() -> None:
    passed = [file.stem for file in FILES for seed in (0, 1) if driven(file, "idm", seed).passed]
    assert len(passed) >= 2 * LEAST
    assert all(driven(file, "idm").status == "completed" for file in FILES)


@pytest.mark.parametrize("policy", ["constant_speed", "always_brake"])
def test_a_driver_that_looks_at_nothing_fails(policy: str) -> None:
    results = [driven(file, policy) for file in FILES]
    assert all(result.status == "completed" for result in results)
    assert sum(not result.passed for result in results) >= LEAST
