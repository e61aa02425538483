from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest

from alpasim.errors import InputError
from alpasim.recording.hashing import state_hash
from alpasim.recording.reader import read_log
from alpasim.rollout import COMPLETED, run_rollout
from alpasim.scenario.concrete import Scenario
from alpasim.scenario.library import builtin_folder
from alpasim.scenario.loading import load_inputs, load_scenario
from alpasim.sensors.camera import NO_INSTANCE, SemanticClass, camera
from alpasim.simulation import Simulation
from alpasim.types import Control, Decision, Observation, RolloutBrief
from alpasim.world.rendering.choosing import Renderers

SMALL = {"width_px": 64, "height_px": 36}
TELE = "camera:camera_front_tele_30fov"
COAST = Decision(control=Control(0.02, 0.1))


@pytest.fixture(scope="module")
def parked_cars() -> Scenario:
    return load_scenario(builtin_folder() / "vulnerable" / "child_between_parked_cars.scn.yaml").concrete(0)


def test_a_camera_gives_the_pictures_that_were_asked_for(parked_cars: Scenario) -> None:
    options = {"camera": {**SMALL, "channels": ("rgb", "depth", "semantic", "instance")}}
    simulation = Simulation(parked_cars, sensors=("objects", "camera:front"), sensor_options=options)
    observation = simulation.reset()
    arrays = observation.readings["camera:front"].arrays
    assert {name: (array.dtype, array.shape) for name, array in arrays.items()} == {
        "rgb": (np.uint8, (36, 64, 3)),
        "depth": (np.float32, (36, 64)),
        "semantic": (np.uint8, (36, 64)),
        "instance": (np.int32, (36, 64)),
        "intrinsics": (np.float64, (4,)),
        "rig_from_camera": (np.float64, (4, 4)),
    }
    assert not any(array.flags.writeable for array in arrays.values())
    assert simulation.renderer.startswith("tiny: pybullet ")
    simulation.close()


def test_instances_are_the_object_lists_tracks_and_not_rows(parked_cars: Scenario) -> None:
    options = {"camera": {"channels": ("instance",)}}
    simulation = Simulation(parked_cars, sensors=("objects", "camera:front"), sensor_options=options)
    observation = simulation.reset()
    seen = set(np.unique(observation.readings["camera:front"].arrays["instance"]).tolist()) - {NO_INSTANCE}
    assert len(seen) > 2
    assert seen <= set(observation.tracks.ids.tolist())
    simulation.close()


def test_nothing_is_drawn_that_nobody_asked_for(parked_cars: Scenario, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: Renderers, name: str) -> None:
        raise AssertionError(f"renderer {name} was opened")

    monkeypatch.setattr(Renderers, "get", refuse)
    simulation = Simulation(parked_cars)
    simulation.reset()
    for _ in range(3):
        simulation.step(COAST)
        assert simulation.observe().readings == {}
    assert simulation.renderer == ""
    simulation.close()


def test_a_slower_camera_keeps_its_older_picture(parked_cars: Scenario) -> None:
    options = {"camera": {**SMALL, "rate_hz": 5.0}}
    simulation = Simulation(parked_cars, sensors=("camera:front",), sensor_options=options)
    times = [simulation.reset().readings["camera:front"].time_us]
    for _ in range(4):
        simulation.step(COAST)
        times.append(simulation.observe().readings["camera:front"].time_us)
    assert times == [0, 0, 200_000, 200_000, 400_000]
    simulation.close()


def test_cameras_leave_every_state_as_it_is_to_the_bit(parked_cars: Scenario) -> None:
    def hashes(sensors: tuple[str, ...]) -> list[bytes]:
        simulation = Simulation(parked_cars, sensors=sensors, sensor_options={"camera": SMALL})
        simulation.reset()
        seen = [state_hash(simulation.state)]
        for _ in range(15):
            simulation.step(COAST)
            simulation.observe()
            seen.append(state_hash(simulation.state))
        simulation.close()
        return seen

    assert hashes(("objects",)) == hashes(("objects", "camera:front", "camera:camera_front_wide_120fov"))


def test_a_camera_of_ones_own_stands_beside_the_presets(parked_cars: Scenario) -> None:
    own = {"bumper": {"fov_deg": 100.0, "width_px": 80, "height_px": 40, "x_m": 3.6, "z_m": 0.5, "yaw_deg": -20.0}}
    simulation = Simulation(
        parked_cars, sensors=("camera:bumper", "camera:front"), sensor_options={"camera": {"own": own}}
    )
    readings = simulation.reset().readings
    assert readings["camera:bumper"].arrays["rgb"].shape == (40, 80, 3)
    assert readings["camera:front"].arrays["rgb"].shape == (camera("front").height, camera("front").width, 3)
    simulation.close()


def test_a_policy_can_find_a_track_in_its_picture_with_what_the_reading_says(parked_cars: Scenario) -> None:
    options = {"camera": {"channels": ("instance",), "width_px": 640, "height_px": 480}}
    simulation = Simulation(parked_cars, sensors=("objects", TELE), sensor_options=options)
    observation = simulation.reset()
    arrays = observation.readings[TELE].arrays
    x, y, z, yaw = observation.rig_pose
    world_from_rig = np.array(
        [[np.cos(yaw), -np.sin(yaw), 0, x], [np.sin(yaw), np.cos(yaw), 0, y], [0, 0, 1, z], [0, 0, 0, 1]]
    )
    places = np.column_stack((observation.tracks.position, np.ones(len(observation.tracks.ids))))
    optical = np.linalg.solve(world_from_rig @ arrays["rig_from_camera"], places.T)[:3].T
    fx, fy, cx, cy = arrays["intrinsics"]
    order, found = observation.tracks.ids.tolist(), 0
    for number, (across, down, ahead) in enumerate(optical):
        u, v = fx * across / ahead + cx, fy * down / ahead + cy
        if ahead > 0.0 and 0 <= u < 640 and 0 <= v < 480:
            shown = order.index(int(arrays["instance"][int(v), int(u)]))
            assert shown <= number  # itself, or one that stands before it: the list begins with the nearest
            found += shown == number
    assert found >= 1
    # Half the width is fx times the tangent of half of 30 degrees; the height shows what 1080 of 1900 x 1080 pixels do.
    assert (fx, cx, cy) == pytest.approx((320.0 / np.tan(np.pi / 12.0), 320.0, 240.0))
    assert fy == pytest.approx(950.0 / np.tan(np.pi / 12.0) * 480 / 1080)
    simulation.close()


@pytest.mark.parametrize("vehicle", ["small_car", "sedan", "van", "rigid_truck", "city_bus"])
def test_the_onlooker_sees_the_whole_vehicle_and_the_road_ahead_of_it(vehicle: str) -> None:
    source, file = "onlooker.scn.yaml", f"{vehicle}.yaml"
    text = f"""schema: alpasim/scenario@1
title: Seen from behind
road: {{straight: {{lanes: 3, length_m: 300, speed_limit_kph: 50}}}}
ego: {{vehicle: {vehicle}, lane: 2, s_m: 60, speed_kph: 0, goal: {{s_m: 250}}}}
end: {{time_limit_s: 60}}
"""
    parameters = (files("alpasim_assets") / "vehicles" / file).read_bytes()
    scenario = load_inputs(source, {source: text.encode(), f"asset:vehicles/{file}": parameters}).concrete(0)
    options = {"camera": {"channels": ("semantic",), "width_px": 160, "height_px": 90}}
    simulation = Simulation(scenario, sensors=("camera:chase",), sensor_options=options)
    semantic = simulation.reset().readings["camera:chase"].arrays["semantic"]
    simulation.close()
    rows, columns = np.nonzero(semantic >= SemanticClass.ACTOR)
    assert rows.min() > 5 and rows.max() < 89
    assert columns.min() > 30 and columns.max() < 129
    # Above it lies the road, far ahead of it.
    assert (semantic[: rows.min(), 70:90] == SemanticClass.ROAD).any()


def test_a_camera_of_ones_own_may_have_a_calibrated_lens(parked_cars: Scenario) -> None:
    lens = {"fx_px": 70.0, "fy_px": 66.0, "cx_px": 38.5, "cy_px": 21.0}
    own = {
        "left_eye": {**lens, "width_px": 80, "height_px": 40, "x_m": 1.5, "y_m": 0.2, "z_m": 1.3},
        "plain": {"fx_px": 70.0, "width_px": 80, "height_px": 40, "x_m": 1.5, "z_m": 1.3},
    }
    sensors = ("camera:left_eye", "camera:plain")
    simulation = Simulation(parked_cars, sensors=sensors, sensor_options={"camera": {"own": own}})
    readings = simulation.reset().readings
    assert readings[sensors[0]].arrays["intrinsics"].tolist() == [70.0, 66.0, 38.5, 21.0]
    assert readings[sensors[1]].arrays["intrinsics"].tolist() == [70.0, 70.0, 40.0, 20.0]
    # Straight ahead: the optical z axis is the rig's x, x its -y, y its -z.
    turn = [[0, 0, 1, 1.5], [-1, 0, 0, 0.2], [0, -1, 0, 1.3], [0, 0, 0, 1]]
    assert readings[sensors[0]].arrays["rig_from_camera"] == pytest.approx(np.array(turn, dtype=float))
    simulation.close()


def test_a_camera_without_a_name_is_the_front_one(parked_cars: Scenario) -> None:
    simulation = Simulation(parked_cars, sensors=("camera",), sensor_options={"camera": SMALL})
    assert simulation.reset().readings["camera"].arrays["rgb"].shape == (36, 64, 3)
    simulation.close()


def test_a_renderer_given_back_comes_again_with_the_next_reset(parked_cars: Scenario) -> None:
    simulation = Simulation(parked_cars, sensors=("camera:front",), sensor_options={"camera": SMALL})
    first = simulation.reset().readings["camera:front"].arrays["rgb"]
    simulation.close()
    simulation.close()
    assert simulation.renderer == ""
    assert np.array_equal(simulation.reset().readings["camera:front"].arrays["rgb"], first)
    simulation.close()


@pytest.mark.parametrize(
    ("sensor", "options", "complaint"),
    [
        ("camera:frnt", {}, r"sensor 'camera:frnt': unknown camera 'frnt' \(did you mean 'front'\?\)"),
        ("camera:front", {"width_px": 0, "height_px": 0}, "sensors.camera.width_px: found 0"),
        ("camera:front", {"width_px": 100_000, "height_px": 100_000}, "sensors.camera.width_px: found 100000"),
        ("camera:front", {"width_px": 8000, "height_px": 8000}, "8000 x 8000 pixels, expected at most 16,000,000"),
        ("camera:front", {"width_px": 640}, "found one of width_px and height_px"),
        ("camera:front", {"rate_hz": 0.0}, "sensors.camera.rate_hz: found 0.0"),
        ("camera:front", {"rate_hz": 7.0}, "found 7 Hz, expected a whole multiple of the control step"),
        ("camera:front", {"rate_hz": 30.0}, "found 30 Hz, expected a whole multiple of the control step"),
        ("camera:front", {"channels": ("rgbd",)}, "sensors.camera.channels.0: found the text 'rgbd'"),
        ("camera:front", {"renderer": "opengl"}, "sensors.camera.renderer: found the text 'opengl'"),
        ("camera:front", {"fov_deg": 90.0}, "sensors.camera: unknown key 'fov_deg'"),
        ("camera:a", {"own": {"a": {"fov_deg": 0.0, "x_m": 1.0, "z_m": 1.0}}}, "own.a.fov_deg: found 0.0"),
        ("camera:a", {"own": {"a": {"fov_deg": 180.0, "x_m": 1.0, "z_m": 1.0}}}, "own.a.fov_deg: found 180.0"),
        ("camera:a", {"own": {"a": {"fov_deg": 90.0, "x_m": 1.0, "z_m": 1.0, "rate_hz": 7.0}}}, "found 7 Hz"),
        ("camera:a", {"own": {"a": {"x_m": 1.0, "z_m": 1.0}}}, "own.a: found neither fov_deg nor fx_px"),
        ("camera:a", {"own": {"a": {"fov_deg": 90.0, "fx_px": 300.0, "x_m": 1.0, "z_m": 1.0}}}, "own.a: found both"),
        ("camera:a", {"own": {"a": {"fov_deg": 90.0, "cx_px": 300.0, "x_m": 1.0, "z_m": 1.0}}}, "own.a: found cx_px"),
        (
            "camera:a",
            {"own": {"a": {"fx_px": 300.0, "cx_px": 321.0, "x_m": 1.0, "z_m": 1.0}}},
            "cx_px 321, expected 0 to",
        ),
        ("camera:a", {"own": {"a": {"fx_px": 3.0, "x_m": 1.0, "z_m": 1.0}}}, "177.9 degrees, expected 1 to 170"),
        ("camera:a", {"own": {"a": {"fx_px": 0.0, "x_m": 1.0, "z_m": 1.0}}}, "own.a.fx_px: found 0.0"),
        ("camera:a", {"own": {"a": {"fov_deg": 90.0, "x_m": float("nan"), "z_m": 1.0}}}, "own.a.x_m: found nan"),
    ],
)
def test_what_makes_no_sense_is_refused_with_its_place(
    parked_cars: Scenario, sensor: str, options: dict[str, object], complaint: str
) -> None:
    with pytest.raises(InputError, match=complaint):
        Simulation(parked_cars, sensors=(sensor,), sensor_options={"camera": options})


class Watcher:
    """Drives straight on and keeps what its camera shows."""

    needs = ("objects", "camera:rear")

    def __init__(self) -> None:
        self.seen: list[Observation] = []

    def reset(self, brief: RolloutBrief) -> None:
        assert "camera:rear" in brief.sensors

    def decide(self, observation: Observation) -> Decision:
        self.seen.append(observation)
        return Decision(control=Control(0.0, -1.0 if observation.step > 2 else 0.0))


def test_a_log_says_what_drew(tmp_path: Path) -> None:
    scenario = load_scenario(builtin_folder() / "lead_vehicle" / "hard_brake.scn.yaml").concrete(0, {})
    watcher = Watcher()
    result = run_rollout(scenario, lambda: watcher, policy_reference="watcher", out_dir=tmp_path)
    assert result.status == COMPLETED, result.error
    assert result.log is not None
    assert read_log(result.log).run["renderer"].startswith("tiny: pybullet ")
    assert watcher.seen[0].readings["camera:rear"].arrays["rgb"].any()
    blind = run_rollout(scenario, lambda: Blind(), policy_reference="blind", out_dir=tmp_path / "blind")
    assert blind.log is not None
    assert read_log(blind.log).run["renderer"] == ""


class Blind(Watcher):
    """The same without a camera."""

    needs = ("objects",)

    def reset(self, brief: RolloutBrief) -> None:
        assert brief.sensors == ("objects",)
