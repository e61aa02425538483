"""Pictures of cameras on a body that dives, rolls and overturns: both renderers against Bullet's own transforms, and from logs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pybullet
import pytest
from builders import Body, Scene, make_scenario, make_state

from alpasim.recording.reader import read_log
from alpasim.rollout import COMPLETED, run_rollout
from alpasim.scenario.concrete import ActorSpec, Scenario
from alpasim.scenario.library import builtin_folder
from alpasim.scenario.loading import load_scenario
from alpasim.sensors.camera import CameraSpec, Mount, Renderer, SemanticClass, camera
from alpasim.simulation import Simulation
from alpasim.types import EGO, ActorKind, Control, Decision, Observation, RolloutBrief, WorldState

FRONT = CameraSpec.with_fov(
    "front", 320, 180, 90.0, Mount(1.5, 0.0, 1.4), channels=("rgb", "depth", "semantic", "instance")
)
BOX = Body(31.0, 0.8, 0.5, extent=(2.0, 1.0, 1.2), kind=ActorKind.DEBRIS, z=0.6)


def leaning(roll: float, pitch: float, z: float = 0.75) -> tuple[Scenario, WorldState]:
    """The ego at x = 20 with its body turned, and a box ahead of it."""
    plain = make_scenario(Scene(actors=1))
    actor = ActorSpec("actor_1", BOX.kind, BOX.extent, 100.0, 0.5, 0.1, (0.0, 0.0, 0.0), 0.0, "parked")
    state = make_state(Body(20.0), BOX)
    rotation, position = state.rotation.copy(), state.position.copy()
    rotation[EGO] = pybullet.getQuaternionFromEuler((roll, pitch, 0.0))
    position[EGO, 2] = z
    return replace(plain, actors=(actor,)), replace(state, rotation=rotation, position=position)


@pytest.mark.parametrize(
    ("roll", "pitch", "z"),
    [(0.0, 0.03, 0.72), (0.07, 0.0, 0.75), (-0.2, -0.15, 1.1), (0.6, 0.1, 1.3), (3.1, 0.05, 1.6)],
    ids=["dives", "rolls", "jumps", "tips over", "upside down"],
)
def test_a_box_lands_where_bullets_transforms_put_it(renderer: Renderer, roll: float, pitch: float, z: float) -> None:
    scenario, state = leaning(roll, pitch, z)
    frame = renderer.render(scenario, state, FRONT)
    # The lens lies 0.25 m ahead of the middle of the ego's box and 0.65 m above it; the picture's right is the body's right.
    lens = pybullet.multiplyTransforms(
        state.position[EGO].tolist(), state.rotation[EGO].tolist(), (0.25, 0.0, 0.65), (0.0, 0.0, 0.0, 1.0)
    )
    back = pybullet.invertTransform(*lens)
    box, seen = (state.position[1].tolist(), state.rotation[1].tolist()), []
    for i in (-0.5, 0.5):
        for j in (-0.5, 0.5):
            for k in (-0.5, 0.5):
                corner = (i * BOX.extent[0], j * BOX.extent[1], k * BOX.extent[2])
                place, _ = pybullet.multiplyTransforms(*box, corner, (0.0, 0.0, 0.0, 1.0))
                ahead, left, up = pybullet.multiplyTransforms(*back, place, (0.0, 0.0, 0.0, 1.0))[0]
                seen.append((160.0 - 160.0 * left / ahead, 90.0 - 160.0 * up / ahead))
    low, high = np.clip(np.min(seen, axis=0), 0, (320, 180)), np.clip(np.max(seen, axis=0), 0, (320, 180))
    assert frame.instance is not None
    rows, columns = np.nonzero(frame.instance == 1)
    assert len(rows) > 100
    found = (columns.min(), columns.max() + 1, rows.min(), rows.max() + 1)
    assert found == pytest.approx((low[0], high[0], low[1], high[1]), abs=2.0)
    points = FRONT.project(state.position[1][None], frame.rig)[0]
    assert low[0] < points[0] < high[0]
    assert low[1] < points[1] < high[1]


def test_the_world_hangs_from_above_when_the_car_lies_on_its_roof(renderer: Renderer) -> None:
    scenario, state = leaning(np.pi, 0.0, 1.6)
    frame = renderer.render(scenario, state, FRONT)
    assert frame.semantic is not None
    assert (frame.semantic[-20:] == SemanticClass.SKY).all()
    assert not (frame.semantic[:20] == SemanticClass.SKY).any()


def test_a_camera_pressed_into_the_ground_sees_nothing(renderer: Renderer) -> None:
    scenario, state = leaning(np.pi, 0.0, 0.5)
    frame = renderer.render(scenario, state, FRONT)
    assert frame.rgb is not None
    assert frame.depth is not None
    assert frame.semantic is not None
    assert frame.instance is not None
    assert not frame.rgb.any()
    assert not frame.depth.any()
    assert (frame.semantic == SemanticClass.TERRAIN).all()
    assert (frame.instance == -1).all()


def test_the_horizon_rises_as_the_ego_brakes(renderer: Renderer) -> None:
    simulation = Simulation(load_scenario(builtin_folder() / "lead_vehicle" / "hard_brake.scn.yaml").concrete(0, {}))
    simulation.reset()
    horizons, dives = [], []
    for _ in range(8):
        frame = renderer.render(simulation.scenario, simulation.state, FRONT)
        dives.append(float(np.arcsin(-frame.rig.rotation[2, 0])))
        assert frame.semantic is not None
        horizons.append(int((frame.semantic[:, 40] == SemanticClass.SKY).sum()))
        simulation.step(Decision(control=Control(0.0, -1.0)))
    simulation.close()
    assert max(dives) > 0.015
    # A pixel in the middle of the picture is 1/160 of a radian; nose down, the horizon stands higher in the picture.
    moved, turned = np.diff(horizons, prepend=horizons[0]).cumsum(), np.array(dives) - dives[0]
    assert moved == pytest.approx(-160.0 * turned, abs=1.5)
    assert moved.min() <= -2


class Braker:
    """Steers a little and brakes from the fourth step on."""

    needs = ("objects", "camera:front")

    def reset(self, brief: RolloutBrief) -> None:
        """It keeps nothing."""

    def decide(self, observation: Observation) -> Decision:
        """The same decisions in every drive."""
        return Decision(control=Control(0.1, -1.0 if observation.step > 2 else 0.3))


def test_pictures_drawn_from_a_log_are_those_of_the_drive(renderer: Renderer, tmp_path: Path) -> None:
    logical = load_scenario(builtin_folder() / "lead_vehicle" / "hard_brake.scn.yaml")
    options = {"camera": {"width_px": 96, "height_px": 54, "renderer": renderer.name}}
    scenario = replace(logical.concrete(0, {}), sensors={})
    driver = Braker()
    simulation = Simulation(scenario, sensors=driver.needs, sensor_options=options)
    observation = simulation.reset()
    driven = [observation.readings["camera:front"].arrays["rgb"]]
    for _ in range(8):
        simulation.step(driver.decide(observation))
        observation = simulation.observe()
        driven.append(observation.readings["camera:front"].arrays["rgb"])
    simulation.close()
    result = run_rollout(scenario, Braker, policy_reference="braker", out_dir=tmp_path)
    assert result.status == COMPLETED, result.error
    assert result.log is not None
    states = read_log(result.log).states[: len(driven)]
    for state, picture in zip(states, driven, strict=True):
        again = renderer.render(scenario, state, camera("front").resized(96, 54)).rgb
        assert np.array_equal(again, picture)
