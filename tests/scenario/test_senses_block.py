"""`perception`, `sensors` and the light of a scenario file: what reaches the scenario, and how faults are told."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from builders import Scene, make_scenario

from alpasim.env import DriveEnv
from alpasim.errors import InputError, ScenarioError
from alpasim.scenario.concrete import Scenario
from alpasim.scenario.loading import load_scenario
from alpasim.scenario.senses import LidarModel, sensor_options
from alpasim.simulation import Simulation

PLAIN = """schema: alpasim/scenario@1
title: Senses
road: {straight: {lanes: 1, length_m: 300, speed_limit_kph: 50}}
ego: {vehicle: sedan, lane: 1, s_m: 30, speed_kph: 30, goal: {s_m: 200}}
"""


def load(folder: Path, more: str) -> Scenario:
    file = folder / "senses.scn.yaml"
    file.write_text(PLAIN + more)
    return load_scenario(file).concrete(0)


def test_everything_is_off_by_default(tmp_path: Path) -> None:
    scenario = load(tmp_path, "")
    assert (scenario.perception.level, dict(scenario.perception.written)) == ("truth", {})
    assert dict(scenario.sensors) == {}
    assert (scenario.environment.light, scenario.environment.snow) == ("day", 0.0)


def test_a_level_alone_and_a_level_with_figures(tmp_path: Path) -> None:
    assert load(tmp_path, "perception: good\n").perception.level == "good"
    found = load(tmp_path, "perception: {level: rainy_night, range_m: 60, delay_s: 0.2}\n").perception
    assert (found.level, dict(found.written)) == ("rainy_night", {"range_m": 60.0, "delay_s": 0.2})


def test_figures_can_be_drawn(tmp_path: Path) -> None:
    text = "parameters: {far_m: {uniform: [50, 60]}}\nperception: {range_m: $far_m}\n"
    assert 50.0 <= load(tmp_path, text).perception.written["range_m"] <= 60.0


def test_light_and_snow(tmp_path: Path) -> None:
    found = load(tmp_path, "environment: {light: low_sun, snow: 0.4}\n").environment
    assert (found.light, found.snow) == ("low_sun", 0.4)


@pytest.mark.parametrize(
    ("text", "friction", "source"),
    [
        ("", 0.9, "weather"),
        ("environment: {rain: 0.2}\n", 0.55, "weather"),
        ("environment: {rain: 0.2, snow: 1}\n", 0.25, "weather"),
        ("environment: {rain: 0.2, friction: 0.8}\n", 0.8, "written"),
    ],
)
def test_grip_follows_from_the_weather_unless_it_is_written(
    tmp_path: Path, text: str, friction: float, source: str
) -> None:
    found = load(tmp_path, text).environment
    assert (found.friction, found.friction_from) == (pytest.approx(friction), source)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (
            "perception: rainny\n",
            r":5:13: perception: found the text 'rainny', expected one of .*did you mean 'rainy'",
        ),
        ("perception: {level: foggy}\n", r"perception.level: .*did you mean 'fog'"),
        ("perception: {rnge_m: 60}\n", r"unknown key 'rnge_m' \(did you mean 'range_m'"),
        ("perception: {range_m: -60}\n", r"perception.range_m: found -60, expected more than 0"),
        ("perception: {miss: 1.5}\n", r"perception.miss: found 1.5, expected at most 1"),
        ("perception: {delay_s: 0.25}\n", r"perception.delay_s: found 0.25 s, expected a whole multiple"),
        ("environment: {light: nigth}\n", r"environment.light: .*did you mean 'night'"),
        ("sensors: {lidar: {rate_hz: 0}}\n", r":5:28: sensors.lidar.rate_hz: found 0, expected more than 0"),
        ("sensors: {lidar: {rate_hz: 30}}\n", r"sensors.lidar.rate_hz: found 30 Hz, expected a whole multiple"),
        ("sensors: {lidar: {rings: 1000000000}}\n", r"sensors.lidar.rings: found 1000000000, expected at most 256"),
        (
            "sensors: {lidar: {rings: 256, azimuths: 8192}}\n",
            r"sensors.lidar: .* 2097152 rays, expected at most 262144",
        ),
        ("sensors: {lidar: {range_m: -1}}\n", r"sensors.lidar.range_m: found -1, expected more than 0"),
        ("sensors: {lidr: {}}\n", r"unknown key 'lidr' \(did you mean 'lidar'"),
        ("sensors: {bev: {size_px: 0}}\n", r"sensors.bev.size_px: found 0, expected at least 8"),
        ("sensors: {bev: {size_px: 100000}}\n", r"sensors.bev.size_px: found 100000, expected at most 1024"),
        ("sensors: {bev: {past_step_s: 0.25}}\n", r"sensors.bev.past_step_s: found 0.25 s, expected a whole multiple"),
        (
            "sensors: {bev: {rate_hz: 5}}\n",
            r"sensors.bev.past_step_s: found 0.5 s, expected a whole multiple of the 0.2 s between two looks at 5 Hz",
        ),
    ],
)
def test_faults_say_where_and_what(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(ScenarioError, match=says):
        load(tmp_path, text)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"lidr": {}}, r"sensors: unknown key 'lidr' .*did you mean 'lidar'"),
        ({"lidar": {"ring": 3}}, r"sensors.lidar: unknown key 'ring' .*did you mean 'rings'"),
        ({"lidar": {"rings": 0}}, r"sensors.lidar.rings: found 0"),
        ({"lidar": {"range_m": float("nan")}}, r"sensors.lidar.range_m: found nan"),
    ],
)
def test_options_from_code_are_checked_alike(options: dict, says: str) -> None:
    with pytest.raises(InputError, match=says):
        sensor_options(options)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"lidar": {"rate_hz": 0}}, r"sensors\.lidar\.rate_hz: found 0, expected more than 0"),
        ({"lidar": {"rate_hz": float("nan")}}, r"sensors\.lidar\.rate_hz: found nan, expected a finite number"),
        ({"lidar": {"rings": 10**9}}, r"sensors\.lidar\.rings: found 1000000000, expected at most 256"),
        ({"lidar": {"rings": 256, "azimuths": 8192}}, r"sensors\.lidar: found 256 rings .* at most 262144"),
        ({"lidar": {"rings": "64"}}, r"sensors\.lidar\.rings: found the text '64', expected a whole number"),
        ({"camera": {"width_px": 0, "height_px": 0}}, r"camera\.width_px: found 0, .*camera\.height_px: found 0,"),
        ({"camera": {"width_px": 100_000, "height_px": 100_000}}, r"width_px: found 100000, expected at most 8192"),
        ({"camera": {"width_px": 8000, "height_px": 8000}}, r"sensors\.camera: found 8000 x 8000 pixels"),
        ({"camera": {"width_px": 64}}, r"sensors\.camera: found one of width_px and height_px"),
        ({"camera": {"channels": ["rgbb"]}}, r"^sensors\.camera\.channels\.0: .*did you mean 'rgb'\?\)$"),
        (
            {"camera": {"own": {"a": {"fov_deg": 90, "x_m": 1, "z_m": 1, "wdith_px": 4}}}},
            r"own\.a: unknown key 'wdith_px' \(did you mean 'width_px'\?\); known keys: cx_px",
        ),
        ({"camera": {"own": {"a": {"x_m": 1, "z_m": 1}}}}, r"sensors\.camera\.own\.a: found neither fov_deg nor fx_px"),
        ({"bev": 5}, r"sensors\.bev: found 5, expected a mapping"),
        ({1: {}}, r"sensors\.1: found 1, expected a text"),
    ],
)
def test_wrong_options_from_code_are_told_as_those_of_a_file(options: dict, says: str) -> None:
    with pytest.raises(InputError, match=says):
        sensor_options(options)
    scenario = make_scenario(Scene())
    with pytest.raises(InputError, match=says):
        Simulation(scenario, sensors=("objects",), sensor_options=options)
    with pytest.raises(InputError, match=says):
        DriveEnv(scenario, observation=["vector", "lidar"], sensors=options)


def test_numbers_of_numpy_are_numbers() -> None:
    options = {"lidar": {"rings": np.int64(16), "range_m": np.float32(50.0)}}
    found = sensor_options(options)["lidar"]
    assert isinstance(found, LidarModel)
    assert (found.rings, found.range_m) == (16, 50.0)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("sensors: {lidar: {rate_hz: 0}}\n", r":5:28: sensors\.lidar\.rate_hz: found 0, expected more than 0"),
        ("sensors: {lidar: {rate_hz: 1e9}}\n", r":5:28: sensors\.lidar\.rate_hz: .*at most 1000"),
        ("sensors: {lidar: {rate_hz: 3}}\n", r":5:28: sensors\.lidar\.rate_hz: found 3 Hz, expected a whole multiple"),
        ("sensors: {lidar: {rings: 1000000000}}\n", r":5:26: sensors\.lidar\.rings: .*at most 256"),
        ("sensors: {lidar: {noise_sigma_m: .inf}}\n", r":5:34: .*\.inf is not a finite number"),
        ("sensors: {camera: {width_px: 0, height_px: 0}}\n", r":5:30: sensors\.camera\.width_px: found 0"),
        ("sensors: {camera: {width_px: 100000, height_px: 100000}}\n", r":5:30: .*found 100000, expected at most 8192"),
        ("sensors: {camera: {width_px: 8000, height_px: 8000}}\n", r":5:19: sensors\.camera: found 8000 x 8000"),
        ("sensors: {bev: {size_px: 0}}\n", r":5:26: sensors\.bev\.size_px: found 0"),
        ("environment: {friction: 40}\n", r":5:25: environment\.friction: found 40, expected at most 1\.5"),
        ("environment: {friction: 0}\n", r":5:25: environment\.friction: found 0, expected at least 0\.02"),
    ],
)
def test_absurd_senses_of_a_file_are_refused_with_their_place(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(ScenarioError, match=says):
        load(tmp_path, text)
