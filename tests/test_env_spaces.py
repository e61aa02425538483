"""The env's observations and actions: every combination passes the checkers, spaces are exact, words drive as they say."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from typer.testing import CliRunner

from alpasim.cli.main import app
from alpasim.env import DriveEnv
from alpasim.errors import InputError, PolicyInvalidAction
from alpasim.sensors.encoders import OBSERVATIONS
from alpasim.vehicle.actions import ACTIONS

ROOT = Path(__file__).parent.parent
HARD_BRAKE = ROOT / "scenarios" / "lead_vehicle" / "hard_brake.scn.yaml"
SMALL = {
    "lidar": {"rings": 8, "azimuths": 45},
    "bev": {"size_px": 40, "resolution_m": 1.0},
    "camera": {"width_px": 48, "height_px": 36},
}
COMBINATIONS: list[Any] = ["vector", "bev", "lidar", ["vector", "bev"], ("bev", "lidar", "vector"), ["lidar"]]
COMBINATIONS += [
    "age",
    ["vector", "age", "lidar"],
    "camera",
    "camera:rear",
    ["vector", "camera", "camera:camera_front_tele_30fov"],
]
ROAD = """schema: alpasim/scenario@1
title: Three lanes
road: {straight: {lanes: 3, oncoming_lanes: 1, length_m: 900, lane_width_m: 3.5, speed_limit_kph: 100}}
ego: {vehicle: sedan, lane: 2, s_m: 30, speed_kph: 72, goal: {s_m: 850}}
end: {time_limit_s: 40}
"""
KEEP, FASTER, SLOWER, LEFT, RIGHT = range(5)


@pytest.fixture
def three_lanes(tmp_path: Path) -> Path:
    file = tmp_path / "three_lanes.scn.yaml"
    file.write_text(ROAD)
    return file


def make(file: Path = HARD_BRAKE, **arguments: Any) -> DriveEnv:
    return DriveEnv(file, sensors=SMALL, **arguments)


@pytest.mark.parametrize("observation", COMBINATIONS, ids=str)
def test_gymnasium_checks_every_observation(observation: Any) -> None:
    made = gymnasium.make("alpasim/Drive-v0", scenario=str(HARD_BRAKE), observation=observation, sensors=SMALL)
    check_env(made.unwrapped, skip_render_check=True)
    made.close()


@pytest.mark.parametrize("action", list(ACTIONS))
def test_gymnasium_checks_every_action(action: str) -> None:
    made = gymnasium.make("alpasim/Drive-v0", scenario=str(HARD_BRAKE), action=action)
    check_env(made.unwrapped, skip_render_check=True)
    made.close()


@pytest.mark.parametrize("action", list(ACTIONS))
@pytest.mark.parametrize("observation", ["vector", "bev", "lidar", "camera", ["vector", "bev", "lidar"]], ids=str)
def test_stable_baselines_checks_all(observation: Any, action: str) -> None:
    checker = pytest.importorskip("stable_baselines3.common.env_checker", reason="the [rl] extra is not installed")
    # Its only advice for a lidar is to flatten it, as it is neither a picture nor a row: not a fault.
    made = make(observation=observation, action=action)
    checker.check_env(made, warn="lidar" not in observation, skip_render_check=True)
    made.close()


@pytest.mark.parametrize("action", list(ACTIONS))
def test_observations_stay_in_their_spaces_under_any_action(action: str) -> None:
    made = make(observation=list(OBSERVATIONS), action=action)
    made.action_space.seed(4)
    for seed in range(2):
        observed, _ = made.reset(seed=seed)
        done, steps = False, 0
        while not done and steps < 80:
            assert made.observation_space.contains(observed)
            observed, reward, terminated, truncated, _ = made.step(made.action_space.sample())
            assert np.isfinite(reward)
            done, steps = terminated or truncated, steps + 1
    made.close()


def test_two_envs_with_all_senses_stay_identical_to_the_bit() -> None:
    first, second = (
        make(observation=list(OBSERVATIONS), action="meta"),
        make(observation=list(OBSERVATIONS), action="meta"),
    )
    words = np.random.default_rng(1).integers(5, size=60)
    pairs = [(first.reset(seed=3)[0], second.reset(seed=3)[0])]
    for word in words:
        left, right = first.step(word), second.step(word)
        pairs.append((left[0], right[0]))
        assert left[1:4] == right[1:4]
        if left[2] or left[3]:
            break
    for one, two in pairs:
        for name in OBSERVATIONS:
            np.testing.assert_array_equal(one[name], two[name])
    first.close()
    second.close()


def test_only_what_is_observed_is_sensed() -> None:
    made = make(observation="lidar")
    made.reset(seed=0)
    observation = made._running().observe()
    assert set(observation.readings) == {"lidar"}
    assert len(observation.tracks.ids) == 0
    made.close()
    plain = DriveEnv(HARD_BRAKE)
    plain.reset(seed=0)
    assert dict(plain._running().observe().readings) == {}
    plain.close()


def test_a_space_does_not_change_with_the_scenarios_own_options(tmp_path: Path) -> None:
    file = tmp_path / "own.scn.yaml"
    file.write_text(ROAD + "sensors: {bev: {size_px: 20}, lidar: {rings: 3}}\n")
    made = DriveEnv(file, observation=["bev", "lidar"])
    assert made.observation_space.contains(made.reset(seed=0)[0])
    made.close()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"observation": "beev"}, "did you mean 'bev'"),
        ({"observation": ["vector", "lidr"]}, "did you mean 'lidar'"),
        ({"observation": []}, "observation is empty"),
        ({"observation": "camera:frnt"}, "did you mean 'front'"),
        ({"observation": "camera", "sensors": {"camera": {"channels": ["rgb", "depth"]}}}, "expected one channel"),
        ({"action": "trajectry"}, "did you mean 'trajectory'"),
        ({"sensors": {"lidar": {"rings": 10**9}}}, "sensors.lidar.rings"),
        ({"sensors": {"lidar": {"rate_hz": 0.0}}}, "sensors.lidar.rate_hz"),
        ({"sensors": {"bev": {"size_px": -4}}}, "sensors.bev.size_px"),
    ],
)
def test_wrong_arguments_are_named(arguments: dict[str, Any], says: str) -> None:
    with pytest.raises(InputError, match=says):
        DriveEnv(HARD_BRAKE, **arguments)


def drive(made: DriveEnv, actions: list[Any]) -> list[np.ndarray]:
    """Box centre's x, y and speed at every step."""
    made.reset(seed=0)
    places = []
    for action in actions:
        _, _, terminated, truncated, info = made.step(action)
        state = made._running().state
        places.append(np.array([*state.position[0, :2], state.ego.speed_mps]))
        assert not (terminated or truncated), info["end_reason"]
    made.close()
    return places


def test_keep_holds_lane_and_speed(three_lanes: Path) -> None:
    places = np.array(drive(make(three_lanes, action="meta"), [KEEP] * 100))
    assert abs(places[:, 1] - places[0, 1]).max() < 0.1
    assert abs(places[:, 2] - 20.0).max() < 0.7


@pytest.mark.parametrize(("word", "change"), [(FASTER, 1.5 * 2.0), (SLOWER, -3.0 * 2.0)])
def test_faster_and_slower_change_the_speed_by_their_rate(three_lanes: Path, word: int, change: float) -> None:
    places = np.array(drive(make(three_lanes, action="meta"), [word] * 20 + [KEEP] * 60))
    assert places[-1, 2] == pytest.approx(20.0 + change, abs=0.6)


def test_slower_comes_to_a_stand_and_stays(three_lanes: Path) -> None:
    places = np.array(drive(make(three_lanes, action="meta"), [SLOWER] * 160))
    assert abs(places[-1, 2]) < 0.1
    assert abs(places[-1, 0] - places[-20, 0]) < 0.1


@pytest.mark.parametrize(("word", "to"), [(LEFT, 3.5), (RIGHT, -3.5)])
def test_left_and_right_change_to_the_lane_beside_once(three_lanes: Path, word: int, to: float) -> None:
    # Said again during the change it is not heard; and beside the last lane is none of our direction.
    for words in ([word] + [KEEP] * 69, [word] * 20 + [KEEP] * 50, [word] + [KEEP] * 60 + [word] + [KEEP] * 60):
        places = np.array(drive(make(three_lanes, action="meta"), words))
        assert places[-1, 1] - places[0, 1] == pytest.approx(to, abs=0.2)
        assert abs(places[:, 1] - places[0, 1]).max() < 3.9


def straight(speed: float, aside: float = 0.0) -> np.ndarray:
    return np.tile(np.array([speed / 40.0, aside / 10.0], dtype=np.float32), (8, 1))


def test_a_straight_trajectory_is_driven_at_its_speed(three_lanes: Path) -> None:
    places = np.array(drive(make(three_lanes, action="trajectory"), [straight(20.0)] * 80))
    assert places[-1, 2] == pytest.approx(20.0, abs=0.5)
    assert abs(places[:, 1] - places[0, 1]).max() < 0.2


def test_a_trajectory_to_the_left_goes_left_and_one_without_length_stops(three_lanes: Path) -> None:
    places = np.array(drive(make(three_lanes, action="trajectory"), [straight(20.0, 0.5)] * 15))
    assert places[-1, 1] > places[0, 1] + 0.2
    places = np.array(drive(make(three_lanes, action="trajectory"), [straight(0.0)] * 120))
    assert abs(places[-1, 2]) < 0.2


def test_a_trajectory_behind_is_reversed_to_without_turning_round(three_lanes: Path) -> None:
    places = np.array(drive(make(three_lanes, action="trajectory"), [straight(0.0)] * 60 + [straight(-2.0)] * 60))
    assert places[-1, 2] == pytest.approx(-2.0, abs=0.2)
    assert places[-1, 0] < places[60, 0] - 8.0
    assert abs(places[:, 1] - places[0, 1]).max() < 0.1


def test_the_third_number_of_a_control_engages_the_reverse_gear(three_lanes: Path) -> None:
    stop, ahead, back = ([0.0, -1.0, -1.0], [0.0, 0.3, 0.0], [0.0, 0.3, 0.01])
    actions = [np.array(one, np.float32) for one in [stop] * 50 + [ahead] * 20 + [stop] * 20 + [back] * 20]
    places = np.array(drive(make(three_lanes, action="control_reverse"), actions))
    assert abs(places[49, 2]) < 1e-3
    assert places[69, 2] > 1.5
    assert places[109, 2] == pytest.approx(-places[69, 2], rel=0.05)


@pytest.mark.parametrize(
    ("action", "value"),
    [
        ("control_reverse", np.zeros(2, dtype=np.float32)),
        ("control_reverse", np.array([0.0, 0.0, np.nan], dtype=np.float32)),
        ("control_reverse", np.array([0.0, 0.0, 1e300])),
        ("trajectory", np.full((8, 2), np.nan, dtype=np.float32)),
        ("trajectory", np.full((8, 2), -np.inf, dtype=np.float32)),
        ("trajectory", np.full((8, 2), 1e300)),
        ("trajectory", np.zeros((7, 2), dtype=np.float32)),
        ("meta", 5),
        ("meta", -1),
        ("meta", 1.0),
        ("meta", np.array([1, 2])),
    ],
)
def test_actions_outside_their_space_are_refused(action: str, value: Any) -> None:
    made = make(action=action)
    made.reset(seed=0)
    with pytest.raises(PolicyInvalidAction, match="action"):
        made.step(value)
    made.close()


@pytest.mark.parametrize("what", ["observations", "actions"])
def test_the_list_says_every_space_with_its_shape(what: str) -> None:
    printed = CliRunner().invoke(app, ["list", what, "--json"])
    rows = {row["name"]: row for row in json.loads(printed.output)}
    names = OBSERVATIONS if what == "observations" else ACTIONS
    assert set(names) <= set(rows)
    for name in names:
        made = DriveEnv(HARD_BRAKE, **{what[:-1]: name})
        space = made.observation_space if what == "observations" else made.action_space
        for size in space.shape or ():
            assert str(size) in rows[name]["space"]
        made.close()


@pytest.mark.parametrize("channel", ["rgb", "depth", "semantic", "instance"])
def test_a_camera_observation_is_the_one_channel_asked_for(channel: str) -> None:
    options = {"camera": {"width_px": 40, "height_px": 24, "channels": [channel]}}
    made = DriveEnv(HARD_BRAKE, observation="camera", sensors=options)
    observed, _ = made.reset(seed=0)
    assert observed.shape == (24, 40, 3 if channel == "rgb" else 1)
    assert made.observation_space.contains(observed)
    observed[:] = 0  # a copy: what the simulation holds must not change
    assert made.step(made.action_space.sample())[0].any()
    made.close()
