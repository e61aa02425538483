"""A plan is the denominator: its order, its hash and its seeds mean the same everywhere."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from fake_rollouts import plan_of

from alpasim.errors import InputError, PlanError
from alpasim.evaluation.plan import Plan, parse_seeds, seeds_text
from alpasim.evaluation.planning import make_plan


@pytest.mark.parametrize(
    ("text", "seeds"),
    [("1", (0,)), ("3", (0, 1, 2)), (2, (0, 1)), ("3,5,8", (3, 5, 8)), (" 7, 0 ", (7, 0)), ("4,", None)],
)
def test_seeds_are_a_number_or_a_list(text: str | int, seeds: tuple[int, ...] | None) -> None:
    if seeds is None:
        with pytest.raises(InputError):
            parse_seeds(text)
    else:
        assert parse_seeds(text) == seeds


@pytest.mark.parametrize("text", ["", "0", "-3", "three", "1.5", "3,3", "1,99999999999", "99999999", "²", "1;2"])
def test_what_is_no_seeds_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="seeds"):
        parse_seeds(text)


def test_seeds_are_shown_as_a_person_writes_them() -> None:
    assert [seeds_text(seeds) for seeds in ((0,), (0, 1), (0, 1, 2, 3), (3, 5, 8))] == [
        "0",
        "0, 1",
        "0 to 3",
        "3, 5, 8",
    ]


def test_rollouts_come_by_scenario_then_policy_then_seed() -> None:
    rollouts = plan_of(2, ("a", "b"), 2).rollouts
    assert [rollout.index for rollout in rollouts] == list(range(8))
    assert [str(rollout) for rollout in rollouts][:5] == [
        "scene_0 x a x seed 0",
        "scene_0 x a x seed 1",
        "scene_0 x b x seed 0",
        "scene_0 x b x seed 1",
        "scene_1 x a x seed 0",
    ]
    assert rollouts[3].folder == "rollouts/scene_0/b/1"


def test_a_plan_survives_its_manifest() -> None:
    plan = plan_of(2, ("a", "b"), 2)
    again = Plan.from_json(json.loads(json.dumps(plan.to_json())))
    assert again == plan
    assert again.hash == plan.hash
    with pytest.raises(PlanError, match="cannot be read"):
        Plan.from_json({"scenarios": []})


def test_the_hash_covers_what_decides_results_and_not_where_files_lie() -> None:
    plan = plan_of(2, ("a", "b"), 2)
    elsewhere = tuple(replace(scenario, path="/elsewhere/x.scn.yaml") for scenario in plan.scenarios)
    assert replace(plan, scenarios=elsewhere).hash == plan.hash
    renamed = tuple(replace(policy, reference=f"/elsewhere/{policy.name}.py") for policy in plan.policies)
    assert replace(plan, policies=renamed).hash == plan.hash
    changed = (replace(plan.scenarios[0], inputs_sha256="9" * 64), plan.scenarios[1])
    others = [
        replace(plan, scenarios=changed),
        replace(plan, seeds=(1, 0)),
        replace(plan, policies=plan.policies[::-1]),
        replace(plan, code={"alpasim": "0.1.1"}),
    ]
    assert len({plan.hash, *(other.hash for other in others)}) == 5
    assert all(plan.differences(other) for other in others)
    assert plan.differences(plan_of(2, ("a", "b"), 2)) == []
    sources = [replace(plan, code={"code": digit * 32}) for digit in "12"]
    assert sources[0].differences(sources[1]) == [
        f"code (alpasim's own sources have changed): {'1' * 16} there, {'2' * 16} now"
    ]


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ((["jaywalker"], ["idm"], 3), "seeds is 3, expected a list of them"),
        (("jaywalker", ["idm"], (0,)), "targets is 'jaywalker', expected a list of them"),
        ((["jaywalker"], "idm", (0,)), "policies is 'idm', expected a list of them"),
        ((["jaywalker"], ["idm"], (0, 1, 0)), "seed 0 is given more than once"),
    ],
)
def test_one_thing_in_place_of_a_list_is_named(asked: tuple, says: str) -> None:
    with pytest.raises(InputError, match=says):
        make_plan(*asked)
