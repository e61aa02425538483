"""Reverse through the whole loop: driven by a policy, recorded, repeated to the bit, saved and gone on from."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from alpasim.evaluation.verify import verify
from alpasim.policy.loading import load_policy
from alpasim.recording.hashing import state_hash
from alpasim.recording.reader import Log, read_log
from alpasim.rollout import run_rollout
from alpasim.scenario.concrete import Scenario
from alpasim.scenario.loading import load_scenario
from alpasim.simulation import Simulation
from alpasim.types import EGO, Control, Decision, FloatArray, Observation, RolloutBrief, Trajectory
from alpasim.vehicle.frames import rig_poses_from_boxes

ROAD = """schema: alpasim/scenario@1
title: A wide empty road
road: {straight: {lanes: 3, length_m: 400, lane_width_m: 3.5, speed_limit_kph: 50}}
ego: {vehicle: sedan, lane: 2, s_m: 200, speed_kph: 0, goal: {s_m: 380}}
end: {time_limit_s: 12}
"""


class BackAndForth:
    """Pedal and gear by the clock: backwards, brake, forward."""

    def reset(self, brief: RolloutBrief) -> None:
        pass

    def decide(self, observation: Observation) -> Decision:
        step = observation.step
        if step < 40:
            return Decision(control=Control(0.1, 0.15, reverse=True))
        if step < 60:
            return Decision(control=Control(-0.1, -0.3, reverse=True))
        return Decision(control=Control(0.0, 0.15))


@pytest.fixture
def scenario(tmp_path: Path) -> Scenario:
    file = tmp_path / "wide.scn.yaml"
    file.write_text(ROAD)
    return load_scenario(file).concrete(0)


@pytest.fixture
def log(scenario: Scenario, tmp_path: Path) -> Log:
    run_rollout(scenario, BackAndForth, policy_reference="back_and_forth", out_dir=tmp_path / "out")
    return read_log(tmp_path / "out")


def test_a_log_holds_the_gear_that_was_asked_for_and_the_one_engaged(log: Log) -> None:
    asked = [control.reverse for control in log.controls]
    assert asked == [True] * 60 + [False] * 60
    assert [decision.control for decision in log.decisions[::20]] == list(log.controls[::20])
    engaged = [state.ego.reverse for state in log.states[1:]]
    assert engaged == asked, "the gear changes with the first step, as the vehicle stands then"
    assert min(state.ego.speed_mps for state in log.states) < -2.0
    assert log.states[-1].ego.speed_mps > 2.0
    assert log.states[-1].position[EGO, 0] > log.states[60].position[EGO, 0] + 5.0


def test_a_drive_in_reverse_is_repeated_to_the_bit(log: Log) -> None:
    found = verify(log)
    assert found.identical and found.steps == 120


def test_a_repeat_names_the_gear_where_it_differs(log: Log) -> None:
    forward = tuple(replace(control, reverse=False) for control in log.controls)
    found = verify(replace(log, controls=forward))
    assert found.difference is not None
    assert (found.difference.step, found.difference.quantity) == (0, "control, reverse")
    assert (found.difference.logged, found.difference.repeated) == ("False", "True")


@pytest.mark.parametrize("at", [20, 45, 61])
def test_a_snapshot_in_reverse_goes_on_to_the_bit(scenario: Scenario, at: int) -> None:
    policy, simulation = BackAndForth(), Simulation(scenario)
    simulation.reset()
    for _ in range(at):
        simulation.step(policy.decide(simulation.observe()))
    moment = simulation.snapshot()

    def go_on(drive: Simulation) -> bytes:
        for _ in range(30):
            drive.step(policy.decide(drive.observe()))
        return state_hash(drive.state)

    first = go_on(simulation)
    other = Simulation(scenario)
    other.reset()
    other.restore(moment)
    assert other.state.ego.reverse is (at < 61)
    assert go_on(other) == first
    simulation.close()
    other.close()


def test_a_recording_that_reverses_is_replayed_in_reverse(scenario: Scenario) -> None:
    """What a person did: 10 m forward, a stop, 12 m back along a bend."""
    times = np.arange(0.0, 20.01, 0.1)
    x0, y0, _ = scenario.ego.pose

    def eased(share: FloatArray) -> FloatArray:
        u = np.clip(share, 0.0, 1.0)
        return np.asarray(u**3 * (10.0 - 15.0 * u + 6.0 * u**2), dtype=np.float64)

    back = 12.0 * eased((times - 8.0) / 10.0)
    yaw = 0.3 * eased((times - 8.0) / 10.0)
    turned = np.cumsum(np.diff(back, prepend=0.0) * np.sin(yaw))
    rig = rig_poses_from_boxes(np.array([[x0, y0, 0.0]]), scenario.ego.vehicle)[0]
    x = rig[0] + 10.0 * eased(times / 6.0) - np.cumsum(np.diff(back, prepend=0.0) * np.cos(yaw))
    poses = np.stack((x, rig[1] - turned, yaw), axis=1)
    recorded = Trajectory(np.round(times * 1e6).astype(np.int64), poses)
    simulation = Simulation(replace(scenario, reference=recorded, time_limit_s=25.0))
    policy = load_policy("replay_actor")()
    observation = simulation.reset()
    policy.reset(simulation.brief)
    errors = []
    while simulation.state.step < 195:
        simulation.step(policy.decide(observation))
        observation = simulation.observe()
        errors.append(np.hypot(*(observation.rig_pose[:2] - poses[observation.step, :2])))
    assert max(errors) < 0.2
    assert observation.rig_pose[3] == pytest.approx(0.3, abs=0.05)
    assert abs(observation.ego.speed_mps) < 0.05
    simulation.close()
