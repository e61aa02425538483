"""The Gymnasium env: passes the checkers, repeats to the bit, refuses what makes no sense, forgets options."""

from __future__ import annotations

import copy
import gc
import os
import pickle
from collections.abc import Callable
from pathlib import Path

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from alpasim import plugins
from alpasim.env import DEFAULT_REWARDS, DriveEnv
from alpasim.errors import InputError, PolicyInvalidAction
from alpasim.vehicle.actions import ACTIONS
from alpasim.world.ego import Ego

ROOT = Path(__file__).parent.parent
HARD_BRAKE = ROOT / "scenarios" / "lead_vehicle" / "hard_brake.scn.yaml"
JAYWALKER = ROOT / "scenarios" / "vulnerable" / "jaywalker.scn.yaml"
ROLL = np.array([0.0, 0.02], dtype=np.float32)


@pytest.fixture
def env():
    made = DriveEnv(HARD_BRAKE)
    yield made
    made.close()


def test_gymnasium_checker_has_nothing_to_say() -> None:
    made = gymnasium.make("alpasim/Drive-v0", scenario=str(HARD_BRAKE))
    check_env(made.unwrapped, skip_render_check=True)
    made.close()


def test_registers_through_the_module_prefix_too() -> None:
    made = gymnasium.make("alpasim:alpasim/Drive-v0", scenario=str(HARD_BRAKE))
    assert isinstance(made.unwrapped, DriveEnv)
    made.close()


def test_stable_baselines_checker_has_nothing_to_say() -> None:
    checker = pytest.importorskip("stable_baselines3.common.env_checker", reason="the [rl] extra is not installed")
    made = DriveEnv(HARD_BRAKE)
    checker.check_env(made, warn=True, skip_render_check=True)
    made.close()


def test_two_envs_in_lockstep_stay_identical_for_200_steps() -> None:
    first, second = DriveEnv("builtin"), DriveEnv("builtin")
    actions = np.random.default_rng(3).uniform(-1.0, 1.0, (200, 2)).astype(np.float32) * np.float32([0.02, 0.3])
    one, _ = first.reset(seed=5)
    two, _ = second.reset(seed=5)
    np.testing.assert_array_equal(one, two)
    for number, action in enumerate(actions):
        left, right = first.step(action), second.step(action)
        np.testing.assert_array_equal(left[0], right[0], err_msg=f"step {number}")
        assert left[1:4] == right[1:4]
        assert left[4] == right[4]
        if left[2] or left[3]:
            np.testing.assert_array_equal(first.reset()[0], second.reset()[0])
    first.close()
    second.close()


def test_an_env_does_not_feel_another_one_beside_it(env: DriveEnv) -> None:
    def drive(other: DriveEnv | None) -> list[np.ndarray]:
        observed = [env.reset(seed=1)[0]]
        for number in range(60):
            if other is not None and number % 3 == 0:
                other.step(np.array([0.01, 0.5], dtype=np.float32))
            observed.append(env.step(ROLL)[0])
        return observed

    alone = drive(None)
    beside = DriveEnv(JAYWALKER)
    beside.reset(seed=9)
    together = drive(beside)
    beside.close()
    np.testing.assert_array_equal(np.array(alone), np.array(together))


def test_a_reset_with_the_same_seed_starts_the_same_drive(env: DriveEnv) -> None:
    first, _ = env.reset(seed=11)
    for _ in range(30):
        env.step(ROLL)
    again, _ = env.reset(seed=11)
    np.testing.assert_array_equal(first, again)


def test_options_choose_one_reset_and_are_forgotten(env: DriveEnv) -> None:
    _, info = env.reset(seed=0, options={"scenario": JAYWALKER, "scenario_seed": 4})
    assert (info["scenario"], info["scenario_seed"]) == ("jaywalker", 4)
    _, info = env.reset()
    assert info["scenario"] == "hard_brake"
    assert info["scenario_seed"] != 4


def test_each_reset_draws_a_scenario_by_the_seed() -> None:
    made = DriveEnv([HARD_BRAKE, JAYWALKER])
    drawn = [made.reset(seed=3 if number == 0 else None)[1]["scenario"] for number in range(12)]
    again = [made.reset(seed=3 if number == 0 else None)[1]["scenario"] for number in range(12)]
    made.close()
    assert drawn == again
    assert set(drawn) == {"hard_brake", "jaywalker"}


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"observation": "vectr"}, "did you mean 'vector'"),
        ({"action": "controll"}, "did you mean 'control'"),
        ({"rewards": {"collision_anny": -1.0}}, "did you mean 'collision_any'"),
        ({"rewards": {"collision_any": float("nan")}}, "finite"),
        ({"render_mode": "human_eyes"}, "render_mode"),
        ({"scenario": "no/such/file.scn.yaml"}, "no/such/file.scn.yaml"),
        ({"scenario": 3}, "scenario is 3, expected a file"),
        ({"scenario": [3]}, r"scenario is \[3\], expected a file"),
        ({"observation": None}, "observation is None, expected a name or a list"),
        ({"observation": {"vector"}}, "observation is {'vector'}, expected a name or a list"),
        ({"observation": ["vector", 3]}, "observation is 3, expected a name"),
        ({"action": None}, "action is None, expected one of control"),
        ({"action": ["control"]}, r"action is \['control'\], expected one of control"),
        ({"rewards": ["progress_rel_to_total"]}, "rewards is .*expected metric names with their weights"),
        ({"rewards": {3: 1.0}}, "reward term 3 is unknown"),
        ({"rewards": {"collision_any": "much"}}, "weight of 'collision_any' is 'much', expected a finite number"),
        ({"rewards": {"collision_any": None}}, "weight of 'collision_any' is None, expected a finite number"),
        ({"rewards": {"collision_any": 10**400}}, "weight of 'collision_any' is 1000.*, expected a finite number"),
        ({"sensors": ["lidar"]}, r"sensors is \['lidar'\], expected options by a sensor's name"),
    ],
)
def test_wrong_arguments_are_named(arguments: dict, says: str) -> None:
    with pytest.raises(InputError, match=says):
        DriveEnv(**{"scenario": HARD_BRAKE, **arguments})


@pytest.mark.parametrize("nothing", [[], "", [""]])
def test_an_env_of_no_scenario_is_refused_when_it_is_made(nothing: str | list[str]) -> None:
    with pytest.raises(InputError, match="expected a file, a folder, a suite"):
        DriveEnv(nothing)


@pytest.mark.parametrize("seed", ["x", 2.7, -3, None])
def test_a_scenario_seed_that_is_no_whole_number_is_refused(env: DriveEnv, seed: object) -> None:
    with pytest.raises(InputError, match="whole number from 0 up"):
        env.reset(options={"scenario_seed": seed})


def test_options_that_are_no_mapping_are_refused(env: DriveEnv) -> None:
    with pytest.raises(InputError, match=r"options is \['scenario'\], expected a mapping of scenario, scenario_seed"):
        env.reset(options=["scenario"])


def test_an_unknown_option_is_named(env: DriveEnv) -> None:
    with pytest.raises(InputError, match="did you mean 'scenario'"):
        env.reset(options={"scenaro": JAYWALKER})


@pytest.mark.parametrize("action", [[np.nan, 0.0], [0.0, np.inf]])
def test_an_action_that_is_not_finite_is_refused_and_changes_nothing(env: DriveEnv, action: list[float]) -> None:
    env.reset(seed=0)
    with pytest.raises(PolicyInvalidAction, match="finite"):
        env.step(np.array(action, dtype=np.float32))
    observed, *_ = env.step(ROLL)
    env.reset(seed=0)
    np.testing.assert_array_equal(observed, env.step(ROLL)[0])


def test_an_action_of_another_shape_is_refused(env: DriveEnv) -> None:
    env.reset(seed=0)
    with pytest.raises(PolicyInvalidAction, match=r"\(3,\)"):
        env.step(np.zeros(3, dtype=np.float32))


@pytest.mark.parametrize("action", list(ACTIONS))
@pytest.mark.parametrize("value", [[[0.0], [0.0, 1.0]], None, "left", {}], ids=str)
def test_what_makes_no_array_is_no_action(action: str, value: object) -> None:
    made = DriveEnv(HARD_BRAKE, action=action)
    made.reset(seed=0)
    with pytest.raises(PolicyInvalidAction, match="action"):
        made.step(value)
    made.close()


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy, pickle.dumps], ids=lambda one: one.__name__)
def test_an_env_is_never_copied(env: DriveEnv, duplicate: Callable[[object], object]) -> None:
    """A copy would push the bodies of the physics world that both believe to own."""
    with pytest.raises(TypeError, match="cannot be copied or pickled: make another one"):
        duplicate(env)
    env.reset(seed=0)
    with pytest.raises(TypeError, match="cannot be copied or pickled: make another one"):
        duplicate(env)


def test_physics_that_break_end_the_rollout_and_say_why(env: DriveEnv, monkeypatch: pytest.MonkeyPatch) -> None:
    env.reset(seed=0)
    before, *_ = env.step(ROLL)
    begin = Ego.begin

    def broken(self: Ego, *arguments: object) -> None:
        begin(self, *arguments)
        self._commands[1] = np.nan

    monkeypatch.setattr(Ego, "begin", broken)
    observed, reward, terminated, truncated, info = env.step(ROLL)
    np.testing.assert_array_equal(observed, before)
    assert (reward, terminated, truncated) == (0.0, False, True)
    assert info["end_reason"] == "physics_diverged"
    assert "position not finite" in info["error"]
    assert info["rewards"] == dict.fromkeys(DEFAULT_REWARDS, 0.0)
    with pytest.raises(gymnasium.error.ResetNeeded, match=r"ended \(physics_diverged\)"):
        env.step(ROLL)
    monkeypatch.undo()
    _, info = env.reset(seed=0)
    assert (info["end_reason"], info["error"]) == ("", "")
    np.testing.assert_array_equal(env.step(ROLL)[0], before)


def test_stepping_before_reset_or_after_the_end_asks_for_a_reset(env: DriveEnv) -> None:
    with pytest.raises(gymnasium.error.ResetNeeded):
        env.step(ROLL)
    env.reset(seed=0)
    full = np.array([1.0, 1.0], dtype=np.float32)
    while not any(env.step(full)[2:4]):
        pass
    with pytest.raises(gymnasium.error.ResetNeeded, match="ended"):
        env.step(full)


def test_the_reward_is_the_weighted_sum_of_metric_values(env: DriveEnv) -> None:
    env.reset(seed=0)
    for _ in range(20):
        _, reward, _, _, info = env.step(ROLL)
    assert set(info["rewards"]) == set(DEFAULT_REWARDS)
    assert reward == pytest.approx(sum(info["rewards"].values()))
    assert info["rewards"]["progress_rel_to_total"] > 0.0
    assert str(info["rewards"]["collision_any"]) == "0.0", "a weight below zero makes no -0.0 of nothing"


def test_progress_rewards_add_up_to_the_progress_made() -> None:
    made = DriveEnv(HARD_BRAKE, rewards={"progress_rel_to_total": 1.0})
    made.reset(seed=0)
    rewards, info = [], {}
    for _ in range(40):
        _, reward, _, _, info = made.step(ROLL)
        rewards.append(reward)
    made.close()
    assert sum(rewards) == pytest.approx(info["route_completion"])


def test_observations_stay_within_the_declared_box_even_in_a_crash(env: DriveEnv) -> None:
    rng = np.random.default_rng(0)
    for seed in range(3):
        observed, _ = env.reset(seed=seed)
        done = False
        while not done:
            assert env.observation_space.contains(observed)
            observed, _, terminated, truncated, _ = env.step(rng.uniform(-1, 1, 2).astype(np.float32))
            done = terminated or truncated


@pytest.mark.parametrize("mode", ["sync", "async"])
def test_vector_envs_reset_themselves_at_the_end(mode: str) -> None:
    envs = gymnasium.make_vec("alpasim/Drive-v0", num_envs=2, vectorization_mode=mode, scenario=str(HARD_BRAKE))
    observed, _ = envs.reset(seed=0)
    assert observed.shape == (2, *envs.single_observation_space.shape)
    ends = 0
    full = np.tile(np.array([1.0, 1.0], dtype=np.float32), (2, 1))
    for _ in range(120):
        observed, _, terminated, truncated, _ = envs.step(full)
        ends += int((terminated | truncated).sum())
        assert np.isfinite(observed).all()
    envs.close()
    assert ends >= 4, "each env should have ended and begun again"


def test_500_resets_do_not_grow_memory(env: DriveEnv) -> None:
    def resident_mb() -> float:
        gc.collect()
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 2**20

    if not Path("/proc/self/statm").exists():
        pytest.skip("no /proc to read the memory from")
    for seed in range(100):
        env.reset(seed=seed)
        env.step(ROLL)
    before = resident_mb()
    for seed in range(500):
        env.reset(seed=seed)
        env.step(ROLL)
    assert resident_mb() - before < 8.0


def test_every_default_reward_names_a_registered_metric() -> None:
    assert set(DEFAULT_REWARDS) <= set(plugins.names(plugins.METRICS))


def test_an_action_outside_its_space_is_clipped_to_it_and_said_so() -> None:
    """Two envs, one told 1 and one told more, drive the same; an action within the bounds is not called clipped."""
    for action, exact, over in (
        ("control", np.array([-1.0, 1.0]), np.array([-1.5, 900.0])),
        ("trajectory", np.tile([1.0, -1.0], (8, 1)), np.tile([3.0, -1.0], (8, 1))),
    ):
        within, beyond = DriveEnv(HARD_BRAKE, action=action), DriveEnv(HARD_BRAKE, action=action)
        assert within.reset(seed=1)[1]["action_clipped"] is False
        beyond.reset(seed=1)
        for _ in range(5):
            first, _, _, _, told = within.step(exact.astype(np.float32))
            second, _, _, _, told_beyond = beyond.step(over.astype(np.float32))
            np.testing.assert_array_equal(first, second)
            assert (told["action_clipped"], told_beyond["action_clipped"]) == (False, True)
        within.close()
        beyond.close()
